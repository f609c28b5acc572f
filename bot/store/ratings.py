"""Counts what became of answers: given, "did that help?", and what people went on to; without who (U4)."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from bot.clock import Clock, utc
from bot.errors import StoreUnavailable
from bot.store import keys
from bot.store.connection import Store

GIVEN, YES, NO, STARTED, PERSON = "given", "yes", "no", "started", "person"
MONTHS = 3
_KEPT_SECONDS = 200 * 86400
_FLUSH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Rating:
    """How often an answer was given, helped, did not, and led to something begun, or to a person of the helpdesk."""

    topic: str
    lang: str
    helped: int
    missed: int
    given: int = 0
    started: int = 0
    person: int = 0


class Ratings:
    """Counted here at first, so that a turn costs nothing more, and written by `keep`; a kill loses ten seconds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._counted: Counter[tuple[str, str, str]] = Counter()
        self._ending = asyncio.Event()

    def note(self, topic: str, lang: str, what: str) -> None:
        """One more of GIVEN, YES, NO, STARTED or PERSON; topics and languages are our own labels."""
        self._counted[topic, lang, what] += 1

    async def keep(self) -> None:
        """Write what was counted, until `finish`."""
        while not self._ending.is_set():
            try:
                async with asyncio.timeout(_FLUSH_SECONDS):
                    await self._ending.wait()
            except TimeoutError:
                pass
            try:
                await self.flush()
            except StoreUnavailable:
                continue    # It stays counted.

    def finish(self) -> None:
        self._ending.set()

    async def flush(self) -> None:
        counted, self._counted = self._counted, Counter()
        if not counted:
            return
        place = keys.ratings(f"{utc(self._clock.now()):%Y-%m}")
        try:
            await self._store.many([
                *[("HINCRBY", place, " ".join(name), times) for name, times in counted.items()],
                ("EXPIRE", place, _KEPT_SECONDS)])
        except StoreUnavailable:
            self._counted.update(counted)
            raise

    async def counts(self) -> list[Rating]:
        """Of this month and the two before, by topic and language."""
        replies = await self._store.many([("HGETALL", keys.ratings(month)) for month in self._months()])
        found: Counter[tuple[str, str, str]] = Counter()
        for flat in replies:
            for name, count in zip(flat[::2], flat[1::2], strict=True):
                topic, lang, what = name.decode().split(" ")
                found[topic, lang, what] += int(count)
        return [Rating(topic, lang, *(found[topic, lang, what] for what in (YES, NO, GIVEN, STARTED, PERSON)))
                for topic, lang in sorted({(topic, lang) for topic, lang, _ in found})]

    def _months(self) -> Iterable[str]:
        day = utc(self._clock.now()).replace(day=1)
        for _ in range(MONTHS):
            yield f"{day:%Y-%m}"
            day = (day - timedelta(days=1)).replace(day=1)
