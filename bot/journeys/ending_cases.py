"""Ending a request before its effect, so that it is on record as ended whatever happens to whoever ends it (F1)."""

from dataclasses import dataclass

from bot.clock import Clock
from bot.journeys.records import Records
from bot.rules.case import Case, State, WhyEnded
from bot.store.protocol import Cases, Pending

RECORDED_AFTER = 20.0
"""Seconds after which the sweeper looks whether a case was ended, and records it."""


@dataclass(frozen=True, slots=True)
class EndingCases:
    """Given up, superseded, too old: one way for all of them."""

    cases: Cases
    pending: Pending
    records: Records
    clock: Clock

    async def end(self, case: Case, reason: WhyEnded) -> Case:
        """Raises Conflict when it has moved on; what its effect came to is the sweeper's to say then."""
        await self.pending.add(case.id, self.clock.now() + RECORDED_AFTER)
        ended = await self.cases.save(case.closed(State.ENDED, self.clock.now(), reason))
        await self.records.ended(ended)
        await self.pending.remove(ended.id)
        return ended
