"""What IT does for somebody else's account: looked at, decided, recorded, done once, and the owner is told (O6, O7)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from bot.audit import entry
from bot.clock import Clock
from bot.directory.protocol import Account, Directory
from bot.errors import VerificationPaused
from bot.journeys.casework import standing
from bot.journeys.records import Records
from bot.rules.helping import Act, Request, Verdict, clean_reason, second, verdict
from bot.rules.holds import FROZEN, PAUSED, Hold
from bot.rules.lockout import Budget
from bot.rules.registered import Enrolment
from bot.rules.staff import Staff
from bot.secret import Secret
from bot.store.audit_trail import RedisAuditTrail
from bot.store.helping import AGAIN, MINE, HelpForms
from bot.store.protocol import Enrolments, Holds, OneTimeCodes
from bot.store.tries import RedisTries
from bot.store.trust import Trust

_LOOK_SECONDS = 900


class Became(StrEnum):
    """What became of a form, as the page says it; "" stands for "somebody is at it"."""

    DONE = "done"
    SHOWN = "shown"             # the code was made, and shown to who made it
    CLOSED = "closed"           # an account that nothing can be registered for
    ALREADY = "already"         # it was so before
    ASKED = "asked"             # waits for a second person
    DECLINED = "declined"
    SELF = "self"
    PROTECTED = "protected"
    SAME = "same"
    GONE = "gone"               # no such account, or nothing waits any more
    VERIFYING = "verifying"     # people are verified again
    CLOCK = "clock"             # not yet: the time is not known
    RUNNING = ""


@dataclass(frozen=True, slots=True)
class Result:
    """`code` is there for the press that made it, and never again."""

    became: Became
    code: Secret | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What IT sees of an account: never a secret, never an address."""

    account: Account
    blocked: str                # why self-service is closed whatever is held; a key of `standing`
    holds: Sequence[Hold]
    kinds: Mapping[str, int]    # how many of each kind are registered
    budgets: Mapping[str, Sequence[Budget]]     # by way
    events: Sequence[Mapping[str, Any]]
    offered: Sequence[Act]


