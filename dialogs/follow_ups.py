"""What is said after an answer and means nothing without it.

    person  hvordan registrerer jeg meg?
    bot     Gå til siden for sikkerhetsinformasjon …
    person  hvordan gjør jeg det?
    bot     1. Åpne lenken under …
    person  og for administratorer?
    bot     Kryss av for «Require users to register when signing in» …
    person  hva om det ikke virker?
    bot     Det var synd. Prøv gjerne å spørre med andre ord …
"""

from dataclasses import dataclass

from dialogs.answer_question import AnswerQuestion
from dialogs.handover import Handover
from dialogs.talk import Talk

HOW = "answer.words_for_how"
ADMINS = "answer.words_for_admins"
DO_IT = "answer.words_for_do_it"
NO_GOOD = "answer.words_for_no_good"


@dataclass(frozen=True, slots=True)
class FollowUps:
    """By the topic that was answered last, whatever the understanding would make of the words alone."""

    answers: AnswerQuestion
    handover: Handover

    async def follow(self, talk: Talk) -> bool:
        """Answer it, if it is one; whether it was."""
        if not talk.says(HOW, ADMINS, NO_GOOD, DO_IT) or not (topic := self._last(talk)):
            return False
        text = self.answers.content.topics[topic].texts[talk.lang]
        if talk.says(HOW):
            await self._tell(talk, topic, "steps" if text.steps else "")
        elif talk.says(ADMINS):
            await self._tell(talk, topic, "admin" if text.admin else "")
        elif talk.says(NO_GOOD):
            await self.answers.alternatives(talk, topic)
        elif talk.says(DO_IT) and (journey := self.answers.content.topics[topic].journey):
            await self.handover.start(talk, journey)
        else:
            return False
        return True

    async def _tell(self, talk: Talk, topic: str, part: str) -> None:
        if part:
            await self.answers.more(talk, topic, part)
        else:
            await self.answers.answer(talk, topic)

    def _last(self, talk: Talk) -> str:
        """The topic that was answered last, if nothing else was done since."""
        what, name, _ = talk.memory.tried[-1] if talk.memory.tried else ("", "", "")
        return name if what == "topic" and self.answers.knows(name) else ""
