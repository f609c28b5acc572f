"""Who is let in to the admin pages: made, removed, set up; on record exactly when it was done (U1, F1)."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.audit import entry
from bot.journeys.errands import Errands, Keyed
from bot.rules.staff import Staff
from bot.store.protocol import AuditTrail, Tries
from bot.store.staff import RedisStaff, StaffRecord

STAFF_CHANGE = "staff_change"
"""The errand that brings a change of IT's people to its true end when the process that made it is gone."""
ADDED, REMOVED, SET_UP = "added", "removed", "set_up"


@dataclass(frozen=True, slots=True)
class _Change(Keyed):
    event: str
    actor: str
    staff_id: str
    reason: str
    number: str


@dataclass(frozen=True, slots=True)
class Staffing:
    """Intent, change, outcome; what a process dies over is finished by the errands, whichever process has those."""

    people: RedisStaff
    tries: Tries
    audit: AuditTrail
    errands: Errands

    async def add(self, who: Staff, actor: str) -> None:
        """Let somebody in, or change what is known of them."""
        change = _Change(ADDED, actor, who.id, f"{who.role}, account {who.account_id}", secrets.token_hex(8))
        await self._made(change, "", lambda: self.people.put(StaffRecord(who), change.key))

    async def remove(self, who: Staff, actor: str) -> bool:
        """Shut somebody out at once; whether they were there."""
        change = _Change(REMOVED, actor, who.id, "", secrets.token_hex(8))
        return await self._made(change, "", lambda: self.people.remove(who.id, change.key))

    async def set_up(self, who: Staff, token: str, browser: str, password_hash: str, edition: str,
                     source: str) -> StaffRecord | None:
        """Spend a set-up link; the failures counted until then speak for nobody any more."""
        change = _Change(SET_UP, who.actor, who.id, "", edition)
        records: list[StaffRecord] = []

        async def spent() -> bool:
            found = await self.people.finish_set_up(token, browser, password_hash, edition, change.key)
            records.extend([found] if found else [])
            return found is not None

        return records[0] if await self._made(change, source, spent) else None

    async def finish(self, key: str) -> None:
        """An Errand: what came of it is found out and recorded; what was not done never will be (F1, F3)."""
        await self._end(_Change.of(key), await self.people.outcome(key), "")

    async def _made(self, change: _Change, source: str, make: Callable[[], Awaitable[bool]]) -> bool:
        async with self.errands.should_it_die(STAFF_CHANGE, change.key):
            await self._record(change, "begun", source)
            done = await make()
            await self._end(change, done, source)
        return done

    async def _end(self, change: _Change, done: bool, source: str) -> None:
        await self._record(change, "done" if done else "not_done", source)
        if done and change.event == SET_UP:
            for owner in (True, False):
                await self.tries.reopen(budget_of(change.staff_id), owner=owner)

    async def _record(self, change: _Change, outcome: str, source: str) -> None:
        await self.audit.append(entry(
            f"staff.{change.event}", actor=change.actor, target=f"staff:{change.staff_id}", outcome=outcome,
            reason=change.reason, source=source), once=f"{change.key} {outcome}")


def budget_of(staff_id: str) -> str:
    """Under which name this person's failed tries are counted."""
    return f"staff {staff_id}"
