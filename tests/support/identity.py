"""A local double of the channel's OpenID service and of the login service, with tokens good and forged."""

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.clock import Clock

APP_ID = "11111111-2222-3333-4444-555555555555"
ISSUER = "https://api.botframework.com"
CHANNELS = ("msteams", "webchat", "directline")

Signer = Callable[[bytes], bytes]


@cache
def private_key(number: int, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Key pairs take long to make, so all tests share them."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(number: int, bits: int = 2048) -> dict[str, Any]:
    numbers = private_key(number, bits).public_key().public_numbers()
    return {"kty": "RSA", "use": "sig", "n": b64(numbers.n.to_bytes(bits // 8, "big")), "e": "AQAB"}


def pem(number: int) -> bytes:
    return private_key(number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def rsa_signer(
        number: int, algorithm: type[hashes.HashAlgorithm] = hashes.SHA256, bits: int = 2048) -> Signer:
    return lambda signed: private_key(number, bits).sign(signed, padding.PKCS1v15(), algorithm())


def jws(header: Mapping[str, Any], claims: Any, sign: Signer) -> str:
    """A token of any header and claims, however wrong."""
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(sign(signed.encode()))}"


def sign_on(login_url: str, clock: Clock, tenant: str, person: str, number: int = 1, **claims: Any) -> str:
    """What this login service signs for a page of the person who is signed on in Teams."""
    now = int(clock.now())
    said = {"iss": f"{login_url}/{tenant}/v2.0", "aud": APP_ID, "nbf": now - 60, "exp": now + 3600, "tid": tenant,
            "oid": person, "ver": "2.0", "scp": "access_as_user", **claims}
    header = {"alg": "RS256", "typ": "JWT", "kid": f"key-{number}"}
    return jws(header, {name: value for name, value in said.items() if value is not None}, rsa_signer(number))


class LocalIdentity:
    """Serves on loopback; `keys` is what it publishes, counters say what was asked of it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.keys: list[dict[str, Any]] = [self.published(1)]
        self.metadata_requests = 0
        self.key_requests = 0
        self.logins: list[dict[str, str]] = []
        self.login_paths: list[str] = []
        self.login_answers: list[tuple[int, Any]] = []
        self.token_seconds = 3600
        self.down = False
        app = web.Application()
        app.router.add_get("/metadata", self._metadata)
        app.router.add_get("/common/v2.0/.well-known/openid-configuration", self._metadata)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._login)
        self.server = TestServer(app, host="127.0.0.1")

    @staticmethod
    def published(number: int, endorsements: Any = CHANNELS, **fields: Any) -> dict[str, Any]:
        return {**jwk(number), "kid": f"key-{number}", "endorsements": list(endorsements), **fields}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/metadata"

    def claims(self, service_url: str, **claims: Any) -> dict[str, Any]:
        """A channel token's claims; those given as None are left out."""
        now = int(self.clock.now())
        merged = {"iss": ISSUER, "aud": APP_ID, "nbf": now - 60, "exp": now + 3600, "serviceurl": service_url}
        return {name: value for name, value in {**merged, **claims}.items() if value is not None}

    def token(self, service_url: str, number: int = 1, **claims: Any) -> str:
        header = {"alg": "RS256", "typ": "JWT", "kid": f"key-{number}"}
        return jws(header, self.claims(service_url, **claims), rsa_signer(number))

    def sign_on(self, tenant: str, person: str, number: int = 1, **claims: Any) -> str:
        """What Teams gives a page of the person who is signed on; claims given as None are left out."""
        return sign_on(self.url, self.clock, tenant, person, number, **claims)

    async def _metadata(self, _request: web.Request) -> web.Response:
        self.metadata_requests += 1
        if self.down:
            return web.Response(status=503)
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"{self.url}/keys"})

    async def _keys(self, _request: web.Request) -> web.Response:
        self.key_requests += 1
        return web.json_response({"keys": self.keys})

    async def _login(self, request: web.Request) -> web.Response:
        self.logins.append({name: str(value) for name, value in (await request.post()).items()})
        self.login_paths.append(request.path)
        if self.login_answers:
            status, body = self.login_answers.pop(0)
            return web.json_response(body, status=status)
        return web.json_response(
            {"token_type": "Bearer", "expires_in": self.token_seconds,
                "access_token": f"bot-{len(self.logins)}"})
