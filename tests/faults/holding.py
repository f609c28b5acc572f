"""A man in the middle of a client and its Redis: lets so many commands through and holds the rest."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bot.store import keys
from tests.support.tcp import ended

Command = tuple[bytes, ...]


def in_the_background(command: Command) -> bool:
    """What a Keyturn sends by the clock, and not for anybody's request."""
    name = command[0].upper()
    if name in (b"TIME", b"SCRIPT", b"CLIENT", b"HELLO") or name.startswith(b"XR"):
        return True
    parts = {part.decode("utf-8", "replace") for part in command}
    if keys.DIRECT_LINE_WAKES in parts or keys.READY in parts:
        return True
    if keys.MAIL_DUE in parts:     # claimed or settled by the mail worker, unless it is being queued
        return not any(part.startswith(keys.mail_once("")[:13]) for part in parts)
    return name in (b"EVALSHA", b"EVAL") and keys.PENDING in parts


class _Wait:
    """Of those who are held: until it is over."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.go_on = False

    async def ended(self) -> bool:
        """Whether to go on."""
        await self.over.wait()
        return self.go_on


class Holding:
    """The proxy at `url`. Unless it is armed it lets everything through."""

    def __init__(self, url: str, behind: str) -> None:
        self.url = url
        self.behind = behind
        self.held = asyncio.Event()
        self.passed: list[Command] = []     # counted since `arm`
        self._left: int | None = None
        self._mark: tuple[bytes, ...] = ()
        self._after = False
        self._wait = _Wait()

    def arm(self, commands: int) -> None:
        """Let so many commands through from now on, the background's not counted; then nothing moves."""
        self._left = commands
        self.passed = []

    def arm_at(self, *mark: str, after: bool) -> None:
        """Nothing moves any more from the first command on that has all of `mark` in one of its words; `after`: that
        one is still carried out, and nobody hears of it."""
        self._mark, self._after = tuple(one.encode() for one in mark), after

    def release(self, *, go_on: bool = False) -> None:
        """Let everything through from now on; what is held goes on, or is forgotten with its connection."""
        self._left, self._mark = None, ()
        self._wait.go_on = go_on
        self._wait.over.set()
        self._wait = _Wait()
        self.held = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, away = await asyncio.open_unix_connection(self.behind)
        back = asyncio.create_task(self._back(there, writer))
        try:
            with contextlib.suppress(OSError):
                await self._forth(reader, away)
        finally:
            back.cancel()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await back
            away.close()
            writer.close()

    async def _forth(self, reader: asyncio.StreamReader, away: asyncio.StreamWriter) -> None:
        waiting = bytearray()
        while data := await reader.read(65536):
            waiting += data
            while (found := _first(waiting)) is not None:
                length, command = found
                if not self._lets(command):
                    self.held.set()
                    if not await self._wait.ended():
                        return
                away.write(waiting[:length])
                del waiting[:length]
            await away.drain()

    async def _back(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await there.read(65536):
            if self.held.is_set() and not await self._wait.ended():
                return
            writer.write(data)
            await writer.drain()

    def _lets(self, command: Command) -> bool:
        if self._mark and self.held.is_set():
            return False
        if self._mark and any(all(one in part for one in self._mark) for part in command):
            self.held.set()
            return self._after
        if self._left is None:
            return True
        if self.held.is_set():
            return False
        if in_the_background(command):
            return True
        if self._left == 0:
            return False
        self._left -= 1
        self.passed.append(command)
        return True


@asynccontextmanager
async def holding(redis_url: str) -> AsyncIterator[Holding]:
    """A proxy in front of the server at a unix:// URL."""
    with tempfile.TemporaryDirectory(prefix="kt-") as folder:
        path = Path(folder) / "proxy"
        proxy = Holding(f"unix://{path}", urlsplit(redis_url).path)
        server = await asyncio.start_unix_server(proxy.serve, path)
        try:
            yield proxy
        finally:
            proxy.release()
            await ended(server)


def _first(data: bytearray) -> tuple[int, Command] | None:
    """The length and the words of the first whole command, as clients write them (RESP arrays)."""
    end = data.find(b"\r\n")
    if end < 0:
        return None
    words, at = [], end + 2
    for _ in range(int(data[1:end])):
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        start = end + 2
        at = start + int(data[at + 1:end]) + 2
        if at > len(data):
            return None
        words.append(bytes(data[start:at - 2]))
    return at, tuple(words)
