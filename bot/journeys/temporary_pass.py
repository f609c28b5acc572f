"""A Temporary Access Pass for who has lost everything but what is registered here: two gates, shown once.

It signs its owner in at Microsoft for an hour or so, to register anew there; the password stays as it is.
"""

from dataclasses import dataclass
from typing import ClassVar

from bot.directory.protocol import Account, Applied, Directory
from bot.journeys.casework import Casework
from bot.journeys.doing import Done
from bot.journeys.records import Records
from bot.journeys.shown_once import Made, ShownOnce
from bot.rules.case import Case
from bot.rules.policy import TEMPORARY_PASS


@dataclass(frozen=True, slots=True)
class TemporaryPass(Casework):
    """The chat half: all of it is what every journey does."""

    operation: ClassVar[str] = TEMPORARY_PASS


@dataclass(frozen=True, slots=True)
class TemporaryPassPage(ShownOnce):
    """The page half: the directory makes it."""

    kind: ClassVar[str] = TEMPORARY_PASS

    async def make(self, claimed: Case) -> Made:
        made = await self.directory.give_pass(claimed.account, claimed.key)
        done = Done(made.applied, refused=made.refused)
        return Made(done) if made.code is None else Made(done, (made.code,), made.minutes)

    @property
    def most_a_day(self) -> int:
        return self.limits.resets_24h


@dataclass(frozen=True, slots=True)
class PassGiven:
    """An Aftermath: every address of the owner hears of it (O6); one that nobody was shown is taken back (F3)."""

    directory: Directory
    records: Records

    async def outcome(self, case: Case) -> Applied:
        return await self.directory.pass_outcome(case.account, case.key)

    async def follow_up(self, case: Case, account: Account) -> None:
        await self.records.tell_owner(account, "temporary_pass_made", case.key)
