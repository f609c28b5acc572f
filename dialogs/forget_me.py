"""Forgetting a person who asks for it: at once what may be deleted, and in words what stays, and why.

    person  glem meg
    bot     Da sletter jeg det jeg husker av samtalen … Skal jeg gjøre det?          [Ja, glem meg]  [Avbryt]
    person  ja
    bot     Da er samtalen slettet …
            Dette blir liggende: …
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.journeys.forgetting import Forgetting, Kept
from bot.people import Speaker
from bot.rules.limits import Limits
from dialogs.offers import CANCEL
from dialogs.talk import Again, Conversation, Good, Leave, Moved, Press, Reply, Step, Talk, Wait

FORGET = Press("forget_me.button.start", {"do": "forget_me"})
YES = Press("forget_me.button.yes", {"do": "forget"})


@dataclass(frozen=True)
class ForgetMe(Conversation):
    """`clear`: removes what was said from our own record of the speaker's chat, where there is one."""

    journey: Forgetting
    clear: Callable[[Speaker], Awaitable[None]]
    limits: Limits
    clock: Clock

    name = "forget_me"
    steps = ("sure", "forget")
    wish = "privacy"
    help = "forget_me.help"

    async def sure(self, step: Step) -> Moved:
        step.talk.memory.until = self.clock.now() + self.limits.flow_seconds
        return await step.ask(
            "forget_me.sure", self.answered, words="forget_me.words_for_forget", buttons=[YES, CANCEL])

    async def answered(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        yes = talk.yes_or_no()
        if talk.heard.pressed.get("do") == "forget" or yes or talk.says("forget_me.words_for_forget"):
            return Good()
        return Again("forget_me.sure", buttons=[YES, CANCEL]) if yes is None else Leave("forget_me.cancelled")

    async def forget(self, step: Step) -> Moved:
        talk = step.talk
        kept = await self.journey.forget(talk.speaker, talk.notes.get("case", ""))
        await self.clear(talk.speaker)
        await talk.say_lines([*self._gone(talk), talk.words("forget_me.stays"), *self._stays(talk, kept)])
        talk.forgotten = True
        return await step.end()

    def _gone(self, talk: Talk) -> list[str]:
        where = "web_chat" if talk.speaker.in_our_web_chat else "teams"
        return [talk.words("forget_me.gone"), talk.words(f"forget_me.screen.{where}")]

    def _stays(self, talk: Talk, kept: Kept) -> list[str]:
        found = [name for name in ("under_way", "methods", "hold", "help_cases") if getattr(kept, name)]
        return [f"- {talk.words(f'forget_me.kept.{name}')}" for name in (*found, "trail", "questions", "counters")]

    async def cancelled(self, talk: Talk) -> bool:
        await talk.say("forget_me.cancelled")
        return True

    async def expired(self, talk: Talk) -> bool:
        await talk.say("forget_me.cancelled")
        return True
