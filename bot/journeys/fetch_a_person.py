"""Talking to a person: the half of a helpdesk case that its owner, or a visitor, sees."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.audit import entry
from bot.clock import Clock
from bot.delivery.protocol import Mail, Outbox
from bot.directory.protocol import Directory
from bot.errors import Conflict
from bot.journeys.naming import username_of
from bot.journeys.records import Records
from bot.people import Speaker
from bot.rules.helpdesk import MOST_TRIED, About, By, Entry, HelpCase, Tried, words_to_keep
from bot.rules.sources import neighbourhood
from bot.store.protocol import AuditTrail, Exhausted, HelpCases, TooMany

OPERATION = "help"
BY_THE_PERSON = "person"


@dataclass(frozen=True, slots=True)
class FetchAPerson:
    """Opens and continues helpdesk cases. `mail_to`: the helpdesk's address, "" when nobody is told by mail.

    A visitor's case is about no account: what they claim is unverified, and nothing here looks it up (E1).
    """

    cases: HelpCases
    audit: AuditTrail
    records: Records
    outbox: Outbox
    directory: Directory
    clock: Clock
    mail_to: str
    mail_lang: str
    facts: Callable[[str, HelpCase, str], Mapping[str, str]]     # (language, case, user name) -> facts of the mail

    async def open(self, speaker: Speaker, lang: str, reference: Mapping[str, Any], about: About,
                   tried: Sequence[Tried], words: str = "", *, urgent: bool = False, once: str,
                   limited: bool = True) -> HelpCase | TooMany:
        """Open a case, once for the same `once` within a day: then this finishes what an earlier call began.

        `reference`: where to answer, {} when there is no chat. `words` that hold a secret are left out (D4).
        `limited=False` is for alarms, which are limited where they are raised.
        """
        person = person_of(speaker)
        source = neighbourhood(speaker.source) if speaker.anonymous else ""
        number = await self.cases.reserve(person, source, f"{person} {once}", limited=limited)
        if isinstance(number, TooMany):
            await self.records.limited(OPERATION, speaker, speaker.object_id or "",
                                       Exhausted(number.whose, number.until))
            return number
        now = self.clock.now()
        kept = words_to_keep(words)
        await self._record("opened", number, speaker, "ok", "urgent" if urgent else "", once=f"{number}:opened")
        case = await self._saved_once(HelpCase(
            number, lang, speaker.object_id or "", person, asdict(speaker), reference, about, urgent, now,
            tuple(tried)[-MOST_TRIED:], (Entry(By.PERSON, "", now, kept),) if kept else (), changed_at=now))
        await self._tell_helpdesk(case)
        return case

    async def of(self, speaker: Speaker) -> Sequence[HelpCase]:
        """The speaker's cases that are kept, newest first."""
        return await self.cases.of(person_of(speaker))

    async def add(self, number: str, speaker: Speaker, words: str) -> HelpCase | None:
        """Say something more in one's own case; None when it is closed or full, another's, or there is none."""
        kept = words_to_keep(words)
        while True:
            case = await self._own(number, speaker)
            if case is None or case.closed or case.full or not kept:
                return None
            await self._record("added", number, speaker, "ok")
            try:
                return await self.cases.save(case.told(kept, self.clock.now()))
            except Conflict:
                continue

    async def close(self, number: str, speaker: Speaker) -> HelpCase | None:
        """The person needs no help any more; a closed case stays closed. None for another's."""
        while True:
            case = await self._own(number, speaker)
            if case is None or case.closed:
                return case
            await self._record("closed", number, speaker, "ok", "by the person", once=f"{number}:closed")
            try:
                return await self.cases.save(case.ended(BY_THE_PERSON, self.clock.now()))
            except Conflict:
                continue

    async def _own(self, number: str, speaker: Speaker) -> HelpCase | None:
        """The case, if it is this person's: a number proves nothing (I5, I6)."""
        case = await self.cases.read(number)
        return case if case is not None and case.person == person_of(speaker) else None

    async def _saved_once(self, case: HelpCase) -> HelpCase:
        try:
            return await self.cases.save(case)
        except Conflict:
            return await self.cases.read(case.number) or case

    async def _tell_helpdesk(self, case: HelpCase) -> None:
        if not self.mail_to:
            return
        facts = self.facts(self.mail_lang, case, await username_of(self.directory, case.account))
        await self.outbox.put(
            Mail(self.mail_to, self.mail_lang, "help_urgent" if case.urgent else "help_opened", facts),
            f"help:{case.number}")

    async def _record(self, event: str, number: str, speaker: Speaker, outcome: str, reason: str = "",
                      once: str = "") -> None:
        await self.audit.append(entry(
            f"{OPERATION}.{event}", actor=speaker.requester, tenant=speaker.tenant, target=speaker.object_id or "",
            operation=OPERATION, outcome=outcome, reason=reason, source=speaker.source, correlation=number), once)


def person_of(speaker: Speaker) -> str:
    """Whose cases are theirs: the signed-in person's wherever they write, a visitor's in this chat only."""
    if speaker.object_id:
        return f"account {speaker.tenant} {speaker.object_id}"
    return f"visitor {speaker.requester} {speaker.conversation} {speaker.browser}"
