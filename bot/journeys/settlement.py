"""Bringing every begun effect to one truth, told to person and audit trail alike (F1-F4)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from bot.clock import Clock
from bot.delivery.protocol import Knock
from bot.directory.protocol import Account, Applied, Directory
from bot.errors import Conflict, KeyturnError
from bot.journeys.ending_cases import EndingCases
from bot.journeys.records import Records
from bot.rules.case import CLOSED, Case, State, WhyEnded, WhyRefused
from bot.store.protocol import Cases, Pending, Tries

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 2.0
AT_ONCE = 20                # cases: each may wait for the directory twice, and all for whoever is slowest
CALL_SECONDS = 10.0


class Aftermath(Protocol):
    """What one operation's effect was, and what follows from it."""

    async def outcome(self, case: Case) -> Applied:
        """Whether the effect with the case's key happened; NO is final (F3)."""
        ...

    async def follow_up(self, case: Case, account: Account) -> None:
        """Whatever comes after it succeeded; repeated after a crash, so every part bears repeating (F4)."""
        ...


@dataclass(frozen=True, slots=True)
class Settlement:
    """`settle` may be run any number of times, by anybody, after a crash at any point.

    Every part of it is idempotent by the case's key, and the case leaves the pending list last.
    """

    directory: Directory
    effects: Mapping[str, Aftermath]    # by operation
    cases: Cases
    pending: Pending
    ending: EndingCases
    records: Records
    knock: Knock
    tries: Tries
    clock: Clock

    async def settle(self, case_id: str, applied: Applied = Applied.UNKNOWN) -> Case | None:
        """Close the case by what really happened, then do what follows from it.

        `applied` is what the effect's caller knows; UNKNOWN asks the directory. Returns the case as
        it stands; still claimed when nobody can tell yet, and the sweeper comes back to it.
        """
        case = await self.cases.read(case_id)
        if case is None:
            await self.pending.remove(case_id)
            return None
        if case.state not in CLOSED:
            closed = await self._close(case, applied)
            if closed is None:
                return case
            case = closed
        try:
            await self._follow_up(case)
        except (KeyturnError, TimeoutError) as error:
            # What is done stays done; the sweeper comes back for the parts that are not (F4).
            log.warning("not_followed_up_yet", case=case.id, error=type(error).__name__)
        return case

    async def sweep(self, *, orphaned: bool = False) -> int:
        """Settle what is overdue; `orphaned` means all of it: nobody else can be at work (one instance)."""
        due = await self.pending.take(self.clock.now(), all_of_them=orphaned)
        slots = asyncio.Semaphore(AT_ONCE)

        async def look_at(case_id: str) -> None:
            async with slots:
                try:
                    await self.settle(case_id)
                except Exception as error:  # noqa: BLE001 one bad record harms one request, not the sweeper (F14)
                    log.warning("not_settled_yet", case=case_id, error=type(error).__name__)

        await asyncio.gather(*map(look_at, due))
        return len(due)

    async def keep_sweeping(self) -> None:
        """Sweep for ever; a store or directory that is away is met again at the next round."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.sweep()
            except KeyturnError as error:
                log.warning("sweep_failed", error=type(error).__name__)

    async def _close(self, case: Case, applied: Applied) -> Case | None:
        """The case at its true end, or None when that is not known yet."""
        if case.state is not State.CLAIMED:
            # The intent was written and nobody claimed: it must not act later under this key.
            return await self._save(case, Applied.NO)
        if applied is Applied.UNKNOWN:
            async with asyncio.timeout(CALL_SECONDS):
                applied = await self.effects[case.operation].outcome(case)
        return None if applied is Applied.UNKNOWN else await self._save(case, applied)

    async def _save(self, case: Case, applied: Applied) -> Case | None:
        done = applied is Applied.YES
        state, reason = (State.DONE, None) if done else (State.REFUSED, WhyRefused.INTERRUPTED)
        try:
            return await self.cases.save(case.closed(state, self.clock.now(), reason))
        except Conflict:
            current = await self.cases.read(case.id)
            return current if current is not None and current.state in CLOSED else None

    async def _follow_up(self, case: Case) -> None:
        if case.state is State.ENDED:   # by somebody who could not say so
            await self.records.ended(case)
            await self.pending.remove(case.id)
            return
        account = await self.directory.read(case.account)
        await self.records.outcome(case, account.tenant if account else "")
        if case.state is State.DONE and account is not None:
            await self._after_success(case, account)
        if case.reference:
            await self.knock.knock(case.reference)
        if case.state is State.REFUSED:
            await self.tries.not_done(*completion_of(case), once=case.id)
        await self.pending.remove(case.id)

    async def _after_success(self, case: Case, account: Account) -> None:
        """Other requests for the account end (I5), and what the operation itself brings with it."""
        while await self._supersede_others(case, account):
            log.info("superseded_case_moved_on", case=case.id)
        await self.effects[case.operation].follow_up(case, account)

    async def _supersede_others(self, case: Case, account: Account) -> bool:
        """End what else is under way for the account (I5); whether any of it moved on meanwhile."""
        moved_on = False
        for other in await self.cases.others_of(account.id, but=case.id):
            if other.state is State.CLAIMED:
                continue
            try:
                if other.proofs:
                    await self.ending.end(other, WhyEnded.SUPERSEDED)
                elif not other.blocked:
                    # Nobody has proven anything there: it plays on without hope, and tells nothing (E1).
                    await self.cases.save(replace(other, blocked="superseded"))
            except Conflict:
                moved_on = True
        return moved_on


def completion_of(case: Case) -> tuple[str, str, bool]:
    """What a done case is counted as: kind, account, and whether as its owner's (limits 9 and 10)."""
    return f"{case.operation}_done", case.account, case.speaker["object_id"] is not None
