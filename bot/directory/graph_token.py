"""Tokens for Microsoft Graph, the app's own and people's: the one door to msal, which blocks and so has a thread."""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import structlog

from bot.errors import DirectoryRefused, DirectoryUnavailable
from bot.secret import Secret

log = structlog.get_logger(__name__)

_SOCKET_SECONDS = 4.0
_LOGIN_SECONDS = 8.0
_MOST_BYTES = 1 << 18
_EARLY_SECONDS = 300        # msal takes a token with less than that left for spent
_PAUSE_SECONDS = 10.0       # after a log-in that failed, nobody tries another
_EXCHANGES = 4              # at once; whoever comes then waits
_AWAY = frozenset({"temporarily_unavailable", "server_error", "no token"})


class LoginRefused(DirectoryUnavailable):
    """The login service gave no token; the text is its error's name and number."""


class Credential(Protocol):
    """How the app proves itself to the login service."""

    def client(self, msal: Any, login: "Login") -> Callable[[], Mapping[str, Any]]:
        """What asks for a token, and answers as msal does. Blocks; raises OSError or ValueError."""
        ...


@dataclass(frozen=True, slots=True)
class Login:
    """`url`: the login service of the cloud; `resource`: the Graph that the token is for."""

    url: str
    tenant: str
    app_id: str
    resource: str

    def confidential(self, msal: Any, credential: Any) -> Callable[[], Mapping[str, Any]]:
        app = self.client(msal, credential)
        return lambda: app.acquire_token_for_client(scopes=[f"{self.resource}/.default"])

    def client(self, msal: Any, credential: Any) -> Any:
        """An app of msal's; of people it is to get no token that outlives its one use (`offline_access`)."""
        secure = urlsplit(self.url)._replace(scheme="https")
        return msal.ConfidentialClientApplication(
            self.app_id, client_credential=credential, authority=f"{secure.geturl()}/{self.tenant}",
            instance_discovery=False, http_client=_Wire(self.url), exclude_scopes=["offline_access"])


@dataclass(frozen=True, slots=True)
class ClientSecret:
    secret: Secret

    def client(self, msal: Any, login: Login) -> Callable[[], Mapping[str, Any]]:
        return login.confidential(msal, self.secret.reveal())


@dataclass(frozen=True, slots=True)
class Certificate:
    """A PEM file with key and certificate, or a PKCS #12 file (.pfx, .p12)."""

    path: Path
    passphrase: Secret | None = None

    def client(self, msal: Any, login: Login) -> Callable[[], Mapping[str, Any]]:
        phrase = {"passphrase": self.passphrase.reveal()} if self.passphrase else {}
        if self.path.suffix.lower() in (".pfx", ".p12"):
            return login.confidential(msal, {"private_key_pfx_path": str(self.path), **phrase})
        pem = self.path.read_text(encoding="ascii")
        return login.confidential(msal, {"private_key": pem, "public_certificate": pem, **phrase})


@dataclass(frozen=True, slots=True)
class Federated:
    """A workload's own token, which the platform keeps fresh in a file; it is read for every log-in."""

    path: Path

    def client(self, msal: Any, login: Login) -> Callable[[], Mapping[str, Any]]:
        return login.confidential(msal, {"client_assertion": self._assertion})

    def _assertion(self) -> str:
        return self.path.read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """The identity of the machine; `login.app_id` names a user-assigned one, "" is the system's."""

    def client(self, msal: Any, login: Login) -> Callable[[], Mapping[str, Any]]:
        identity = msal.UserAssignedManagedIdentity(client_id=login.app_id) if login.app_id \
            else msal.SystemAssignedManagedIdentity()
        client = msal.ManagedIdentityClient(identity, http_client=_Wire(""))
        return lambda: client.acquire_token_for_client(resource=login.resource)


@dataclass(frozen=True, slots=True)
class _Held:
    value: str
    renew_at: float         # of the loop's own clock
    ends: float
    claims: Mapping[str, Any]


