"""Forgetting a person who asks for it: at once what may be deleted, and in words what stays, and why.

    person  glem meg
    bot     Da sletter jeg det jeg husker av samtalen … Skal jeg gjøre det?          [Ja, glem meg]  [Avbryt]
    person  ja
    bot     Da er samtalen slettet …
            Dette blir liggende: …
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.journeys.forgetting import Forgetting, Kept
from bot.people import Speaker
from dialogs.confirming import Confirming
from dialogs.talk import Moved, Press, Step, Talk

FORGET = Press("forget_me.button.start", {"do": "forget_me"})
YES = Press("forget_me.button.yes", {"do": "forget"})


@dataclass(frozen=True)
class ForgetMe(Confirming):
    """`clear`: removes what was said from our own record of the speaker's chat, where there is one."""

    journey: Forgetting
    clear: Callable[[Speaker], Awaitable[None]]

    name = "forget_me"
    steps = ("sure", "forget")
    wish = "privacy"
    help = "forget_me.help"
    question = again = "forget_me.sure"
    kept = "forget_me.cancelled"
    words = "forget_me.words_for_forget"
    yes = YES

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
