"""Reminding the signed-in owner, after an answer and never in the middle of anything: to register, or to look again.

    bot     (answers)
    bot     Det er en stund siden du så over det du har registrert. Stemmer dette fortsatt?
            - Godkjenningsapp, siden 3. mars 2026
            - Privat e-post ka•••@privat.example.no, siden 3. mars 2026  [Ja, alt stemmer] [Endre] [Senere]
    person  (presses Ja, alt stemmer)
    bot     Takk, da er det notert.

    bot     (answers somebody who is not registered, where the policy wants everybody to be)
    bot     Du har ikke registrert nok til å lage nytt passord selv. …   [Registrer deg] [Ikke nå]
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog

from bot.clock import Clock
from bot.errors import KeyturnError
from bot.journeys.reminding import Reminding
from bot.rules.reminders import Wanted
from dialogs.my_status import STILL_RIGHT, MyStatus, own
from dialogs.offers import FETCH, Offers
from dialogs.talk import Memory, Press, Talk
from dialogs.times import day

log = structlog.get_logger(__name__)

REGISTER = "register_method"

LOOK_AGAIN_SECONDS = 3600.0
"""For so long a conversation believes what it knows: an owner's turn asks the store for nothing more."""
PATIENCE_SECONDS = 2.0      # the answer is said; a slow directory must not hold the turn
NOT_AGAIN_SECONDS = 20 * 3600.0
_ANY = tuple(Wanted)

LATER = Press("reminders.button.later", {"do": "confirm", "was": "later"})
NOT_NOW = Press("reminders.button.not_now", {"do": "snooze"})


@dataclass(frozen=True, slots=True)
class Reminders:
    """`Memory.reminders` keeps: `until` what is known holds, what is `wanted`, `rev` of what was shown, when the
    owner was `asked` to look it over, and since when registering is put off (`snoozed`)."""

    status: MyStatus
    journey: Reminding
    offers: Offers
    clock: Clock

    async def greet(self, talk: Talk) -> None:
        """Right after the welcome."""
        await self._remind(talk, "reminders.greeting", (Wanted.REGISTER,))

    async def after_answer(self, talk: Talk) -> None:
        await self._remind(talk, "reminders.register", _ANY)

    def forget(self, memory: Memory) -> None:
        """Something was done: look anew at the next turn."""
        memory.reminders.pop("until", None)

    async def pressed(self, talk: Talk) -> bool:
        """Meet what a button of a reminder sent; False when it was another's."""
        match talk.heard.pressed.get("do"):
            case "confirm":
                await self._confirmed(talk)
            case "snooze":
                await self._snoozed(talk)
            case _:
                return False
        return True

    async def _confirmed(self, talk: Talk) -> None:
        """The owner answered whether it is all still right."""
        known = talk.memory.reminders
        if talk.heard.pressed.get("was") != "yes":
            known["asked"] = self.clock.now()
            await talk.say("reminders.later")
        elif not own(talk):
            await talk.say("common.stale_button")
        elif "rev" in known and await self.journey.confirm(talk.speaker, known.pop("rev")):
            self.forget(talk.memory)
            await talk.say("reminders.confirmed")
        elif not await self._ask(talk, "reminders.changed"):
            await talk.say("common.stale_button")

    async def _snoozed(self, talk: Talk) -> None:
        """The owner does not want to register now."""
        if not own(talk):
            await talk.say("common.stale_button")
            return
        snooze = await self.journey.snooze(talk.speaker)
        self.forget(talk.memory)
        if snooze is None:
            await talk.say("reminders.no_more", buttons=[self._to_register(talk)])
        else:
            await talk.say("reminders.snoozed", day=day(talk, snooze.until))

    async def _ask(self, talk: Talk, key: str) -> bool:
        """Show what is registered and ask whether it is right; False when there is nothing to show."""
        status = await self.status.look(talk)
        if status is None or status.blocked or not (status.methods or status.codes_left):
            return False
        known = talk.memory.reminders
        known["asked"], known["rev"] = self.clock.now(), status.rev
        await talk.say_lines([talk.words(key), *self.status.lines(talk, status)],
                             [STILL_RIGHT, self._to_register(talk, "reminders.button.change"), LATER])
        return True

    async def _remind(self, talk: Talk, key: str, about: tuple[Wanted, ...]) -> None:
        """Never on a visitor's way, and at most once an hour with a look at the store."""
        if not own(talk) or self._quiet(talk.memory.reminders):
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._reminded(talk, key, about)
        except (KeyturnError, TimeoutError) as error:
            # What was asked is answered; the reminder can wait.
            log.warning("not_reminded", error=type(error).__name__)

    def _quiet(self, known: dict[str, Any]) -> bool:
        """Whether it is known that there is nothing to say, as in most turns."""
        return known.get("wanted") == Wanted.NOTHING and self.clock.now() < known.get("until", 0)

    async def _reminded(self, talk: Talk, key: str, about: tuple[Wanted, ...]) -> None:
        known, now = talk.memory.reminders, self.clock.now()
        if now >= known.get("until", 0):
            known.update(await self._looked(talk), until=now + LOOK_AGAIN_SECONDS)
        if known["wanted"] not in about:
            return
        if known["wanted"] == Wanted.REGISTER:
            if now >= known["snoozed"]:
                again = [NOT_NOW] if known["times"] < self.journey.policy().registration.snoozes else []
                await talk.say(key, buttons=[self._to_register(talk), *again])
        elif known["wanted"] == Wanted.CONFIRM and now >= known.get("asked", 0) + NOT_AGAIN_SECONDS:
            await self._ask(talk, "reminders.still_right")

    async def _looked(self, talk: Talk) -> dict[str, Any]:
        status = await self.status.look(talk)
        if status is None or status.asked is not Wanted.REGISTER:
            return {"wanted": status.asked.value if status else ""}
        snooze = await self.journey.snoozed(talk.speaker)
        return {"wanted": Wanted.REGISTER.value, "snoozed": snooze.until, "times": snooze.times}

    def _to_register(self, talk: Talk, key: str = "reminders.button.register") -> Press:
        """The button to the registration; where the policy has switched it off, to somebody who can help."""
        offered = REGISTER in self.offers.to(talk.speaker)
        return Press(key, self.offers.button(REGISTER).value) if offered else FETCH
