"""Answering a question: the topic's own words, links, a next step to press, and "did that help?" once.

    person  hvordan registrerer jeg meg?
    bot     Gå til siden for sikkerhetsinformasjon og legg til minst to metoder …
            [Vis trinnene] [For administratorer] [Endre passord]      Hjalp dette?  [Ja] [Nei]
    person  (presses Ja)
    bot     Fint. Si fra hvis det er noe mer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.channel.cards import Button
from bot.content import Content, Topic, TopicText
from bot.content.times import written_date
from bot.store.ratings import GIVEN, NO, YES, Ratings
from dialogs.forget_me import FORGET
from dialogs.manners import LABELS as MANNERS
from dialogs.manners import Manners
from dialogs.not_me import NOT_ME
from dialogs.offers import Offers
from dialogs.talk import Press, Question, Talk
from dialogs.what_here import TOPIC as WHAT_HERE
from dialogs.what_here import WhatHere

SMALL_TALK = frozenset({"greeting", "thanks", "cancel", "language", "out_of_scope", "help"})
PEOPLE = "contact-a-person"
MOST_BUTTONS = 4
OF_TOPICS = {"privacy": FORGET, "suspicious": NOT_ME, "phishing-unrequested-reset": NOT_ME}
"""What else can be done from an answer, in a chat for two."""
INSTEAD = {"change-password": ("change", "case.cannot.change_elsewhere", "forgot_password")}
"""Where the directory has no such operation: what is said, and offered, in place of an answer that says "here"."""
ALSO = {"temporary-access-pass": "temporary_pass", "lost-phone": "temporary_pass"}
"""A second conversation that may be begun from an answer, where the policy offers it."""


@dataclass(slots=True)
class AnswerQuestion:
    """Answers by topic id. What does not depend on the person is put together once and kept."""

    content: Content
    ratings: Ratings
    offers: Offers
    here: WhatHere
    manners: Manners
    beyond: Callable[[str, bool], bool]     # whether the directory has this operation for nobody, in Teams or elsewhere
    _texts: dict[tuple[str, str, bool], str] = field(default_factory=dict)
    _buttons: dict[tuple[str, str, frozenset[str], bool, bool], tuple[Button, ...]] = field(default_factory=dict)
    _questions: dict[tuple[str, str], Question] = field(default_factory=dict)

    async def answer(self, talk: Talk, topic_id: str, *, aside: bool = False) -> None:
        """Say the topic's answer; `aside` is an answer given in the middle of something else."""
        if topic_id == WHAT_HERE and not aside:
            await self.here.tell(talk)      # Another answer for everybody, and everywhere.
            return
        topic = self.content.topics[topic_id]
        if topic.label in MANNERS and (talk.memory.stack or not aside) and await self.manners.tell(talk, topic.label):
            return
        lang, offered, instead = talk.lang, self.offers.to(talk.speaker), self._instead(talk, topic)
        buttons = () if aside else self._next_steps(talk, topic, lang, offered, instead=instead)
        ask = not aside and topic.label not in SMALL_TALK and topic_id not in talk.memory.rated
        if ask:
            talk.memory.rated = [*talk.memory.rated[-20:], topic_id]
            talk.memory.topic = topic_id
        if topic.label not in SMALL_TALK:
            talk.memory.about = [topic_id]
            talk.note_tried("topic", topic_id)
            self.ratings.note(topic_id, lang, GIVEN)
        text = self._text(lang, topic, instead)
        if topic.journey and topic.journey not in offered:
            text += "\n\n" + talk.words(self._why_not(talk, topic.journey))
        await talk.say_text(text, buttons, self._helped(talk, lang, topic_id) if ask else None)

    def _why_not(self, talk: Talk, journey: str) -> str:
        """Key of why what an answer is about cannot be done where it was asked."""
        if not talk.speaker.personal:
            return "common.only_in_private"
        if talk.speaker.anonymous and self.offers.to_owners(journey):
            return "answer.in_teams"
        return "common.not_offered"

    async def more(self, talk: Talk, topic_id: str, part: str) -> None:
        """The steps, with what they lead to, or the administrator's variant, of an answer given before."""
        topic = self.content.topics[topic_id]
        text = topic.texts[talk.lang]
        talk.memory.about = [topic_id, part]
        if part == "steps" and text.steps:
            journey = self._journey(talk, topic)
            start = [self._start(talk, journey)] if journey and journey in self.offers.to(talk.speaker) else []
            await talk.say_text("\n\n".join(filter(None, [text.steps, _links(text)])), start)
        else:
            await talk.say_text((part == "admin" and text.admin) or text.short)

    async def rate(self, talk: Talk, topic_id: str, helped: bool) -> None:
        """Keep whether it helped; if not, offer what is near."""
        self.ratings.note(topic_id, talk.lang, YES if helped else NO)
        if helped:
            await talk.say("answer.helped.thanks")
        else:
            await self.alternatives(talk, topic_id)

    async def alternatives(self, talk: Talk, topic_id: str) -> None:
        """What is near a topic whose answer was of no use."""
        await self._choice(talk, "answer.helped.sorry", self._nearby(talk.lang, topic_id))

    async def also(self, talk: Talk, topic_ids: Sequence[str]) -> None:
        """Offer what a message asked for besides what was answered."""
        await self._choice(talk, "answer.also", [self._to_topic(talk.lang, one) for one in topic_ids], extra=True)

    async def offer(self, talk: Talk, topic_ids: Sequence[str], more: Sequence[Press] = ()) -> None:
        """Ask which of the nearest topics is meant, instead of guessing; `more` stands below them."""
        await self._choice(talk, "answer.unsure", [
            *(self._to_topic(talk.lang, one) for one in topic_ids),
            *(Button(talk.words(one.key), one.value) for one in more)])

    async def still(
            self, talk: Talk, topic_id: str, told: Sequence[str], near: Sequence[str], more: Sequence[Press]) -> None:
        """Nothing more exact is known of what was asked about a topic: what is left to tell, what is near, `more`."""
        topic = self.content.topics[topic_id]
        title = topic.texts[talk.lang].title
        left = [] if "steps" in told else self._left(talk, topic)
        others = dict.fromkeys((*near, *topic.related))
        nearby = [one for one in others if one not in (topic_id, PEOPLE)][:MOST_BUTTONS - len(left)]
        people = [Button(talk.words(one.key), one.value) for one in more] or [self._to_topic(talk.lang, PEOPLE)]
        await self._choice(talk, "follow_up.still", [
            *left, *(self._to_topic(talk.lang, one) for one in nearby), *people], title=title)

    def _left(self, talk: Talk, topic: Topic) -> list[Button]:
        journey = self._journey(talk, topic)
        begins = [self._start(talk, journey)] if journey and journey in self.offers.to(talk.speaker) else []
        steps = [Button(talk.words("answer.button.steps"), {"do": "steps", "topic": topic.id})]
        return [*begins, *(steps if topic.texts[talk.lang].steps else [])]

    async def _choice(
            self, talk: Talk, key: str, buttons: Sequence[Button], *, extra: bool = False, **facts: str) -> None:
        """Say it, with buttons that may be named by their place, too (`Choices`)."""
        talk.memory.offered = {"of": [dict(one.value or {}) for one in buttons], "extra": extra}
        await talk.say_text(talk.words(key, **facts), buttons)

    def knows(self, topic_id: str) -> bool:
        return topic_id in self.content.topics

    def _instead(self, talk: Talk, topic: Topic) -> bool:
        """Whether what the answer is about is done elsewhere: asked each time, since it may be so for a while only."""
        return topic.id in INSTEAD and self.beyond(INSTEAD[topic.id][0], talk.speaker.in_teams)

    def _text(self, lang: str, topic: Topic, instead: bool) -> str:
        known = self._texts.get((lang, topic.id, instead))
        if known is None:
            known = self._texts[lang, topic.id, instead] = self._composed(lang, topic, instead)
        return known

    def _composed(self, lang: str, topic: Topic, instead: bool) -> str:
        text = topic.texts[lang]
        parts = [self.content.say(lang, INSTEAD[topic.id][1]) if instead else text.short]
        if text.links:
            parts.append(_links(text))
        if topic.source or text.links:
            checked = written_date(partial(self.content.say, lang), topic.checked)
            parts.append("*" + self.content.say(lang, "answer.checked", date=checked) + "*")
        return "\n\n".join(parts)

    def _next_steps(self, talk: Talk, topic: Topic, lang: str, offered: frozenset[str], *,
                    instead: bool) -> tuple[Button, ...]:
        made_for = lang, topic.id, offered, talk.speaker.personal, instead
        known = self._buttons.get(made_for)
        if known is None:
            known = self._buttons[made_for] = tuple(self._made_buttons(talk, topic, offered))
        return known

    def _made_buttons(self, talk: Talk, topic: Topic, offered: frozenset[str]) -> list[Button]:
        text = topic.texts[talk.lang]
        begins = (self._journey(talk, topic), ALSO.get(topic.id))
        found = [self._start(talk, one) for one in begins if one and one in offered]
        if talk.speaker.personal and (more := OF_TOPICS.get(topic.id)):
            found.append(Button(talk.words(more.key), more.value))
        if text.steps:
            found.append(Button(talk.words("answer.button.steps"), {"do": "steps", "topic": topic.id}))
        if text.admin:
            found.append(Button(talk.words("answer.button.admin"), {"do": "admin", "topic": topic.id}))
        return found + [self._to_topic(talk.lang, one) for one in topic.related[:MOST_BUTTONS - len(found)]]

    def _journey(self, talk: Talk, topic: Topic) -> str | None:
        """What the answer leads to here."""
        return INSTEAD[topic.id][2] if self._instead(talk, topic) else topic.journey

    def _start(self, talk: Talk, journey: str) -> Button:
        start = self.offers.button(journey)
        return Button(talk.words(start.key), start.value)

    def _to_topic(self, lang: str, topic_id: str) -> Button:
        return Button(self.content.topics[topic_id].texts[lang].title, {"do": "topic", "topic": topic_id})

    def _nearby(self, lang: str, topic_id: str) -> list[Button]:
        near = [one for one in self.content.topics[topic_id].related if one != PEOPLE][:MOST_BUTTONS]
        return [self._to_topic(lang, one) for one in (*near, PEOPLE) if one != topic_id]

    def _helped(self, talk: Talk, lang: str, topic_id: str) -> Question:
        known = self._questions.get((lang, topic_id))
        if known is None:
            known = self._questions[lang, topic_id] = Question(talk.words("answer.helped.ask"), [
                Button(talk.words(f"answer.button.{word}"), {"do": "helped", "topic": topic_id, "was": word})
                for word in ("yes", "no")])
        return known


def _links(text: TopicText) -> str:
    return "\n".join(f"[{words}]({address})" for address, words in text.links)


HELP = Press("answer.button.help", {"do": "topic", "topic": "what-can-you-do"})
