"""Where a recovery code, or one from IT, is typed: it proves the person of the case, and nobody else (P3)."""

from dataclasses import dataclass
from typing import ClassVar

from bot.clock import Clock
from bot.delivery.protocol import Knock
from bot.journeys.answers import Asked, NotACode, Paused, Proven, Told, Wrong
from bot.journeys.casework import ON_PAGE, PROVE, Casework
from bot.journeys.protocol import Again, End, Ended, Fields, Form, RuleState
from bot.rules.case import Case
from bot.rules.registered import IT_CODE, STEP_UP
from bot.secret import Secret

_WORDS = {STEP_UP: "step_up", IT_CODE: "it_code"}


def proof_words(case: Case) -> str:
    """What the page is called, by what may be typed there: content `pages.<...>`."""
    return _WORDS.get(case.next_gate, PROVE)


@dataclass(frozen=True, slots=True)
class ProofPage:
    """A PageHalf. It looks the same for every account: nobody is proven yet (E1, E3)."""

    work: Casework
    knock: Knock
    clock: Clock

    fields: ClassVar[frozenset[str]] = frozenset({"code"})

    async def look(self, case: Case, ends: float) -> Form | Ended:
        return self._form(case, ends) if case.next_gate in ON_PAGE else self._passed(case)

    async def check(self, case: Case, password: Secret) -> tuple[RuleState, ...] | None:
        return None

    async def finish(self, case: Case, ends: float, fields: Fields) -> Again | Ended:
        if case.next_gate not in ON_PAGE:
            return self._passed(case)       # A double submit: the first one has been judged (P2).
        answer = await self.work.prove_on_page(case, fields["code"].reveal())
        match answer:
            case Asked() | Proven():
                end = self._passed(case)
            case NotACode():
                return Again(self._form(case, ends), (RuleState("not_a_recovery_code", False),))
            case Wrong(left):
                return Again(self._form(case, ends), (RuleState("wrong_recovery_code", False, {"left": str(left)}),))
            case Paused():
                end = Ended(End.REFUSED, case.lang, PROVE, "paused", at_once=True)
            case Told(_, reason):
                end = Ended(End.REFUSED, case.lang, PROVE, reason, at_once=True)
        await self.knock.knock(case.reference)
        return end

    @staticmethod
    def _passed(case: Case) -> Ended:
        return Ended(End.DONE, case.lang, PROVE, at_once=True)

    def _form(self, case: Case, ends: float) -> Form:
        return Form(PROVE, proof_words(case), case.lang, "", "", case.phrase, max(0.0, ends - self.clock.now()))
