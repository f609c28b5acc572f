"""Lifting the directory's lockout without a reset, or saying what else it is (limit 10, O5)."""

from dataclasses import dataclass
from typing import ClassVar

from bot.delivery.protocol import Knock, News, NewsStand
from bot.directory.protocol import Account, Applied, Directory
from bot.journeys.answers import Told
from bot.journeys.casework import Casework
from bot.journeys.doing import Doing, Done
from bot.journeys.errands import Errands
from bot.journeys.records import Records
from bot.people import Speaker
from bot.rules.case import Case, State, WhyRefused
from bot.store.protocol import Cases

LOOK_AGAIN_SECONDS = 300.0
"""Whatever still tries the old password has done so by then, as a rule."""

LOOK_AGAIN = "look_again"
AGAIN = (("unlock_account.button.start", {"do": "start", "journey": "unlock_account"}),
         ("common.button.person", {"do": "start", "journey": "fetch_a_person"}))


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
    """An Aftermath: the owner hears of it, and some minutes later it is looked at again."""

    directory: Directory
    records: Records
    errands: Errands

    async def outcome(self, case: Case) -> Applied:
        return await self.directory.outcome(case.account, case.key)

    async def follow_up(self, case: Case, account: Account) -> None:
        await self.records.tell_owner(account, "unlock_done", case.key)
        await self.errands.put(LOOK_AGAIN, case.id, case.closed_at + LOOK_AGAIN_SECONDS)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """An errand: whether the account stayed open, told in the chat of the case in which its owner was proven."""

    cases: Cases
    directory: Directory
    news: NewsStand
    knock: Knock
    records: Records

    async def __call__(self, case_id: str) -> None:
        case = await self.cases.read(case_id)
        if case is None or case.state is not State.DONE or not case.proofs:
            return
        account = await self.directory.read(case.account)
        if account is None:
            return
        key, buttons = ("unlock_account.locked_again", AGAIN) if account.locked else ("unlock_account.stayed_open", ())
        speaker, once = Speaker(**case.speaker), f"{case.key} {LOOK_AGAIN}"
        await self.news.put(speaker.place, News(key, {}, speaker.requester, buttons), once)
        if not await self.knock.knock(case.reference):
            await self.records.tell_by_mail(
                case.account, "locked_again" if account.locked else "stayed_open", {"account": account.username}, once)
