"""The end of the pause after a loss, by whoever has the machine: on record exactly when it was ended (F5, U1, F1)."""

import json
import secrets
from dataclasses import dataclass

from bot.audit import entry
from bot.journeys.errands import Errands
from bot.store.protocol import AuditTrail
from bot.store.trust import Trust

END_PAUSE = "end_pause"
"""The errand that finds out whether the pause was ended when the process that did it is gone."""


@dataclass(frozen=True, slots=True)
class EndingPause:
    """Verify people again before the pause is over by itself, and let IT's own people in again."""

    trust: Trust
    audit: AuditTrail
    errands: Errands

    async def end(self, actor: str, reason: str) -> None:
        key = json.dumps([actor, reason, secrets.token_hex(8)])
        async with self.errands.should_it_die(END_PAUSE, key):
            await self._record(key, "begun")
            await self._record(key, "done" if await self.trust.end(key) else "not_done")

    async def finish(self, key: str) -> None:
        """An Errand; what was not ended by this one is not ended any more (F3)."""
        await self._record(key, "done" if await self.trust.outcome(key) else "not_done")

    async def _record(self, key: str, outcome: str) -> None:
        actor, reason, _ = json.loads(key)
        await self.audit.append(
            entry("staff.end_pause", actor=actor, operation="end_pause", outcome=outcome, reason=reason),
            once=f"{key} {outcome}")
