"""The helpdesk's half of a helpdesk case: take, answer, close; the person hears of it where they asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.audit import entry
from bot.clock import Clock
from bot.delivery.protocol import Knock, News, NewsStand
from bot.directory.protocol import Directory
from bot.errors import Conflict
from bot.journeys.naming import username_of
from bot.people import Speaker
from bot.rules.helpdesk import HelpCase, words_to_keep
from bot.rules.neutral import markdown
from bot.rules.staff import Staff
from bot.store.protocol import AuditTrail, HelpCases

MOST_SHOWN = 200


class NotDone(StrEnum):
    """Why nothing was done; a key below `admin.cases.not_done`."""

    GONE = "gone"               # there is no such case any more; no words, the page is not there
    CLOSED = "closed"
    OTHERS = "others"           # somebody else has it, or was quicker
    OWN = "own"                 # nobody acts on their own case (O7)
    EMPTY = "empty"
    UNSAFE = "unsafe"           # an answer with what looks like a password or recovery code in it (G4)
    FULL = "full"
    NO_CHAT = "no_chat"         # there is no chat to answer in


@dataclass(frozen=True, slots=True)
class Helpdesk:
    cases: HelpCases
    audit: AuditTrail
    directory: Directory
    news: NewsStand
    knock: Knock
    clock: Clock

    async def open_ones(self) -> Sequence[HelpCase]:
        """The urgent ones first, then the oldest."""
        return await self.cases.open_ones(MOST_SHOWN)

    async def read(self, number: str) -> HelpCase | None:
        return await self.cases.read(number)

    async def account_of(self, case: HelpCase) -> str:
        """The user name; "" for a visitor, or an account that is gone or cannot be looked up now."""
        return await username_of(self.directory, case.account)

    async def take(self, number: str, who: Staff, seen: str) -> HelpCase | NotDone:
        """Take it, also from a colleague. `seen`: who had it when `who` looked; of two at once one wins (F9)."""
        def change(case: HelpCase) -> HelpCase | NotDone:
            return case.taken(who.name, self.clock.now()) if case.taken_by in (seen, who.name) else NotDone.OTHERS

        return await self._changed(number, who, "taken", change)

    async def answer(self, number: str, who: Staff, text: str) -> HelpCase | NotDone:
        """Say something to the person; a case that nobody has is taken with it."""
        kept = words_to_keep(text)

        def change(case: HelpCase) -> HelpCase | NotDone:
            if not kept:
                return NotDone.UNSAFE if text.strip() else NotDone.EMPTY
            if not case.reference:
                return NotDone.NO_CHAT
            if case.full:
                return NotDone.FULL
            if case.taken_by not in ("", who.name):
                return NotDone.OTHERS
            return case.answered(who.name, kept, self.clock.now())

        case = await self._changed(number, who, "answered", change)
        if isinstance(case, HelpCase):
            await self._tell(case, News(
                "fetch_a_person.news.answer", {"number": case.number, "text": markdown(kept)}, _asker(case).requester,
                (("fetch_a_person.button.answer", {"do": "start", "journey": "fetch_a_person", "case": case.number}),
                 ("fetch_a_person.button.helped", {"do": "help_close", "case": case.number}))))
        return case

    async def close(self, number: str, who: Staff) -> HelpCase | NotDone:
        def change(case: HelpCase) -> HelpCase | NotDone:
            if case.taken_by not in ("", who.name):
                return NotDone.OTHERS
            return case.ended(who.name, self.clock.now())

        case = await self._changed(number, who, "closed", change)
        if isinstance(case, HelpCase) and case.reference:
            await self._tell(case, News(
                "fetch_a_person.news.closed", {"number": case.number}, _asker(case).requester,
                (("fetch_a_person.button.start", {"do": "start", "journey": "fetch_a_person"}),)))
        return case

    async def _changed(self, number: str, who: Staff, event: str,
                       change: Callable[[HelpCase], HelpCase | NotDone]) -> HelpCase | NotDone:
        """Recorded first (U1), then saved; what somebody else saved meanwhile is looked at anew."""
        while True:
            case = await self.cases.read(number)
            if case is None:
                return NotDone.GONE
            changed: HelpCase | NotDone
            if case.closed:
                changed = NotDone.CLOSED
            elif case.account and case.account == who.account_id:
                changed = NotDone.OWN
            else:
                changed = change(case)
            refused = isinstance(changed, NotDone)
            await self.audit.append(entry(
                f"help.{event}", actor=who.actor, target=case.account, operation="help",
                outcome="refused" if refused else "ok", reason=str(changed) if isinstance(changed, NotDone) else "",
                correlation=number))
            if isinstance(changed, NotDone):
                return changed
            try:
                return await self.cases.save(changed)
            except Conflict:
                continue

    async def _tell(self, case: HelpCase, news: News) -> None:
        await self.news.put(_asker(case).place, news, f"{case.number} {case.rev}")
        await self.knock.knock(case.reference)


def _asker(case: HelpCase) -> Speaker:
    return Speaker(**case.speaker)
