"""Resetting a forgotten password, the chat half: who, proofs, the way to the page, how it ended."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import structlog

from bot.clock import Clock
from bot.directory.protocol import Account, Directory
from bot.errors import Conflict
from bot.journeys.answers import Asked, NotACode, NotAName, Page, Paused, Proven, Told, Wrong
from bot.journeys.pace import evenly
from bot.journeys.records import Records
from bot.people import Speaker
from bot.rules.case import Case, Lifetimes, State, WhyEnded, expired
from bot.rules.codes import canonical_code
from bot.rules.limits import Limits
from bot.rules.names import canonical_name, made_up
from bot.store.protocol import Attempt, Cases, Counted, Exhausted, Tries
from bot.verification.protocol import Authenticator, NotSent

log = structlog.get_logger(__name__)

OPERATION = "reset"
DAY = 86400.0

# A right proof opens the gates of these accounts too, and only then is the person told (I8).
TOLD_WHEN_PROVEN = frozenset({"protected", "disabled", "guest"})


@dataclass(frozen=True, slots=True)
class ForgotPassword:
    """Begin, challenge, prove, page, outcome: what the dialog asks, in that order.

    For an anonymous visitor an account that does not exist, or may not be served, takes the same
    road with the same words and at the same pace (E1, E2); its case carries why it is blocked.
    """

    directory: Directory
    authenticators: Mapping[str, Authenticator]
    cases: Cases
    tries: Tries
    records: Records
    pseudonym: Callable[[str, str], str]    # (purpose, text) -> keyed pseudonym
    phrase: Callable[[str], str]            # language -> a few words for chat and page
    limits: Limits
    clock: Clock
    base_url: str
    beat: float = 0.25                      # seconds; see pace.evenly
    gates: tuple[str, ...] = ("totp", "email_code")

    async def begin(
            self, speaker: Speaker, typed: str, lang: str,
            reference: Mapping[str, Any]) -> Asked | NotAName | Paused:
        """Open a case for the account a visitor names (V8: typed proof first, then a mailed code).

        Whether it is a name at all depends on what was typed alone, never on who has it (E1).
        """
        async with evenly(self.beat):
            name = canonical_name(typed)
            if name is None:
                return NotAName()
            named = self.pseudonym("named-account", name)
            if paused := await self._requester_paused(speaker, named):
                await self.records.limited(OPERATION, speaker, "", paused)
                return _paused(paused)
            account = await self.directory.find(name)
            account_id = account.id if account else made_up(named)
            blocked = await self._blocked(account, account_id)
            case = await self._open(speaker, account_id, blocked, lang, reference)
            await self.records.opened(case, account)
            return Asked(case.id, case.next_gate)

    async def challenge(self, case_id: str, speaker: Speaker) -> Asked | Proven | Paused | Told:
        """Send what the next gate needs sent; for a typed proof that is nothing."""
        case = await self._live(case_id, speaker)
        if isinstance(case, Told):
            return case
        if case.state is State.PROVEN:
            return Proven()
        sent = await self.authenticators[case.next_gate].challenge(case)
        if isinstance(sent, NotSent):
            await self.records.limited(OPERATION, speaker, case.account, Exhausted("codes", sent.until))
            return Paused(sent.until)
        return Asked(case.id, case.next_gate)

    async def prove(
            self, case_id: str, speaker: Speaker, gate: str,
            typed: str) -> Asked | Proven | Wrong | NotACode | Paused | Told:
        """Try one code at a gate: counted first, compared second (V1).

        A gate passed before, by a turn whose end nobody heard of, stays passed: nothing is tried.
        """
        async with evenly(self.beat):
            case = await self._live(case_id, speaker)
            if isinstance(case, Told):
                return case
            if case.state is State.PROVEN:
                return Proven()
            if gate in case.proofs:
                return Asked(case.id, case.next_gate)
            code = canonical_code(typed, self.limits.code_digits)
            if code is None:
                return NotACode()
            return await self._try(case, speaker, code)

    async def page(self, case_id: str, speaker: Speaker) -> Page | Told:
        """Mint a ticket for the secure page; the one before it dies (P1)."""
        while True:
            case = await self._live(case_id, speaker)
            if isinstance(case, Told):
                return case
            if case.state is not State.PROVEN:
                return Told("elsewhere")
            try:
                ticket, case = await self.cases.issue_ticket(case, self.limits.ticket_seconds)
                break
            except Conflict:
                log.info("case_moved_on", case=case_id)     # The page, or another link: look again.
        return Page(f"{self.base_url}/secure/{ticket}", case.phrase, max(1, self.limits.ticket_seconds // 60))

    async def outcome(self, case_id: str) -> Told:
        """How the case stands; a knock only makes the dialog ask this."""
        case = await self.cases.read(case_id)
        if case is not None and expired(case, self.clock.now(), self._lifetimes):
            return await self.cancel(case_id, WhyEnded.EXPIRED)
        return told_of(case)

    async def cancel(self, case_id: str, reason: WhyEnded = WhyEnded.CANCELLED) -> Told:
        """End a case before its effect; if the effect was begun, the truth is what comes back (F1)."""
        case = await self.cases.read(case_id)
        while case is not None and case.state in (State.OPENED, State.PROVEN):
            if await self._end(case, reason):
                break
            case = await self.cases.read(case_id)   # The page was quicker: what did it do?
        return told_of(await self.cases.read(case_id))

    # -- what the steps above are made of ------------------------------------------------------

    async def _requester_paused(self, speaker: Speaker, named: str) -> Exhausted | None:
        """Why this requester may not begin now; what it depends on is the same for every account."""
        paused = await self.tries.paused(self._attempt_of(speaker, challenge="", account=""))
        if paused is not None or not speaker.anonymous:
            return paused
        until = await self.tries.target(speaker.requester, speaker.source, named)
        return Exhausted("targets", until) if until else None

    async def _blocked(self, account: Account | None, account_id: str) -> str:
        """Why even a right proof will not do for this account; empty when it would.

        A made-up account is asked about in the same way as a real one (E2).
        """
        too_many = await self._too_many("reset_start", account_id, self.limits.reset_starts_24h)
        enrolled = [await self.authenticators[gate].enrolled(account_id) for gate in self.gates]
        if account is None:
            return "unknown"
        if too_many:
            return "starts"
        return standing(account) if all(enrolled) else "unregistered"

    async def _too_many(self, what: str, account_id: str, most: int) -> bool:
        return bool(await self.tries.start(what, account_id, False, ((most, DAY),)))

    async def _open(
            self, speaker: Speaker, account: str, blocked: str, lang: str, reference: Mapping[str, Any]) -> Case:
        return await self.cases.open(Case(
            id=secrets.token_urlsafe(16), operation=OPERATION, lang=lang, account=account,
            speaker=asdict(speaker), reference=reference, key=secrets.token_urlsafe(16),
            phrase=self.phrase(lang), gates=self.gates, blocked=blocked, opened_at=self.clock.now()))

    async def _try(self, case: Case, speaker: Speaker, code: str) -> Asked | Proven | Wrong | Paused | Told:
        attempt = self._attempt_of(speaker, challenge=f"{case.id}:{case.next_gate}", account=case.account)
        counted = await self.tries.count(attempt)
        if not isinstance(counted, Counted):
            if counted.whose == "challenge":
                return await self.cancel(case.id, WhyEnded.TOO_MANY_TRIES)
            if counted.whose != "account":
                await self.records.limited(OPERATION, speaker, case.account, counted)
                return _paused(counted)
        # A paused account refuses even a right code, does not spend it, and reads the same (V3, E1).
        hopeless = not isinstance(counted, Counted) or (case.blocked and case.blocked not in TOLD_WHEN_PROVEN)
        checked = replace(case, id=f"x-{case.id}", account=made_up(case.account)) if hopeless else case
        right = await self.authenticators[case.next_gate].check(checked, code)
        if not right or hopeless or not isinstance(counted, Counted):
            await self._wrong(case, speaker)
            return await self._failed(case, counted.left)
        await self.tries.succeeded(attempt, counted.token)
        return await self._passed(case, speaker, counted.left)

    async def _failed(self, case: Case, left: int) -> Wrong | Told:
        return Wrong(left) if left > 0 else await self.cancel(case.id, WhyEnded.TOO_MANY_TRIES)

    async def _wrong(self, case: Case, speaker: Speaker) -> None:
        await self.records.wrong(case)
        # The owner hears of a pause when it begins, not when somebody runs into it (O6).
        paused = await self.tries.paused(Attempt("", case.account, not speaker.anonymous, "", ""))
        if paused is not None and paused.whose == "account":
            await self.records.paused(case, paused.until)

    async def _passed(self, case: Case, speaker: Speaker, left: int) -> Asked | Proven | Wrong | Told:
        gate = case.next_gate
        try:
            case = await self.cases.save(case.passed(gate, self.clock.now()))
        except Conflict:
            # Superseded before anything was proven, it plays on without hope (E1); or it was ended.
            now = await self._live(case.id, speaker)
            return now if isinstance(now, Told) else await self._failed(now, left)
        await self.records.proven(case)
        if case.state is not State.PROVEN:
            return Asked(case.id, case.next_gate)
        if case.blocked:
            told = await self.cancel(case.id, WhyEnded.CONTACT_IT)
            await self.records.alert(case, case.blocked)
            return told
        return Proven()

    async def _end(self, case: Case, reason: WhyEnded) -> bool:
        """Whether it was this caller who ended it."""
        try:
            case = await self.cases.save(case.closed(State.ENDED, self.clock.now(), reason))
        except Conflict:
            return False
        await self.records.ended(case)
        return True

    async def _live(self, case_id: str, speaker: Speaker) -> Case | Told:
        """The case, if it can go on and this is the person who opened it (I5, I6)."""
        case = await self.cases.read(case_id)
        if case is not None and not opened_by(case, speaker):
            return Told("elsewhere")
        if case is None or case.state not in (State.OPENED, State.PROVEN):
            return told_of(case)
        if expired(case, self.clock.now(), self._lifetimes):
            return await self.cancel(case_id, WhyEnded.EXPIRED)
        return case

    @property
    def _lifetimes(self) -> Lifetimes:
        return Lifetimes(self.limits.flow_seconds, self.limits.grant_seconds)

    @staticmethod
    def _attempt_of(speaker: Speaker, challenge: str, account: str) -> Attempt:
        return Attempt(challenge, account, not speaker.anonymous, speaker.requester, speaker.source)


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
            return Told("done")
        case State.REFUSED:
            return Told("refused", case.reason)
        case State.ENDED:
            return Told("ended", case.reason)


def _paused(by: Exhausted) -> Paused:
    return Paused(by.until, everybody=by.whose == "global")


def standing(account: Account) -> str:
    """Why an account is not served whatever is proven; empty when it is (I3, I8)."""
    if account.protected:
        return "protected"
    if account.guest:
        return "guest"
    return "" if account.enabled else "disabled"


def opened_by(case: Case, speaker: Speaker) -> bool:
    """Whether a case belongs to this speaker: same channel, tenant, conversation, person and browser (I5)."""
    return all(case.speaker.get(name) == getattr(speaker, name)
               for name in ("channel", "tenant", "conversation", "user", "object_id", "browser"))


def opened_by_browser(case: Case, browser: str) -> bool:
    """Whether the page is open in the browser that holds the chat (P3)."""
    return bool(browser) and case.speaker.get("browser") == browser


def requester_of(case: Case) -> str:
    """The key under which the tries of the case's speaker are counted."""
    return Speaker(**case.speaker).requester
