"""Calls to the channel: only to allowed hosts, within time, tried again within bounds (C3, limit 26)."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, NamedTuple

from aiohttp import (
    ClientConnectionError,
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    SocketTimeoutError,
    TCPConnector,
)
from yarl import URL

from bot import quick_json
from bot.bounded import read_bounded
from bot.channel.activities import encode
from bot.channel.bot_token import LoginFailed, TokenKeeper
from bot.channel.hosts import ReplyHosts
from bot.clock import Clock
from bot.errors import KeyturnError

_RETRIES = 3
_RETRY_WITHIN = 60.0
_TEMPORARY = frozenset({412, 429, 502, 503, 504})
_MOST_BYTES = 1 << 20
_JSON = "application/json; charset=utf-8"

Pause = Callable[[float], Awaitable[None]]


class ReplyUndelivered(KeyturnError):
    """The channel did not take it; `status` is its answer, 0 if there was none (F13)."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status


def open_session(connections: int = 512) -> ClientSession:
    """The one session for the channel's services; limit 26's times, no cookies."""
    return ClientSession(
        connector=TCPConnector(limit=connections, keepalive_timeout=60),
        timeout=ClientTimeout(total=10, sock_connect=3), cookie_jar=DummyCookieJar())


class _Answer(NamedTuple):
    """Status 0 stands for a connection or log-in that failed before the channel could act."""

    status: int
    body: bytes = b""
    retry_after: str | None = None


class Outbox:
    """`token` is None in development without credentials."""

    def __init__(self, session: ClientSession, hosts: ReplyHosts, token: TokenKeeper | None, clock: Clock,
                 pause: Pause = asyncio.sleep) -> None:
        self._session = session
        self._hosts = hosts
        self._token = token
        self._clock = clock
        self._pause = pause

    async def call(self, method: str, service_url: str, path: str, content: Any = None) -> Any:
        """The JSON the channel answers, None if it answers without; `path` is quoted already.

        Raises ReplyUndelivered; also for a host that is not allowed, at each call, since stored references
        come from another time.
        """
        if not self._hosts.allows(service_url):
            raise ReplyUndelivered("host not allowed")
        root, base = _root(service_url)
        url = root.with_path(base + path, encoded=True)
        body = None if content is None else encode(content)
        waited, answer = 0.0, await self._attempt(method, url, body)
        for retry in range(_RETRIES):
            if answer.status and answer.status not in _TEMPORARY:
                break
            wait = self._wait(answer.retry_after, retry)
            waited += wait
            if waited > _RETRY_WITHIN:
                break
            await self._pause(wait)
            answer = await self._attempt(method, url, body)
        return _content(answer)

    async def _attempt(self, method: str, url: URL, body: bytes | None) -> _Answer:
        try:
            if self._token is None:
                return await self._send(method, url, body, {})
            token = await self._token.get()
            answer = await self._send(method, url, body, {"Authorization": f"Bearer {token}"})
            if answer.status == 401:
                token = await self._token.refused(token)
                answer = await self._send(method, url, body, {"Authorization": f"Bearer {token}"})
        except LoginFailed:
            return _Answer(0)
        return answer

    async def _send(self, method: str, url: URL, body: bytes | None, headers: dict[str, str]) -> _Answer:
        if body is not None:
            headers["Content-Type"] = _JSON
        try:
            answer = await self._session.request(method, url, data=body, headers=headers, allow_redirects=False)
            try:
                body_back = await read_bounded(answer.content, _MOST_BYTES)
            except BaseException:
                answer.close()
                raise
            # Read to its end it has given its connection back by itself; `async with` would ask it to once more.
            return _Answer(answer.status, body_back, answer.headers.get("Retry-After"))
        except SocketTimeoutError:
            raise ReplyUndelivered("no answer in time") from None
        except ClientConnectionError:
            return _Answer(0)
        except (ClientError, TimeoutError, ValueError) as error:
            # It may have been delivered, and said twice is worse here than not known to be said.
            raise ReplyUndelivered(type(error).__name__) from None

    def _wait(self, retry_after: str | None, retry: int) -> float:
        jitter = secrets.randbelow(1000) / 1000
        asked = self._asked(retry_after)
        return 0.5 * 2 ** retry * (0.5 + jitter) if asked is None else asked + jitter / 2

    def _asked(self, retry_after: str | None) -> float | None:
        if not retry_after:
            return None
        if retry_after.isascii() and retry_after.isdigit():
            return float(retry_after[:9])
        try:
            return max(0.0, parsedate_to_datetime(retry_after).timestamp() - self._clock.now())
        except ValueError:
            return None


@lru_cache(maxsize=256)
def _root(service_url: str) -> tuple[URL, str]:
    """It and its path, taken apart once: service URLs are few, and replies many."""
    url = URL(service_url, encoded=True)
    return url, url.raw_path.rstrip("/")


def _content(answer: _Answer) -> Any:
    if not 200 <= answer.status < 300:  # a redirect as well: the token follows nobody
        raise ReplyUndelivered("refused" if answer.status else "not reached", answer.status)
    try:
        return quick_json.loads(answer.body) if answer.body else None
    except ValueError:
        return None     # it was taken; only its id stays unknown
