"""The helpdesk's half of a helpdesk case: take, answer, close; the person hears of it where they asked."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.audit import entry
from bot.clock import Clock
from bot.delivery.protocol import Knock, News, NewsStand
from bot.directory.protocol import Directory
from bot.errors import Conflict
from bot.journeys.errands import GONE_AFTER, Errands
from bot.journeys.naming import username_of
from bot.journeys.records import Records
from bot.people import Speaker
from bot.rules.helpdesk import HelpCase, words_to_keep
from bot.rules.neutral import markdown
from bot.rules.staff import Staff
from bot.store.protocol import AuditTrail, HelpCases

MOST_SHOWN = 200
HELP_ACT = "help_act"
"""The errand that brings an act of the helpdesk's to its true end when the process that did it is gone."""
TAKEN, ANSWERED, CLOSED = "taken", "answered", "closed"


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
    """Intent, change, outcome, news; what a process dies over is finished by the errands (F1).

    `form`: the number of the form that was sent, "" for none; sent twice it is one act (F2). `source`: where from.
    """

    cases: HelpCases
    audit: AuditTrail
    directory: Directory
    news: NewsStand
    knock: Knock
    records: Records
    errands: Errands
    clock: Clock

    async def open_ones(self) -> Sequence[HelpCase]:
        """The urgent ones first, then the oldest."""
        return await self.cases.open_ones(MOST_SHOWN)

    async def read(self, number: str) -> HelpCase | None:
        return await self.cases.read(number)

    async def account_of(self, case: HelpCase) -> str:
        """The user name; "" for a visitor, or an account that is gone or cannot be looked up now."""
        return await username_of(self.directory, case.account)

    async def take(self, number: str, who: Staff, seen: str, source: str = "") -> HelpCase | NotDone:
        """Take it, also from a colleague. `seen`: who had it when `who` looked; of two at once one wins (F9)."""
        def change(case: HelpCase) -> HelpCase | NotDone:
            return case.taken(who.name, self.clock.now()) if case.taken_by in (seen, who.name) else NotDone.OTHERS

        return await self._changed(number, who, TAKEN, change, source=source)

    async def answer(
            self, number: str, who: Staff, text: str, form: str = "", source: str = "") -> HelpCase | NotDone:
        """Say something to the person; a case that nobody has is taken with it."""
        kept = words_to_keep(text)

        def change(case: HelpCase) -> HelpCase | NotDone:
            if not kept:
                return NotDone.UNSAFE if text.strip() else NotDone.EMPTY
            if not case.reference and not case.by_mail:
                return NotDone.NO_CHAT
            if case.full:
                return NotDone.FULL
            if case.taken_by not in ("", who.name):
                return NotDone.OTHERS
            return case.answered(who.name, kept, self.clock.now())

        return await self._changed(number, who, ANSWERED, change, form, source)

    async def close(self, number: str, who: Staff, source: str = "") -> HelpCase | NotDone:
        def change(case: HelpCase) -> HelpCase | NotDone:
            if case.taken_by not in ("", who.name):
                return NotDone.OTHERS
            return case.ended(who.name, self.clock.now())

        return await self._changed(number, who, CLOSED, change, source=source)

    async def finish(self, key: str) -> None:
        """An Errand: whoever began the act is gone; what came of it is found out, recorded and told, once (F1, F3)."""
        number, event, actor, _ = key.split(" ")
        case = await self.cases.read(number)
        if case is None:
            return
        said = await self.cases.outcome(key)
        await self._record(case, event, actor, "not_done" if said < 0 else "ok", key=key)
        if said >= 0:
            await self._tell(case, event, said, key)

    async def _changed(self, number: str, who: Staff, event: str, change: Callable[[HelpCase], HelpCase | NotDone],
                       form: str = "", source: str = "") -> HelpCase | NotDone:
        """What somebody else saved meanwhile is looked at anew."""
        case = await self.cases.read(number)
        if case is None:
            return NotDone.GONE
        key = f"{number} {event} {who.actor} {form or secrets.token_hex(12)}"
        if await self.cases.said(key) is not None:
            return case     # Sent twice: it is as the first press has left it.
        begun = False
        while True:
            changed = self._allowed(case, who) or change(case)
            if isinstance(changed, NotDone):
                await self._record(case, event, who.actor, "refused", str(changed), source, key if begun else "")
                await self.errands.drop(HELP_ACT, key)
                return changed
            if not begun:
                # Listed first: what nobody comes back to would stay begun for ever (F1).
                await self.errands.put(HELP_ACT, key, self.clock.now() + GONE_AFTER)
                await self._record(case, event, who.actor, "begun", "", source, key)
                begun = True
            try:
                saved = await self.cases.save(changed, key)
                break
            except Conflict:
                case = await self.cases.read(number)
                if case is None:
                    return NotDone.GONE
                said = await self.cases.said(key)
                if said is not None:    # Sent twice; or another one took us for dead, and said so.
                    return case if said >= 0 else NotDone.OTHERS
        await self._record(saved, event, who.actor, "ok", "", source, key)
        await self._tell(saved, event, len(saved.thread), key)
        await self.errands.drop(HELP_ACT, key)
        return saved

    def _allowed(self, case: HelpCase, who: Staff) -> NotDone | None:
        if case.closed:
            return NotDone.CLOSED
        return NotDone.OWN if case.account and case.account == who.account_id else None

    async def _record(self, case: HelpCase, event: str, actor: str, outcome: str, reason: str = "", source: str = "",
                      key: str = "") -> None:
        await self.audit.append(entry(
            f"help.{event}", actor=actor, target=case.account, operation="help", outcome=outcome, reason=reason,
            source=source, correlation=case.number), once=f"{key} {outcome}" if key else "")

    async def _tell(self, case: HelpCase, event: str, said: int, key: str) -> None:
        """The person hears of an answer, and of the end; of a visitor's case without a chat nobody does.

        Where there is no chat it goes by mail; where the bot was removed or blocked, by mail as well, for who knows
        when it is back (F13).
        """
        if event == TAKEN:
            return
        if case.by_mail:
            await self._write(case, event, said, key)
            return
        if not case.reference:
            return
        news = _answered(case, case.thread[said - 1].text) if event == ANSWERED else _closed(case)
        await self.news.put(_asker(case).place, news, key)
        if await self.knock.knock(case.reference):
            return
        if event == ANSWERED:
            facts = {"number": case.number, "text": case.thread[said - 1].text}
            await self.records.tell_by_mail(case.account, "help_answer", facts, key)
        else:
            await self.records.tell_by_mail(case.account, "help_closed", {"number": case.number}, key)

    async def _write(self, case: HelpCase, event: str, said: int, key: str) -> None:
        """Mail is the only way to this person."""
        if event == ANSWERED:
            facts = {"number": case.number, "text": case.thread[said - 1].text}
            await self.records.tell_by_mail(case.account, "help_answer_no_chat", facts, key)
        else:
            await self.records.tell_by_mail(case.account, "help_closed_no_chat", {"number": case.number}, key)


def _answered(case: HelpCase, text: str) -> News:
    return News(
        "fetch_a_person.news.answer", {"number": case.number, "text": markdown(text)}, _asker(case).requester,
        (("fetch_a_person.button.answer", {"do": "start", "journey": "fetch_a_person", "case": case.number}),
         ("fetch_a_person.button.helped", {"do": "help_close", "case": case.number})))


def _closed(case: HelpCase) -> News:
    return News(
        "fetch_a_person.news.closed", {"number": case.number}, _asker(case).requester,
        (("fetch_a_person.button.start", {"do": "start", "journey": "fetch_a_person"}),))


def _asker(case: HelpCase) -> Speaker:
    return Speaker(**case.speaker)
