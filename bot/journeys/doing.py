"""One effect, once: intent, claim, effect, outcome under one key, and one truth after a crash (design §2, F1-F3)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from bot.clock import Clock
from bot.directory.protocol import Account, Applied, Directory
from bot.errors import Conflict, KeyturnError
from bot.journeys.casework import DAY, attempt_of, standing, way_of
from bot.journeys.records import Records
from bot.journeys.settlement import Settlement, completion_of
from bot.people import Speaker
from bot.rules.case import Case, State, WhyRefused
from bot.rules.policy import Policy, enough
from bot.store.protocol import Cases, Enrolments, Holds, Pending, Tries

log = structlog.get_logger(__name__)

EFFECT_SECONDS = 10.0       # the effect's call (limit 26)
SETTLED_AFTER = 20.0        # then the sweeper asks what became of it

# Every pause refuses here too, also one that began after the proofs (V4); what differs is whose it is.
PAUSED_BY = {"requester": WhyRefused.PAUSED_HERE, "source": WhyRefused.PAUSED_HERE,
             "global": WhyRefused.PAUSED_EVERYWHERE}


@dataclass(frozen=True, slots=True)
class Done:
    """What an effect's caller knows of it; `broken` names what can be put right and tried again (F7).

    `refused`: why it was not done and will not be.
    """

    applied: Applied
    broken: tuple[str, ...] = ()
    refused: WhyRefused | None = None
    left: int = 0               # tries, where what is broken was one


Effect = Callable[[Case], Awaitable[Done]]


@dataclass(frozen=True, slots=True)
class Doing:
    """Acts on proven cases. Whatever is not done here is finished by the sweeper."""

    directory: Directory
    enrolments: Enrolments
    cases: Cases
    tries: Tries
    holds: Holds
    pending: Pending
    records: Records
    settlement: Settlement
    policy: Callable[[], Policy]            # the one in force now
    clock: Clock

    async def act(self, case: Case, account: Account | None, effect: Effect, *,
                  completions: int | None = None) -> Case | tuple[Case, Done]:
        """Do it, unless something that was true when the case was opened no longer is (G2, V4).

        Returns the case at its end, or claimed while nobody knows; or the proven case with what was
        broken, given back for another try. `completions`: so many a day for one account (limits 9, 10).
        """
        if reason := await self.refusal(case, account):
            return await self.refuse(case, reason)
        assert account is not None
        # Listed first: an intent that nobody comes back to would never have an outcome (F1).
        await self.pending.add(case.id, self.clock.now() + SETTLED_AFTER)
        await self.records.intent(case, account.tenant)
        try:
            claimed = await self.cases.save(replace(case, state=State.CLAIMED, claimed_at=self.clock.now()))
        except Conflict:
            # Somebody else was first: a double click, another tab, a cancel in the chat.
            return await self._left_by_the_first(case)
        if completions is not None and await self._too_many(claimed, completions):
            return await self.refuse(claimed, WhyRefused.TOO_MANY)
        done = await self._done(claimed, effect)
        if done.applied is Applied.NO and done.broken:
            return await self._given_back(claimed, done)
        if done.applied is Applied.NO and done.refused:
            return await self.refuse(claimed, done.refused)
        return await self._settled(claimed, done.applied)

    async def refusal(self, case: Case, account: Account | None) -> WhyRefused | None:
        """Why it must not be done any more; asked again right before the effect."""
        if account is None or standing(account, case.operation) or await self.holds.of(case.account):
            return WhyRefused.CONTACT_IT
        if not set(case.used) <= (await self.enrolments.read(case.account)).ids:
            return WhyRefused.METHODS_CHANGED   # A proof dies with the method it was made with (A4).
        speaker = Speaker(**case.speaker)
        gates = self.policy().gates_for(case.operation, way_of(speaker), account.groups)
        if gates is None or not enough(gates, case.proofs):
            return WhyRefused.POLICY
        paused = await self.tries.paused(attempt_of(speaker, "", case.account))
        return PAUSED_BY.get(paused.whose, WhyRefused.PAUSED) if paused else None

    async def refuse(self, case: Case, reason: WhyRefused) -> Case:
        """Close it without effect; the chat and the trail hear of it now, or from the sweeper (F1)."""
        await self.pending.add(case.id, self.clock.now() + SETTLED_AFTER)
        try:
            case = await self.cases.save(case.closed(State.REFUSED, self.clock.now(), reason))
        except Conflict:
            return await self.cases.read(case.id) or case
        return await self._settled(case, Applied.NO)

    async def _left_by_the_first(self, case: Case) -> Case:
        """The case as whoever was first has left it."""
        current = await self.cases.read(case.id) or case
        if current.state is State.PROVEN:
            # That try was given back and another may follow: there is nothing for the sweeper to end.
            await self.pending.remove(case.id)
            current = await self.cases.read(case.id) or case
            if current.state is State.CLAIMED:
                await self.pending.add(case.id, self.clock.now() + SETTLED_AFTER)
        return current

    async def _done(self, case: Case, effect: Effect) -> Done:
        try:
            async with asyncio.timeout(EFFECT_SECONDS):
                return await effect(case)
        except (KeyturnError, TimeoutError) as error:
            # Whether it acted is not known: the sweeper reads it back (F3).
            log.warning("effect_unknown", case=case.id, error=type(error).__name__)
            return Done(Applied.UNKNOWN)

    async def _given_back(self, claimed: Case, done: Done) -> Case | tuple[Case, Done]:
        """Refused for something that the person can put right: the same ticket may try again (F7)."""
        # While it is ours: another tab may claim it next, and is counted under the same name.
        await self.tries.not_done(*completion_of(claimed), once=claimed.id)
        try:
            case = await self.cases.save(replace(claimed, state=State.PROVEN, claimed_at=0))
        except Conflict:
            return await self.cases.read(claimed.id) or claimed
        await self.records.not_taken(case, done.broken)
        await self.pending.remove(case.id)
        return case, done

    async def _too_many(self, case: Case, most: int) -> bool:
        """Whether it was done too often today (limits 9 and 10); this time is counted until it turns out not to be."""
        return bool(await self.tries.start(*completion_of(case), ((most, DAY),), once=case.id))

    async def _settled(self, claimed: Case, applied: Applied) -> Case:
        try:
            return await self.settlement.settle(claimed.id, applied) or claimed
        except (KeyturnError, TimeoutError) as error:
            log.warning("not_settled_yet", case=claimed.id, error=type(error).__name__)
            return claimed
