"""The page half of all journeys: whose ticket it is, in which browser, and which journey's page it opens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from bot.clock import Clock
from bot.errors import Conflict
from bot.journeys.casework import PROVE
from bot.journeys.proof_page import proof_words
from bot.journeys.protocol import SIGN_ON, Again, Ended, Fields, Form, LooksAhead, PageHalf, RuleState, Unbound
from bot.people import TEAMS, SignedOn
from bot.rules.case import Case, Lifetimes, State, expired
from bot.rules.limits import Limits
from bot.secret import Secret
from bot.store.protocol import Cases, Ticketed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pages:
    """A SecurePage over the journeys' own halves, by the purpose of the ticket."""

    cases: Cases
    halves: Mapping[str, PageHalf]
    limits: Limits
    clock: Clock
    sign_on: bool = False       # whether a page of somebody in Teams asks who is signed on there (P3)

    async def look(self, ticket: str, browser: str) -> Form | Ended | Unbound | None:
        opened = await self._opened(ticket)
        if opened is None or not self._fits(opened.case, browser):
            return None
        if not opened.case.browser:
            words = proof_words(opened.case) if opened.purpose == PROVE else opened.purpose
            return Unbound(opened.case.lang, words, opened.case.phrase, self._signs_on(opened.case))
        return await self.halves[opened.purpose].look(opened.case, opened.ends)

    async def bind(self, ticket: str, browser: str, person: SignedOn | None = None) -> bool:
        """The person goes on here: from now on the ticket opens nothing anywhere else (P2, P3)."""
        opened = await self._opened(ticket)
        if opened is None or not browser:
            return False
        if self._signs_on(opened.case) and not (person and person.is_speaker(opened.case.speaker)):
            log.warning("somebody_else_at_a_page", case=opened.case.id, signed_on=person is not None)
            return False
        if opened.case.browser:
            return opened.case.browser == browser
        try:
            case = await self.cases.save(replace(opened.case, browser=browser))
        except Conflict:
            again = await self._opened(ticket)
            return again is not None and again.case.browser == browser
        half = self.halves[opened.purpose]
        if person and isinstance(half, LooksAhead):
            await half.ahead(case, person.token)
        return True

    async def check(self, ticket: str, browser: str, password: Secret) -> tuple[RuleState, ...] | None:
        opened = await self._mine(ticket, browser)
        if opened is None or opened.case.state is not State.PROVEN:
            return None
        return await self.halves[opened.purpose].check(opened.case, password)

    async def finish(
            self, ticket: str, browser: str, fields: Fields, person: SignedOn | None = None) -> Again | Ended | None:
        opened = await self._mine(ticket, browser)
        if opened is None:
            return None
        if person and not person.is_speaker(opened.case.speaker):
            log.warning("somebody_else_at_a_page", case=opened.case.id, signed_on=True)
            return None
        half = self.halves[opened.purpose]
        if SIGN_ON in half.fields:
            fields = {**fields, SIGN_ON: person.token if person else Secret("")}
        return await half.finish(opened.case, opened.ends, fields) if fields.keys() == half.fields else None

    async def _mine(self, ticket: str, browser: str) -> Ticketed | None:
        opened = await self._opened(ticket)
        return opened if opened and browser and opened.case.browser == browser else None

    async def _opened(self, ticket: str) -> Ticketed | None:
        """What the ticket opens; None alike for every ticket that will not do (E3)."""
        opened = await self.cases.by_ticket(ticket)
        return opened if opened and self._alive(opened) else None

    def _alive(self, opened: Ticketed) -> bool:
        case, now = opened.case, self.clock.now()
        if case.state in (State.OPENED, State.PROVEN):
            # A page for a proof is over once the proof is made, and the operation's page begins with it.
            fits = (case.state is State.OPENED) is (opened.purpose == PROVE)
            return fits and now < opened.ends and not expired(case, now, self._lifetimes)
        # A case that ended before its effect leaves a dead link, not a result.
        return case.state is not State.ENDED and opened.purpose != PROVE

    def _signs_on(self, case: Case) -> bool:
        return self.sign_on and case.speaker.get("channel") == TEAMS

    @staticmethod
    def _fits(case: Case, browser: str) -> bool:
        return not case.browser or case.browser == browser

    @property
    def _lifetimes(self) -> Lifetimes:
        return Lifetimes(self.limits.flow_seconds, self.limits.grant_seconds)
