"""Calls to Microsoft Graph: within time, tried again within bounds, and plain about what is not known (F3, F7)."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import quote
from uuid import uuid4

import structlog
from aiohttp import ClientConnectorError, ClientError, ClientSession
from yarl import URL

from bot.bounded import read_bounded
from bot.clock import Clock
from bot.errors import DirectoryRefused, DirectoryUnavailable

log = structlog.get_logger(__name__)

VERSION = "v1.0"
PATIENCE = 5.0
"""Seconds that one call may spend on waiting: a person waits for the answer (limits 25, 26)."""

_RETRIES = 3
_MOST_BYTES = 1 << 20
_TEMPORARY = frozenset({429, 503, 504})
_THROTTLED = 429

Pause = Callable[[float], Awaitable[None]]


class GraphToken(Protocol):
    """What every call shows."""

    async def get(self) -> str:
        """A token that is good now; DirectoryUnavailable."""
        ...

    async def refused(self, token: str) -> str:
        """Another one than this, which Graph did not take; DirectoryUnavailable."""
        ...


class GraphRefused(DirectoryRefused):
    """Graph said no and did nothing; `said` is in its own words, for deciding and never for people (D3)."""

    def __init__(self, status: int, code: str, said: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.said = status, code, said


class NothingDone(DirectoryUnavailable):
    """Nobody took the call: it certainly had no effect."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """Status 0: the connection could not be made."""

    status: int
    body: bytes = b""
    retry_after: str = ""
    request_id: str = ""


class Graph:
    """One service at `root`; no other host, and no redirect is followed (C3)."""

    def __init__(self, session: ClientSession, token: GraphToken, root: str, clock: Clock,
                 pause: Pause = asyncio.sleep) -> None:
        self._session = session
        self._token = token
        self._root = f"{root.rstrip('/')}/{VERSION}/"
        self._clock = clock
        self._pause = pause
        self._quiet_until = 0.0     # when whoever throttled us wants to hear from us again

    @property
    def root(self) -> str:
        """What every address begins with."""
        return self._root.rstrip("/")

    def acting_as(self, token: GraphToken) -> "Graph":
        """The same service for whoever shows this token."""
        return Graph(self._session, token, self._root.removesuffix(f"/{VERSION}/"), self._clock, self._pause)

    async def get(self, *path: str, **options: str) -> dict[str, Any] | None:
        """What is there, None for nothing. `options` are OData's, without the $. GraphRefused, DirectoryUnavailable."""
        try:
            return _object(await self._call("GET", self._url(path, options), None, _TEMPORARY | {0}))
        except GraphRefused as refusal:
            if refusal.status == 404:
                return None
            raise

    async def ask(self, *path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """A question that is too long for an address: POST that changes nothing. As `get`."""
        try:
            return _object(await self._call("POST", self._url(path, {}), body, _TEMPORARY | {0}))
        except GraphRefused as refusal:
            if refusal.status == 404:
                return None
            raise

    async def create(self, *path: str, body: Mapping[str, Any], until: float) -> dict[str, Any]:
        """POST of something new, never sent after `until`. As `change`; the answer is what was made."""
        return _object(await self._call("POST", self._url(path, {}), body, frozenset({0, _THROTTLED}), until))

    async def delete(self, *path: str) -> None:
        """Remove it; what is gone already is no trouble. GraphRefused, DirectoryUnavailable."""
        try:
            await self._call("DELETE", self._url(path, {}), None, _TEMPORARY | {0})
        except GraphRefused as refusal:
            if refusal.status != 404:
                raise

    async def change(self, *path: str, body: Mapping[str, Any], until: float) -> None:
        """PATCH, never sent after `until`. GraphRefused, NothingDone; any other DirectoryUnavailable may have acted."""
        # Only what was certainly not taken is sent again (F3).
        await self._call("PATCH", self._url(path, {}), body, frozenset({0, _THROTTLED}), until)

    async def act(self, *path: str, body: Mapping[str, Any], until: float) -> None:
        """POST of something that is done once. As `change`."""
        await self._call("POST", self._url(path, {}), body, frozenset({0, _THROTTLED}), until)

    async def post(self, *path: str) -> None:
        """POST without a body, for what bears repeating. GraphRefused, DirectoryUnavailable."""
        await self._call("POST", self._url(path, {}), None, _TEMPORARY | {0})

    def _url(self, path: tuple[str, ...], options: Mapping[str, str]) -> URL:
        """Every part of the path and every option is quoted here (N2)."""
        query = "&".join(f"${name}={quote(value, safe='')}" for name, value in options.items())
        return URL(self._root + "/".join(map(_quoted, path)) + (f"?{query}" if query else ""), encoded=True)

    async def _call(self, method: str, url: URL, body: Mapping[str, Any] | None, again: frozenset[int],
                    until: float = float("inf")) -> _Answer:
        waited = await self._politely()
        answer = await self._attempt(method, url, body, until)
        for retry in range(_RETRIES):
            if answer.status not in again:
                break
            wait = self._wait(answer, retry)
            waited += wait
            if waited > PATIENCE:
                break
            await self._pause(wait)
            answer = await self._attempt(method, url, body, until)
        return self._good(answer)

    async def _politely(self) -> float:
        """Waits until the service wants to hear from us, if that is soon; how long it was (F7)."""
        wait = max(0.0, self._quiet_until - self._clock.now())
        if wait > PATIENCE:
            raise NothingDone("throttled")
        if wait:
            await self._pause(wait)
        return wait

    async def _attempt(self, method: str, url: URL, body: Mapping[str, Any] | None, until: float) -> _Answer:
        token = await self._shown()
        answer = await self._send(method, url, body, token, until)
        if answer.status == 401:
            answer = await self._send(method, url, body, await self._shown(instead_of=token), until)
        return answer

    async def _shown(self, instead_of: str = "") -> str:
        try:
            return await (self._token.refused(instead_of) if instead_of else self._token.get())
        except DirectoryUnavailable as trouble:
            raise NothingDone(str(trouble)) from None

    async def _send(self, method: str, url: URL, body: Mapping[str, Any] | None, token: str,
                    until: float) -> _Answer:
        if self._clock.now() >= until:
            raise NothingDone("too late")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json",
                   "client-request-id": str(uuid4()), "x-ms-throttle-priority": "High"}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with self._session.request(
                    method, url, data=content, headers=headers, allow_redirects=False) as answer:
                return _Answer(
                    answer.status, await read_bounded(answer.content, _MOST_BYTES),
                    answer.headers.get("Retry-After", ""), answer.headers.get("request-id", ""))
        except ClientConnectorError:
            return _Answer(0)
        except (ClientError, TimeoutError, ValueError) as error:
            raise DirectoryUnavailable(type(error).__name__) from None

    def _wait(self, answer: _Answer, retry: int) -> float:
        jitter = secrets.randbelow(1000) / 1000
        asked = self._asked(answer.retry_after)
        if asked is None:
            return 0.5 * (1 << retry) * (0.5 + jitter)
        self._quiet_until = max(self._quiet_until, self._clock.now() + asked)
        return asked + jitter / 10

    def _asked(self, retry_after: str) -> float | None:
        """Seconds; the service may send parts of them, or a date."""
        try:
            return min(max(0.0, float(retry_after)), 3600.0)
        except ValueError:
            pass
        try:
            at: float = parsedate_to_datetime(retry_after).timestamp()
        except ValueError:
            return None
        return max(0.0, at - self._clock.now())

    @staticmethod
    def _good(answer: _Answer) -> _Answer:
        if 200 <= answer.status < 300:
            return answer
        code, said = _error(answer.body)
        if answer.status not in (0, 404):       # nobody there is an answer like any other
            log.warning("graph_refused", status=answer.status, code=code, request=_plain(answer.request_id))
        if answer.status in (0, 401, _THROTTLED):
            raise NothingDone(str(answer.status))
        if 400 <= answer.status < 500 and answer.status != 408:
            raise GraphRefused(answer.status, code, said)
        raise DirectoryUnavailable(str(answer.status))  # a redirect as well: the token follows nobody


def _quoted(part: str) -> str:
    quoted = quote(part, safe="")
    # Dots are never quoted, but a path of nothing else would climb.
    return quoted.replace(".", "%2E") if not quoted.strip(".") else quoted


def _object(answer: _Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DirectoryUnavailable("no JSON object")
    return found


def _error(body: bytes) -> tuple[str, str]:
    """Code and message of an OData error; some gateways answer without."""
    try:
        error = json.loads(body)["error"]
        return _plain(error["code"]), str(error.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""


def _plain(text: Any) -> str:
    """An identifier of the service's, as far as it is one: it goes into the log (N2)."""
    return "".join(one for one in str(text)[:80] if one.isalnum() or one in "_-.")
