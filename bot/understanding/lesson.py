"""What the understanding is taught: phrases with their labels, and prose that shows a language."""

from dataclasses import dataclass
from typing import NamedTuple, Self

from bot import quick_json
from bot.content import Content


class Phrase(NamedTuple):
    """What somebody may write, and the answer it asks for."""

    lang: str
    label: str
    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """`languages` in the content's order; `prose` is (language, text) that belongs to no label."""

    languages: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    prose: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> bytes:
        return quick_json.dumps([self.languages, self.phrases, self.prose], list)

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        languages, phrases, prose = quick_json.loads(text)
        shown = tuple((lang, said) for lang, said in prose)
        return cls(tuple(languages), tuple(Phrase(*one) for one in phrases), shown)


def lesson_of(content: Content) -> Lesson:
    """Every phrase of every topic; the lines of the answers are the prose."""
    phrases, prose = [], []
    for topic in content.topics.values():
        for lang, text in topic.texts.items():
            phrases += [Phrase(lang, topic.label, topic.id, phrase) for phrase in text.phrases]
            lines = f"{text.title}\n{text.short}\n{text.steps}\n{text.admin}".splitlines()
            prose += [(lang, line) for line in lines if line]
    return Lesson(content.languages, tuple(phrases), tuple(prose))
