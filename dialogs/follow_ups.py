"""What is said after an answer and means nothing without it.

    person  hvordan registrerer jeg meg?
    bot     Gå til siden for sikkerhetsinformasjon …
    person  ok, og hvor finner jeg det?
    bot     1. Åpne lenken under …
    person  og for administratorer?
    bot     Kryss av for «Require users to register when signing in» …
    person  virker det på iphone også?
    bot     Det jeg vet om «Registrere sikkerhetsinformasjon», står over her og bak knappene under. …
    person  hva om det ikke virker?
    bot     Det var synd. Prøv gjerne å spørre med andre ord …
"""

from dataclasses import dataclass

from bot.content import Content
from bot.understanding import OUT_OF_SCOPE, Reader, Reading
from dialogs.answer_question import SMALL_TALK, AnswerQuestion
from dialogs.explain_error import RATED, ExplainError
from dialogs.handover import Handover
from dialogs.offers import FETCH
from dialogs.phrases import asks, has_word, made_of, opened, stands_in, yes_or_no
from dialogs.talk import Press, Talk

HOW = "answer.words_for_how"
ADMINS = "answer.words_for_admins"
DO_IT = "answer.words_for_do_it"
NO_GOOD = "answer.words_for_no_good"
ASKING = "follow_up.words_of_asking"        # a message of these alone says nothing of what it is about
OF_ADMINS = "follow_up.words_of_admins"     # with those: what an administrator does
STEPS = "follow_up.words_for_steps"
MEASURE = "follow_up.words_for_measure"

COURTESIES = frozenset({"greeting", "thanks", "cancel", "language"})

MISSES_BEFORE_PEOPLE = 2
"""Misunderstood this often in a row, people are offered beside the guesses."""
SURE_BY_ITSELF = 0.9        # then it needs no answer before it, however few words it has
SURELY_NOT_OURS = 0.95
FEWEST_WORDS = 3            # "why not" is about nothing by itself
MOST_WORDS = 10             # a longer message tells what it is about


