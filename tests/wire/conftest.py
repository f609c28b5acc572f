"""The whole house at the other end of a raw socket: nothing between the bytes of a test and the server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.serving.desk import Desk
from tests.support.clock import SteppedClock
from tests.support.house import house

PATIENCE = 20.0


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[Desk]:
    async with house(redis_url, tmp_path, clock, beat=0.002) as desk:
        yield desk


@dataclass(frozen=True)
class Answer:
    """One answer as it came over the wire; header names in lower case, each with all its values."""

    status: int
    headers: dict[str, list[str]]
    body: bytes


async def exchange(house: Desk | tuple[str, int], sent: bytes) -> list[Answer]:
    """Send these bytes and no more; every answer until the server has closed."""
    return answers_in(await bytes_back(house, sent))


async def bytes_back(house: Desk | tuple[str, int], sent: bytes, until: bytes = b"") -> bytes:
    """What comes back until the server closes, or until it has said `until`."""
    host, port = house if isinstance(house, tuple) else (house.settings.host, house.settings.port)
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(sent)
            await writer.drain()
            return await (reader.readuntil(until) if until else reader.read())
        finally:
            writer.close()


def answers_in(raw: bytes) -> list[Answer]:
    found = []
    while raw:
        head, _, raw = raw.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.lower(), []).append(value.strip())
        length = int(headers.get("content-length", ["0"])[0])
        found.append(Answer(int(status.split(" ")[1]), headers, raw[:length]))
        raw = raw[length:]
    return found
