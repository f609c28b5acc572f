"""Registering an authenticator app or a private address, renaming and removing: step-up first (A1-A4, limit 16).

What is to be done stands in the case's plan from the beginning, so that a proof is for that and nothing else (V10).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bot.clock import Clock
from bot.directory.protocol import Account, Applied, Directory
from bot.errors import Conflict
from bot.journeys.answers import Asked, Cannot, NotAName, Paused, Proven, Told
from bot.journeys.casework import DAY, PROVE, Casework
from bot.journeys.doing import Doing, Done
from bot.journeys.password_page import ended
from bot.journeys.protocol import Again, Ended, Fields, Form, NewApp, RuleState
from bot.journeys.records import Records
from bot.people import Speaker
from bot.rules.case import Case, State, WhyRefused
from bot.rules.codes import canonical_code
from bot.rules.labels import clean_label
from bot.rules.limits import Limits
from bot.rules.registered import EMAIL_CODE, IT_CODE, TOTP, Enrolment, Method
from bot.secret import Secret
from bot.store.protocol import Enrolments, Tries
from bot.verification.totp import DIGITS, matching_step, new_seed, otpauth

ISSUER = "Keyturn"


@dataclass(frozen=True, slots=True)
class Changes:
    """Makes the change that a proven case has planned, once (F2)."""

    directory: Directory
    enrolments: Enrolments
    doing: Doing
    limits: Limits
    clock: Clock

    async def make(self, case: Case, label: str = "", step: int | None = None) -> Case:
        """The case at its end. `label` and `step`: what a new app is called, and the time step of its first code."""
        if self.too_old(case):
            return await self.doing.refuse(case, WhyRefused.TOO_OLD)

        async def effect(claimed: Case) -> Done:
            known = await self.enrolments.read(claimed.account)
            method_id = secrets.token_hex(8)
            wanted = _changed(known, claimed, self.clock.now(), method_id, label)
            if wanted is None:
                return Done(Applied.NO)
            if len(wanted.of_kind(TOTP)) > max(self.limits.apps, len(known.of_kind(TOTP))):
                # One more than there may be: others came while this one was under way.
                return Done(Applied.NO, refused=WhyRefused.METHODS_CHANGED)
            if step is not None:
                # The code that confirmed the app is used up by that (V7).
                await self.enrolments.spend_step(method_id, step)
            try:
                made = await self.enrolments.change(claimed.account, wanted, claimed.key)
            except Conflict:
                return Done(Applied.NO)
            return Done(Applied.YES if made else Applied.NO)

        answer = await self.doing.act(case, await self.directory.read(case.account), effect)
        return answer if isinstance(answer, Case) else answer[0]

    def too_old(self, case: Case) -> bool:
        """Whether the step-up was fresh enough for the link, and is not for this (limit 16)."""
        return self.clock.now() >= case.first_proof_at + self.limits.step_up_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterApp(Casework):
    """The chat half, also of the others: what differs between them is the operation a case was begun for."""

    changes: Changes

    operation: ClassVar[str] = "register_app"

    async def begin_for(self, speaker: Speaker, lang: str, reference: Mapping[str, Any],
                        plan: Mapping[str, str]) -> Asked | Proven | NotAName | Paused | Cannot:
        """Open a case with this plan: `replaces` or `method` (ids of what is registered), `address`, `label`."""
        return await self.begin(speaker, lang, reference, plan=plan)

    async def registered(self, speaker: Speaker) -> Enrolment:
        """What the speaker has registered."""
        return await self.enrolments.read(speaker.object_id or "")

    async def username(self, speaker: Speaker) -> str:
        account = await self.directory.read(speaker.object_id or "")
        return account.username if account else ""

    async def carry_out(self, case_id: str, speaker: Speaker) -> Told:
        """Do what needs no page."""
        case = await self._live(case_id, speaker)
        if isinstance(case, Case) and case.state is State.PROVEN and case.operation != RegisterApp.operation:
            await self.changes.make(case)
        return await self.outcome(case_id)

    def _prepared(self, case: Case, purpose: str) -> Case:
        """With every link comes a seed of its own: that of an older link dies with it (A1, P1)."""
        if purpose == PROVE or case.operation != RegisterApp.operation:
            return case
        return replace(case, draft=new_seed().reveal())


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMail(RegisterApp):
    operation: ClassVar[str] = "register_mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameMethod(RegisterApp):
    operation: ClassVar[str] = "rename_method"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMethod(RegisterApp):
    operation: ClassVar[str] = "remove_method"


@dataclass(frozen=True, slots=True)
class RegisterAppPage:
    """A PageHalf: shows the new seed and takes its first code; until then what was registered stays in force (A1).

    The seed is shown as long as its link lives, so that a reload, or turning the phone, does not break it off; a new
    link has another one, and once it is confirmed, or the link is over, nobody is shown it again (P9).
    """

    directory: Directory
    changes: Changes
    tries: Tries
    limits: Limits
    clock: Clock
    mask: Callable[[str], str]

    fields: ClassVar[frozenset[str]] = frozenset({"code", "label"})

    async def look(self, case: Case, ends: float) -> Form | Ended:
        return await self._form(case, ends) if case.state is State.PROVEN else ended(case)

    async def check(self, case: Case, password: Secret) -> tuple[RuleState, ...] | None:
        return None

    async def finish(self, case: Case, ends: float, fields: Fields) -> Again | Ended:
        if case.state is not State.PROVEN:
            return ended(case)
        if self.changes.too_old(case):
            return ended(await self.changes.doing.refuse(case, WhyRefused.TOO_OLD))
        code = canonical_code(fields["code"].reveal(), DIGITS)
        step = matching_step(Secret(case.draft), code, self.clock.now()) if code else None
        if step is None:
            return await self._wrong(case, ends, "wrong_app_code" if code else "not_an_app_code")
        return ended(await self.changes.make(case, clean_label(fields["label"].reveal()), step))

    async def _wrong(self, case: Case, ends: float, why: str) -> Again | Ended:
        """Codes of a seed that is shown here prove nothing about anybody; there is an end to them all the same."""
        most = self.limits.challenge_failures
        if await self.tries.start("new_app", case.id, True, ((most, DAY),)):
            return ended(await self.changes.doing.refuse(case, WhyRefused.NEW_APP_WRONG))
        return Again(await self._form(case, ends), (RuleState(why, False),))

    async def _form(self, case: Case, ends: float) -> Form:
        account = await self.directory.read(case.account)
        username = account.username if account else ""
        seed = Secret(case.draft)
        key = " ".join(case.draft[at:at + 4] for at in range(0, len(case.draft), 4))
        return Form("register_app", case.operation, case.lang, self.mask(username), username, case.phrase,
                    max(0.0, ends - self.clock.now()),
                    new_app=NewApp(otpauth(seed, ISSUER, username), Secret(key), bool(case.plan.get("replaces"))))


@dataclass(frozen=True, slots=True)
class MethodsChanged:
    """An Aftermath: every registered address hears of it, the new one and the one that is gone included (O6, A3)."""

    enrolments: Enrolments
    records: Records

    async def outcome(self, case: Case) -> Applied:
        made = await self.enrolments.outcome(case.account, case.key)
        return Applied.YES if made else Applied.NO

    async def follow_up(self, case: Case, account: Account) -> None:
        also = [case.plan[name] for name in ("address", "gone") if case.plan.get(name)]
        await self.records.tell_owner(account, f"{case.operation}_done", case.key, also=also)


def _changed(known: Enrolment, case: Case, now: float, method_id: str, label: str) -> Enrolment | None:
    """What is registered after the change; None when what it is about is not there any more."""
    plan = case.plan
    about = plan.get("replaces") or plan.get("method", "")
    if about and about not in known.ids:
        return None
    # A code from IT is no factor that was there before: what it vouches for waits (A3, limit 17).
    backed = IT_CODE not in case.proofs
    match case.operation:
        case RegisterApp.operation:
            app = Method(method_id, TOTP, label, now, backed, seed=Secret(case.draft))
            return known.without(about).having(app)
        case RegisterMail.operation:
            mail = Method(method_id, EMAIL_CODE, "", now, backed, address=plan["address"])
            return known.without(about).having(mail)
        case RenameMethod.operation:
            named = [one for one in known.methods if one.id == about]
            return known.having(replace(named[0], label=plan["label"])) if named else None
        case RemoveMethod.operation:
            return known.without(about)
    raise ValueError(f"{case.operation} changes nothing that is registered")
