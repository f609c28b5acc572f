"""Resetting a forgotten password, the chat half: who, proofs, the way to the page, how it ended."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.clock import Clock
from bot.directory.protocol import Account, Directory
from bot.errors import Conflict
from bot.journeys.answers import Asked, NotACode, NotAName, Over, Page, Paused, Proven, Told, Wrong
from bot.journeys.pace import evenly
from bot.journeys.records import Records
from bot.people import Speaker
from bot.rules.case import CLOSED, Case, Lifetimes, State, expired
from bot.rules.codes import canonical_code
from bot.rules.limits import Limits
from bot.rules.names import canonical_name
from bot.store.protocol import Attempt, Cases, Counted, Exhausted, Tries
from bot.verification.protocol import Authenticator, NotSent

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
                return Paused(paused.until)
            account = await self.directory.find(name)
            account_id = account.id if account else f"x-{named}"
            blocked = await self._blocked(account, account_id)
            case = await self._open(speaker, account_id, blocked, lang, reference)
            await self.records.opened(case, account)
            return Asked(case.id, case.next_gate)

    async def challenge(self, case_id: str, speaker: Speaker) -> Asked | Proven | Paused | Over:
        """Send what the next gate needs sent; for a typed proof that is nothing."""
        case = await self._live(case_id, speaker)
        if isinstance(case, Over):
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
            typed: str) -> Asked | Proven | Wrong | NotACode | Paused | Over:
        """Try one code at a gate: counted first, compared second (V1).

        A gate passed before, by a turn whose end nobody heard of, stays passed: nothing is tried.
        """
        async with evenly(self.beat):
            case = await self._live(case_id, speaker)
            if isinstance(case, Over):
                return case
            if case.state is State.PROVEN:
                return Proven()
            if gate in case.proofs:
                return Asked(case.id, case.next_gate)
            code = canonical_code(typed, self.limits.code_digits)
            if code is None:
                return NotACode()
            return await self._try(case, speaker, code)

    async def page(self, case_id: str, speaker: Speaker) -> Page | Over:
        """Mint a ticket for the secure page; the one before it dies (P1)."""
        case = await self._live(case_id, speaker)
        if isinstance(case, Over):
            return case
        if case.state is not State.PROVEN:
            return Over("expired")
        ticket, case = await self.cases.issue_ticket(case, self.limits.ticket_seconds)
        return Page(f"{self.base_url}/secure/{ticket}", case.phrase, max(1, self.limits.ticket_seconds // 60))

    async def outcome(self, case_id: str) -> Told:
        """How the case stands; a knock only makes the dialog ask this."""
        case = await self.cases.read(case_id)
        if case is None:
            return Told("ended", "expired")
        if case.state is State.CLAIMED:
            return Told("checking")
        if case.state in CLOSED:
            return Told(case.state.value, case.reason)
        if expired(case, self.clock.now(), self._lifetimes):
            return Told("ended", "expired")
        return Told("waiting")

    async def cancel(self, case_id: str, reason: str = "cancelled") -> Told:
        """End a case before its effect; if the effect was begun, the truth is what comes back."""
        case = await self.cases.read(case_id)
        while case is not None and case.state in (State.OPENED, State.PROVEN):
            if await self._end(case, reason):
                break
            case = await self.cases.read(case_id)   # The page was quicker: what did it do?
        return await self.outcome(case_id)

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

    async def _try(self, case: Case, speaker: Speaker, code: str) -> Asked | Proven | Wrong | Paused | Over:
        attempt = self._attempt_of(speaker, challenge=f"{case.id}:{case.next_gate}", account=case.account)
        counted = await self.tries.count(attempt)
        if not isinstance(counted, Counted):
            if counted.whose == "challenge":
                return await self._dead(case)
            if counted.whose != "account":
                await self.records.limited(OPERATION, speaker, case.account, counted)
                return Paused(counted.until)
        # A paused account refuses even a right code, does not spend it, and reads the same (V3, E1).
        hopeless = not isinstance(counted, Counted) or (case.blocked and case.blocked not in TOLD_WHEN_PROVEN)
        checked = replace(case, id=f"x-{case.id}", account=f"x-{case.account}") if hopeless else case
        right = await self.authenticators[case.next_gate].check(checked, code)
        if not right or hopeless or not isinstance(counted, Counted):
            await self._wrong(case, speaker)
            return await self._dead(case) if counted.left < 1 else Wrong(counted.left)
        await self.tries.succeeded(attempt, counted.token)
        return await self._passed(case)

    async def _wrong(self, case: Case, speaker: Speaker) -> None:
        await self.records.wrong(case)
        # The owner hears of a pause when it begins, not when somebody runs into it (O6).
        paused = await self.tries.paused(Attempt("", case.account, not speaker.anonymous, "", ""))
        if paused is not None and paused.whose == "account":
            await self.records.paused(case, paused.until)

    async def _passed(self, case: Case) -> Asked | Proven | Over:
        try:
            case = await self.cases.save(case.passed(case.next_gate, self.clock.now()))
        except Conflict:
            return Over("elsewhere")
        await self.records.proven(case)
        if case.state is not State.PROVEN:
            return Asked(case.id, case.next_gate)
        if case.blocked:
            await self._end(case, "contact_it")
            await self.records.alert(case, case.blocked)
            return Over("contact_it")
        return Proven()

    async def _dead(self, case: Case) -> Over:
        await self._end(case, "too_many_tries")
        return Over("too_many_tries")

    async def _end(self, case: Case, reason: str) -> bool:
        """Whether it was this caller who ended it."""
        try:
            case = await self.cases.save(case.closed(State.ENDED, self.clock.now(), reason))
        except Conflict:
            return False
        await self.records.ended(case)
        return True

    async def _live(self, case_id: str, speaker: Speaker) -> Case | Over:
        """The case, if it can go on and this is the person who opened it (I5, I6)."""
        case = await self.cases.read(case_id)
        if case is None:
            return Over("expired")
        if not opened_by(case, speaker):
            return Over("elsewhere")
        if case.state in CLOSED or case.state is State.CLAIMED:
            return Over(case.reason or "used")
        if expired(case, self.clock.now(), self._lifetimes):
            await self._end(case, "expired")
            return Over("expired")
        return case

    @property
    def _lifetimes(self) -> Lifetimes:
        return Lifetimes(self.limits.flow_seconds, self.limits.grant_seconds)

    @staticmethod
    def _attempt_of(speaker: Speaker, challenge: str, account: str) -> Attempt:
        return Attempt(challenge, account, not speaker.anonymous, speaker.requester, speaker.source)


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