class AppToken:
    """A graph.GraphToken shared by all turns: one log-in at a time, on a thread of its own."""

    def __init__(self, login: Login, credential: Credential) -> None:
        self._login = login
        self._credential = credential
        self._held: _Held | None = None
        self._renewing: asyncio.Task[_Held] | None = None
        self._failed: LoginRefused | None = None
        self._again_at = 0.0

    async def get(self) -> str:
        """A token that is good now; waits for the login service only when there is none. LoginRefused."""
        return (await self._good()).value

    async def refused(self, token: str) -> str:
        """Another token than this one, which Graph did not take. LoginRefused."""
        if self._held is not None and self._held.value == token:
            self._held = None
        return await self.get()

    async def roles(self) -> frozenset[str] | None:
        """The permissions that the token says the app has; None when it does not say. LoginRefused."""
        claims = (await self._good()).claims
        roles = claims.get("roles", [])
        return frozenset(one for one in roles if isinstance(one, str)) if claims and isinstance(roles, list) else None

    async def claim(self, name: str) -> str:
        """What else the token says of the app, or "": nothing depends on it. LoginRefused."""
        said = (await self._good()).claims.get(name)
        return said if isinstance(said, str) else ""

    async def close(self) -> None:
        """Stop renewing."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)

    async def _good(self) -> _Held:
        now = _now()
        if self._held is None or now >= self._held.ends:
            return await asyncio.shield(self._renewal())
        if now >= self._held.renew_at and now >= self._again_at:
            self._renewal().add_done_callback(_heard)
        return self._held

    def _renewal(self) -> asyncio.Task[_Held]:
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._log_in())
        return self._renewing

    async def _log_in(self) -> _Held:
        if self._failed is not None and _now() < self._again_at:
            raise LoginRefused(*self._failed.args)
        try:
            async with asyncio.timeout(_LOGIN_SECONDS):
                answer = await asyncio.to_thread(_ask, self._login, self._credential)
            self._held, self._failed = _held(answer), None
        except Exception as error:  # noqa: BLE001 whatever the library raises, there is no token
            said = str(error) if isinstance(error, _Said) else type(error).__name__
            log.warning("graph_login_failed", error=said)
            self._failed, self._again_at = LoginRefused(said), _now() + _PAUSE_SECONDS
            raise LoginRefused(said) from None
        return self._held


class PersonRefused(DirectoryRefused):
    """The login service gives no token for this person; `codes` are its own numbers for why, `error` its word."""

    def __init__(self, said: "_Said") -> None:
        super().__init__(str(said))
        self.error, self.codes = said.error, said.codes


class OnBehalf:
    """Exchanges what somebody signed on with for a token that lets the app act as them, and keeps neither (D3)."""

    def __init__(self, login: Login, secret: Secret) -> None:
        """`login`: as the registration that the sign-on was for; nobody else may exchange it."""
        self._login = login
        self._secret = secret
        # Threads of its own: a login service that hangs must not use up those that everybody's passwords are judged in.
        self._threads = ThreadPoolExecutor(_EXCHANGES, "on-behalf")

    async def token(self, sign_on: Secret, person: str, scope: str) -> Secret:
        """Good for one permission of Graph's. PersonRefused; LoginRefused while the login service is away."""
        try:
            async with asyncio.timeout(_LOGIN_SECONDS):
                answer = await asyncio.get_running_loop().run_in_executor(
                    self._threads, self._exchange, sign_on, scope)
            held = _held(answer)
        except Exception as error:  # noqa: BLE001 whatever the library raises, there is no token
            refused = isinstance(error, _Said) and error.error and error.error not in _AWAY
            said = str(error) if isinstance(error, _Said) else type(error).__name__
            log.warning("person_login_failed", error=said)
            raise (PersonRefused(error) if isinstance(error, _Said) and refused else LoginRefused(said)) from None
        whose = held.claims.get("oid", person)
        if not isinstance(whose, str) or whose.lower() != person:
            raise LoginRefused("somebody else's token")
        return Secret(held.value)

    def _exchange(self, sign_on: Secret, scope: str) -> Mapping[str, Any]:
        """Blocks. The client, and msal's memory with it, is gone afterwards."""
        import msal  # noqa: PLC0415

        app = self._login.client(msal, self._secret.reveal())
        answer: Mapping[str, Any] = app.acquire_token_on_behalf_of(
            sign_on.reveal(), scopes=[f"{self._login.resource}/{scope}"])
        return answer


