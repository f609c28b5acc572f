"""Where every message arrives: what is it, and who in the house answers?

    person  hei
    bot     Hei! Spør meg om passord og sikkerhetsinformasjon …
    person  (in the middle of a reset) hva er kravene til passord?
    bot     (answers, then repeats the question it was waiting for)
    person  det står SSPR_0014
    bot     (explains the error, then repeats the question)
    person  avbryt
    bot     Da stopper vi her. Passordet ditt er ikke endret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.clock import Clock
from bot.content import Content
from bot.journeys.not_answered import NotAnswered
from bot.rules.codes import holds_recovery_code
from bot.rules.languages import spoken
from bot.rules.volunteered import PasswordWords, holds_password
from bot.second_opinion import SecondOpinion
from bot.store.ratings import PERSON, STARTED
from bot.understanding import OUT_OF_SCOPE, PASSWORD_ERROR, ErrorFinder, Found, Reader, Reading
from dialogs.answer_question import HELP, SMALL_TALK, AnswerQuestion
from dialogs.buttons import OF_A_PROMPT, Buttons, more_of
from dialogs.choices import Choices
from dialogs.explain_error import RATED, ExplainError
from dialogs.follow_ups import HOW, MISSES_BEFORE_PEOPLE, FollowUps
from dialogs.handover import Handover
from dialogs.my_status import MyStatus
from dialogs.offers import FETCH
from dialogs.phrases import asks, unquoted
from dialogs.reminders import Reminders
from dialogs.shapes import ANYTHING, SHAPES, only_a_code, only_numbers
from dialogs.talk import Conversation, Floor, Talk
from dialogs.wishes import wishes

# Stopping throws away what the person has proven, so a guess is not enough.
SURE_ENOUGH_TO_STOP = 0.8

# What means nothing to us ("asdf") was in no phrase either: it takes more to believe what language it is in.
SURE_OF_A_STRANGE_LANGUAGE = 0.95

# A yes, a no or an OK to nothing that was asked.
A_BARE_ANSWER = "answer.words_for_bare_answer"

# Short words that may stand for anything: they stop nothing and are no other question.
NO_TOPIC = ("answer.words_for_yes", "answer.words_for_no", "case.words_for_done")

# Many first names are near some word of a topic; a topic's own word by itself is surer than this.
SURE_ENOUGH_TO_DOUBT_AN_ANSWER = 0.9
# What names of people are taken for.
MANNERS = frozenset({"greeting", "thanks", "language"})

MY_STATUS = "my_registration_status"

TO_PEOPLE = "contact-a-person"

# What gives an answer of its own: a message, and the buttons that stand for one.
ANSWERED = frozenset({None, "topic", "error"})


@dataclass(frozen=True, slots=True)
class FrontDesk:
    """Greets, understands, hands over, and handles what interrupts a running conversation."""

    floor: Floor
    answers: AnswerQuestion
    errors: ExplainError
    status: MyStatus
    reminders: Reminders
    handover: Handover
    buttons: Buttons
    choices: Choices
    follow_ups: FollowUps
    reader: Reader
    finder: ErrorFinder
    content: Content
    clock: Clock
    not_answered: NotAnswered
    second_opinion: SecondOpinion | None
    password_words: PasswordWords

    async def receive(self, talk: Talk) -> None:
        """One turn."""
        self._settle_language(talk)
        asked = self.floor.asked(talk.memory)
        was_running = self.floor.running(talk.memory)
        running = await self._still_running(talk)
        if was_running and not running and self._was_for(talk, asked):
            return      # It was said that the conversation is over; there is no more to say to its answer.
        waiting = dict(asked)
        if talk.news and talk.heard.kind != "joined":
            await talk.tell_news()
        match talk.heard.kind:
            case "joined":
                await talk.say("common.welcome", buttons=[*self.handover.first_offer(talk), HELP])
                if not await talk.tell_news():
                    await self.reminders.greet(talk)
            case "language":
                await self._switch(talk, talk.heard.text, running)
            case "knock" if running:
                await self._knocked(talk, waiting)
            case "page":
                await self._open_page(talk, running)
            case "ended" if running:
                await self.handover.cancel(talk, running)
            case "message":
                await self._message(talk, running)
        await self._remind(talk, was_running)

    async def _knocked(self, talk: Talk, waiting: Mapping[str, Any]) -> None:
        await self.floor.go_on(talk)
        if talk.told_news and self.floor.asked(talk.memory) == waiting:
            await self.floor.repeat(talk)

    async def _open_page(self, talk: Talk, running: Conversation | None) -> None:
        if running is None:
            await talk.open_nothing("common.stale_button")
        elif last := await running.open_page(talk, self.floor.asked(talk.memory)):
            await talk.say(last.key, buttons=last.buttons, **last.facts)
            self.floor.end(talk.memory)

    async def answer_only(self, talk: Talk) -> None:
        """One turn with nothing to remember by: known questions are answered, the rest has to wait (G1)."""
        if not await self.answer_known(talk) and talk.heard.kind != "knock":
            await talk.say("error.store")

    async def answer_known(self, talk: Talk) -> bool:
        """Answer a question that is surely understood; whether it was answered."""
        self._settle_language(talk)
        if talk.heard.kind != "message" or not talk.heard.text or talk.heard.pressed or talk.says(A_BARE_ANSWER):
            return False
        if holds_password(talk.heard.text, also=self.password_words):
            await talk.say("common.password_in_chat")
            return True
        reading = self.reader.read(talk.heard.text, talk.lang)
        self._follow_language(talk, reading)
        found = self.finder.find(talk.heard.text)
        if found.ids and _is_about(found, reading):
            await self.errors.explain(talk, found.ids, aside=True)
            return True
        if not reading.sure or reading.topic in ("cancel", "language", "out_of_scope"):
            return False
        await self.answers.answer(talk, reading.answers[0], aside=True)
        return True

    async def _remind(self, talk: Talk, was_running: Conversation | None) -> None:
        """Between conversations, below what was said: see Reminders."""
        if was_running:
            self.reminders.forget(talk.memory)
        elif _was_answered(talk) and not talk.memory.stack and not talk.told_news:
            await self.reminders.after_answer(talk)

    # -- before anything is answered -------------------------------------------------------------

    def _settle_language(self, talk: Talk) -> None:
        memory = talk.memory
        if memory.guessed or memory.lang not in self.content.languages:
            told = self.language_of(talk.heard.locale)
            memory.lang, memory.guessed = told or memory.lang or self.content.languages[0], not told

    def language_of(self, locale: str) -> str:
        """The language we have for a locale such as "nn-NO"; empty when there is none."""
        return spoken(locale, self.content.languages)

    async def _still_running(self, talk: Talk) -> Conversation | None:
        """The conversation to continue; one that belongs to somebody else, to another release or to yesterday ends."""
        memory = talk.memory
        if memory.who != talk.speaker.requester or not talk.speaker.personal:
            # A change of identity, or others who listen, drop everything proven, the link to its page too (I4, I5).
            if begun := self.floor.running(memory):
                await begun.left_behind(talk)
            self.floor.end(memory)
            memory.who, memory.reminders = talk.speaker.requester, {}
        if not memory.stack:
            return None
        running = self.floor.running(memory)
        if running is None:
            self.floor.end(memory)
            await talk.say("common.restarted")
        elif self._too_late(talk) and await running.expired(talk):
            self.floor.end(memory)
            return None
        return running

    def _was_for(self, talk: Talk, asked: Mapping[str, Any]) -> bool:
        """Whether a message was meant for a prompt and for nothing else."""
        if talk.heard.kind != "message" or talk.heard.pressed:
            return talk.heard.pressed.get("do") in OF_A_PROMPT
        surely = SHAPES.get(asked.get("fits", ""), ANYTHING).surely(talk.heard.text)
        reading = self.reader.read(talk.heard.text, talk.lang)
        lists = " ".join(asked.get(name, "") for name in ("words", "about")).split()
        return surely or talk.mentions(*lists) or (reading.sure and reading.topic == "cancel")

    def _too_late(self, talk: Talk) -> bool:
        return talk.heard.kind == "message" and 0 < talk.memory.until <= self.clock.now()

    # -- a message -------------------------------------------------------------------------------

    async def _message(self, talk: Talk, running: Conversation | None) -> None:
        asked_about, talk.memory.topic = talk.memory.topic, ""
        offered, talk.memory.offered = talk.memory.offered, {}
        if talk.heard.pressed:
            self._note_outcome(talk, asked_about)
            await self.buttons.pressed(talk, running)
            if asked_about and more_of(talk.heard.pressed) == asked_about:
                talk.memory.topic = asked_about     # The question still stands.
        elif not talk.heard.text:
            await talk.say("common.no_text")
            await self.floor.ask_again(talk)
        elif holds_password(
                talk.heard.text, expected=running is not None and self._a_page_is_open(talk), also=self.password_words):
            await talk.redact()
            await talk.say("common.password_in_chat", buttons=[] if running else self.handover.first_offer(talk))
            await self.floor.ask_again(talk)
        elif holds_recovery_code(talk.heard.text):
            await talk.redact()
            await talk.say("common.recovery_code_in_chat")
            await self.floor.ask_again(talk)
        elif talk.says("not_me.words_for_alarm"):
            await self.handover.alarm(talk, running)
        elif talk.says("forget_me.words_for_forget") and running is not self.handover.forget_me:
            await self.handover.forget(talk, running)
        elif typed := self.buttons.typed(talk, running):
            talk.heard = replace(talk.heard, pressed=typed)
            await self.buttons.pressed(talk, running)
        elif running:
            await self._within(talk, running)
        else:
            await self._anew(talk, asked_about, offered)

    def _note_outcome(self, talk: Talk, answered: str) -> None:
        """What an answer led to at once, told by the button that was pressed below it."""
        if answered and talk.heard.pressed.get("do") == "start":
            person = talk.heard.pressed.get("journey") == self.handover.people.name
            self.answers.ratings.note(answered, talk.lang, PERSON if person else STARTED)

    async def _within(self, talk: Talk, running: Conversation) -> None:
        """A message while a prompt waits: an answer to it, or an interruption."""
        if talk.says("common.words_for_waiting"):
            await talk.say("common.no_hurry")
            return
        text = talk.heard.text
        asked = self.floor.asked(talk.memory)
        shape = SHAPES.get(asked.get("fits", ""), ANYTHING)
        listed = talk.says(*filter(None, [asked.get("words")]))
        answers = listed or shape.surely(text)
        own = talk.says(*NO_TOPIC) or talk.mentions(*asked.get("about", "").split())
        reading = self.reader.read(text, talk.lang)
        # One word with a code in it looks like a name, and is none.
        found = self.finder.find(text)
        command = "" if answers or not reading.sure else self._command(talk, reading)
        if command == "cancel":
            await self.handover.cancel(talk, running)
        elif (found.sure and not shape.free) or (found.unknown and not answers and not shape.fits(text)):
            self._follow_language(talk, reading)
            await self._explain(talk, found, aside=True)
            await self.floor.ask_again(talk)
        elif command == "language":
            await self._switch(talk, self._named_language(talk), running)
        elif command == "help" or talk.says("common.words_for_why", HOW):
            await talk.say(running.help)
            await self.floor.ask_again(talk)
        elif not (answers or own or shape.free) and self._interrupts(reading, running, shape.fits(text)):
            self._follow_language(talk, reading)
            await self.answers.answer(talk, reading.answers[0], aside=True)
            await self.floor.ask_again(talk)
        elif not (listed or own or shape.free or shape.fits(text) or asked.get("said")) and asks(self.content, text):
            # A question about nothing in particular: "is this safe?" While a page is open, `check` answers best.
            await talk.say(running.help)
            await self.floor.ask_again(talk)
        else:
            await self.floor.go_on(talk)

    def _command(self, talk: Talk, reading: Reading) -> str:
        """The label of a message that steers the conversation instead of answering it; names look like some."""
        sure = reading.confidence >= SURE_ENOUGH_TO_STOP
        if reading.topic == "language":
            return "language" if sure or self._named_language(talk) else ""
        if reading.topic == "cancel":
            return "cancel" if sure and not talk.says(*NO_TOPIC) else ""
        return reading.topic

    def _interrupts(self, reading: Reading, running: Conversation, fits: bool) -> bool:
        """Whether it is about something else; `fits`: it could be the answer as well."""
        if not reading.sure or reading.topic in ("out_of_scope", "cancel", running.wish):
            return False
        if fits:
            return reading.confidence >= SURE_ENOUGH_TO_DOUBT_AN_ANSWER
        return reading.topic not in MANNERS or reading.confidence >= SURE_ENOUGH_TO_STOP

    async def _anew(self, talk: Talk, asked_about: str, offered: Mapping[str, Any]) -> None:
        """A message with nothing under way; `asked_about` is the topic of "did that help?" said just before, and
        `offered` what could be chosen from."""
        if offered and await self.choices.taken(talk, offered):
            return
        if asked_about and (helped := talk.yes_or_no()) is not None:
            await self._rate(talk, asked_about, helped)
            return
        found = self.finder.find(talk.heard.text)
        if not found.ids and (nothing := self._answers_nothing(talk)):
            await self._what_then(talk, nothing)
            return
        reading = self.follow_ups.meant(talk, self.reader.read(talk.heard.text, talk.lang))
        self._follow_language(talk, reading)
        if not found.sure and await self.follow_ups.follow(talk, reading):
            return
        if talk.says("my_status.words_for_events"):
            await self.status.tell_events(talk)
            return
        await self._question(talk, reading, found)

    def _answers_nothing(self, talk: Talk) -> str:
        """What to say to an answer to nothing that was asked: a yes, a code, "the second one"; empty for none."""
        if only_a_code(talk.heard.text):
            return "common.stray_code"
        bare = talk.says(A_BARE_ANSWER) or only_numbers(talk.heard.text) or self.choices.places(talk)
        return "answer.what_then" if bare else ""

    async def _question(self, talk: Talk, reading: Reading, found: Found) -> None:
        """Whatever the understanding makes of it."""
        if _is_about(found, reading):
            talk.memory.misses = 0
            await self._explain(talk, found)
        elif reading.sure and reading.answers[0] == "language":
            await self._switch(talk, self._named_language(talk), None)
        elif asked := wishes(self.content, self.reader, talk.heard.text, reading):
            talk.memory.misses = 0
            await self.answers.answer(talk, asked[0])
            await self.answers.also(talk, asked[1:])
        elif not (reading.sure and reading.topic != OUT_OF_SCOPE) and (
                about := await self.follow_ups.in_context(talk, reading)):
            await self.not_answered.note(talk.heard.text, reading.lang, about)
        elif reading.sure:
            talk.memory.misses = talk.memory.misses + 1 if reading.topic == OUT_OF_SCOPE else 0
            await self._answer(talk, reading)
            if reading.topic == OUT_OF_SCOPE:
                talk.memory.about = []      # What comes next is about that.
                await self._note_unanswered(talk, reading)
        elif topic := await self._opinion(talk):
            await self.answers.answer(talk, topic)
            await self.not_answered.note(talk.heard.text, reading.lang, topic)
        else:
            await self._unsure(talk, reading)
            await self._note_unanswered(talk, reading)

    async def _opinion(self, talk: Talk) -> str | None:
        """What somebody else takes an unclear message for: one of our topics, whose answer is then said, or nothing."""
        if self.second_opinion is None or not (bare := await self.not_answered.bare(talk.heard.text)):
            return None
        return await self.second_opinion.topic(bare, {
            topic.id: topic.texts[talk.lang].title for topic in self.content.topics.values()
            if topic.label not in SMALL_TALK})

    async def _answer(self, talk: Talk, reading: Reading) -> None:
        topic = reading.answers[0]
        if reading.topic == MY_STATUS and await self.status.tell(talk):
            return
        asked_how_it_stands = topic == TO_PEOPLE and talk.mentions("fetch_a_person.words_for_status")
        if asked_how_it_stands and await self.handover.people.status(talk):
            return
        await self.answers.answer(talk, topic)
        if talk.memory.misses >= MISSES_BEFORE_PEOPLE and self.handover.fetches(talk):
            await talk.say("fetch_a_person.offer", buttons=[FETCH])

    async def _explain(self, talk: Talk, found: Found, *, aside: bool = False) -> None:
        if found.ids:
            await self.errors.explain(talk, found.ids, aside=aside)
        else:
            await self.errors.unknown(talk, found.unknown)

    async def _rate(self, talk: Talk, answered: str, helped: bool) -> None:
        error_id = answered.removeprefix(RATED)
        if error_id == answered:
            await self.answers.rate(talk, answered, helped)
        elif self.errors.knows(error_id):
            await self.errors.rate(talk, error_id, helped)
        else:
            await talk.say("common.stale_button")   # Another release knew it (F10).

    async def _unsure(self, talk: Talk, reading: Reading) -> None:
        """Offer the nearest topics; small talk is none that anybody looks for."""
        talk.memory.misses += 1
        near = [topic for label, topic in zip(reading.candidates, reading.answers, strict=True)
                if label not in SMALL_TALK]
        tired = talk.memory.misses >= MISSES_BEFORE_PEOPLE
        fetch = [FETCH] if tired and self.handover.fetches(talk) else []
        if fetch:
            near = [one for one in near if one != TO_PEOPLE]
        elif tired and TO_PEOPLE not in near:
            near.append(TO_PEOPLE)
        if near or fetch:
            await self.answers.offer(talk, near, fetch)
        else:
            await self._what_then(talk)

    async def _note_unanswered(self, talk: Talk, reading: Reading) -> None:
        """For the people who keep the content, once the answer is said; what is surely none of ours is near nothing."""
        near = [] if reading.sure else [
            topic for label, topic in zip(reading.candidates, reading.answers, strict=True) if label not in SMALL_TALK]
        await self.not_answered.note(talk.heard.text, reading.lang, near[0] if near else "")

    async def _what_then(self, talk: Talk, key: str = "answer.what_then") -> None:
        """Nothing was asked and nothing understood: say how to go on."""
        await talk.say(key, buttons=[*self.handover.first_offer(talk), HELP])

    # -- languages -------------------------------------------------------------------------------

    async def _switch(self, talk: Talk, lang: str, running: Conversation | None) -> None:
        if lang not in self.content.languages:
            await self.answers.answer(talk, "language")
            return
        talk.memory.lang, talk.memory.chosen, talk.memory.guessed = lang, True, False
        await talk.say("common.language_switched")
        if running:
            await self.floor.ask_again(talk)

    def _named_language(self, talk: Talk) -> str:
        """The language whose name stands in the text; else the other one, if there are just two."""
        words = {word.strip(".,!?:;\"'()") for word in talk.heard.text.casefold().split()}
        named = [lang for lang in self.content.languages
                 if words & set(self.content.say(lang, "language.called").split())]
        if len(named) == 1:
            return named[0]
        return ""

    def _follow_language(self, talk: Talk, reading: Reading) -> None:
        """Answer in the language of the message, unless the person chose one; the reader keeps ours when in doubt."""
        if reading.lang == talk.memory.lang or self.follow_ups.in_same_language(talk):
            return
        if (own := unquoted(talk.heard.text)) != talk.heard.text:
            reading = self.reader.read(own, talk.lang)      # What is quoted says nothing of who quotes it.
        one_code = len(talk.heard.text.split()) == 1 and self.finder.find(talk.heard.text).sure
        strange = reading.topic == OUT_OF_SCOPE and reading.lang_confidence < SURE_OF_A_STRANGE_LANGUAGE
        if not (talk.memory.chosen or one_code or strange) and reading.lang in self.content.languages:
            talk.memory.lang, talk.memory.guessed = reading.lang, False

    def _a_page_is_open(self, talk: Talk) -> bool:
        """Whether the person is about to choose a password, and might write it here instead."""
        return str(self.floor.asked(talk.memory).get("words", "")).endswith(".words_for_done")


def _was_answered(talk: Talk) -> bool:
    """Whether what was heard asked for an answer, and was not an answer itself."""
    return talk.heard.kind == "message" and talk.heard.pressed.get("do") in ANSWERED


def _is_about(found: Found, reading: Reading) -> bool:
    """Whether a message is about the error found in it: a code says so, a likeness only where nothing else is meant."""
    if found.sure:
        return True
    elsewhere = reading.sure and reading.topic not in (PASSWORD_ERROR, OUT_OF_SCOPE)
    return bool(found.ids or found.unknown) and not elsewhere