@dataclass(frozen=True, slots=True)
class Helping:
    """Decided when asked and again before the effect (G2)."""

    directory: Directory
    enrolments: Enrolments
    holds: Holds
    tries: RedisTries
    trail: RedisAuditTrail
    records: Records
    forms: HelpForms
    trust: Trust
    codes: OneTimeCodes
    code_seconds: int
    clock: Clock

    async def find(self, name: str) -> Account | None:
        """By exact user name (I7)."""
        return await self.directory.find(name)

    async def look(self, staff: Staff, account_id: str, source: str, most: int = 10) -> Seen | None:
        """An account as it is now, with `most` of its newest events; that somebody looked is recorded (S-102)."""
        account = await self.directory.read(account_id)
        if account is None:
            return None
        window = int(self.clock.now() // _LOOK_SECONDS)
        await self.trail.append(
            entry("staff.look", actor=staff.actor, tenant=account.tenant, target=account.id, outcome="ok",
                  source=source),
            once=f"look {staff.id} {account.id} {window}")
        holds = await self.holds.of(account.id)
        kinds = {one.kind for one in holds}
        budgets = await self._budgets(account.id)
        spent = any(one.seconds is None and one.used >= one.most for of in budgets.values() for one in of)
        offers = {Act.PAUSE: PAUSED not in kinds, Act.RESUME: PAUSED in kinds, Act.THAW: FROZEN in kinds,
                  Act.CODE: _can_register(account), Act.REOPEN: spent}
        return Seen(
            account, standing(account, "reset") or "", holds, _kinds(await self.enrolments.read(account.id)), budgets,
            await self.trail.last_about(account.id, most), [act for act, offered in offers.items() if offered])

    async def _budgets(self, account_id: str) -> dict[str, Sequence[Budget]]:
        """None while nobody can tell what was counted (F5)."""
        try:
            return {way: await self.tries.budgets(account_id, owner=way == "owner") for way in ("owner", "anonymous")}
        except VerificationPaused:
            return {}

    async def end_pause(self, form: str, staff: Staff, typed: str, source: str) -> Result:
        """Verify people again before the pause after a loss is over (F5)."""
        return await self._once(f"{staff.id} end_pause {form}", lambda _: self._end_pause(staff, typed, source))

    async def _end_pause(self, staff: Staff, typed: str, source: str) -> Result:
        async def record(outcome: str) -> None:
            await self.trail.append(entry(
                "staff.end_pause", actor=staff.actor, operation="end_pause", outcome=outcome,
                reason=clean_reason(typed), source=source))

        await record("begun")
        await self.trust.end()
        became = Became.CLOCK if self.trust.why_paused() else Became.VERIFYING
        await record(became)
        return Result(became)

    async def pause_became(self, form: str, staff: Staff) -> Became:
        return Became(await self.forms.outcome(f"{staff.id} end_pause {form}"))

    async def wish(self, form: str, act: Act, staff: Staff, account_id: str, typed: str, source: str) -> Result:
        """The first person's press of the last button; pressed twice it is one."""
        form = f"{staff.id} {act} {account_id} {form}"
        return await self._once(
            form, lambda again: self._wish(form, act, staff, account_id, clean_reason(typed), source, again))

    async def confirm(self, request_id: str, staff: Staff, source: str) -> Result:
        """The second person's press, whoever else presses at the same time."""
        if known := await self.forms.outcome(_taken(request_id)):
            return Result(Became(known))
        found = await self._second(request_id, staff, source)
        if not isinstance(found, Request):
            return Result(found)
        return await self._once(_taken(found.id), lambda again: self._confirmed(found, staff, source, again))

    async def decline(self, request_id: str, staff: Staff, source: str) -> Result:
        """Anybody but the account's owner may say no, whoever asked too."""
        if known := await self.forms.outcome(_taken(request_id)):
            return Result(Became(known))
        found = await self.forms.request(request_id)
        if found is None or staff.account_id == found.account:
            return Result(Became.GONE)

        async def declined(_again: bool) -> Result:
            await self._record(found, staff, "declined", source)
            await self.forms.drop(found.id)
            return Result(Became.DECLINED)

        return await self._once(_taken(found.id), declined)

    async def became(self, form: str, act: Act, staff: Staff, account_id: str) -> Became:
        """What became of a wish."""
        return Became(await self.forms.outcome(f"{staff.id} {act} {account_id} {form}"))

    async def _once(self, form: str, do: Callable[[bool], Awaitable[Result]]) -> Result:
        known = await self.forms.take(form)
        if known not in (MINE, AGAIN):
            return Result(Became(known))
        result = await do(known == AGAIN)
        await self.forms.settle(form, result.became)
        return result

    async def _wish(
        self, form: str, act: Act, staff: Staff, account_id: str, reason: str, source: str, again: bool,
    ) -> Result:
        account = await self.directory.read(account_id)
        if account is None:
            return Result(Became.GONE)
        # The form's own number: what is begun again is the same wish.
        wish = Request(
            sha256(form.encode()).hexdigest()[:24], act, account.id, staff.id, staff.account_id,
            staff.display_name, reason, self.clock.now())
        found = verdict(act, staff, account.id, account.protected)
        if found is Verdict.TWO:
            await self._record(wish, staff, "asked", source)
            await self.forms.ask(wish)
            return Result(Became.ASKED)
        if found is not Verdict.ONE:
            await self._record(wish, staff, "refused", source, why=found)
            return Result(Became(found.value))
        return await self._do(wish, account, staff, source, again)

    async def _second(self, request_id: str, staff: Staff, source: str) -> Request | Became:
        """The request, if this person may confirm it now; else why not."""
        request = await self.forms.request(request_id)
        account = await self.directory.read(request.account) if request else None
        if request is None or account is None:
            return Became.GONE
        found = second(request, staff, account.protected)
        if found is not Verdict.ONE:
            await self._record(request, staff, "refused", source, why=found)
            return Became(found.value)
        return request

    async def _confirmed(self, request: Request, staff: Staff, source: str, again: bool) -> Result:
        account = await self.directory.read(request.account)
        if account is None:
            return Result(Became.GONE)
        result = await self._do(request, account, staff, source, again)
        await self.forms.drop(request.id)
        return result

    async def _do(self, wish: Request, account: Account, staff: Staff, source: str, again: bool) -> Result:
        """Intent, effect, outcome (U1). `again`: after a crash, when what is found done may be our own doing."""
        if wish.act is Act.CODE and not _can_register(account):
            await self._record(wish, staff, "refused", source, why=Became.CLOSED)
            return Result(Became.CLOSED)
        await self._record(wish, staff, "begun", source)
        result = await self._effect(wish, account, staff)
        if again and result.became is Became.ALREADY:
            result = Result(Became.DONE)
        await self._record(wish, staff, result.became, source)
        if result.became is not Became.ALREADY:
            await self.records.tell_owner(account, f"it_{wish.act}", f"help:{wish.id}")
        return result

    async def _effect(self, wish: Request, account: Account, staff: Staff) -> Result:
        match wish.act:
            case Act.PAUSE:
                changed = await self.holds.put(Hold(account.id, PAUSED, staff.actor, self.clock.now()))
            case Act.RESUME:
                changed = await self.holds.lift(account.id, PAUSED)
            case Act.THAW:
                changed = await self.holds.lift(account.id, FROZEN)
            case Act.CODE:
                return Result(Became.SHOWN, await self.codes.issue(account.id, staff.actor, self.code_seconds))
            case Act.REOPEN:
                for owner in (True, False):
                    await self.tries.reopen(account.id, owner=owner)
                changed = True
        return Result(Became.DONE if changed else Became.ALREADY)

    async def _record(self, wish: Request, staff: Staff, outcome: str, source: str, why: str = "") -> None:
        account = await self.directory.read(wish.account)
        reason = f"{why}: {wish.reason}" if why else wish.reason
        await self.trail.append(entry(
            f"staff.{wish.act}", actor=staff.actor, tenant=account.tenant if account else "", target=wish.account,
            operation=wish.act, outcome=outcome, reason=reason, source=source, correlation=wish.id))


def _can_register(account: Account) -> bool:
    """Whether a code to register with could be of any use (I3, I8)."""
    return account.enabled and not account.guest


def _taken(request_id: str) -> str:
    return f"request {request_id}"


def _kinds(enrolment: Enrolment) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in enrolment.methods:
        found[one.kind] = found.get(one.kind, 0) + 1
    return found | ({"recovery_code": 1} if enrolment.recovery else {})
