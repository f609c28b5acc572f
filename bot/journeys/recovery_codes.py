"""New recovery codes: step-up first, shown once on the secure page, the old ones dead at once (A2, A5, limit 18)."""

from dataclasses import dataclass, replace
from typing import ClassVar

from bot.directory.protocol import Account, Applied
from bot.errors import Conflict
from bot.journeys.casework import Casework
from bot.journeys.doing import Done
from bot.journeys.records import Records
from bot.journeys.shown_once import Made, ShownOnce
from bot.rules.case import Case
from bot.rules.registered import IT_CODE
from bot.store.protocol import Enrolments
from bot.verification.recovery_code import new_codes


@dataclass(frozen=True, slots=True)
class RecoveryCodes(Casework):
    """The chat half: all of it is what every journey does."""

    operation: ClassVar[str] = "recovery_codes"


@dataclass(frozen=True, slots=True)
class RecoveryCodesPage(ShownOnce):
    """The page half."""

    enrolments: Enrolments

    kind: ClassVar[str] = "recovery_codes"

    async def make(self, claimed: Case) -> Made:
        known = await self.enrolments.read(claimed.account)
        # A code from IT is no factor that was there before: what it vouches for waits (A3, limit 17).
        kept, codes = await new_codes(self.clock.now(), backed=IT_CODE not in claimed.proofs)
        try:
            made = await self.enrolments.change(claimed.account, replace(known, recovery=kept), claimed.key)
        except Conflict:
            return Made(Done(Applied.NO))
        return Made(Done(Applied.YES), codes) if made else Made(Done(Applied.NO))


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
