"""Unlocking an account, or finding out what else keeps its owner out.

    person  kontoen min er låst
    bot     (which account, and proof: see proving)
    bot     Kontoen var låst, og nå er den åpen igjen. Passordet er det samme som før.
            Som regel er det en gammel e-postapp eller et trådløst nett som har prøvd det gamle passordet …
    bot     (some minutes later) Kontoen er fortsatt åpen. / Nå ble kontoen låst igjen. …
"""

from dataclasses import dataclass

from bot.journeys.unlock_account import UnlockAccount as Journey
from bot.rules.case import WhyRefused
from dialogs.forgot_password import START as RESET
from dialogs.not_me import NOT_ME
from dialogs.offers import PERSON
from dialogs.proving import Proving
from dialogs.talk import Leave, Moved, Press, Step

START = Press("unlock_account.button.start", {"do": "start", "journey": "unlock_account"})


@dataclass(frozen=True)
class UnlockAccount(Proving):
    journey: Journey

    name = "unlock_account"
    steps = ("which_account", "first_proof", "second_proof", "lock")
    wish = "unlock_account"
    help = "unlock_account.help"
    start = START

    async def lock(self, step: Step) -> Moved:
        return await self._stand_by(step, await self.journey.unlock(step.talk.notes["case"], step.talk.speaker))

    def done(self) -> Leave:
        return Leave("unlock_account.done", buttons=[RESET, NOT_ME])

    def what_now(self, reason: str) -> list[Press]:
        if reason in (WhyRefused.NOT_LOCKED, WhyRefused.EXPIRED_PASSWORD):
            return [RESET, PERSON]
        return super().what_now(reason)
