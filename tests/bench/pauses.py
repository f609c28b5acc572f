"""Whether one message can keep everybody waiting: heavy ones are sent while the health page is asked all the time."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from tests.bench.channel import Channel
from tests.bench.peers import Peer
from tests.bench.users import Line, Round, User
from tests.bench.wire import Connection
from tests.understanding.timing import HEAVY

BYTES = 28 * 1024       # the longest message Teams lets through
QUIET = "nobody writes"
ORDINARY = "an ordinary question"
LONG = 25.0             # milliseconds
SECOND_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Pause:
    """While messages of one kind came in: the longest and the median wait for the health page, in milliseconds."""

    kind: str
    worst: float
    median: float
    messages: int
    cpu_ms: float       # of the bot for each message, the health page's included
    failures: Round


def heavy_lines() -> dict[str, Line]:
    """Kinds of 28 KiB, by name."""
    nested: Any = []
    for _ in range(50):
        nested = [nested]
    surrogates = "lone surrogates"  # no text has them, and JSON has an escape for each
    texts = {name: text for name, text in HEAVY.items() if name != surrogates} | {
        "passord": "passord " * BYTES,
        "mitt passord er": "passordet mitt er " * BYTES,
        "told passwords": "passord: " + "aB3!" * BYTES,
        "brackets": "[" * (BYTES // 2) + "]" * (BYTES // 2),
        "brackets in braces": "[{(<" * BYTES,
        "markdown": "**_`[x](y)`_** ~~# > - 1. ![z](w)" * BYTES,
        "mentions": "<at>" * BYTES,
        "markup": "<a href=\"x\">&amp;</a>" * BYTES,
        "new lines": "passord\n" * BYTES,
        "capitals": "GLEMT PASSORDET! " * BYTES,
        "doubled letters": "aabbccddee" * BYTES,
        "apostrophes": "a'" * BYTES,
        "openings": "og takk, no i mean " * BYTES,
        "quotes": "\u00ab" * BYTES,
    }
    # Whoever is not understood twice is offered people as well.
    lines = {name: Line(_cut(text), ("",), "nb-NO", more=True) for name, text in texts.items()}
    return lines | {
        surrogates: Line("\ud800 " * (BYTES // 7), ("",), "nb-NO", more=True),
        "nesting in the value": Line("hei", ("",), "nb-NO", value=[nested] * 190),
        "nesting without end": Line("hei", (), "nb-NO", status=400, value=_deep(900)),
        "many fields in the value": Line("hei", ("",), "nb-NO", value={str(one): one for one in range(BYTES // 14)}),
    }


def _cut(text: str) -> str:
    return text.encode()[:BYTES].decode(errors="ignore")


def _deep(levels: int) -> Any:
    inner: Any = "x" * (BYTES - 2 * levels)
    for _ in range(levels):
        inner = [inner]
    return inner


async def pauses(channel: Channel, peer: Peer, seconds: float, ordinary: Iterator[Line]) -> list[Pause]:
    """One measurement of some seconds for each kind, after two to compare with.

    What a message does to the bot it does every time, what the machine does it does not: a kind that took long is
    measured anew, and the better time counts.
    """
    found = [await _watched(channel, peer, QUIET, iter(()), seconds),
             await _watched(channel, peer, ORDINARY, ordinary, seconds)]
    for kind, line in heavy_lines().items():
        one = await _watched(channel, peer, kind, repeat(line), seconds)
        for _ in range(SECOND_LOOKS):
            if one.worst > LONG:
                one = min(one, await _watched(channel, peer, kind, repeat(line), seconds), key=_wait_of)
        found.append(one)
    return found


def _wait_of(one: Pause) -> float:
    return one.worst


async def _watched(channel: Channel, peer: Peer, kind: str, lines: Iterator[Line], seconds: float) -> Pause:
    until = time.perf_counter() + seconds
    watching = asyncio.create_task(_waits(peer.port, until))
    result, before = Round(), peer.cpu_seconds()
    user = User(channel, peer.port, 0)
    for line in lines:
        if not await user.say(line, result) or time.perf_counter() >= until:
            break
    user.leave()
    waits = sorted(await watching)
    messages = len(result.latencies)
    return Pause(kind, waits[-1], waits[len(waits) // 2], messages,
                 1000 * (peer.cpu_seconds() - before) / max(1, messages), result)


async def _waits(port: int, until: float) -> list[float]:
    connection, waits = Connection(port), []
    while time.perf_counter() < until:
        begun = time.perf_counter()
        status, _ = await connection.get("/healthz")
        waits.append(1000 * (time.perf_counter() - begun))
        assert status == 200, f"the health page said {status}"
    connection.close()
    return waits
