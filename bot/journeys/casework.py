"""What every journey does in the chat: open a case, challenge, prove, lead to the page, say how it ended."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import structlog

from bot.clock import Clock
from bot.directory.protocol import Account, Directory
from bot.errors import Conflict
from bot.journeys.answers import Asked, Cannot, NotACode, NotAName, Page, Paused, Proven, Told, Wrong
from bot.journeys.ending_cases import EndingCases
from bot.journeys.pace import evenly
from bot.journeys.records import Records
from bot.people import Speaker
from bot.rules.case import Case, Lifetimes, State, WhyEnded, WhyNot, expired
from bot.rules.limits import Limits
from bot.rules.names import canonical_name, made_up
from bot.rules.policy import ANONYMOUS, OWNER, TEMPORARY_PASS, Policy
from bot.rules.registered import (
    APP,
    EMAIL_CODE,
    IT_CODE,
    NEW_ADDRESS,
    RECOVERY_CODE,
    STEP_UP,
    TOTP,
    Enrolment,
    Readiness,
    readiness,
    stepping_up,
)
from bot.rules.sign_in_there import OwnPage
from bot.store.protocol import Attempt, Cases, Counted, Enrolments, Exhausted, Holds, Tries
from bot.verification.protocol import NOT_KEPT, Authenticator, NotSent

log = structlog.get_logger(__name__)

DAY = 86400.0

PROVE = "prove"
"""The purpose of a ticket to the page where a code is typed that the chat must not see (G4); an operation's own
page has its name."""

CHANGE = "change"           # an operation

IN_TEAMS = "/teams"
"""What the address of a secure page ends with when it opens as a window inside Teams."""

# A right proof opens the gates of these accounts too, and only then is the person told (I8).
TOLD_WHEN_PROVEN = frozenset({
    WhyNot.PROTECTED, WhyNot.DISABLED, WhyNot.GUEST, WhyNot.FROZEN, WhyNot.HELD, WhyNot.NOT_OFFERED,
    WhyNot.SYNCED, WhyNot.FEDERATED, WhyNot.NOT_ABLE, WhyNot.NO_PASS})

BY_OWN_PAGE = {OwnPage.UNREGISTERED: WhyNot.SYNCED_UNREGISTERED, OwnPage.OFF: WhyNot.SYNCED_NO_PAGE}
"""Whose move it is when only the directory's own page can help, and it cannot."""

# What may be typed in the chat at each gate. Recovery codes and codes from IT are for the page (G4).
TYPED: Mapping[str, tuple[str, ...]] = {
    APP: (TOTP,), TOTP: (TOTP,), EMAIL_CODE: (EMAIL_CODE,), STEP_UP: (TOTP,), IT_CODE: (),
    NEW_ADDRESS: (NEW_ADDRESS,)}
