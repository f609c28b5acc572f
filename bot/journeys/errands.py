"""What is to be done at a later time: kept in the store, done at least once, by whichever replica comes first."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from typing import Self

import structlog

from bot.clock import Clock
from bot.errors import KeyturnError
from bot.store.protocol import Pending

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0
GONE_AFTER = 30.0
"""Seconds after which whoever began something and did not end it is taken for gone."""

Errand = Callable[[str], Awaitable[None]]
"""Does it for a case, by its id. It may be asked again after a crash, so that it must bear repeating."""


class Keyed:
    """A dataclass of texts and numbers that is an errand's key, so that the errand knows what it is about."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return json.dumps(astuple(self), separators=(",", ":"))      # type: ignore[call-overload]  # see above

    @classmethod
    def of(cls, key: str) -> Self:
        return cls(*json.loads(key))


@dataclass(frozen=True, slots=True)
class Errands:
    """An errand is a kind and what it is about; one that fails is tried again later, ever less often."""

    due: Pending
    kinds: dict[str, Errand]
    clock: Clock

    async def put(self, kind: str, case_id: str, at: float) -> None:
        """Have it done at that time, in seconds since 1970."""
        await self.due.add(f"{kind} {case_id}", at)

    async def drop(self, kind: str, case_id: str) -> None:
        """There is no need for it any more."""
        await self.due.remove(f"{kind} {case_id}")

    @asynccontextmanager
    async def should_it_die(self, kind: str, case_id: str) -> AsyncIterator[None]:
        """Have it brought to its end by the errand, unless the block comes to its own (F1).

        Listed first, and dropped last: what nobody comes back to would stay begun for ever.
        """
        await self.put(kind, case_id, self.clock.now() + GONE_AFTER)
        yield
        await self.drop(kind, case_id)

    async def run_due(self) -> int:
        """Do what is due, one after the other; how many were."""
        found = await self.due.take(self.clock.now())
        for one in found:
            kind, _, case_id = one.partition(" ")
            try:
                if kind in self.kinds:      # else of another release (F10)
                    await self.kinds[kind](case_id)
                await self.due.remove(one)
            except Exception as error:  # noqa: BLE001 one that fails must not keep the others waiting (F14)
                log.warning("errand_not_done_yet", kind=kind, case=case_id, error=type(error).__name__)
        return len(found)

    async def keep_running(self) -> None:
        """Do so for ever; a store that is away is met again at the next round."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.run_due()
            except KeyturnError as error:
                log.warning("errands_failed", error=type(error).__name__)
