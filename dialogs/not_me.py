""""This wasn't me": shutting self-service for one's own account, until IT has looked into it.

    person  det var ikke meg
    bot     Da sperrer jeg selvbetjeningen for kontoen din, logger deg av overalt og sier fra til brukerstøtte …
                                                                    [Ja, sperr kontoen]  [Avbryt]
    person  (presses Ja, sperr kontoen)
    bot     Selvbetjeningen er sperret, og du blir logget av alle steder. Saken haster, og nummeret er K-1042. …
"""

from dataclasses import dataclass

from bot.journeys.alarm import Alarm, Alarmed, Stands
from dialogs.confirming import Confirming
from dialogs.offers import FETCH
from dialogs.talk import Leave, Moved, Press, Reply, Step, Talk

NOT_ME = Press("not_me.button.start", {"do": "not_me"})
FREEZE = Press("not_me.button.freeze", {"do": "freeze"})


@dataclass(frozen=True)
class NotMe(Confirming):
    """One press: it locks, and only IT unlocks."""

    journey: Alarm

    name = "not_me"
    steps = ("sure", "freeze")
    wish = "suspicious_activity"
    help = "not_me.help"
    question, again, kept = "not_me.sure", "not_me.sure_again", "not_me.cancelled"
    words = "not_me.words_for_freeze"
    yes = FREEZE

    async def answered(self, talk: Talk) -> Reply:
        if talk.heard.kind == "knock" and (alarmed := await self.journey.sounded(talk.speaker)):
            return _told(alarmed)
        return await super().answered(talk)

    async def freeze(self, step: Step) -> Moved:
        talk = step.talk
        alarmed = await self.journey.sound(talk.speaker, talk.lang, talk.reference)
        return await step.take(_told(alarmed))

    async def visitor(self, talk: Talk, *, fetches: bool) -> None:
        """Nobody knows who this is, so nothing is shut: the mail's link does it, or a person (V4, S-047)."""
        await talk.say("not_me.visitor", buttons=[FETCH] if fetches else ())


def _told(alarmed: Alarmed) -> Leave:
    if alarmed.stands is Stands.UNKNOWN:
        return Leave("case.cannot.unknown", buttons=[FETCH])
    if alarmed.number:
        return Leave(f"not_me.with_case.{alarmed.stands}", {"number": alarmed.number})
    return Leave(f"not_me.{alarmed.stands}", buttons=[FETCH])
