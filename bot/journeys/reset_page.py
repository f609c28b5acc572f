"""Resetting a forgotten password, the page half: the form, the live check, the one effect."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from bot.clock import Clock
from bot.directory.protocol import Account, Applied, Directory, PasswordSet
from bot.errors import Conflict, DirectoryUnavailable, KeyturnError, StoreUnavailable
from bot.journeys.forgot_password import DAY, opened_by_browser, requester_of, standing
from bot.journeys.protocol import Again, End, Ended, Form, RuleState
from bot.journeys.records import Records
from bot.journeys.settlement import Settlement
from bot.rules.case import Case, Lifetimes, State, WhyRefused, expired
from bot.rules.limits import Limits
from bot.rules.passwords import Owner, Policy, check_password
from bot.secret import Secret
from bot.store.protocol import Attempt, Cases, Pending, Tries

log = structlog.get_logger(__name__)

EFFECT_SECONDS = 10.0       # the directory call (limit 26)
# Every pause refuses here too, also one that began after the proofs (V4); what differs is whose it is.
PAUSED_BY = {"requester": WhyRefused.PAUSED_HERE, "source": WhyRefused.PAUSED_HERE,
             "global": WhyRefused.PAUSED_EVERYWHERE}
SETTLED_AFTER = 20.0        # then the sweeper asks the directory what became of it


@dataclass(frozen=True, slots=True)
class ResetPage:
    """A SecurePage: look and check are harmless, finish acts once (P2, F2)."""

    directory: Directory
    cases: Cases
    tries: Tries
    pending: Pending
    records: Records
    settlement: Settlement
    policy: Policy
    limits: Limits
    clock: Clock
    mask: Callable[[str], str]

    async def look(self, ticket: str, browser: str) -> Form | Ended | None:
        found = await self._open(ticket, browser)
        if found is None:
            return None
        case, ends = found
        return self._ended(case) if case.state is not State.PROVEN else await self._form(case, ends)

    async def check(self, ticket: str, browser: str, password: Secret) -> tuple[RuleState, ...] | None:
        found = await self._open(ticket, browser)
        if found is None or found[0].state is not State.PROVEN:
            return None
        account = await self.directory.read(found[0].account)
        return await self._states(account, password) if account else None

    async def finish(self, ticket: str, browser: str, password: Secret) -> Again | Ended | None:
        """Rules, then intent, claim, effect, outcome under one key (design §2)."""
        found = await self._open(ticket, browser)
        if found is None:
            return None
        case, ends = found
        if case.state is not State.PROVEN:
            return self._ended(case)
        account = await self.directory.read(case.account)
        if reason := await self._refusal(case, account):
            return self._ended(await self._refuse(case, reason))
        assert account is not None
        states = await self._states(account, password)
        if broken := tuple(one for one in states if not one.kept):
            return Again(await self._form(case, ends), broken)
        return await self._act(case, account, password, ends)

    # -- the effect ----------------------------------------------------------------------------

    async def _act(self, case: Case, account: Account, password: Secret, ends: float) -> Again | Ended:
        # Listed first: an intent that nobody comes back to would never have an outcome (F1).
        await self.pending.add(case.id, self.clock.now() + SETTLED_AFTER)
        await self.records.intent(case, account.tenant)
        try:
            claimed = await self.cases.save(
                replace(case, state=State.CLAIMED, claimed_at=self.clock.now()))
        except Conflict:
            # Somebody else was first: a double click, another tab, a cancel in the chat.
            return self._ended(await self._left_by_the_first(case))
        if await self._too_many(claimed):
            return self._ended(await self._refuse(claimed, WhyRefused.TOO_MANY_RESETS))
        answer = await self._set(claimed, password)
        if answer.applied is Applied.NO and answer.broken:
            return await self._give_back(claimed, answer, ends)
        return self._ended(await self._settled(claimed, answer.applied))

    async def _left_by_the_first(self, case: Case) -> Case:
        """The case as whoever was first has left it."""
        current = await self.cases.read(case.id) or case
        if current.state is State.PROVEN:
            # That password was not taken and another may be tried: there is nothing for the sweeper to end.
            await self.pending.remove(case.id)
            current = await self.cases.read(case.id) or case
            if current.state is State.CLAIMED:
                await self.pending.add(case.id, self.clock.now() + SETTLED_AFTER)
        return current

    async def _settled(self, claimed: Case, applied: Applied) -> Case:
        try:
            return await self.settlement.settle(claimed.id, applied) or claimed
        except (KeyturnError, TimeoutError) as error:
            log.warning("not_settled_yet", case=claimed.id, error=type(error).__name__)
            return claimed

    async def _set(self, case: Case, password: Secret) -> PasswordSet:
        try:
            async with asyncio.timeout(EFFECT_SECONDS):
                return await self.directory.set_password(case.account, password, case.key)
        except (DirectoryUnavailable, StoreUnavailable, TimeoutError) as error:
            # Whether it acted is not known: the sweeper reads it back (F3).
            log.warning("directory_answer_unknown", case=case.id, error=type(error).__name__)
            return PasswordSet(Applied.UNKNOWN)

    async def _give_back(self, claimed: Case, answer: PasswordSet, ends: float) -> Again | Ended:
        """The directory refused this password: the same ticket may try another (F7)."""
        try:
            case = await self.cases.save(replace(claimed, state=State.PROVEN, claimed_at=0, counted=True))
        except Conflict:
            return self._ended(await self.cases.read(claimed.id) or claimed)
        await self.records.refused_by_directory(case)
        await self.pending.remove(case.id)
        return Again(await self._form(case, ends), tuple(RuleState(key, False) for key in answer.broken))

    async def _refusal(self, case: Case, account: Account | None) -> WhyRefused | None:
        """Everything that was true when the case was opened must still be (G2, V4)."""
        if account is None or standing(account):
            return WhyRefused.CONTACT_IT
        speaker = case.speaker
        attempt = Attempt("", case.account, _is_owner(case), requester_of(case), speaker["source"])
        paused = await self.tries.paused(attempt)
        return PAUSED_BY.get(paused.whose, WhyRefused.PAUSED) if paused else None

    async def _too_many(self, case: Case) -> bool:
        """Whether the account was reset too often today; one case counts once (limit 9)."""
        if case.counted:
            return False
        most = ((self.limits.resets_24h, DAY),)
        return bool(await self.tries.start("reset_done", case.account, _is_owner(case), most))

    async def _refuse(self, case: Case, reason: WhyRefused) -> Case:
        await self.pending.add(case.id, self.clock.now() + SETTLED_AFTER)
        try:
            case = await self.cases.save(case.closed(State.REFUSED, self.clock.now(), reason))
        except Conflict:
            return await self.cases.read(case.id) or case
        # The chat and the trail hear of it now, or from the sweeper (F1).
        return await self._settled(case, Applied.NO)

    # -- what the page shows ---------------------------------------------------------------------

    async def _open(self, ticket: str, browser: str) -> tuple[Case, float] | None:
        """The case behind a ticket and when the ticket ends; None alike for every ticket that will not do (E3)."""
        found = await self.cases.by_ticket(ticket)
        if found is None or not opened_by_browser(found[0], browser):
            return None
        case, ends = found
        now = self.clock.now()
        if case.state is State.PROVEN and (now >= ends or expired(case, now, self._lifetimes)):
            return None
        # A case that ended before its effect leaves a dead link, not a result.
        return None if case.state in (State.OPENED, State.ENDED) else (case, ends)

    async def _form(self, case: Case, ends: float) -> Form:
        account = await self.directory.read(case.account)
        username = account.username if account else ""
        states = await self._states(account, Secret("")) if account else ()
        return Form(case.operation, case.lang, self.mask(username), username, case.phrase, states,
                    max(0.0, ends - self.clock.now()), self.policy.longest)

    async def _states(self, account: Account, password: Secret) -> tuple[RuleState, ...]:
        owner = Owner(names=account.names, username=account.username)
        # Estimating a password's strength is arithmetic that would hold up every other turn.
        checked = await asyncio.to_thread(check_password, password.reveal(), owner, self.policy)
        return tuple(RuleState(one.key, one.kept, one.facts) for one in checked)

    def _ended(self, case: Case) -> Ended:
        end = {State.DONE: End.DONE, State.REFUSED: End.REFUSED}.get(case.state, End.CHECKING)
        return Ended(end, case.lang, case.operation, case.reason)

    @property
    def _lifetimes(self) -> Lifetimes:
        return Lifetimes(self.limits.flow_seconds, self.limits.grant_seconds)


def _is_owner(case: Case) -> bool:
    return case.speaker["object_id"] is not None