ON_PAGE: Mapping[str, tuple[str, ...]] = {
    TOTP: (RECOVERY_CODE,), STEP_UP: (RECOVERY_CODE, IT_CODE), IT_CODE: (IT_CODE,)}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an account cannot be served, whatever is proven; `until` when time alone will help."""

    reason: WhyNot
    until: float = 0


@dataclass(frozen=True, slots=True)
class Casework:
    """Begin, challenge, prove, page, outcome: what the dialogs ask, in that order.

    For an anonymous visitor an account that does not exist, or may not be served, takes the same
    road with the same words and at the same pace (E1, E2); its case carries why it is blocked. The
    signed-in owner is told before the first proof.
    """

    directory: Directory
    authenticators: Mapping[str, Authenticator]
    enrolments: Enrolments
    cases: Cases
    tries: Tries
    holds: Holds
    ending: EndingCases
    records: Records
    pseudonym: Callable[[str, str], str]    # (purpose, text) -> keyed pseudonym
    phrase: Callable[[str], str]            # language -> a few words for chat and page
    policy: Callable[[], Policy]            # the one in force now
    limits: Limits
    clock: Clock
    base_url: str
    beat: float = 0.25                      # seconds; see pace.evenly

    operation: ClassVar[str]

    def beyond(self, speaker: Speaker) -> Cannot | None:
        """Why this can be done for nobody at all who asks where this speaker does, if it cannot."""
        reason = self.directory.cannot(self.operation, signs_on=speaker.in_teams)
        return Cannot(reason) if reason else None

    async def begin(self, speaker: Speaker, lang: str, reference: Mapping[str, Any], name: str = "",
                    plan: Mapping[str, str] | None = None) -> Asked | Proven | NotAName | Paused | Cannot:
        """Open a case: for the speaker's own account (I7), or for the one that a visitor names."""
        if beyond := self.beyond(speaker):
            return beyond
        gates = self.policy().gates_for(self.operation, way_of(speaker))
        if gates is None:
            return Cannot(WhyNot.NOT_OFFERED)
        if not speaker.anonymous:
            return await self._begin_own(speaker, lang, reference, plan or {})
        async with self._paced(speaker):
            return await self._begin_named(speaker, gates, lang, reference, name)

    async def challenge(self, case_id: str, speaker: Speaker) -> Asked | Proven | Paused | Told:
        """Send what the next gate needs sent; for a typed proof that is nothing."""
        case = await self._live(case_id, speaker)
        if isinstance(case, Told):
            return case
        if case.state is State.PROVEN:
            return Proven(case.id)
        first, *_ = (*TYPED[case.next_gate], *ON_PAGE.get(case.next_gate, ()))
        sent = await self.authenticators[first].challenge(case)
        if isinstance(sent, NotSent):
            await self.records.limited(case.operation, speaker, case.account, Exhausted("codes", sent.until))
            return Paused(sent.until)
        return Asked(case.id, case.next_gate)

    async def prove(
            self, case_id: str, speaker: Speaker, gate: str,
            typed: str) -> Asked | Proven | Wrong | NotACode | Paused | Told:
        """Try one code at a gate: counted first, compared second (V1).

        A gate passed before, by a turn whose end nobody heard of, stays passed: nothing is tried.
        """
        async with self._paced(speaker):
            case = await self._live(case_id, speaker)
            if isinstance(case, Told):
                return case
            if case.state is State.PROVEN:
                return Proven(case.id)
            if gate != case.next_gate:
                return Asked(case.id, case.next_gate)
            return await self._typed(case, speaker, TYPED, typed)

    async def prove_on_page(self, case: Case, typed: str) -> Asked | Proven | Wrong | NotACode | Paused | Told:
        """Try what was typed on the secure page of a live case: a recovery code, or one from IT (G4)."""
        speaker = Speaker(**case.speaker)
        async with self._paced(speaker):
            return await self._typed(case, speaker, ON_PAGE, typed)

    async def stands(self, case_id: str, speaker: Speaker) -> Asked | Proven | Told:
        """At which gate the case is; what a knock makes a dialog ask."""
        case = await self._live(case_id, speaker)
        if isinstance(case, Told):
            return case
        return Proven(case.id) if case.state is State.PROVEN else Asked(case.id, case.next_gate)

    async def page(self, case_id: str, speaker: Speaker, purpose: str = "") -> Page | Told:
        """Mint a ticket for the secure page; the one before it dies (P1)."""
        while True:
            case = await self._at_page(case_id, speaker, purpose)
            if isinstance(case, Told):
                return case
            # In Teams no browser is known yet: the one in which its person goes on becomes the case's (P3).
            case = self._prepared(replace(case, browser=speaker.browser), purpose)
            try:
                ticket, case = await self.cases.issue_ticket(
                    case, purpose or case.operation, self.limits.ticket_seconds)
                break
            except Conflict:
                log.info("case_moved_on", case=case_id)     # The page, or another link: look again.
        return self._page(f"{self.base_url}/secure/{ticket}", case)

    async def page_ahead(self, case_id: str, speaker: Speaker, purpose: str = "") -> Page | Told:
        """What is to be said of a page whose ticket is minted later, when its person opens it; it has no address."""
        case = await self._at_page(case_id, speaker, purpose)
        return case if isinstance(case, Told) else self._page("", case)

    async def _at_page(self, case_id: str, speaker: Speaker, purpose: str) -> Case | Told:
        """The case, if it is at the page of this purpose."""
        case = await self._live(case_id, speaker)
        if isinstance(case, Case) and (case.state is State.OPENED) is not (purpose == PROVE):
            return Told("elsewhere")
        return case

    def _page(self, address: str, case: Case) -> Page:
        return Page(address, case.phrase, max(1, self.limits.ticket_seconds // 60))

    async def outcome(self, case_id: str) -> Told:
        """How the case stands; a knock only makes the dialog ask this."""
        case = await self.cases.read(case_id)
        if case is not None and expired(case, self.clock.now(), self.lifetimes):
            return await self.cancel(case_id, WhyEnded.EXPIRED)
        return told_of(case)

    async def paused_until(self, speaker: Speaker) -> float:
        """Until when the speaker's own account is paused for them; 0 when it is not, or time alone does not help."""
        paused = await self.tries.paused(attempt_of(speaker, challenge="", account=speaker.object_id or ""))
        return paused.until if paused is not None and paused.whose == "account" else 0

    async def cancel(self, case_id: str, reason: WhyEnded = WhyEnded.CANCELLED) -> Told:
        """End a case before its effect; if the effect was begun, the truth is what comes back (F1)."""
        case = await self.cases.read(case_id)
        while case is not None and case.state in (State.OPENED, State.PROVEN):
            if await self._end(case, reason):
                break
            case = await self.cases.read(case_id)   # The page was quicker: what did it do?
        return told_of(await self.cases.read(case_id))

    def _prepared(self, case: Case, purpose: str) -> Case:
        """The case as the page that a new ticket opens will need it."""
        return case

    @property
    def lifetimes(self) -> Lifetimes:
        return Lifetimes(self.limits.flow_seconds, self.limits.grant_seconds)

    # -- beginning -----------------------------------------------------------------------------

    async def _begin_own(self, speaker: Speaker, lang: str, reference: Mapping[str, Any],
                         plan: Mapping[str, str]) -> Asked | Proven | Paused | Cannot:
        account_id = speaker.object_id or ""
        if paused := await self.tries.paused(attempt_of(speaker, challenge="", account=account_id)):
            await self.records.limited(self.operation, speaker, account_id, paused)
            return Paused(paused.until, paused.whose)
        account = await self.directory.read(account_id)
        gates = self._gates(account, OWNER)
        obstacle = await self._obstacle(account, account_id, gates, owner=True)
        if obstacle is not None:
            await self.records.refused(self.operation, speaker, account_id, obstacle.reason)
            return Cannot(await self._whose_move(obstacle.reason, account_id), obstacle.until)
        passable = await self._passable(account_id, gates or ())
        case = await self._open(speaker, account_id, "", passable, lang, reference, plan)
        await self.records.opened(case, account)
        return Asked(case.id, case.next_gate) if case.gates else Proven(case.id)

    async def _begin_named(self, speaker: Speaker, gates: tuple[str, ...], lang: str, reference: Mapping[str, Any],
                           typed: str) -> Asked | NotAName | Paused:
        """V8: typed proof first, then a mailed code.

        Whether it is a name at all depends on what was typed alone, never on who has it (E1).
        """
        name = canonical_name(typed)
        if name is None:
            return NotAName()
        named = self.pseudonym("named-account", name)
        if paused := await self._requester_paused(speaker, named):
            await self.records.limited(self.operation, speaker, "", paused)
            return Paused(paused.until, paused.whose)
        account = await self.directory.find(name)
        account_id = account.id if account else made_up(named)
        offered = self._gates(account, ANONYMOUS)
        obstacle = await self._obstacle(account, account_id, offered, owner=False)
        case = await self._open(
            speaker, account_id, obstacle.reason if obstacle else "", gates, lang, reference)
        await self.records.opened(case, account)
        return Asked(case.id, case.next_gate)

    async def _requester_paused(self, speaker: Speaker, named: str) -> Exhausted | None:
        """Why this requester may not begin now; what it depends on is the same for every account."""
        paused = await self.tries.paused(attempt_of(speaker, challenge="", account=""))
        if paused is not None:
            return paused
        until = await self.tries.target(speaker.requester, speaker.source, named)
        return Exhausted("targets", until) if until else None

    async def _obstacle(
            self, account: Account | None, account_id: str, gates: tuple[str, ...] | None,
            owner: bool) -> Obstacle | None:
        """Why even a right proof will not do for this account, if anything; `gates` are None when it is not offered.

        A made-up account is asked about in the same way as a real one (E2).
        """
        too_many = await self.tries.start(
            f"{self.operation}_start", account_id, owner, ((self.limits.reset_starts_24h, DAY),))
        holds = await self.holds.of(account_id)
        ready = self.readiness(await self.enrolments.read(account_id), gates or ())
        if account is None:
            return Obstacle(WhyNot.UNKNOWN)
        if not owner and too_many:
            return Obstacle(WhyNot.STARTS, too_many)
        if reason := standing(account, self.operation):
            return Obstacle(reason)
        if holds:
            return Obstacle(WhyNot(holds[0].kind))
        if gates is None:
            return Obstacle(WhyNot.NOT_OFFERED)
        if too_many:
            return Obstacle(WhyNot.STARTS, too_many)
        if ready.missing:
            return Obstacle(WhyNot.UNREGISTERED)
        if ready.until:
            return Obstacle(WhyNot.COOL_DOWN, ready.until)
        return None

    async def _whose_move(self, reason: WhyNot, account_id: str) -> WhyNot:
        """The reason, closer where the directory's own page is the way out: nobody is sent where it ends."""
        if reason is not WhyNot.SYNCED:
            return reason
        sign_in = await self.directory.sign_in_there(account_id)
        return BY_OWN_PAGE.get(sign_in.page, reason) if sign_in else reason

    def _gates(self, account: Account | None, way: str) -> tuple[str, ...] | None:
        """What the policy asks for this very account; of a visitor never more than of any other (E1)."""
        return self.policy().gates_for(self.operation, way, account.groups if account else ())

    def readiness(self, enrolment: Enrolment, gates: tuple[str, ...]) -> Readiness:
        return readiness(enrolment, gates, self.clock.now(), self.policy().cool_down_seconds)

    async def _open(self, speaker: Speaker, account: str, blocked: str, gates: tuple[str, ...], lang: str,
                    reference: Mapping[str, Any], plan: Mapping[str, str] | None = None) -> Case:
        now = self.clock.now()
        return await self.cases.open(Case(
            id=secrets.token_urlsafe(16), operation=self.operation, lang=lang, account=account,
            speaker=asdict(speaker), reference=reference, key=secrets.token_urlsafe(16),
            phrase=self.phrase(lang), plan=plan or {}, gates=gates, blocked=blocked, browser=speaker.browser,
            state=State.OPENED if gates else State.PROVEN, opened_at=now, proven_at=0 if gates else now))

    async def _passable(self, account_id: str, gates: tuple[str, ...]) -> tuple[str, ...]:
        """The gates as this account can pass them: a code from IT where there is no factor to step up with (A2)."""
        if STEP_UP not in gates:
            return gates
        wait = self.policy().cool_down_seconds
        return stepping_up(await self.enrolments.read(account_id), gates, self.clock.now(), wait)

    # -- proving -------------------------------------------------------------------------------

    async def _typed(self, case: Case, speaker: Speaker, methods: Mapping[str, tuple[str, ...]],
                     typed: str) -> Asked | Proven | Wrong | NotACode | Paused | Told:
        offered = [self.authenticators[name] for name in methods[case.next_gate]]
        fitting = {one: code for one in offered if (code := one.canonical(typed)) is not None}
        return await self._try(case, speaker, fitting) if fitting else NotACode()

    async def _try(self, case: Case, speaker: Speaker,
                   fitting: Mapping[Authenticator, str]) -> Asked | Proven | Wrong | Paused | Told:
        """One try of what was typed, whichever of these it was meant for."""
        attempt = attempt_of(speaker, challenge=f"{case.id}:{case.next_gate}", account=case.account)
        counted = await self.tries.count(attempt)
        if not isinstance(counted, Counted):
            if counted.whose == "challenge":
                return await self.cancel(case.id, WhyEnded.TOO_MANY_TRIES)
            if counted.whose != "account" or not speaker.anonymous:
                await self.records.limited(case.operation, speaker, case.account, counted)
                return Paused(counted.until, counted.whose)
        # A paused account refuses even a right code, does not spend it, and reads the same (V3, E1).
        hopeless = not isinstance(counted, Counted) or (case.blocked and case.blocked not in TOLD_WHEN_PROVEN)
        checked = replace(case, id=f"x-{case.id}", account=made_up(case.account)) if hopeless else case
        method, used = await _first_right(fitting, checked)
        if not used or hopeless or not isinstance(counted, Counted):
            await self._wrong(case, speaker)
            return await self._failed(case, counted.left)
        await self.tries.succeeded(attempt, counted.token)
        return await self._passed(case, speaker, method, used, counted.left)

    async def _failed(self, case: Case, left: int) -> Wrong | Told:
        return Wrong(left) if left > 0 else await self.cancel(case.id, WhyEnded.TOO_MANY_TRIES)

    async def _wrong(self, case: Case, speaker: Speaker) -> None:
        await self.records.wrong(case)
        await tell_of_pause(case, speaker, self.tries, self.records)

    async def _passed(
            self, case: Case, speaker: Speaker, method: str, used: str, left: int) -> Asked | Proven | Wrong | Told:
        now = self.clock.now()
        try:
            case = await self.cases.save(
                case.passed(case.next_gate, now, by=method, used="" if used == NOT_KEPT else used))
        except Conflict:
            # Superseded before anything was proven, it plays on without hope (E1); or it was ended.
            stands = await self._live(case.id, speaker)
            return stands if isinstance(stands, Told) else await self._failed(stands, left)
        await self.records.proven(case)
        if used != NOT_KEPT:
            await self.enrolments.note_use(case.account, used, now)
        if method == RECOVERY_CODE:
            await self.records.recovery_code_used(case)
        if case.state is not State.PROVEN:
            return Asked(case.id, case.next_gate)
        if case.blocked:
            told = await self.cancel(case.id, WhyEnded.CONTACT_IT)
            await self.records.alert(case, case.blocked)
            return told
        return Proven(case.id)

    # -- ending --------------------------------------------------------------------------------

    async def _end(self, case: Case, reason: WhyEnded) -> bool:
        """Whether it was this caller who ended it."""
        try:
            await self.ending.end(case, reason)
        except Conflict:
            return False
        return True

    async def _live(self, case_id: str, speaker: Speaker) -> Case | Told:
        """The case, if it can go on and this is the person who opened it (I5, I6)."""
        case = await self.cases.read(case_id)
        if case is not None and not opened_by(case, speaker):
            return Told("elsewhere")
        if case is None or case.state not in (State.OPENED, State.PROVEN):
            return told_of(case)
        if expired(case, self.clock.now(), self.lifetimes):
            return await self.cancel(case_id, WhyEnded.EXPIRED)
        return case

    def _paced(self, speaker: Speaker) -> AbstractAsyncContextManager[None]:
        return evenly(self.beat) if speaker.anonymous else nullcontext()


async def _first_right(fitting: Mapping[Authenticator, str], case: Case) -> tuple[str, str]:
    """The name of the authenticator whose code it is, and what that proves; empty when it is nobody's."""
    for authenticator, code in fitting.items():
        if used := await authenticator.check(case, code):
            return authenticator.name, used
    return "", ""


async def tell_of_pause(case: Case, speaker: Speaker, tries: Tries, records: Records) -> None:
    """The owner hears of a pause when it begins, not when somebody runs into it (O6)."""
    paused = await tries.paused(Attempt("", case.account, not speaker.anonymous, "", ""))
    if paused is not None and paused.whose == "account":
        await records.paused(case, paused.until)


def told_of(case: Case | None) -> Told:
    """How a case stands by its record; without one nobody knows what became of it (F1)."""
    if case is None:
        return Told("unknown")
    match case.state:
        case State.OPENED | State.PROVEN:
            return Told("waiting")
        case State.CLAIMED:
            return Told("checking")
        case State.DONE:
            # What only IT has vouched for does not count yet (A3).
            return Told("done", "waits" if IT_CODE in case.proofs else "")
        case State.REFUSED:
            return Told("refused", case.reason)
        case State.ENDED:
            return Told("ended", case.reason)


def attempt_of(speaker: Speaker, challenge: str, account: str) -> Attempt:
    return Attempt(challenge, account, not speaker.anonymous, speaker.requester, speaker.source)


def way_of(speaker: Speaker) -> str:
    """Who asks, as the policy calls it."""
    return ANONYMOUS if speaker.anonymous else OWNER


def standing(account: Account, operation: str) -> WhyNot | None:
    """Why an account is not served whatever is proven, if it is not (I3, I8)."""
    if account.protected:
        return WhyNot.PROTECTED
    if account.guest:
        return WhyNot.GUEST
    if not account.enabled:
        return WhyNot.DISABLED
    if operation == CHANGE and account.obstacle is WhyNot.NOT_ABLE:
        return None     # What the app may not do, the person whose token it is shown may.
    return account.no_pass if operation == TEMPORARY_PASS else account.obstacle


def opened_by(case: Case, speaker: Speaker) -> bool:
    """Whether a case belongs to this speaker: same channel, tenant, conversation, person and browser (I5)."""
    return all(case.speaker.get(name) == getattr(speaker, name)
               for name in ("channel", "tenant", "conversation", "user", "object_id", "browser"))
