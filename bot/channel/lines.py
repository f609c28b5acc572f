"""HTTP to the channel over lines that stay open: a request out, its answer back, and nothing else.

A reply has no cookies, redirects, forms or proxies; asking aiohttp's session whether it has took as long as the
rest of its way out. What reads the answers is still aiohttp's, in C.
"""

import asyncio
import socket
import ssl
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Self
from urllib.parse import urlsplit

from aiohappyeyeballs import start_connection
from aiohttp import ClientConnectionError, ClientError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

from bot.bounded import read_bounded

CONNECT_SECONDS, TOTAL_SECONDS = 3.0, 10.0      # limit 26
_IDLE_SECONDS = 60.0        # after which a line is not used again: many a server hangs up soon
_NEXT_ADDRESS_SECONDS = 0.25    # before another address of the host is tried beside the first (RFC 8305)
_MOST_BYTES = 1 << 20


class NotReached(Exception):
    """The connection failed, or ended before there was an answer."""


class NoAnswer(Exception):
    """There was no answer in time, or none that can be read: the other side may have acted. Or it is no request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `retry_after` as it was sent."""

    status: int
    body: bytes
    retry_after: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a line leads."""

    host: str
    port: int
    secure: bool


class Lines:
    """Open lines by where they lead; `close` ends the idle ones, the others end with what they carry."""

    def __init__(self, *, seconds: float = TOTAL_SECONDS, connections: int = 512) -> None:
        self._seconds = seconds
        self._slots = asyncio.Semaphore(connections)
        self._idle: defaultdict[_Place, list[tuple[ResponseHandler, float]]] = defaultdict(list)
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._closed = True
        for idle in self._idle.values():
            for line, _ in idle:
                line.close()
        self._idle.clear()

    async def ask(self, method: str, root: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One request to `path` below the http(s) URL `root`, both quoted already. Raises NotReached and NoAnswer."""
        place, named, base = _parted(root)
        try:
            request = _request(method, base + path, {"Host": named, **headers}, body)
            async with asyncio.timeout(self._seconds), self._slots:
                line = self._waiting(place)
                if line is None:    # One with nothing to read is false.
                    line = await _connected(place)
                answer = await self._carried(place, line, request)
        except ClientConnectionError as error:
            raise NotReached(type(error).__name__) from None
        except (ClientError, HttpProcessingError, TimeoutError, ValueError) as error:
            raise NoAnswer(type(error).__name__) from None
        return answer

    def _waiting(self, place: _Place) -> ResponseHandler | None:
        """The line that was used last, so that those nobody needs grow old."""
        idle, oldest = self._idle[place], _now() - _IDLE_SECONDS
        while idle:
            line, since = idle.pop()
            if since > oldest and line.is_connected() and not line.should_close:
                return line
            line.close()
        return None

    async def _carried(self, place: _Place, line: ResponseHandler, request: bytes) -> Answer:
        answer = None
        try:
            answer = await _answer(line, request)
        finally:
            # Only a line whose whole answer was read carries another.
            if answer is not None and line.is_connected() and not line.should_close and not self._closed:
                self._idle[place].append((line, _now()))
            else:
                line.close()
        return answer


async def _answer(line: ResponseHandler, request: bytes) -> Answer:
    assert line.transport is not None
    line.set_response_params(read_until_eof=True, auto_decompress=False)
    line.transport.write(request)
    while True:
        head, body = await line.read()
        if head.code >= 200:    # what comes before is no answer yet
            return Answer(head.code, await read_bounded(body, _MOST_BYTES), head.headers.get("Retry-After"))


async def _connected(place: _Place) -> ResponseHandler:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
            one = await start_connection(found, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS, interleave=1)
            try:
                _, line = await loop.create_connection(
                    lambda: ResponseHandler(loop), sock=one, ssl=_verified() if place.secure else None,
                    server_hostname=place.host if place.secure else None)
            except BaseException:
                one.close()
                raise
    except OSError as trouble:
        raise NotReached(type(trouble).__name__) from None
    return line


@cache
def _verified() -> ssl.SSLContext:
    """Certificates and host names are verified (D5)."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


@lru_cache(maxsize=256)
def _parted(root: str) -> tuple[_Place, str, str]:
    """Where a URL leads, the Host header of it, and its path without a slash at the end."""
    parts = urlsplit(root)
    secure = parts.scheme == "https"
    usual = 443 if secure else 80
    host, port = parts.hostname or "", parts.port or usual
    named = f"[{host}]" if ":" in host else host
    return _Place(host, port, secure), named if port == usual else f"{named}:{port}", parts.path.rstrip("/")


def _request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of a request. ValueError if a line would break: nobody's text writes headers of its own (N2)."""
    lines = [f"{method} {target} HTTP/1.1", *[f"{name}: {value}" for name, value in headers.items()],
             "User-Agent: Keyturn", "Accept: application/json"]
    if method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    if " " in target or not all(map(str.isprintable, lines)):
        raise ValueError("no request")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


def _now() -> float:
    return asyncio.get_running_loop().time()
