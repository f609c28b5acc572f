"""A Temporary Access Pass for who has lost everything but what is registered here: two gates, shown once.

It signs its owner in at Microsoft for an hour or so, to register anew there; the password stays as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from bot.clock import Clock
from bot.directory.protocol import Account, Applied, Directory
from bot.journeys.casework import Casework
from bot.journeys.doing import Doing, Done
from bot.journeys.password_page import ended
from bot.journeys.protocol import Again, End, Ended, Fields, Form, RuleState
from bot.journeys.records import Records
from bot.rules.case import Case, State, WhyRefused
from bot.rules.limits import Limits
from bot.rules.policy import TEMPORARY_PASS
from bot.secret import Secret


@dataclass(frozen=True, slots=True)
class TemporaryPass(Casework):
    """The chat half: all of it is what every journey does."""

    operation: ClassVar[str] = TEMPORARY_PASS


@dataclass(frozen=True, slots=True)
class TemporaryPassPage:
    """A PageHalf: the pass is made by the person's own press, and shown in answer to it and never again (A5)."""

    directory: Directory
    doing: Doing
    limits: Limits
    clock: Clock
    mask: Callable[[str], str]

    fields: ClassVar[frozenset[str]] = frozenset({"make"})

    async def look(self, case: Case, ends: float) -> Form | Ended:
        if case.state is not State.PROVEN:
            return ended(case)
        account = await self.directory.glance(case.account)
        username = account.username if account else ""
        return Form("temporary_pass", case.operation, case.lang, self.mask(username), username, case.phrase,
                    max(0.0, ends - self.clock.now()))

    async def check(self, case: Case, password: Secret) -> tuple[RuleState, ...] | None:
        return None

    async def finish(self, case: Case, ends: float, fields: Fields) -> Again | Ended:
        if case.state is not State.PROVEN:
            return ended(case)
        if self.clock.now() >= case.proven_at + self.limits.step_up_seconds:
            # Whoever has it can register anew, so the proof has to be fresh (limit 16).
            return ended(await self.doing.refuse(case, WhyRefused.TOO_OLD))
        shown: Secret | None = None
        minutes = 0

        async def effect(claimed: Case) -> Done:
            nonlocal shown, minutes
            made = await self.directory.give_pass(claimed.account, claimed.key)
            shown, minutes = made.code, made.minutes
            return Done(made.applied, refused=made.refused)

        account = await self.directory.read(case.account)
        answer = await self.doing.act(case, account, effect, completions=self.limits.resets_24h)
        if shown is not None:
            # It is made, whoever settles the rest: now or never is when it can be shown.
            return Ended(End.DONE, case.lang, case.operation, codes=(shown,), minutes=minutes, at_once=True)
        return ended(answer if isinstance(answer, Case) else answer[0])


@dataclass(frozen=True, slots=True)
class PassGiven:
    """An Aftermath: every address of the owner hears of it (O6); one that nobody was shown is taken back (F3)."""

    directory: Directory
    records: Records

    async def outcome(self, case: Case) -> Applied:
        return await self.directory.pass_outcome(case.account, case.key)

    async def follow_up(self, case: Case, account: Account) -> None:
        await self.records.tell_owner(account, "temporary_pass_made", case.key)
