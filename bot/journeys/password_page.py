"""Choosing a new password, the page half of reset and change: the form, the live check, the one effect."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import structlog

from bot.clock import Clock
from bot.directory.protocol import Account, Applied, Directory, PasswordSet
from bot.errors import DirectoryUnavailable
from bot.journeys.casework import attempt_of, tell_of_pause
from bot.journeys.doing import Doing, Done
from bot.journeys.protocol import SIGN_ON, Again, End, Ended, Fields, Form, RuleState
from bot.people import Speaker
from bot.rules.case import Case, State, WhyRefused
from bot.rules.limits import Limits
from bot.rules.passwords import NO_CURRENT, NO_NEW, OF_CURRENT, Owner, Policy, check_password
from bot.secret import Secret
from bot.store.protocol import Counted, Tries

NO_MORE_TRIES = "no_more_tries"
AHEAD_SECONDS = 6.0         # a window that is being opened waits no longer to hear whether it is worth it

log = structlog.get_logger(__name__)


def ended(case: Case) -> Ended:
    end = {State.DONE: End.DONE, State.REFUSED: End.REFUSED}.get(case.state, End.CHECKING)
    return Ended(end, case.lang, case.operation, case.reason)


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """A PageHalf: look and check are harmless, finish acts once (P2, F2)."""

    directory: Directory
    doing: Doing
    tries: Tries
    policy: Callable[[], Policy]
    limits: Limits
    clock: Clock
    mask: Callable[[str], str]

    kind: ClassVar[str]

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"password"})

    async def look(self, case: Case, ends: float) -> Form | Ended:
        return ended(case) if case.state is not State.PROVEN else await self._form(case, ends)

    async def check(self, case: Case, password: Secret) -> tuple[RuleState, ...] | None:
        account = await self.directory.glance(case.account)
        return await self._states(account, password) if account else None

    async def finish(self, case: Case, ends: float, fields: Fields) -> Again | Ended:
        """Rules first: what they refuse costs nothing. Then the one effect."""
        if case.state is not State.PROVEN:
            return ended(case)
        account = await self.directory.read(case.account)
        if (account is not None and not await self.doing.refusal(case, account)
                and (broken := await self._broken(account, fields))):
            return Again(await self._form(case, ends), broken)

        async def effect(claimed: Case) -> Done:
            return await self._effect(claimed, fields)

        answer = await self.doing.act(case, account, effect, completions=self.limits.resets_24h)
        if isinstance(answer, Case):
            return ended(answer)
        given_back, done = answer
        if NO_MORE_TRIES in done.broken:
            return ended(await self.doing.refuse(given_back, WhyRefused.TOO_MANY_TRIES))
        left = {"left": str(done.left)}
        return Again(await self._form(given_back, ends), tuple(
            RuleState(key, False, left if key in OF_CURRENT else {}) for key in done.broken))

    async def _broken(self, account: Account, fields: Fields) -> tuple[RuleState, ...]:
        """What stands against acting at all; an empty field is no try, and is not judged as a password."""
        asked = {"current": NO_CURRENT, "password": NO_NEW}
        if empty := [key for name, key in asked.items() if name in fields and not len(fields[name])]:
            return tuple(RuleState(key, kept=False) for key in empty)
        if SIGN_ON in self.fields and not len(fields[SIGN_ON]):
            return (RuleState(SIGN_ON, kept=False),)
        return tuple(one for one in await self._states(account, fields["password"]) if not one.kept)

    async def _effect(self, case: Case, fields: Fields) -> Done:
        raise NotImplementedError

    async def _form(self, case: Case, ends: float) -> Form:
        account = await self.directory.glance(case.account)
        username = account.username if account else ""
        states = await self._states(account, Secret("")) if account else ()
        return Form(self.kind, case.operation, case.lang, self.mask(username), username, case.phrase,
                    max(0.0, ends - self.clock.now()), states, self.policy().longest, signs_on=SIGN_ON in self.fields)

    async def _states(self, account: Account, password: Secret) -> tuple[RuleState, ...]:
        owner = Owner(names=account.names, username=account.username)
        # Estimating a password's strength is arithmetic that would hold up every other turn.
        checked = await asyncio.to_thread(check_password, password.reveal(), owner, self.policy())
        return tuple(RuleState(one.key, one.kept, one.facts) for one in checked)


@dataclass(frozen=True, slots=True)
class ResetPage(PasswordPage):
    """Everything is proven: only the new password is asked for."""

    kind: ClassVar[str] = "reset"

    async def _effect(self, case: Case, fields: Fields) -> Done:
        return _done(await self.directory.set_password(case.account, fields["password"], case.key))


@dataclass(frozen=True, slots=True)
class ChangePage(PasswordPage):
    """The present password is a proof: counted first, and no oracle (O5)."""

    kind: ClassVar[str] = "change"

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"current", "password", *([SIGN_ON] if self.directory.takes_sign_on else [])})

    async def ahead(self, case: Case, sign_on: Secret) -> None:
        """End it before anything is typed, where it is known that it would be for nothing."""
        try:
            async with asyncio.timeout(AHEAD_SECONDS):
                reason = await self.directory.change_possible(case.account, sign_on)
        except (DirectoryUnavailable, TimeoutError) as error:
            # Not known: it is asked once more with what is typed.
            log.warning("change_not_looked_at", case=case.id, error=type(error).__name__)
            return
        if reason:
            await self.doing.refuse(case, reason)

    async def _effect(self, case: Case, fields: Fields) -> Done:
        speaker = Speaker(**case.speaker)
        attempt = attempt_of(speaker, f"{case.id}:current", case.account)
        counted = await self.tries.count(attempt)
        if not isinstance(counted, Counted):
            # A paused account refuses even the right one, and does not try it (V3).
            return Done(Applied.NO, (NO_MORE_TRIES,))
        answer = await self.directory.change_password(
            case.account, fields["current"], fields["password"], case.key, fields.get(SIGN_ON))
        if OF_CURRENT.intersection(answer.broken):
            await tell_of_pause(case, speaker, self.tries, self.doing.records)
            return replace(_done(answer), left=counted.left) if counted.left else Done(Applied.NO, (NO_MORE_TRIES,))
        if answer.applied is Applied.YES or answer.proven:
            await self.tries.succeeded(attempt, counted.token)
        elif answer.applied is Applied.NO:
            # The present password was not looked at, or nobody says whether it was right: that clears nothing.
            await self.tries.take_back(attempt, counted.token)
        return _done(answer)


def _done(answer: PasswordSet) -> Done:
    return Done(answer.applied, answer.broken, answer.refused)
