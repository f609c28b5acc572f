"""Telling the signed-in owner what is registered, and what is missing.

    person  hva har jeg registrert?
    bot     Dette har du registrert hos meg:
            - Godkjenningsapp, siden 3. mars 2026, sist brukt 27. november 2026
            - Privat e-post ka•••@privat.example.no, siden 3. mars 2026
            Alt er på plass for å lage nytt passord.
            Hos Microsoft har du registrert dette:            (only where accounts live in Entra ID)
            - Telefon +47 •••78   [Vis siste hendelser] [Lag gjenopprettingskoder]
    person  (presses Vis siste hendelser)
    bot     Dette har skjedd med kontoen din i det siste:
            - i går kl. 14.05: Passordet ble laget på nytt i nettchatten
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.clock import Clock
from bot.journeys.my_status import MyStatus as Journey
from bot.journeys.my_status import Shown, Status
from bot.rules.events import Telling
from bot.rules.policy import Policy
from bot.rules.registered import EMAIL_CODE
from bot.rules.reminders import Wanted
from bot.rules.sign_in_there import OwnPage, SignInMethod, SignInThere
from dialogs.not_me import NOT_ME
from dialogs.offers import Offers
from dialogs.talk import Press, Talk
from dialogs.times import day, lately, moment

EVENTS = Press("my_status.button.events", {"do": "events"})

STILL_RIGHT = Press("reminders.button.yes", {"do": "confirm", "was": "yes"})


@dataclass(frozen=True, slots=True)
class MyStatus:
    journey: Journey
    policy: Callable[[], Policy]
    offers: Offers
    clock: Clock

    async def tell(self, talk: Talk) -> bool:
        """Say it; False when there is nothing of this person's that may be shown here."""
        if not own(talk):
            return False
        status, sign_in = await asyncio.gather(self.look(talk), self.journey.sign_in_there(talk.speaker))
        if status is None:
            return False
        lines = [*self._registered(talk, status), self._verdict(talk, status)]
        if status.password_changed:
            lines.append(talk.words("my_status.password_changed", day=day(talk, status.password_changed)))
        lines += self._there(talk, sign_in) if sign_in else ()
        if status.confirmed_at and (status.methods or status.codes_left):
            lines.append(talk.words("my_status.confirmed", day=day(talk, status.confirmed_at)))
        buttons = self._buttons(talk, sign_in)
        if status.asked is Wanted.CONFIRM:
            # The press is about what is shown here (see reminders).
            talk.memory.reminders["rev"] = status.rev
            buttons.append(STILL_RIGHT)
        await talk.say_lines(lines, buttons)
        return True

    async def look(self, talk: Talk) -> Status | None:
        """The owner's own status; None for everybody else."""
        return await self.journey.of(talk.speaker, self.policy()) if own(talk) else None

    async def tell_events(self, talk: Talk) -> None:
        """What happened lately with the owner's account; to anybody else it is said where that can be seen."""
        if not own(talk):
            await talk.say("my_events.only_owner" if talk.speaker.personal else "common.only_in_private")
            return
        events = await self.journey.events(talk.speaker)
        if not events:
            await talk.say("my_events.none")
            return
        await talk.say_lines(
            [talk.words("my_events.title"), *(f"- {self._event(talk, one)}" for one in events),
             talk.words("my_events.not_me")], [NOT_ME])

    def _event(self, talk: Talk, one: Telling) -> str:
        parts = [talk.words(f"my_events.{one.what}"), talk.words(f"my_events.by.{one.way}")]
        if one.times > 1:
            parts.append(talk.words("my_events.times", n=one.times))
        return f"{lately(talk, one.at, self.clock.now())}: {' '.join(parts)}"

    def _registered(self, talk: Talk, status: Status) -> list[str]:
        if not status.methods and not status.codes_left:
            return [talk.words("my_status.nothing")]
        return [talk.words("my_status.registered"), *self.lines(talk, status)]

    def lines(self, talk: Talk, status: Status) -> list[str]:
        """A line for each thing that is registered."""
        lines = [f"- {self._line(talk, one)}" for one in status.methods]
        if status.codes_left:
            codes = talk.words("my_status.codes", left=status.codes_left)
            lines.append(f"- {self._counting(talk, codes, counts=status.codes_count)}")
        return lines

    def _line(self, talk: Talk, one: Shown) -> str:
        facts = {"since": day(talk, one.since)}
        if one.kind == EMAIL_CODE:
            line = talk.words("my_status.mail", address=one.detail, **facts)
        elif one.detail:
            line = talk.words("my_status.app_named", name=one.detail, **facts)
        else:
            line = talk.words("my_status.app", **facts)
        if one.last_used:
            line += talk.words("my_status.last_used", day=day(talk, one.last_used))
        return self._counting(talk, line, counts=one.counts)

    @staticmethod
    def _counting(talk: Talk, line: str, *, counts: bool) -> str:
        return line if counts else f"{line} {talk.words('my_status.too_new')}"

    def _verdict(self, talk: Talk, status: Status) -> str:
        if status.blocked:
            return talk.words(f"case.cannot.{status.blocked}")
        if status.ready.missing:
            return talk.words("my_status.missing")
        if status.ready.until:
            return talk.words("my_status.soon", moment=moment(talk, status.ready.until, self.clock.now()))
        return talk.words("my_status.ready")

    def _there(self, talk: Talk, sign_in: SignInThere) -> Iterator[str]:
        """What is registered at the directory's own sign-in, and whether its own page would help."""
        if sign_in.methods is not None:
            yield talk.words("my_status.there.title" if sign_in.methods else "my_status.there.nothing")
            yield from (f"- {self._method(talk, one)}" for one in sign_in.methods)
        if sign_in.page is not OwnPage.UNKNOWN:
            yield talk.words(f"my_status.page.{sign_in.page}")

    @staticmethod
    def _method(talk: Talk, one: SignInMethod) -> str:
        named = talk.words(f"my_status.there.{one.kind}")
        return talk.words("my_status.there.with", kind=named, detail=one.detail) if one.detail else named

    def _buttons(self, talk: Talk, sign_in: SignInThere | None) -> list[Press]:
        offered = self.offers.to(talk.speaker)
        there = [Press("my_status.button.there", url=talk.link("secinfo"))] if sign_in else []
        return [EVENTS, *(self.offers.button(one) for one in ("register_method", "recovery_codes") if one in offered),
                *there]


def own(talk: Talk) -> bool:
    """Whether this is the signed-in owner of an account, alone with the bot (I2, I3, I4)."""
    return not talk.speaker.anonymous and not talk.speaker.guest and talk.speaker.personal
