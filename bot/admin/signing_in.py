"""How people of IT prove themselves: password and authenticator code, counted first, told apart by nobody (V1, V3)."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from bot.admin.protocol import PasswordHashing
from bot.audit import entry
from bot.clock import Clock
from bot.journeys.staffing import Staffing, budget_of
from bot.rules.codes import canonical_code
from bot.rules.names import made_up
from bot.rules.passwords import Broken, Owner, Policy, broken_rules
from bot.rules.staff import Staff, canonical_staff_name
from bot.secret import Secret
from bot.store.protocol import Attempt, AuditTrail, Counted, Enrolments, Tries
from bot.store.staff import RedisStaff, SetUp, StaffRecord
from bot.store.staff_sessions import StaffSessions
from bot.verification.totp import DIGITS, matching_step, new_seed

_NOBODYS = new_seed()
_PAUSE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class WrongCode:
    """The code at the end of a set-up does not fit the seed on the page."""


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Sign-in, sign-out and set-up. `source` is the address of the request."""

    people: RedisStaff
    sessions: StaffSessions
    staffing: Staffing
    hashes: PasswordHashing
    enrolments: Enrolments
    tries: Tries
    audit: AuditTrail
    policy: Policy
    clock: Clock

    async def known_in(self, browser: str) -> str:
        """Id of the person who signed in before in the browser with this hash; "" for nobody."""
        return await self.sessions.known_in(browser)

    async def sign_in(
        self, name: str, password: Secret, code: str, session: str, source: str, browser: str, fresh: str,
    ) -> Staff | None:
        """Begin `session` for whoever this is; None whatever it was that did not fit.

        `browser` is what this one is known by, `fresh` what it will be known by: both are hashes. Raises
        VerificationPaused.
        """
        await self.sessions.may_begin()
        known = await self.people.named(canonical_staff_name(name) or "")
        theirs = known is not None and await self.known_in(browser) == known.staff.id
        attempt = _attempt(known, canonical_staff_name(name) or "", source, browser if theirs else "")
        counted = await self.tries.count(attempt)
        if not isinstance(counted, Counted):
            await self._paused(known, counted.whose, source)
            return None
        right = await self._password_fits(known, password)
        # The code is looked at whatever the password was, and spent only together with a right one (V7).
        step = matching_step((known and known.seed) or _NOBODYS, canonical_code(code, DIGITS) or "", self.clock.now())
        if known is None or not right or step is None or not await self.enrolments.spend_step(
                _authenticator(known.staff.id, known.edition), step):
            await self._record(known, "sign_in", "wrong", source)
            return None
        await self._record(known, "sign_in", "ok", source)
        await self.sessions.begin(known, session)
        await self.sessions.make_known(known, fresh, browser if theirs else "")
        await self.tries.succeeded(attempt, counted.token)
        return known.staff

    async def sign_out(self, staff: Staff, session: str, source: str) -> None:
        await self.sessions.end(session)
        await self.audit.append(entry("staff.sign_out", actor=staff.actor, target=staff.actor, outcome="ok",
                                      source=source))

    async def opened(self, token: str) -> tuple[SetUp, Staff] | None:
        """What a set-up link opens, and for whom."""
        found = await self.people.set_up(token)
        record = await self.people.read(found.staff_id) if found else None
        return (found, record.staff) if found and record else None

    async def bind(self, token: str, browser: str) -> bool:
        return await self.people.bind_set_up(token, browser)

    async def set_up(
        self, token: str, browser: str, password: Secret, code: str, session: str, source: str, fresh: str,
    ) -> Staff | WrongCode | Sequence[Broken] | None:
        """Whoever is set up and signed in now; what stands against the password or the code; else None.

        None: the link opens nothing for this browser. `fresh`: the hash of what the browser will be known by. Raises
        VerificationPaused.
        """
        await self.sessions.may_begin()
        found = await self.opened(token)
        if found is None or found[0].browser != browser:
            return None
        opened, staff = found
        broken = await asyncio.to_thread(
            broken_rules, password.reveal(), Owner((staff.display_name,), staff.name), self.policy)
        if broken:
            return broken
        step = matching_step(opened.seed, canonical_code(code, DIGITS) or "", self.clock.now())
        if step is None:
            return WrongCode()
        # Used up before it can sign anybody in: there is no moment in which it would do so once more (V7).
        edition = secrets.token_hex(8)
        await self.enrolments.spend_step(_authenticator(staff.id, edition), step)
        record = await self.staffing.set_up(
            staff, token, browser, await self.hashes.hash(password), edition, source)
        if record is None:
            return None
        await self.sessions.begin(record, session)
        await self.sessions.make_known(record, fresh)
        return record.staff

    async def _password_fits(self, known: StaffRecord | None, password: Secret) -> bool:
        if known is None or not known.password_hash:
            await self.hashes.matches_nobody(password)
            return False
        return await self.hashes.matches(password, known.password_hash)

    async def _record(self, known: StaffRecord | None, event: str, outcome: str, source: str) -> None:
        """What was typed as a name is not recorded: people type passwords there."""
        who = known.staff.actor if known else ""
        await self.audit.append(entry(
            f"staff.{event}", actor=who if outcome == "ok" else "", target=who, outcome=outcome, source=source,
            proofs=("password", "totp") if outcome == "ok" else ()))

    async def _paused(self, known: StaffRecord | None, whose: str, source: str) -> None:
        """Once a quarter of an hour for each person or address: refusals are free (N1)."""
        who = known.staff.actor if known else ""
        window = int(self.clock.now() // _PAUSE_SECONDS)
        await self.audit.append(
            entry("staff.sign_in", target=who, outcome="refused", reason=f"paused: {whose}", source=source),
            once=f"staff paused {who or source} {whose} {window}")


def _attempt(known: StaffRecord | None, name: str, source: str, browser: str) -> Attempt:
    """Counted apart from the bot's own visitors, whose budgets these tries must not spend (V4).

    Nor do people of IT spend each other's: a whole department may come from one address, or through one proxy, and
    anybody there can type a colleague's name. Who signed in before in this `browser` has budgets of their own there,
    of the account and of the requester, as the signed-in owner has in the chat; from a browser that nobody knows the
    limit of the address stands (limit 6).
    """
    requester = f"staff browser {browser}" if browser else f"staff {source}"
    return Attempt("", _account(known, name), owner=bool(browser), requester=requester, source="")


def _account(known: StaffRecord | None, name: str) -> str:
    """The row of a name that is nobody's is forgotten one day; it counts as anybody's does."""
    return budget_of(known.staff.id) if known else made_up(f"staff {name}")


def _authenticator(staff_id: str, edition: str) -> str:
    """Names the authenticator whose time steps are spent (V7)."""
    return f"staff {staff_id} {edition}"