def _ask(login: Login, credential: Credential) -> Mapping[str, Any]:
    """Blocks. msal is loaded when it is first needed (it takes a seventh of a second), and its client is made anew
    for every log-in: keys are read when they are used, so that they can be replaced at any time (D5)."""
    import msal  # noqa: PLC0415

    return credential.client(msal, login)()


class _Said(ValueError):
    """A refusal in the login service's own names, which hold no secret."""

    def __init__(self, said: str, error: str = "", codes: frozenset[int] = frozenset()) -> None:
        super().__init__(said)
        self.error, self.codes = error, codes


def _held(answer: Mapping[str, Any]) -> _Held:
    if "access_token" not in answer:
        codes = [str(one) for one in answer.get("error_codes") or () if str(one).isdigit()]
        name = "".join(one for one in str(answer.get("error", "no token"))[:60] if one.isalnum() or one in "_ ")
        raise _Said(" ".join([name, *(f"AADSTS{one}" for one in codes)]), name, frozenset(map(int, codes)))
    token, seconds = str(answer["access_token"]), float(answer["expires_in"])
    if not token.isascii() or not token.isprintable():
        raise _Said("no token")
    return _Held(token, _now() + max(seconds - _EARLY_SECONDS, seconds / 2), _now() + seconds, _claims(token))


def _claims(token: str) -> Mapping[str, Any]:
    """What the token says; it is Graph's to read, so nothing depends on its being readable."""
    try:
        part = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _now() -> float:
    return asyncio.get_running_loop().time()


def _heard(renewal: "asyncio.Task[_Held]") -> None:
    if not renewal.cancelled():
        renewal.exception()     # logged where it happened; the token in hand is good for minutes yet


# -- msal's way to the network ----------------------------------------------------------------------

class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage,
                         newurl: str) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Heard:
    """An answer in the shape that msal reads."""

    status_code: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise ValueError(f"status {self.status_code}")


class _Wire:
    """Secrets go to `base` and nowhere else, whatever a document on the way names (C3); "" is the machine's own."""

    def __init__(self, base: str) -> None:
        self._base = urlsplit(base)
        self._opener = build_opener(ProxyHandler({}), _NoRedirects)

    def get(self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None,
            **_: Any) -> _Heard:
        return self._call("GET", url, params, None, headers)

    def post(self, url: str, *, params: Mapping[str, str] | None = None, data: Mapping[str, str] | None = None,
             headers: Mapping[str, str] | None = None, **_: Any) -> _Heard:
        return self._call("POST", url, params, urlencode(data or {}).encode(), headers)

    def close(self) -> None:
        self._opener.close()

    def _call(self, method: str, url: str, params: Mapping[str, str] | None, body: bytes | None,
              headers: Mapping[str, str] | None) -> _Heard:
        parts = urlsplit(url)
        if self._base.netloc:
            if parts.netloc != self._base.netloc:
                host = "".join(one for one in parts.netloc[:100] if one.isascii() and (one.isalnum() or one in "-.:"))
                raise _Said(f"the login service names another host, {host}")
            parts = parts._replace(scheme=self._base.scheme)    # msal knows https only; http:// is loopback's
        if params:
            parts = parts._replace(query="&".join(filter(None, (parts.query, urlencode(params)))))
        request = Request(urlunsplit(parts), body, dict(headers or {}), method=method)  # noqa: S310 from settings
        try:
            answer = self._opener.open(request, timeout=_SOCKET_SECONDS)
        except HTTPError as refusal:
            answer = refusal
        with answer:
            return _Heard(answer.status, answer.read(_MOST_BYTES).decode(), dict(answer.headers.items()))
