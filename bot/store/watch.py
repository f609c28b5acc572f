"""Looks after the store from beside the turns: its time, its memory, and a mark of both on this machine (F5, F12)."""

import asyncio
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import structlog

from bot.audit import Head
from bot.errors import StoreUnavailable
from bot.store.audit_trail import RedisAuditTrail
from bot.store.shared_time import SharedTime
from bot.store.trust import Life, Trust

_log = structlog.get_logger(__name__)

_EVERY_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a store had come when a process last looked: what is behind it was wiped, restored or tampered with."""

    life: Life
    head: Head


class MarkFile:
    """The mark, kept in the data folder, one for each store that was ever named."""

    def __init__(self, folder: Path, store: str) -> None:
        name = blake2b(store.encode(), digest_size=8).hexdigest() if store else "embedded"
        self.path = folder / f"store-{name}.json"

    def read(self) -> Mark | None:
        """None when there is none yet; one that cannot be read agrees with no store."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            plain = json.loads(text)
            return Mark(Life(**plain["life"]), Head(**plain["head"]))
        except (ValueError, TypeError, KeyError):
            _log.warning("mark.unreadable", file=self.path.name)
            return Mark(Life("unreadable", 0, 0.0), Head(0, ""))

    def write(self, mark: Mark) -> None:
        """In one step: a crash leaves the old one or the new one, and two processes on a folder one of theirs."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.path.parent) as folder:
            beside = Path(folder) / self.path.name
            with beside.open("w") as file:
                json.dump(asdict(mark), file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)


class Watch:
    """Begin once before anything is served, then keep going."""

    def __init__(self, time: SharedTime, trust: Trust, trail: RedisAuditTrail, marks: MarkFile) -> None:
        self._time = time
        self._trust = trust
        self._trail = trail
        self._marks = marks
        self._marked: Mark | None = None

    async def begin(self) -> None:
        """Raises StoreUnavailable."""
        mark = await asyncio.to_thread(self._marks.read)
        if mark is not None:
            self._trust.remember(mark.life)
            self._trail.remember(mark.head)
        await self._time.begin(mark.life.time if mark else 0.0)
        await self._look()

    async def keep(self) -> None:
        """Look for ever; a store that is away is met again at the next round."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self._time.follow()
                await self._look()
            except StoreUnavailable:
                continue    # The machine's steady clock carries on.

    async def _look(self) -> None:
        await self._trust.look()
        await self._trail.look()
        mark = Mark(self._trust.life, self._trail.head)
        if mark != self._marked:
            try:
                await asyncio.to_thread(self._marks.write, mark)
            except OSError as trouble:
                _log.warning("mark.not_written", error=type(trouble).__name__)
            self._marked = mark
