"""The people: each has a conversation and one turn in it at a time, and knows what the bot must answer."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from uuid import uuid4

from tests.bench.channel import TENANT, Channel
from tests.bench.wire import Connection

TURN_SECONDS = 30.0     # of patience


@dataclass(frozen=True, slots=True)
class Line:
    """Something to say, and what must come back: a text within each reply, in order."""

    text: str
    expects: tuple[str, ...]
    locale: str = "en-US"
    card: bool = False      # whether each reply must bring a card
    status: int = 200       # of the HTTP answer; every 2xx is as good as 200
    value: Any = None       # the activity's value
    more: bool = False      # whether other replies may follow those


Script = Callable[[int], Iterator[Line]]
"""What user number N says, without an end."""


def echoes(user: int) -> Iterator[Line]:
    """Lines that only this user says, so that a reply to somebody else is noticed."""
    number = 0
    while True:
        number += 1
        text = f"hello {number} from {user}"
        yield Line(text, (text,))


@dataclass(slots=True)
class Round:
    """What some users' turns with one peer gave: seconds each, and failures by reason."""

    latencies: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    example: str = ""       # of a wrong reply
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def failed(self, reason: str, example: str = "") -> None:
        self.failures[reason] += 1
        self.example = self.example or example


class User:
    """One person in a conversation of their own, at `/api/messages` of one bot."""

    def __init__(self, channel: Channel, port: int, number: int, authorization: bytes = b"") -> None:
        self.conversation = f"bench-{uuid4().hex}"
        self._person = {"id": f"29:{self.conversation}", "name": "Kari Nordmann", "aadObjectId": str(uuid4())}
        self._channel = channel
        self._authorization = authorization
        self._connection = Connection(port)
        self._replies: list[dict[str, Any]] = []
        self._missing = 0
        self._arrived = asyncio.Event()
        self.number = number
        channel.listeners[self.conversation] = self._hear

    async def keep_talking(self, lines: Iterator[Line], until: float, into: Round) -> None:
        """Turn after turn until the time (of perf_counter) has come or one fails; the last one is waited for."""
        while time.perf_counter() < until and await self.say(next(lines), into):
            pass

    async def say(self, line: Line, into: Round) -> bool:
        """One turn, from the first byte sent until the HTTP answer and every expected reply are here.

        Whether all came as it must.
        """
        early = len(self._replies)
        self._replies, self._missing = [], len(line.expects)
        self._arrived.clear()
        body = self._activity(line)
        begun = time.perf_counter()
        trouble = await self._exchange(line, body)
        taken = time.perf_counter() - begun
        example = ""
        if not trouble and (early or not _as_expected(line, self._replies)):
            trouble = "wrong reply"
            example = f"to {line.text[:60]!r} came {[str(one.get('text'))[:60] for one in self._replies]}"
        self._replies = []
        if trouble:
            into.failed(trouble, example)
        else:
            into.latencies.append(taken)
        return not trouble

    async def _exchange(self, line: Line, body: bytes) -> str:
        """Send, and wait for all that is expected; what went wrong, or nothing."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                status, _ = await self._connection.post("/api/messages", body, self._authorization)
                if status // 100 != line.status // 100:
                    return f"HTTP {status}"
                if line.expects:
                    await self._arrived.wait()
        except TimeoutError:
            self._connection.close()
            return "timeout"
        except OSError as error:
            return type(error).__name__
        return ""

    def leave(self) -> None:
        self._connection.close()
        del self._channel.listeners[self.conversation]

    def _hear(self, activity: dict[str, Any]) -> None:
        self._replies.append(activity)
        if len(self._replies) >= self._missing:
            self._arrived.set()

    def _activity(self, line: Line) -> bytes:
        """A message as Teams sends it."""
        return json.dumps({
            "type": "message", "id": uuid4().hex, "channelId": "msteams",
            "serviceUrl": self._channel.service_url,
            "timestamp": "2026-11-23T12:00:00.000Z", "localTimestamp": "2026-11-23T13:00:00.000+01:00",
            "from": self._person, "recipient": {"id": "28:bench", "name": "bot"},
            "conversation": {"conversationType": "personal", "tenantId": TENANT, "id": self.conversation},
            "text": line.text, "textFormat": "plain", "locale": line.locale,
            "entities": [{"type": "clientInfo", "locale": line.locale, "country": "NO", "platform": "Windows",
                          "timezone": "Europe/Oslo"}],
            "channelData": {"tenant": {"id": TENANT}},
            **({} if line.value is None else {"value": line.value}),
        }, ensure_ascii=not line.text.isprintable()).encode()


def _as_expected(line: Line, replies: list[dict[str, Any]]) -> bool:
    if len(replies) < len(line.expects) or (len(replies) > len(line.expects) and not line.more):
        return False
    return all(
        wanted in reply.get("text", "") and (bool(reply.get("attachments")) or not line.card)
        for wanted, reply in zip(line.expects, replies, strict=False))


async def play(channel: Channel, port: int, script: Script, users: int, seconds: float,
               authorization: bytes = b"") -> Round:
    """New users talk to the bot at a port for some seconds, all at once."""
    result = Round()
    people = [User(channel, port, number, authorization) for number in range(users)]
    begun = time.perf_counter()
    await asyncio.gather(*(one.keep_talking(script(one.number), begun + seconds, result) for one in people))
    result.seconds = time.perf_counter() - begun
    for one in people:
        one.leave()
    return result


@dataclass(frozen=True, slots=True)
class Figures:
    """Rounds taken together: their rates, and all their latencies in milliseconds."""

    turns: int
    rates: tuple[float, ...]    # turns per second of each round
    p50: float
    p99: float
    cpu_ms: float       # of the bot's processes together, a turn
    failures: Counter[str]
    example: str

    @property
    def per_second(self) -> float:
        return median(self.rates)

    def times(self, other: "Figures") -> float:
        """How many times as fast as another: the median of rounds played beside each other."""
        return median(mine / max(theirs, 1e-9) for mine, theirs in zip(self.rates, other.rates, strict=True))


def figures(rounds: list[Round]) -> Figures:
    latencies = sorted(1000 * one for each in rounds for one in each.latencies) or [0.0]
    turns = sum(len(each.latencies) for each in rounds)
    return Figures(
        turns=turns,
        rates=tuple(each.per_second for each in rounds),
        p50=latencies[len(latencies) // 2],
        p99=latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)],
        cpu_ms=1000 * sum(each.cpu_seconds for each in rounds) / max(1, turns),
        failures=sum((each.failures for each in rounds), Counter()),
        example=next((each.example for each in rounds if each.example), ""))
