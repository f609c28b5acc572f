"""HTTP/1.1 in the few lines a load generator needs, so that it costs a fraction of what it measures.

Kept-alive connections, whole messages in memory, lengths given in the headers; nothing else is understood.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)

Answer = Callable[[bytes, bytes], tuple[int, bytes]]
"""From a request's line and body to the status and JSON that it is answered with."""


class NotUnderstood(OSError):
    """The other side speaks more of HTTP than we do."""


class Cutter:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """First line and body of every message that is whole now."""
        held = self._held + data if self._held else data
        found = []
        while (head := held.find(b"\r\n\r\n")) >= 0:
            end = head + 4 + _length(held[:head])
            if len(held) < end:
                break
            found.append((held[: held.index(b"\r\n")], held[head + 4 : end]))
            held = held[end:]
        self._held = held
        return found


def _length(head: bytes) -> int:
    if _CHUNKED.search(head):
        raise NotUnderstood("a body in chunks")
    given = _LENGTH.search(head)
    return int(given[1]) if given else 0


class Connection(asyncio.Protocol):
    """To one bot, for one request at a time; opened when it is used, and anew when the bot has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._cutter = Cutter()
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of the answer. OSError when there is none."""
        return await self._exchange(b"GET %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (path.encode(), self._port))

    async def post(self, path: str, body: bytes, headers: bytes = b"") -> tuple[int, bytes]:
        """As `get`, with JSON to send; `headers` are whole lines, each ended."""
        return await self._exchange(
            b"POST %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n%b\r\n%b" % (path.encode(), self._port, len(body), headers, body))

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            self._cutter = Cutter()
            self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        self._waiting = loop.create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            for line, body in self._cutter.feed(data):
                if self._waiting is not None and not self._waiting.done():
                    self._waiting.set_result((int(line.split(b" ", 2)[1]), body))
        except NotUnderstood as error:
            self.connection_lost(error)
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionResetError("closed by the bot"))


class Service(asyncio.Protocol):
    """The server's side of one connection; `delay` is how many seconds every answer takes."""

    def __init__(self, answer: Answer, delay: float) -> None:
        self._answer = answer
        self._delay = delay
        self._cutter = Cutter()

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.WriteTransport = transport

    def data_received(self, data: bytes) -> None:
        for line, body in self._cutter.feed(data):
            status, content = self._answer(line, body)
            answer = (b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                      % (status, len(content), content))
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._transport.write, answer)
            else:
                self._transport.write(answer)
