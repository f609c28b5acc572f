""""This wasn't me": shutting self-service for one's own account, until IT has looked into it.

    person  det var ikke meg
    bot     Da sperrer jeg selvbetjeningen for kontoen din, logger deg av overalt og sier fra til brukerstøtte …
                                                                    [Ja, sperr kontoen]  [Avbryt]
    person  (presses Ja, sperr kontoen)
    bot     Selvbetjeningen er sperret, og du blir logget av alle steder. Saken haster, og nummeret er K-1042. …
"""

from dataclasses import dataclass

from bot.clock import Clock
from bot.journeys.alarm import Alarm, Alarmed, Stands
from bot.rules.limits import Limits
from dialogs.offers import CANCEL, FETCH
from dialogs.talk import Again, Conversation, Good, Leave, Moved, Press, Reply, Step, Talk, Wait

NOT_ME = Press("not_me.button.start", {"do": "not_me"})
FREEZE = Press("not_me.button.freeze", {"do": "freeze"})


@dataclass(frozen=True)
class NotMe(Conversation):
    journey: Alarm
    limits: Limits
    clock: Clock

    name = "not_me"
    steps = ("sure", "freeze")
    wish = "suspicious_activity"
    help = "not_me.help"

    async def sure(self, step: Step) -> Moved:
        """One press: it locks, and only IT unlocks."""
        step.talk.memory.until = self.clock.now() + self.limits.flow_seconds
        return await step.ask(
            "not_me.sure", self.answered, words="not_me.words_for_freeze", again="not_me.sure_again",
            buttons=[FREEZE, CANCEL])

    async def answered(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        yes = talk.yes_or_no()
        if talk.heard.pressed.get("do") == "freeze" or talk.says("not_me.words_for_freeze") or yes:
            return Good()
        return Again("not_me.sure_again", buttons=[FREEZE, CANCEL]) if yes is None else Leave("not_me.cancelled")

    async def freeze(self, step: Step) -> Moved:
        talk = step.talk
        alarmed = await self.journey.sound(talk.speaker, talk.lang, talk.reference)
        return await step.take(_told(alarmed))

    async def visitor(self, talk: Talk, *, fetches: bool) -> None:
        """Nobody knows who this is, so nothing is shut: the mail's link does it, or a person (V4, S-047)."""
        await talk.say("not_me.visitor", buttons=[FETCH] if fetches else ())

    async def cancelled(self, talk: Talk) -> bool:
        await talk.say("not_me.cancelled")
        return True

    async def expired(self, talk: Talk) -> bool:
        await talk.say("not_me.cancelled")
        return True


def _told(alarmed: Alarmed) -> Leave:
    if alarmed.stands is Stands.UNKNOWN:
        return Leave("case.cannot.unknown", buttons=[FETCH])
    if alarmed.number:
        return Leave(f"not_me.with_case.{alarmed.stands}", {"number": alarmed.number})
    return Leave(f"not_me.{alarmed.stands}", buttons=[FETCH])
