"""Choosing among what was just offered, by its place instead of by a press.

    bot     Jeg er ikke helt sikker på hva du mener. Er det noe av dette?
            [Bytte passord] [Glemt passord]
    person  den andre
    bot     Jeg hjelper deg gjerne med å lage et nytt passord. …
    person  (or:) ingen av dem
    bot     Da prøver vi på nytt …
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.content import Content
from dialogs.answer_question import AnswerQuestion
from dialogs.buttons import Buttons
from dialogs.offers import FETCH
from dialogs.phrases import listed, stands_in, yes_or_no
from dialogs.talk import Talk

# The last, and "the second one", before the first: "one" is the first only where nothing else is said.
_FIRST = "follow_up.words_for_first"
_PLACES = (
    ("follow_up.words_for_last", -1), ("follow_up.words_for_fourth", 3), ("follow_up.words_for_third", 2),
    ("follow_up.words_for_second", 1), (_FIRST, 0))
_NAMED = frozenset(key for key, _ in _PLACES)
_BARE, _ALL = "answer.words_for_bare_answer", "follow_up.words_for_all"
_NONE, _ENOUGH = "follow_up.words_for_none", "follow_up.words_for_enough"
_BESIDE = "follow_up.words_beside_choice"


@dataclass(frozen=True, slots=True)
class Choices:
    content: Content
    answers: AnswerQuestion
    buttons: Buttons

    async def taken(self, talk: Talk, offered: Mapping[str, Any]) -> bool:
        """Do what was chosen of what the message before offered; whether the message chose."""
        said = talk.plain
        values: Sequence[Mapping[str, str]] = offered["of"]
        # "It didn't work" is a no as well, but to what was answered.
        answer = yes_or_no(self.content, said) if self._is(said, _BARE) else None
        if self._is(said, _NONE) or (answer is False and not offered["extra"]):
            await talk.say("follow_up.neither", buttons=[FETCH] if self.buttons.handover.fetches(talk) else [])
        elif answer is False or self._is(said, _ENOUGH):
            await talk.say("follow_up.all_right")
        elif self._is(said, _ALL) or (answer and (offered["extra"] or len(values) == 1)):
            await self._all(talk, values)
        elif (at := self._place(said)) is not None and at < len(values):
            await self._press(talk, values[at])
        elif answer or at is not None:
            talk.memory.offered = dict(offered)
            await talk.say("follow_up.which")
        else:
            return False
        return True

    def places(self, talk: Talk) -> bool:
        """Whether what was heard names a place and nothing else."""
        return self._place(talk.plain) is not None

    async def _all(self, talk: Talk, values: Sequence[Mapping[str, str]]) -> None:
        """One after the other: the first now, and the others are offered."""
        await self._press(talk, values[0])
        if more := [one["topic"] for one in values[1:] if self.answers.knows(one.get("topic", ""))]:
            await self.answers.also(talk, more)

    async def _press(self, talk: Talk, value: Mapping[str, str]) -> None:
        talk.heard = replace(talk.heard, pressed=value)
        await self.buttons.pressed(talk, None)

    def _is(self, said: str, key: str) -> bool:
        return said in listed(self.content, key)

    def _place(self, said: str) -> int | None:
        """The place that is named, if nothing else is said."""
        words = set(said.split()) - listed(self.content, _BESIDE)
        if any(_NAMED.isdisjoint(stands_in(self.content, word)) for word in words):
            return None
        one = listed(self.content, _FIRST)
        for key, place in _PLACES:
            names = listed(self.content, key)
            if words & names:
                return None if words - names - one else place
        return None