@dataclass(frozen=True, slots=True)
class FollowUps:
    """By what was answered last, whatever the understanding would make of the words alone."""

    content: Content
    answers: AnswerQuestion
    errors: ExplainError
    handover: Handover
    reader: Reader

    def meant(self, talk: Talk, reading: Reading) -> Reading:
        """Past thanks, a greeting or a no that only opens a question: "nei, jeg mente bytte det", "thanks, but how?"

        `reading` is of all of it.
        """
        if reading.topic not in SMALL_TALK and reading.sure:
            return reading
        rest, turned = opened(self.content, talk.plain)
        question = asks(self.content, talk.heard.text, rest)
        if rest == talk.plain or not (turned or question):
            return reading
        meant = self.reader.read(rest, talk.lang)
        if question and reading.topic in COURTESIES:
            return reading if meant.topic in COURTESIES else meant
        return meant if meant.sure and meant.topic not in SMALL_TALK else reading

    def in_same_language(self, talk: Talk) -> bool:
        """Whether every word of a follow-up is one of the conversation's language: so few tell a reader little."""
        words = self.content.say(talk.lang, ASKING).split(", ")
        return bool(talk.memory.about) and set(opened(self.content, talk.plain)[0].split()).issubset(words)

    async def follow(self, talk: Talk, reading: Reading) -> bool:
        """Answer it, if it is one; whether it was. `reading` is of the message by itself."""
        about = talk.memory.about
        if not about:
            return False
        if not (kind := self._kind(talk, reading, about[0])):
            return False
        error_id = about[0].removeprefix(RATED)
        if error_id != about[0]:
            return await self._of_error(talk, error_id, kind)
        return self.answers.knows(about[0]) and await self._of_topic(talk, about, kind)

    async def in_context(self, talk: Talk, reading: Reading) -> str:
        """Read it together with the title of what was answered, where by itself it is unclear; the id of that topic if
        that helped, else nothing."""
        about = talk.memory.about
        if not about or not self.answers.knows(about[0]) or len(talk.heard.text.split()) > MOST_WORDS:
            return ""
        if reading.topic == OUT_OF_SCOPE and reading.confidence >= SURELY_NOT_OURS:
            return ""
        topic = self.content.topics[about[0]]
        said, turned = opened(self.content, talk.plain)
        vague = reading.topic in (*SMALL_TALK, OUT_OF_SCOPE)
        if not (vague or turned or topic.label in reading.candidates):
            return ""           # It says what it is about, if not which of it.
        together = self.reader.read(f"{topic.texts[talk.lang].title}. {said}", talk.lang)
        clear = together.sure and together.topic not in (*SMALL_TALK, OUT_OF_SCOPE)
        if clear and together.topic != topic.label:
            talk.memory.misses = 0
            await self.answers.answer(talk, together.answers[0])
        elif clear or (turned and reading.topic == OUT_OF_SCOPE):
            near = [topic for label, topic in zip(reading.candidates, reading.answers, strict=True)
                    if label not in (*SMALL_TALK, OUT_OF_SCOPE)]
            await self._still(talk, about, [] if vague else near[:2])
        else:
            return ""
        return topic.id

    def _kind(self, talk: Talk, reading: Reading, about: str) -> str:
        """Which kind of follow-up it is; empty for none."""
        whole = talk.plain
        said, turned = opened(self.content, whole)
        listed = stands_in(self.content, whole) | stands_in(self.content, said)
        for kind in (HOW, ADMINS, NO_GOOD, DO_IT):
            if kind in listed:
                return kind
        question = asks(self.content, talk.heard.text, said)
        if not question and (helped := yes_or_no(self.content, whole)) is not None:
            return "" if helped else NO_GOOD
        if not question and reading.sure and reading.answers[0] == about and self._denies(whole):
            return NO_GOOD      # The same answer again would not help.
        if has_word(self.content, said, OF_ADMINS) and made_of(self.content, said, ASKING, OF_ADMINS):
            return ADMINS
        if not made_of(self.content, said, ASKING) or self._by_itself(reading, said, about):
            return ""
        if said != whole and not turned and not question and reading.sure and reading.topic in COURTESIES:
            return ""       # "Thanks for that" asks nothing.
        steps = has_word(self.content, said, STEPS) and not has_word(self.content, said, MEASURE)
        return HOW if steps else ASKING

    def _denies(self, whole: str) -> bool:
        """Whether it begins with a no, and goes on."""
        return has_word(self.content, whole.partition(" ")[0], "answer.words_for_no")

    def _by_itself(self, reading: Reading, said: str, about: str) -> bool:
        """Whether it is surely about something else, however little its words say one by one."""
        sure = len(said.split()) >= FEWEST_WORDS and reading.confidence >= SURE_BY_ITSELF
        return sure and reading.topic not in (*SMALL_TALK, OUT_OF_SCOPE) and reading.answers[0] != about

    async def _of_topic(self, talk: Talk, about: list[str], kind: str) -> bool:
        topic = self.content.topics[about[0]]
        text = topic.texts[talk.lang]
        match kind:
            case _ if kind == NO_GOOD:
                await self._no_good(talk, topic.id)
            case _ if kind == DO_IT and topic.journey:
                await self.handover.start(talk, topic.journey)
            case _ if kind == HOW and text.steps and "steps" not in about:
                await self.answers.more(talk, topic.id, "steps")
            case _ if kind == ADMINS and text.admin:
                await self.answers.more(talk, topic.id, "admin")
            case _:
                await self._still(talk, about, [])
        return True

    async def _of_error(self, talk: Talk, error_id: str, kind: str) -> bool:
        if kind == ADMINS and self.errors.knows(error_id):
            await self.errors.administrator(talk, error_id)
        elif kind == NO_GOOD:
            await self.errors.alternatives(talk)
        else:
            await self.errors.still(talk, error_id)
        return True

    async def _no_good(self, talk: Talk, topic_id: str) -> None:
        """Other answers once, then people: whoever comes back a second time has seen those."""
        talk.memory.misses += 1
        if talk.memory.misses < MISSES_BEFORE_PEOPLE:
            await self.answers.alternatives(talk, topic_id)
        else:
            await talk.say("follow_up.neither", buttons=self._people(talk))

    async def _still(self, talk: Talk, about: list[str], near: list[str]) -> None:
        talk.memory.misses += 1
        tired = talk.memory.misses >= MISSES_BEFORE_PEOPLE
        await self.answers.still(talk, about[0], about[1:], near, self._people(talk) if tired else [])

    def _people(self, talk: Talk) -> list[Press]:
        return [FETCH] if self.handover.fetches(talk) else []
