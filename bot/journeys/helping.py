"""What IT does for somebody else's account: looked at, decided, recorded, done once, and the owner is told (O6, O7)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from bot.audit import entry
from bot.clock import Clock
from bot.directory.protocol import Account, Directory
from bot.errors import Conflict
from bot.journeys.casework import standing
from bot.journeys.errands import Errands
from bot.journeys.records import Records
from bot.rules.helping import Act, Request, Verdict, clean_reason, second, verdict
from bot.rules.holds import FROZEN, PAUSED, Hold
from bot.rules.lockout import Budget
from bot.rules.registered import Enrolment
from bot.rules.staff import Staff
from bot.secret import Secret
from bot.store.audit_trail import RedisAuditTrail
from bot.store.helping import MINE, TAKEN_OVER_SECONDS, Begun, HelpForms
from bot.store.protocol import Enrolments, Holds, OneTimeCodes
from bot.store.tries import RedisTries

STAFF_ACT = "staff_act"
"""The errand that brings a form of IT's to its true end when whoever was at it is gone."""

_LOOK_SECONDS = 900


class Became(StrEnum):
    """What became of a form, as the page says it; "" stands for "somebody is at it"."""

    DONE = "done"
    SHOWN = "shown"             # the code was made, and shown to who made it
    CLOSED = "closed"           # an account that nothing can be registered for
    ALREADY = "already"         # it was so before
    NOT_DONE = "not_done"       # something went wrong on the way; nothing came of it
    ASKED = "asked"             # waits for a second person
    DECLINED = "declined"
    SELF = "self"
    PROTECTED = "protected"
    SAME = "same"
    GONE = "gone"               # no such account, or nothing waits any more
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
    """Decided when asked and again before the effect (G2). What a process dies over is settled by the errands (F1)."""

    directory: Directory
    enrolments: Enrolments
    holds: Holds
    tries: RedisTries
    trail: RedisAuditTrail
    records: Records
    forms: HelpForms
    codes: OneTimeCodes
    errands: Errands
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
        budgets = {way: await self.tries.budgets(account.id, owner=way == "owner") for way in ("owner", "anonymous")}
        spent = any(map(_spent, budgets.values()))
        offers = {Act.PAUSE: PAUSED not in kinds, Act.RESUME: PAUSED in kinds, Act.THAW: FROZEN in kinds,
                  Act.CODE: _can_register(account), Act.REOPEN: spent}
        return Seen(
            account, standing(account, "reset") or "", holds, _kinds(await self.enrolments.read(account.id)), budgets,
            await self.trail.last_about(account.id, most), [act for act, offered in offers.items() if offered])

    async def wish(self, form: str, act: Act, staff: Staff, account_id: str, typed: str, source: str) -> Result:
        """The first person's press of the last button; pressed twice it is one."""
        form = f"{staff.id} {act} {account_id} {form}"
        # The form's own number: what is begun again is the same wish.
        wish = Request(
            sha256(form.encode()).hexdigest()[:24], act, account_id, staff.id, staff.account_id,
            staff.display_name, clean_reason(typed), self.clock.now())
        return await self._once(
            form, self._begun("wish", staff, source, wish), lambda: self._wish(wish, staff, source))

    async def confirm(self, request_id: str, staff: Staff, source: str) -> Result:
        """The second person's press, whoever else presses at the same time."""
        if known := await self.forms.outcome(_taken(request_id)):
            return Result(Became(known))
        found = await self._second(request_id, staff, source)
        if not isinstance(found, Request):
            return Result(found)
        return await self._once(
            _taken(found.id), self._begun("confirm", staff, source, found),
            lambda: self._confirmed(found, staff, source))

    async def decline(self, request_id: str, staff: Staff, source: str) -> Result:
        """Anybody but the account's owner may say no, whoever asked too."""
        if known := await self.forms.outcome(_taken(request_id)):
            return Result(Became(known))
        found = await self.forms.request(request_id)
        if found is None or staff.account_id == found.account:
            return Result(Became.GONE)

        begun = self._begun("decline", staff, source, found)
        return await self._once(_taken(found.id), begun, lambda: self._declined(found, begun))

    async def _declined(self, found: Request, begun: Begun) -> Result:
        await self._record(found, begun.actor, "declined", begun.source)
        await self.forms.drop(found.id)
        return Result(Became.DECLINED)

    async def became(self, form: str, act: Act, staff: Staff, account_id: str) -> Became:
        """What became of a wish."""
        return Became(await self.forms.outcome(f"{staff.id} {act} {account_id} {form}"))

    async def finish(self, form: str) -> None:
        """An Errand: who took the form is gone; what really came of it is found out, recorded and told (F1, F3).

        Nothing is done that was not done, except to tell; a code that nobody was shown is taken back.
        """
        begun = await self.forms.take_over(form)
        if begun is None:
            return
        await self.forms.settle(form, await self._found(begun, begun.request))

    async def _found(self, begun: Begun, wish: Request) -> Became:
        if begun.what == "decline":
            return (await self._declined(wish, begun)).became
        if begun.what == "wish" and (await self.forms.request(wish.id) or await self.forms.outcome(_taken(wish.id))):
            return Became.ASKED
        account = await self.directory.read(wish.account)
        became = await self._effect_found(wish)
        if account is not None:
            await self._ended(wish, account, begun.actor, became, begun.source)
        if begun.what == "confirm":
            await self.forms.drop(wish.id)
        return became

    async def _effect_found(self, wish: Request) -> Became:
        """What the effect with the wish's id came to; if to nothing, it stays so."""
        match wish.act:
            case Act.PAUSE | Act.RESUME | Act.THAW:
                changed = await self.holds.outcome(wish.id)
                return Became.NOT_DONE if changed is None else Became.DONE if changed else Became.ALREADY
            case Act.CODE:
                await self.codes.kill(wish.account, wish.id)
                return Became.NOT_DONE
            case Act.REOPEN:
                budgets = [await self.tries.budgets(wish.account, owner=owner) for owner in (True, False)]
                return Became.NOT_DONE if any(map(_spent, budgets)) else Became.DONE

    def _begun(self, what: str, staff: Staff, source: str, request: Request) -> Begun:
        return Begun(what, staff.id, staff.actor, source, self.clock.now(), request)

    async def _once(self, form: str, begun: Begun, do: Callable[[], Awaitable[Result]]) -> Result:
        # Listed first: what nobody comes back to would stay begun for ever (F1).
        await self.errands.put(STAFF_ACT, form, self.clock.now() + TAKEN_OVER_SECONDS + 1)
        known = await self.forms.take(form, begun)
        if known != MINE:
            if known:
                await self.errands.drop(STAFF_ACT, form)
            return Result(Became(known))
        result = await do()
        await self.forms.settle(form, result.became)
        await self.errands.drop(STAFF_ACT, form)
        return result

    async def _wish(self, wish: Request, staff: Staff, source: str) -> Result:
        account = await self.directory.read(wish.account)
        if account is None:
            return Result(Became.GONE)
        found = verdict(wish.act, staff, account.id, account.protected)
        if found is Verdict.TWO:
            await self._record(wish, staff.actor, "asked", source)
            await self.forms.ask(wish)
            return Result(Became.ASKED)
        if found is not Verdict.ONE:
            await self._record(wish, staff.actor, "refused", source, why=found)
            return Result(Became(found.value))
        return await self._do(wish, account, staff, source)

    async def _second(self, request_id: str, staff: Staff, source: str) -> Request | Became:
        """The request, if this person may confirm it now; else why not."""
        request = await self.forms.request(request_id)
        account = await self.directory.read(request.account) if request else None
        if request is None or account is None:
            return Became.GONE
        found = second(request, staff, account.protected)
        if found is not Verdict.ONE:
            await self._record(request, staff.actor, "refused", source, why=found)
            return Became(found.value)
        return request

    async def _confirmed(self, request: Request, staff: Staff, source: str) -> Result:
        account = await self.directory.read(request.account)
        if account is None:
            return Result(Became.GONE)
        result = await self._do(request, account, staff, source)
        await self.forms.drop(request.id)
        return result

    async def _do(self, wish: Request, account: Account, staff: Staff, source: str) -> Result:
        """Intent, effect, outcome (U1); begun once more after a crash, it is the same effect (F2)."""
        if wish.act is Act.CODE and not _can_register(account):
            await self._record(wish, staff.actor, "refused", source, why=Became.CLOSED)
            return Result(Became.CLOSED)
        await self._record(wish, staff.actor, "begun", source)
        try:
            result = await self._effect(wish, account, staff)
        except Conflict:
            result = Result(Became.NOT_DONE)    # Another one took us for dead, and said so.
        await self._ended(wish, account, staff.actor, result.became, source)
        return result

    async def _ended(self, wish: Request, account: Account, actor: str, became: Became, source: str) -> None:
        await self._record(wish, actor, became, source)
        if became in (Became.DONE, Became.SHOWN):
            await self.records.tell_owner(account, f"it_{wish.act}", f"help:{wish.id}")

    async def _effect(self, wish: Request, account: Account, staff: Staff) -> Result:
        match wish.act:
            case Act.PAUSE:
                changed = await self.holds.put(Hold(account.id, PAUSED, staff.actor, self.clock.now()), wish.id)
            case Act.RESUME:
                changed = await self.holds.lift(account.id, PAUSED, wish.id)
            case Act.THAW:
                changed = await self.holds.lift(account.id, FROZEN, wish.id)
            case Act.CODE:
                code = await self.codes.issue(account.id, staff.actor, self.code_seconds, wish.id)
                return Result(Became.SHOWN, code)
            case Act.REOPEN:
                for owner in (True, False):
                    await self.tries.reopen(account.id, owner=owner)
                changed = True
        return Result(Became.DONE if changed else Became.ALREADY)

    async def _record(self, wish: Request, actor: str, outcome: str, source: str, why: str = "") -> None:
        """Each step of a wish is on record once; a refusal as often as there is one."""
        account = await self.directory.read(wish.account)
        reason = f"{why}: {wish.reason}" if why else wish.reason
        await self.trail.append(entry(
            f"staff.{wish.act}", actor=actor, tenant=account.tenant if account else "", target=wish.account,
            operation=wish.act, outcome=outcome, reason=reason, source=source, correlation=wish.id),
            once="" if why else f"wish:{wish.id}:{outcome}")


def _can_register(account: Account) -> bool:
    """Whether a code to register with could be of any use (I3, I8)."""
    return account.enabled and not account.guest


def _spent(budgets: Sequence[Budget]) -> bool:
    """Whether the row of failures that no time ends is full (limit 5)."""
    return any(one.seconds is None and one.used >= one.most for one in budgets)


def _taken(request_id: str) -> str:
    return f"request {request_id}"


def _kinds(enrolment: Enrolment) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in enrolment.methods:
        found[one.kind] = found.get(one.kind, 0) + 1
    return found | ({"recovery_code": 1} if enrolment.recovery else {})
