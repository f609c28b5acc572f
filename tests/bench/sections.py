"""The sections of a run: which bots play against each other, what else is measured, and what it is held against."""

import shutil
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from bot.content import Content
from bot.understanding import Reader
from tests.bench.channel import Channel, open_channel
from tests.bench.pauses import QUIET, pauses
from tests.bench.peers import ROOT, Peer, credentials, keyturn_credentials
from tests.bench.questions import faq
from tests.bench.report import Target, number, table
from tests.bench.users import Figures, Round, Script, echoes, figures, play
from tests.understanding.figures import EVALUATION, rows_of
from tests.understanding.timing import per_message

MODELS = ROOT / ".keyturn" / "understanding"
SECTIONS = ("echo", "auth", "understanding", "pauses", "start")
AUTH_USERS, AUTH_DELAY = 64, 0.08
FIGURE_HEADS = ("bot", "users", "turns", "turns/s", "p50 ms", "p99 ms", "cpu ms", "failed")


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long everything takes: seconds, and how often."""

    users: tuple[int, ...]
    seconds: float
    rounds: int
    auth_seconds: float
    auth_users_of_stock: int    # its rate does not depend on them: every log-in blocks it
    pause_seconds: float
    readings: int
    starts: int


FULL = Lengths((16,), 0.8, 7, 4.0, 64, 0.35, 5, 3)
QUICK = Lengths((16,), 0.5, 3, 1.5, 16, 0.12, 1, 1)


@dataclass
class Bench:
    """A run: what it needs, and what it has found."""

    content: Content
    reader: Reader
    folder: Path
    lengths: Lengths
    core: int | None
    targets: list[Target] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    rows: list[dict[str, object]] = field(default_factory=list)

    async def run(self, sections: list[str]) -> None:
        for name in SECTIONS:
            if name in sections:
                await {"echo": self._echo, "auth": self._auth, "understanding": self._understanding,
                       "pauses": self._pauses, "start": self._starts}[name]()

    # -- turns ----------------------------------------------------------------------------------

    async def _echo(self) -> None:
        """All bots without credentials; the connector answers at once."""
        say("Turns without credentials; the connector answers at once\n\n")
        async with open_channel() as channel, AsyncExitStack() as at_end:
            peers = [self._peer(name) for name in ("bare", "stock", "agents", "echo", "keyturn")]
            for peer in peers:
                at_end.push_async_callback(peer.stop)
                await self._begin(peer, channel)
            for users in self.lengths.users:
                found = await self._interleaved(channel, peers, users, self.lengths.seconds, self.lengths.rounds)
                if users == 16:
                    self._judge_echo(found)
            self._judge_memory(peers[-1])

    async def _auth(self) -> None:
        """Credentials, signed tokens, and services that take 80 ms to answer."""
        say(f"Turns with credentials; connector and login service take {AUTH_DELAY * 1000:.0f} ms\n\n")
        async with open_channel(AUTH_DELAY) as channel, AsyncExitStack() as at_end:
            stock = self._peer("stock", "stock-auth", credentials(channel))
            keyturn = self._peer("keyturn", "keyturn-auth", keyturn_credentials(channel))
            for peer in (stock, keyturn):
                at_end.push_async_callback(peer.stop)
                await self._begin(peer, channel, channel.authorization())
            signed, seconds = channel.authorization(), self.lengths.auth_seconds
            # The last turns begun are waited for: with stock at 64 users, eleven seconds.
            theirs = await self._interleaved(channel, [stock], self.lengths.auth_users_of_stock, 0.1, 1, signed)
            mine = await self._interleaved(channel, [keyturn], AUTH_USERS, seconds, 1, signed)
            self._ratio("with credentials, 80 ms away, 64 users / stock", 100, mine["keyturn"], theirs["stock"])
            self._spread("with credentials, 64 users", mine["keyturn"])

    def _peer(self, name: str, folder: str = "", settings: dict[str, str] | None = None) -> Peer:
        place = self.folder / (folder or name)
        if name == "keyturn":   # The model is learned once, as on any machine that has run before.
            shutil.copytree(MODELS, place / "understanding", dirs_exist_ok=True)
        return Peer(name, place, settings)

    async def _begin(self, peer: Peer, channel: Channel, authorization: bytes = b"") -> None:
        await peer.start(self.core)
        self._note([await play(channel, peer.port, self._script(peer), 4, 0.3, authorization)], peer.name)

    def _script(self, peer: Peer) -> Script:
        return faq(self.content) if peer.name == "keyturn" else echoes

    async def _interleaved(self, channel: Channel, peers: list[Peer], users: int, seconds: float, rounds: int,
                           authorization: bytes = b"") -> dict[str, Figures]:
        """Rounds by turns, so that whatever else the machine does hits all bots alike."""
        played: dict[str, list[Round]] = {peer.name: [] for peer in peers}
        for number_ in range(rounds):
            for peer in peers if number_ % 2 == 0 else peers[::-1]:
                before = peer.cpu_seconds()
                one = await play(channel, peer.port, self._script(peer), users, seconds, authorization)
                one.cpu_seconds = peer.cpu_seconds() - before
                played[peer.name].append(one)
        found = {name: self._note(each, name, users) for name, each in played.items()}
        say(table(FIGURE_HEADS, [_row(name, users, one) for name, one in found.items()]) + "\n")
        return found

    def _note(self, rounds: list[Round], name: str, users: int = 0) -> Figures:
        found = figures(rounds)
        self.failures += Counter({f"{name}: {why}": often for why, often in found.failures.items()})
        if not found.turns:
            self.failures[f"{name}: no turn succeeded"] += 1
        if found.example:
            say(f"{name} was wrong: {found.example}\n")
        if users:
            self.rows.append({"bot": name, "users": users, "turns": found.turns, "per_second": found.per_second,
                              "p50_ms": found.p50, "p99_ms": found.p99, "cpu_ms": found.cpu_ms})
        return found

    # -- judging --------------------------------------------------------------------------------

    def _judge_echo(self, found: dict[str, Figures]) -> None:
        mine = found["keyturn"]
        self._ratio("an FAQ turn, 16 users / stock echo", 8, mine, found["stock"])
        self._ratio("an FAQ turn, 16 users / bare aiohttp", 0.15, mine, found["bare"])
        self._spread("an FAQ turn, 16 users", mine)

    def _ratio(self, name: str, wanted: float, mine: Figures, other: Figures) -> None:
        by_cpu = f", by CPU {number(other.cpu_ms / mine.cpu_ms)} x" if mine.cpu_ms else ""
        self.targets.append(Target(
            name, wanted, mine.times(other), "x", at_least=True,
            note=f"{number(mine.per_second)} / {number(other.per_second)} turns/s{by_cpu}"))

    def _spread(self, name: str, mine: Figures) -> None:
        self.targets.append(Target(
            f"p99 / p50, {name}", 4, mine.p99 / max(mine.p50, 1e-9), "x",
            note=f"{number(mine.p99)} / {number(mine.p50)} ms"))

    def _judge_memory(self, peer: Peer) -> None:
        uses = peer.uses()
        if not uses:
            return
        others = ", ".join(f"{one.name} {number(one.rss_mb)} MB" for one in uses[1:])
        self.targets.append(Target(
            "memory of a process", 200, max(one.rss_mb for one in uses), "MB",
            note=f"{uses[0].name} {number(uses[0].rss_mb)} MB, {others}"))

    # -- the rest -------------------------------------------------------------------------------

    async def _understanding(self) -> None:
        texts = [row["text"] for row in rows_of(EVALUATION)]
        costs = [one / 1000 for one in per_message(partial(self.reader.read, hint="nb"), texts, self.lengths.readings)]
        self.targets.append(Target(
            "understanding a message, median", 1, median(costs), "ms",
            note=f"p99 {number(quantiles(costs, n=100)[98])} ms over {len(texts)} messages"))

    async def _pauses(self) -> None:
        say("The health page while one user sends messages of 28 KiB\n\n")
        async with open_channel() as channel, AsyncExitStack() as at_end:
            peer = self._peer("keyturn", "keyturn-pauses")
            at_end.push_async_callback(peer.stop)
            await self._begin(peer, channel)
            found = await pauses(channel, peer, self.lengths.pause_seconds, faq(self.content)(0))
        say(table(("while", "messages", "worst ms", "median ms", "cpu ms"), [
            (one.kind, str(one.messages), number(one.worst), number(one.median),
             number(one.cpu_ms) if one.messages else "") for one in found]) + "\n")
        for one in found:
            if one.kind != QUIET:
                self._note([one.failures], f"keyturn, {one.kind}")
        worst, quiet = max(found[2:], key=lambda one: one.worst), found[0]
        self.targets.append(Target(
            "longest wait during a message of 28 KiB", 50, worst.worst, "ms",
            note=f"{worst.kind}; {number(quiet.worst)} ms when {QUIET}"))

    async def _starts(self) -> None:
        peer = self._peer("keyturn", "keyturn-start")
        await peer.start(self.core)     # The first one makes the demo people and the keys.
        taken, cpu = [], []
        for _ in range(self.lengths.starts):
            await peer.stop()
            taken.append(await peer.start(self.core))
            cpu.append(peer.cpu_seconds())
        await peer.stop()
        self.targets.append(Target(
            "ready after a warm start", 2, median(taken), "s",
            note=f"worst of {len(taken)}: {number(max(taken))} s; CPU {number(median(cpu))} s"))


def _row(name: str, users: int, one: Figures) -> tuple[str, ...]:
    return (name, str(users), str(one.turns), number(one.per_second), number(one.p50), number(one.p99),
            number(one.cpu_ms), str(sum(one.failures.values())))


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
