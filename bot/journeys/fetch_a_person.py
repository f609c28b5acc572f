"""Talking to a person: the half of a helpdesk case that its owner, or a visitor, sees."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.audit import entry
from bot.clock import Clock
from bot.delivery.protocol import Mail, Outbox
from bot.directory.protocol import Directory
from bot.errors import Conflict
from bot.journeys.errands import Errands, Keyed
from bot.journeys.naming import username_of
from bot.journeys.records import Records
from bot.people import Speaker
from bot.rules.helpdesk import MOST_TRIED, About, By, Entry, HelpCase, Tried, words_to_keep
from bot.rules.sources import neighbourhood
from bot.store.protocol import AuditTrail, Exhausted, HelpCases, TooMany

OPERATION = "help"
BY_THE_PERSON = "person"
HELP_WISH = "help_wish"
"""The errand that brings what a person did with a case to its true end when the process that did it is gone."""


@dataclass(frozen=True, slots=True)
class _Wish(Keyed):
    """One thing that a person does with a case. `once`: what it is one and the same by; `attempt`: 0 for the first."""

    number: str
    event: str
    actor: str
    tenant: str
    account: str
    once: str = ""
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class FetchAPerson:
    """Opens and continues helpdesk cases. `mail_to`: the helpdesk's address, "" when nobody is told by mail.

    A visitor's case is about no account: what they claim is unverified, and nothing here looks it up (E1).
    What a process dies over is finished by the errands (F1).
    """

    cases: HelpCases
    audit: AuditTrail
    records: Records
    outbox: Outbox
    directory: Directory
    errands: Errands
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
        case = HelpCase(
            number, lang, speaker.object_id or "", person, asdict(speaker), reference, about, urgent, now,
            tuple(tried)[-MOST_TRIED:], (Entry(By.PERSON, "", now, kept),) if kept else (), changed_at=now)
        wish = self._wish(number, "opened", speaker)
        return await self._done(wish, speaker.source, None, lambda found: None if found else case) or case

    async def of(self, speaker: Speaker) -> Sequence[HelpCase]:
        """The speaker's cases that are kept, newest first."""
        return await self.cases.of(person_of(speaker))

    async def add(self, number: str, speaker: Speaker, words: str, once: str) -> HelpCase | None:
        """Say something more in one's own case; None when it is closed or full, another's, or there is none.

        The same `once` says it once, also when the turn is delivered again (F2).
        """
        kept = words_to_keep(words)

        def told(case: HelpCase | None) -> HelpCase | None:
            return case.told(kept, self.clock.now()) if case and not (case.closed or case.full) else None

        case = await self._own(number, speaker)
        if case is None or not kept:
            return None
        return await self._done(self._wish(number, "added", speaker, once), speaker.source, case, told)

    async def close(self, number: str, speaker: Speaker) -> HelpCase | None:
        """The person needs no help any more; a closed case stays closed. None for another's."""
        case = await self._own(number, speaker)
        if case is None:
            return None

        def ended(case: HelpCase | None) -> HelpCase | None:
            return case.ended(BY_THE_PERSON, self.clock.now()) if case and not case.closed else None

        done = await self._done(self._wish(number, "closed", speaker), speaker.source, case, ended)
        return done or await self.cases.read(number)

    async def finish(self, key: str) -> None:
        """An Errand: whoever began it is gone; what came of it is found out, recorded and told, once (F1, F3)."""
        wish = _Wish.of(key)
        await self._end(wish, "ok" if await self.cases.outcome(key) >= 0 else "not_done")

    async def _own(self, number: str, speaker: Speaker) -> HelpCase | None:
        """The case, if it is this person's: a number proves nothing (I5, I6)."""
        case = await self.cases.read(number)
        return case if case is not None and case.person == person_of(speaker) else None

    @staticmethod
    def _wish(number: str, event: str, speaker: Speaker, once: str = "") -> _Wish:
        return _Wish(number, event, speaker.requester, speaker.tenant, speaker.object_id or "", once)

    async def _done(self, wish: _Wish, source: str, case: HelpCase | None,
                    change: Callable[[HelpCase | None], HelpCase | None]) -> HelpCase | None:
        """Intent, change, outcome; what somebody else saved meanwhile is looked at anew. None: nothing to do."""
        while (said := await self.cases.said(wish.key)) == -1:      # An earlier try that came to nothing.
            wish = replace(wish, attempt=wish.attempt + 1)
        if said is None and change(case) is None:
            return None
        async with self.errands.should_it_die(HELP_WISH, wish.key):
            await self._record(wish, "begun", source)
            while said is None and (changed := change(case)) is not None:
                try:
                    case = await self.cases.save(changed, wish.key)
                    said = len(case.thread)
                except Conflict:
                    case, said = await self.cases.read(wish.number), await self.cases.said(wish.key)
            done = said is not None and said >= 0
            await self._end(wish, "ok" if done else "not_done", source)
        case = await self.cases.read(wish.number)
        if said == -1:      # Another one took us for dead, and said so: once more, under another key.
            return await self._done(wish, source, case, change)
        return case if done else None

    async def _end(self, wish: _Wish, outcome: str, source: str = "") -> None:
        case = await self.cases.read(wish.number) if wish.event == "opened" and outcome == "ok" else None
        await self._record(wish, outcome, source, "urgent" if case and case.urgent else "")
        if case:
            await self._tell_helpdesk(case)

    async def _tell_helpdesk(self, case: HelpCase) -> None:
        if not self.mail_to:
            return
        facts = self.facts(self.mail_lang, case, await username_of(self.directory, case.account))
        await self.outbox.put(
            Mail(self.mail_to, self.mail_lang, "help_urgent" if case.urgent else "help_opened", facts),
            f"help:{case.number}")

    async def _record(self, wish: _Wish, outcome: str, source: str, reason: str = "") -> None:
        await self.audit.append(entry(
            f"{OPERATION}.{wish.event}", actor=wish.actor, tenant=wish.tenant, target=wish.account,
            operation=OPERATION, outcome=outcome, reason=reason, source=source, correlation=wish.number),
            once=f"{wish.key} {outcome}")


def person_of(speaker: Speaker) -> str:
    """Whose cases are theirs: the signed-in person's wherever they write, a visitor's in this chat only."""
    if speaker.object_id:
        return f"account {speaker.tenant} {speaker.object_id}"
    return f"visitor {speaker.requester} {speaker.conversation} {speaker.browser}"
