"""Lifting the directory's lockout without a reset, or saying what else it is (limit 10, O5)."""

from dataclasses import dataclass
from typing import ClassVar

from bot.directory.protocol import Account, Applied, Directory
from bot.journeys.answers import Told
from bot.journeys.casework import Casework
from bot.journeys.doing import Doing, Done
from bot.journeys.records import Records
from bot.people import Speaker
from bot.rules.case import Case, State, WhyRefused

LOOK_AGAIN_SECONDS = 300.0
"""Whatever still tries the old password has done so by then, as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockAccount(Casework):
    doing: Doing

    operation: ClassVar[str] = "unlock"

    async def unlock(self, case_id: str, speaker: Speaker) -> Told:
        """Unlock the proven person's account, or close the case with what it is instead."""
        case = await self._live(case_id, speaker)
        if not isinstance(case, Case) or case.state is not State.PROVEN:
            return await self.outcome(case_id)
        account = await self.directory.read(case.account)
        if account is not None and not account.locked:
            await self.doing.refuse(
                case, WhyRefused.EXPIRED_PASSWORD if account.password_expired else WhyRefused.NOT_LOCKED)
            return await self.outcome(case_id)

        async def effect(claimed: Case) -> Done:
            return Done(await self.directory.unlock(claimed.account, claimed.key))

        await self.doing.act(case, account, effect, completions=self.limits.unlocks_24h)
        return await self.outcome(case_id)


@dataclass(frozen=True, slots=True)
class Unlocked:
    """An Aftermath: the owner hears of it."""

    directory: Directory
    records: Records

    async def outcome(self, case: Case) -> Applied:
        return await self.directory.outcome(case.account, case.key)

    async def follow_up(self, case: Case, account: Account) -> None:
        await self.records.tell_owner(account, "unlock_done", case.key)
