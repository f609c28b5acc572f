"""Forgetting a person: what is theirs to delete, and what stays and why (limit 27, V2, U3)."""

from dataclasses import dataclass

import structlog

from bot.errors import Conflict
from bot.journeys.casework import opened_by
from bot.journeys.ending_cases import EndingCases
from bot.journeys.fetch_a_person import FetchAPerson
from bot.people import Speaker
from bot.rules.case import Case, State, WhyEnded
from bot.store.protocol import Cases, Enrolments, Holds

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What of this person's is not forgotten, beside the trail and the counters that nobody is spared."""

    under_way: bool     # an effect whose end has to be told yet (F1)
    methods: bool
    hold: bool
    help_cases: bool


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Ends and removes unfinished requests. A visitor's are only those of this chat: nobody knows who else they are."""

    cases: Cases
    ending: EndingCases
    enrolments: Enrolments
    holds: Holds
    helpdesk: FetchAPerson

    async def forget(self, speaker: Speaker, case_id: str) -> Kept:
        """`case_id`: what was under way in this chat, "" for nothing."""
        under_way = False
        for case in await self._theirs(speaker, case_id):
            under_way = not await self._removed(case) or under_way
        account = speaker.object_id or ""
        enrolment = await self.enrolments.read(account) if account else None
        return Kept(
            under_way, bool(enrolment and (enrolment.methods or enrolment.recovery)),
            bool(account and await self.holds.of(account)), bool(await self.helpdesk.of(speaker)))

    async def _theirs(self, speaker: Speaker, case_id: str) -> list[Case]:
        here = await self.cases.read(case_id) if case_id else None
        found = [here] if here is not None and opened_by(here, speaker) else []
        if speaker.object_id:
            found += [one for one in await self.cases.others_of(speaker.object_id, but=case_id)
                      if one.speaker["object_id"] == speaker.object_id]
        return found

    async def _removed(self, case: Case) -> bool:
        """False for one whose effect was begun: that has to come to its end first."""
        if case.state in (State.OPENED, State.PROVEN):
            try:
                case = await self.ending.end(case, WhyEnded.CANCELLED)
            except Conflict:
                log.info("case_moved_on", case=case.id)
                return False
        if case.state is State.ENDED:
            await self.cases.forget(case)
        return case.state is not State.CLAIMED
