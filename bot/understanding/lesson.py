"""What the understanding is taught: phrases with their labels, and prose that shows a language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

from bot import quick_json
from bot.content import Content
from bot.content.parsed import Parsed
from bot.understanding.elsewhere import made

OUT_OF_SCOPE = "out_of_scope"


class Phrase(NamedTuple):
    """What somebody may write, and the answer it asks for."""

    lang: str
    label: str
    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """`languages` in the content's order; `prose` is (language, text) that belongs to no label.

    `made` are phrases nobody wrote one by one (`elsewhere.py`): taught as the others are.
    """

    languages: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    prose: tuple[tuple[str, str], ...] = ()
    made: tuple[Phrase, ...] = ()

    def to_json(self) -> bytes:
        return quick_json.dumps([self.languages, self.phrases, self.prose, self.made], list)

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        languages, phrases, prose, made_up = quick_json.loads(text)
        shown = tuple((lang, said) for lang, said in prose)
        return cls(tuple(languages), tuple(Phrase(*one) for one in phrases), shown,
                   tuple(Phrase(*one) for one in made_up))


def lesson_of(content: Content, parsed: Parsed | None = None) -> Lesson:
    """Every phrase of every topic; the lines of the answers are the prose. `parsed` spares reading files again."""
    parsed = parsed or Parsed()
    phrases, prose = [], []
    for topic in content.topics.values():
        for lang, text in topic.texts.items():
            phrases += [Phrase(lang, topic.label, topic.id, phrase) for phrase in text.phrases]
            lines = f"{text.title}\n{text.short}\n{text.steps}\n{text.admin}".splitlines()
            prose += [(lang, line) for line in lines if line]
    return Lesson(content.languages, tuple(phrases), tuple(prose), tuple(_made(content, parsed)))


def _made(content: Content, parsed: Parsed) -> Iterator[Phrase]:
    """What is made up for the topics there are; a phrase that stands there goes before a made one."""
    # Of the answers to what is not ours it is the one named so: others are for complaints and private accounts.
    outside = OUT_OF_SCOPE.replace("_", "-")
    standing = {phrase.casefold() for phrase in content.phrases()}
    for lang in content.languages:
        for topic, text in made(lang, parsed=parsed):
            known = content.topics.get(topic or outside)
            if known is not None and text.casefold() not in standing:
                yield Phrase(lang, known.label, known.id, text)
    parsed.keep()
