"""A conversation that asks once whether it is meant, and then does it.

    bot     Skal jeg gjøre det?          [Ja]  [Avbryt]
    person  (says something else)
    bot     (asks again)
    person  ja
"""

from dataclasses import dataclass
from typing import ClassVar

from bot.clock import Clock
from bot.rules.limits import Limits
from dialogs.offers import CANCEL
from dialogs.talk import Again, Conversation, Good, Leave, Moved, Press, Reply, Step, Talk, Wait


@dataclass(frozen=True)
class Confirming(Conversation):
    """Begins with the step `sure`. `question`, `again`, `kept`: what is said; `words`: phrases that are a yes, too."""

    limits: Limits
    clock: Clock

    question: ClassVar[str]
    again: ClassVar[str]
    kept: ClassVar[str]         # when it is not meant, or not answered in time
    words: ClassVar[str]
    yes: ClassVar[Press]

    async def sure(self, step: Step) -> Moved:
        step.talk.memory.until = self.clock.now() + self.limits.flow_seconds
        return await step.ask(
            self.question, self.answered, words=self.words, again=self.again, buttons=[self.yes, CANCEL])

    async def answered(self, talk: Talk) -> Reply:
        if talk.heard.kind != "message":
            return Wait()
        yes = talk.yes_or_no()
        if talk.heard.pressed.get("do") == self.yes.value["do"] or yes or talk.says(self.words):
            return Good()
        return Again(self.again, buttons=[self.yes, CANCEL]) if yes is None else Leave(self.kept)

    async def cancelled(self, talk: Talk) -> bool:
        await talk.say(self.kept)
        return True

    async def expired(self, talk: Talk) -> bool:
        await talk.say(self.kept)
        return True
