"""Telling the signed-in owner what is registered, and what is missing.

    person  hva har jeg registrert?
    bot     Dette har du registrert hos meg:
            - Godkjenningsapp, siden 3. mars 2026, sist brukt 27. november 2026
            - Privat e-post ka•••@privat.example.no, siden 3. mars 2026
            Alt er på plass for å lage nytt passord.                    [Lag gjenopprettingskoder]
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.journeys.my_status import MyStatus as Journey
from bot.journeys.my_status import Shown, Status
from bot.rules.policy import Policy
from bot.rules.registered import EMAIL_CODE
from dialogs.offers import Offers
from dialogs.talk import Press, Talk
from dialogs.times import day, moment


@dataclass(frozen=True, slots=True)
class MyStatus:
    journey: Journey
    policy: Callable[[], Policy]
    offers: Offers
    clock: Clock

    async def tell(self, talk: Talk) -> bool:
        """Say it; False when there is nothing of this person's that may be shown here."""
        if talk.speaker.anonymous or talk.speaker.guest or not talk.speaker.personal:
            return False
        status = await self.journey.of(talk.speaker, self.policy())
        if status is None:
            return False
        await talk.say_lines([*self._registered(talk, status), self._verdict(talk, status)], self._buttons(talk))
        return True

    def _registered(self, talk: Talk, status: Status) -> list[str]:
        if not status.methods and not status.codes_left:
            return [talk.words("my_status.nothing")]
        lines = [talk.words("my_status.registered"), *(f"- {self._line(talk, one)}" for one in status.methods)]
        if status.codes_left:
            lines.append("- " + talk.words("my_status.codes", left=status.codes_left))
        return lines

    def _line(self, talk: Talk, one: Shown) -> str:
        facts = {"since": day(talk, one.since)}
        if one.kind == EMAIL_CODE:
            line = talk.words("my_status.mail", address=one.detail, **facts)
        else:
            line = talk.words("my_status.app", **facts)
        if one.last_used:
            line += talk.words("my_status.last_used", day=day(talk, one.last_used))
        return line if one.counts else line + talk.words("my_status.too_new")

    def _verdict(self, talk: Talk, status: Status) -> str:
        if status.blocked:
            return talk.words(f"case.cannot.{status.blocked}")
        if status.ready.missing:
            return talk.words("my_status.missing")
        if status.ready.until:
            return talk.words("my_status.soon", moment=moment(talk, status.ready.until, self.clock.now()))
        return talk.words("my_status.ready")

    def _buttons(self, talk: Talk) -> list[Press]:
        return [self.offers.button(one) for one in ("recovery_codes",) if one in self.offers.to(talk.speaker)]
