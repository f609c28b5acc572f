"""New recovery codes: step-up first, shown once on the secure page, the old ones dead at once (A2, A5, limit 18)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from bot.clock import Clock
from bot.directory.protocol import Account, Applied, Directory
from bot.errors import Conflict
from bot.journeys.casework import Casework
from bot.journeys.doing import Doing, Done
from bot.journeys.password_page import ended
from bot.journeys.protocol import Again, End, Ended, Fields, Form, RuleState
from bot.journeys.records import Records
from bot.rules.case import Case, State, WhyRefused
from bot.rules.limits import Limits
from bot.rules.registered import IT_CODE
from bot.secret import Secret
from bot.store.protocol import Enrolments
from bot.verification.recovery_code import new_codes


@dataclass(frozen=True, slots=True)
class RecoveryCodes(Casework):
    """The chat half: all of it is what every journey does."""

    operation: ClassVar[str] = "recovery_codes"


@dataclass(frozen=True, slots=True)
class RecoveryCodesPage:
    """A PageHalf: the codes are made by the person's own press, and shown in answer to it and never again."""

    directory: Directory
    enrolments: Enrolments
    doing: Doing
    limits: Limits
    clock: Clock
    mask: Callable[[str], str]

    fields: ClassVar[frozenset[str]] = frozenset({"make"})

    async def look(self, case: Case, ends: float) -> Form | Ended:
        if case.state is not State.PROVEN:
            return ended(case)
        account = await self.directory.read(case.account)
        username = account.username if account else ""
        return Form("recovery_codes", case.operation, case.lang, self.mask(username), username, case.phrase,
                    max(0.0, ends - self.clock.now()))

    async def check(self, case: Case, password: Secret) -> tuple[RuleState, ...] | None:
        return None

    async def finish(self, case: Case, ends: float, fields: Fields) -> Again | Ended:
        if case.state is not State.PROVEN:
            return ended(case)
        if self.clock.now() >= case.proven_at + self.limits.step_up_seconds:
            # The proof was fresh enough for the link, and is not for this (limit 16).
            return ended(await self.doing.refuse(case, WhyRefused.TOO_OLD))
        shown: tuple[Secret, ...] = ()

        async def effect(claimed: Case) -> Done:
            nonlocal shown
            known = await self.enrolments.read(claimed.account)
            # A code from IT is no factor that was there before: what it vouches for waits (A3, limit 17).
            kept, codes = await new_codes(self.clock.now(), backed=IT_CODE not in claimed.proofs)
            try:
                made = await self.enrolments.change(claimed.account, replace(known, recovery=kept), claimed.key)
            except Conflict:
                return Done(Applied.NO)
            shown = codes if made else ()
            return Done(Applied.YES if made else Applied.NO)

        account = await self.directory.read(case.account)
        answer = await self.doing.act(case, account, effect)
        if shown:
            # They are made, whoever settles the rest: now or never is when they can be shown.
            return Ended(End.DONE, case.lang, case.operation, codes=shown, at_once=True)
        return ended(answer if isinstance(answer, Case) else answer[0])


@dataclass(frozen=True, slots=True)
class CodesMade:
    """An Aftermath: every registered address hears of it (O6)."""

    enrolments: Enrolments
    records: Records

    async def outcome(self, case: Case) -> Applied:
        made = await self.enrolments.outcome(case.account, case.key)
        return Applied.YES if made else Applied.NO

    async def follow_up(self, case: Case, account: Account) -> None:
        await self.records.tell_owner(account, "recovery_codes_made", case.key)
