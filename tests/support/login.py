"""A double of the login service on loopback: the app's own tokens, what it signs for pages in Teams, and what it gives
the bot for that, to act as a person (OAuth 2.0 on-behalf-of)."""

import asyncio
import base64
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.x509 import Certificate

from bot.channel.bot_token import SCOPE as CHANNEL
from bot.clock import Clock
from bot.directory.demo import TENANT
from tests.support.identity import APP_ID as BOT_ID
from tests.support.identity import LocalIdentity, private_key, sign_on

BOT_SECRET = "secret-of-the-bot"
PRINCIPAL = "22222222-3333-4444-5555-777777777777"
APP_ID = "22222222-3333-4444-5555-666666666666"
SECRET = "graph-secret-of-the-double"
ALL_ROLES = ("User.Read.All", "User-PasswordProfile.ReadWrite.All", "User.RevokeSessions.All", "Domain.Read.All",
             "GroupMember.Read.All", "UserAuthenticationMethod.Read.All", "AuditLog.Read.All",
             "UserAuthMethod-TAP.ReadWrite.All")
CHANGE = "User-PasswordProfile.ReadWrite.All"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SIGNS = private_key(1, 2048)
ON_BEHALF = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class LoginService:
    """What the contract does not allow is refused, and noted in `violations`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.granted: tuple[str, ...] = ALL_ROLES
        self.granted_to_bots: tuple[str, ...] = ()
        self.consented: tuple[str, ...] = (CHANGE,)     # to the bot, for whoever is signed on
        self.secret = SECRET
        self.certificate: Certificate | None = None
        self.workload_token = ""
        self.bots = {BOT_ID: BOT_SECRET}    # apps that may speak in Teams, and their secrets
        self.login_answers: list[tuple[int, Any]] = []
        self.exchange_answers: list[tuple[int, Any]] = []
        self.token_endpoint = ""            # another than ours, in the discovery document
        self.token_seconds = 3600
        self.unreadable_tokens = False
        self.violations: list[str] = []
        self.logins: list[dict[str, str]] = []
        self.answering = asyncio.Event()    # clear: an exchange is left hanging until it is set
        self.answering.set()
        self.exchanging = asyncio.Semaphore(0)      # released by each that arrives
        self.exchanges: list[dict[str, str]] = []
        self.tokens: dict[str, tuple[str, tuple[str, ...]]] = {}    # whose, "" for the app's own; permissions
        self.application = app = web.Application()
        app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._token)
        app.router.add_get("/machine/token", self._machine_token)
        self.server = TestServer(app, host="127.0.0.1")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def revoke_tokens(self) -> None:
        """As when a key of Graph's is rolled: every token is refused from now on."""
        self.tokens.clear()

    def sign_on(self, person: str, tenant: str = TENANT, **claims: Any) -> str:
        """What Teams gives a page of the bot's for the person who is signed on."""
        return sign_on(self.url, self.clock, tenant, person, **claims)

    def refuses_exchange(self, code: int, error: str = "invalid_grant", times: int = 1) -> None:
        """The next of them, by this number of the service's."""
        self.exchange_answers += [(400, _refusal(error, code))] * times

    async def _discovery(self, request: web.Request) -> web.Response:
        # msal knows https only; Keyturn brings it to the loopback address that was set.
        base = f"https://127.0.0.1:{self.server.port}/{request.match_info['tenant']}"
        return web.json_response({
            "issuer": f"{base}/v2.0", "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "jwks_uri": f"{self.url}/keys", "token_endpoint": self.token_endpoint or f"{base}/oauth2/v2.0/token"})

    async def _keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [LocalIdentity.published(1)]})

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if form.get("grant_type") == ON_BEHALF:
            return await self._on_behalf(request.match_info["tenant"], form)
        self.logins.append(form)
        if self.login_answers:
            status, body = self.login_answers.pop(0)
            return web.json_response(body, status=status)
        if form.get("client_id") in self.bots and form.get("scope") in (CHANNEL, f"{self.url}/.default"):
            return self._to_a_bot(form)
        wanted = {"grant_type": "client_credentials", "scope": f"{self.url}/.default", "client_id": APP_ID}
        if request.match_info["tenant"] != TENANT or wanted.items() - form.items():
            self.violations.append(f"log-in with {sorted(form)} for {form.get('scope')}")
            return _refused("invalid_request", 90002)
        if not self._proven(form, str(request.url).replace("http://", "https://")):
            return _refused("invalid_client", 7000215)
        return web.json_response(
            {"token_type": "Bearer", "expires_in": self.token_seconds, "access_token": self._issue()})

    def _to_a_bot(self, form: Mapping[str, str]) -> web.Response:
        """For the channel; for Graph too, as for whoever is in the tenant: what it may there is another matter."""
        if self.bots[form["client_id"]] != form.get("client_secret"):
            return _refused("invalid_client", 7000215)
        token = "bot" if form["scope"] == CHANNEL else self._issue(roles=self.granted_to_bots)
        return web.json_response({"token_type": "Bearer", "expires_in": self.token_seconds, "access_token": token})

    async def _on_behalf(self, tenant: str, form: Mapping[str, str]) -> web.Response:
        """Only what was signed for the bot, by the bot, for the one permission; and nothing that outlives it."""
        self.exchanges.append(dict(form))
        self.exchanging.release()
        await self.answering.wait()
        if self.exchange_answers:
            status, body = self.exchange_answers.pop(0)
            return web.json_response(body, status=status)
        wanted = {"client_id": BOT_ID, "requested_token_use": "on_behalf_of"}
        if tenant != TENANT or wanted.items() - form.items() or \
                set(form.get("scope", "").split()) != {f"{self.url}/{CHANGE}", "openid", "profile"}:
            self.violations.append(f"exchange with {sorted(form)} for {form.get('scope')}")
            return _refused("invalid_request", 900144)
        if form.get("client_secret") != BOT_SECRET:
            return _refused("invalid_client", 7000215)
        try:
            said = jwt.decode(form["assertion"], _SIGNS.public_key(), algorithms=["RS256"], audience=BOT_ID,
                              issuer=f"{self.url}/{TENANT}/v2.0", options={"verify_exp": False, "verify_nbf": False})
        except (jwt.InvalidTokenError, KeyError):
            self.violations.append("exchange of what was not signed for the bot")
            return _refused("invalid_grant", 50013)
        if said["exp"] <= self.clock.now():
            return _refused("invalid_grant", 500133)
        if "access_as_user" not in said["scp"].split() or said["tid"] != TENANT:
            return _refused("invalid_grant", 50013)
        if CHANGE not in self.consented:
            return _refused("invalid_grant", 65001)
        token = self._issue(said["oid"])
        return web.json_response({
            "token_type": "Bearer", "scope": f"{self.url}/{CHANGE}", "expires_in": self.token_seconds,
            "access_token": token})

    def _proven(self, form: Mapping[str, str], audience: str) -> bool:
        if "client_secret" in form:
            return form["client_secret"] == self.secret
        if form.get("client_assertion_type") != ASSERTION:
            return False
        if self.certificate is None:
            return bool(self.workload_token) and form["client_assertion"] == self.workload_token
        try:
            claims = jwt.decode(
                form["client_assertion"], self.certificate.public_key(),    # type: ignore[arg-type]
                algorithms=["PS256", "RS256"], audience=audience, issuer=APP_ID)
        except jwt.InvalidTokenError:
            return False
        return bool(claims["sub"] == APP_ID)

    async def _machine_token(self, request: web.Request) -> web.Response:
        """As App Service's identity endpoint."""
        self.logins.append(dict(request.query))
        if request.headers.get("X-IDENTITY-HEADER") != self.secret or request.query.get("resource") != self.url:
            return web.json_response({"statusCode": 400, "message": "wrong"}, status=400)
        ends = int(datetime.now(UTC).timestamp()) + self.token_seconds      # msal's own clock is the real one
        return web.json_response({"access_token": self._issue(), "expires_on": str(ends), "resource": self.url,
                                  "token_type": "Bearer"})

    def _issue(self, person: str = "", roles: tuple[str, ...] | None = None) -> str:
        """The app's own token, or the person's."""
        roles = self.granted if roles is None else roles
        token = f"opaque{secrets.token_hex(16)}"
        if not self.unreadable_tokens:
            what = {"scp": " ".join(self.consented), "oid": person} if person \
                else {"roles": list(roles), "oid": PRINCIPAL}
            parts = ({"alg": "none"}, {"aud": self.url, "jti": token, "tid": TENANT, **what})
            token = ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=")
                             for one in parts) + ".c2ln"
        self.tokens[token] = person, self.consented if person else roles
        return token


def _refusal(error: str, code: int) -> dict[str, Any]:
    return {"error": error, "error_description": f"AADSTS{code}: no", "error_codes": [code]}


def _refused(error: str, code: int) -> web.Response:
    return web.json_response(_refusal(error, code), status=400 if error == "invalid_grant" else 401)
