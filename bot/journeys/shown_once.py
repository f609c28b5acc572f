"""The page half of what is made by the person's own press, and shown in answer to it and never again (A5)."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from bot.clock import Clock
from bot.directory.protocol import Directory
from bot.journeys.doing import Doing, Done
from bot.journeys.password_page import ended
from bot.journeys.protocol import Again, End, Ended, Fields, Form, RuleState
from bot.rules.case import Case, State, WhyRefused
from bot.rules.limits import Limits
from bot.secret import Secret


@dataclass(frozen=True, slots=True)
class Made:
    """What became of it; `codes` are there when it was made, and work for `minutes` when not for good."""

    done: Done
    codes: tuple[Secret, ...] = ()
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class ShownOnce(ABC):
    """A PageHalf but for what is made, which is its operation's own."""

    directory: Directory
    doing: Doing
    limits: Limits
    clock: Clock
    mask: Callable[[str], str]

    kind: ClassVar[str]
    fields: ClassVar[frozenset[str]] = frozenset({"make"})

    @abstractmethod
    async def make(self, claimed: Case) -> Made:
        """Make it under the case's key, at most once (F2)."""

    @property
    def most_a_day(self) -> int | None:
        """So many a day for one account (limit 9); None for any number."""
        return None

    async def look(self, case: Case, ends: float) -> Form | Ended:
        if case.state is not State.PROVEN:
            return ended(case)
        account = await self.directory.glance(case.account)
        username = account.username if account else ""
        return Form(self.kind, case.operation, case.lang, self.mask(username), username, case.phrase,
                    max(0.0, ends - self.clock.now()))

    async def check(self, case: Case, password: Secret) -> tuple[RuleState, ...] | None:
        return None

    async def finish(self, case: Case, ends: float, fields: Fields) -> Again | Ended:
        if case.state is not State.PROVEN:
            return ended(case)
        if self.clock.now() >= case.proven_at + self.limits.step_up_seconds:
            # The proof was fresh enough for the link, and is not for this (limit 16).
            return ended(await self.doing.refuse(case, WhyRefused.TOO_OLD))
        made: Made | None = None

        async def effect(claimed: Case) -> Done:
            nonlocal made
            made = await self.make(claimed)
            return made.done

        account = await self.directory.read(case.account)
        answer = await self.doing.act(case, account, effect, completions=self.most_a_day)
        if made is not None and made.codes:
            # They are made, whoever settles the rest: now or never is when they can be shown.
            return Ended(End.DONE, case.lang, case.operation, codes=made.codes, minutes=made.minutes, at_once=True)
        return ended(answer if isinstance(answer, Case) else answer[0])
