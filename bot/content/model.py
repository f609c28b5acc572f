"""The words as the rest of the program sees them: topics, errors, messages and links, by language, fixed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TypeVar

from bot.content.sentences import Sentence

_T = TypeVar("_T")


class Texts(dict[str, _T]):
    """A text by language; a language that has none of its own gets that of the first."""

    def __missing__(self, lang: str) -> _T:
        return next(iter(self.values()))


class MessageError(LookupError):
    """A message was asked for that does not exist, or with other facts than its sentence has places for."""


@dataclass(frozen=True, slots=True)
class TopicText:
    """A topic in one language; `short` is Markdown, `steps` and `admin` are "" where a topic has none."""

    title: str                          # also the text of a button: 40 characters at most
    short: str
    steps: str                          # a numbered list
    admin: str                          # the answer for an administrator, instead of `short`
    phrases: tuple[str, ...]            # what people write when they want this topic
    links: tuple[tuple[str, str], ...]  # (address, words shown for it)


@dataclass(frozen=True, slots=True)
class Topic:
    """One answer in every language; several topics may share a label of the understanding."""

    id: str
    label: str
    audience: str               # user | admin | both
    journey: str | None         # what can be started from here
    related: tuple[str, ...]    # ids of topics to go on to
    source: str | None          # name of the link the facts come from
    checked: date               # the day the facts were last checked, the oldest of the languages
    texts: Mapping[str, TopicText]


@dataclass(frozen=True, slots=True)
class ErrorText:
    """A known error in one language; plain lines, `user` is "" where only an administrator is told."""

    phrases: tuple[str, ...]    # parts of the message as people see it
    user: str                   # two lines at most
    admin: str                  # four lines at most
    links: tuple[str, ...]      # addresses where an administrator reads more


@dataclass(frozen=True, slots=True)
class KnownError:
    """An error the bot can explain, in every language."""

    id: str
    row: int                    # of the list of facts it was written from
    codes: tuple[str, ...]      # as they are printed; several errors may share one
    contexts: tuple[str, ...]   # words that a bare number needs beside it, and that tell shared codes apart
    audience: str               # user | admin
    guarded: bool               # says something of an account: nobody unproven is told which (E1)
    journey: str | None
    topic: str | None           # id of the topic to go on to
    texts: Mapping[str, ErrorText]


@dataclass(slots=True)
class Content:
    """All languages; `languages[0]` is the one to fall back on.

    There is one for all who say something, and nobody changes it but `become`: keep it, never its parts.
    """

    languages: tuple[str, ...]
    topics: Mapping[str, Topic]
    errors: Mapping[str, KnownError]                # by id, in the order of their rows
    messages: Mapping[str, Mapping[str, Sentence]]  # by language, then by key
    links: Mapping[str, Mapping[str, str]]          # by language, then by name
    lists: dict[str, frozenset[str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What others make of lists of phrases, by key: made once, and gone with the words it was made of."""
    listings: dict[str, frozenset[str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The same the other way round: in which lists a phrase stands."""

    def become(self, other: "Content") -> None:
        """Say what `other` says from now on."""
        for one in fields(self):
            setattr(self, one.name, getattr(other, one.name))

    def say(self, lang: str, key: str, /, **facts: object) -> str:
        """The sentence `key`, its places filled in; MessageError if there is none or the facts don't fit."""
        try:
            sentence = self.messages[lang][key]
        except KeyError:
            raise MessageError(f"there is no message {key!r} in {lang!r}") from None
        if facts.keys() != sentence.places:
            given, wanted = sorted(facts), sorted(sentence.places)
            raise MessageError(f"message {key!r} has places for {wanted}, and was given {given}")
        return sentence.filled(facts)

    def link(self, lang: str, name: str) -> str:
        """The address called `name`; MessageError when there is none."""
        try:
            return self.links[lang][name]
        except KeyError:
            raise MessageError(f"there is no link {name!r} in {lang!r}") from None

    def phrases(self) -> Iterator[str]:
        """Every phrase of every topic, in every language."""
        return (phrase for topic in self.topics.values() for text in topic.texts.values() for phrase in text.phrases)
