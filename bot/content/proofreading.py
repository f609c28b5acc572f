"""What a writer of the content should look at: beyond what loading refuses, and without asking anybody's model.

`style.yaml` of a language's folder names words to avoid there, and what to write instead.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from bot.content.model import Content, Topic, TopicText
from bot.content.parsed import Parsed, Unreadable

SHORT_LINES = (2, 5)        # of an answer
ONE_LINE_WILL_DO = frozenset({"greeting", "thanks", "cancel", "language", "help"})
LINE_CHARACTERS = 300       # more is a wall on a phone
SENTENCE_WORDS = 32
MOST_STEPS = 9
STALE = timedelta(days=365)
UNEVEN = 2                  # times as many phrases in one language as in another

RETIRED = ("docs.microsoft.com", "technet.microsoft.com", "social.msdn.microsoft.com", "manage.windowsazure.com",
           "account.activedirectory.windowsazure.com", "portal.office.com", "aad.portal.azure.com", "uservoice.com")
"""Hosts whose pages have moved or gone; some of them still forward."""
NO_SENTENCES = re.compile(r"words_|\.words$|^language\.called$")
"""Keys of messages that nobody reads: lists of what people say."""

_ADDRESS = re.compile(r"https?://\S+|\bwww\.\S+|\baka\.ms/\S+")
_NUMBER = re.compile(r"\d+")
_STEP = re.compile(r"^\d+\.", re.MULTILINE)
_SENTENCE = re.compile(r"[^.!?:\n]+")
_UNTIDY = re.compile(r"[^\s|]  +\S| [,.!?;:](?!\S)|\t")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, at one place; `wrong` has to be mended, the rest is for its writer to judge."""

    where: str
    what: str
    wrong: bool = True

    def line(self) -> str:
        return f"{'WRONG' if self.wrong else 'look '} {self.where}: {self.what}"


Avoid = Mapping[str, Mapping[str, str]]
"""By language: a word to avoid, and what to write instead."""


def read_styles(*roots: Path) -> Avoid:
    """The `style.yaml` of every language below the folders. Raises ValueError for one that is no mapping of words."""
    styles: dict[str, dict[str, str]] = {}
    for path in sorted(chain.from_iterable(root.glob("*/style.yaml") for root in roots)):
        try:
            avoid = Parsed().yaml(path)["avoid"]
            styles.setdefault(path.parent.name, {}).update({word: str(instead) for word, instead in avoid.items()})
        except (Unreadable, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path.parent.name}/{path.name}: is no list of words to avoid ({error})") from None
    return styles


def proofread(content: Content, avoid: Avoid, today: date) -> Iterator[Finding]:
    """Everything to look at, in the order of its places."""
    for topic in content.topics.values():
        yield from _parity(topic)
        for lang, text in topic.texts.items():
            where = f"{lang}/faq/{topic.id}.md"
            found = chain(_length(topic, text), _prose(_parts(text), avoid.get(lang, {})), _link_words(text))
            yield from (Finding(where, what, wrong) for what, wrong in found)
        if topic.source and today - topic.checked > STALE:
            yield Finding(f"faq/{topic.id}.md", f"its facts were last checked on {topic.checked}", wrong=False)
    for lang, messages in content.messages.items():
        for key, sentence in messages.items():
            if not NO_SENTENCES.search(key):
                said = "".join("x" if at % 2 else piece for at, piece in enumerate(sentence.pieces))
                yield from (Finding(f"{lang}/messages: {key}", what, wrong)
                            for what, wrong in _prose({"": said}, avoid.get(lang, {})))
    yield from _links(content)


_What = tuple[str, bool]
"""What is to be looked at, and whether it is wrong."""


def _parity(topic: Topic) -> Iterator[Finding]:
    first, *others = topic.texts.items()
    for lang, text in others:
        where = f"{lang}/faq/{topic.id}.md"
        for part in ("steps", "admin"):
            here, there = getattr(text, part), getattr(first[1], part)
            if bool(here) != bool(there):
                yield Finding(where, f"has {'' if here else 'no '}{part}, and {first[0]} has{'' if there else ' none'}")
        if (here := len(_STEP.findall(text.steps))) != (there := len(_STEP.findall(first[1].steps))):
            yield Finding(where, f"has {here} steps, and {first[0]} has {there}")
        for part in ("short", "steps", "admin"):
            ours, theirs = (_numbers(part, getattr(one, part)) for one in (text, first[1]))
            if ours != theirs:
                differ = ", ".join(sorted(ours ^ theirs, key=int))
                yield Finding(where, f"its {part} has other numbers than {first[0]}: {differ}", wrong=False)
        few, many = sorted((len(text.phrases), len(first[1].phrases)))
        if many > UNEVEN * few:
            yield Finding(
                where, f"has {len(text.phrases)} phrases, and {first[0]} has {len(first[1].phrases)}", wrong=False)


def _numbers(part: str, text: str) -> set[str]:
    return set(_NUMBER.findall(_STEP.sub("", text) if part == "steps" else text))


def _parts(text: TopicText) -> dict[str, str]:
    words = " / ".join(shown for _, shown in text.links)
    return {"title": text.title, "short": text.short, "steps": text.steps, "admin": text.admin, "links": words}


def _length(topic: Topic, text: TopicText) -> Iterator[_What]:
    lines = len([line for line in text.short.splitlines() if line.strip()])
    least = 1 if topic.label in ONE_LINE_WILL_DO else SHORT_LINES[0]
    if not least <= lines <= SHORT_LINES[1]:
        yield f"its answer has {lines} lines, not {least} to {SHORT_LINES[1]}", True
    for part, words in _parts(text).items():
        longest = max(map(len, words.splitlines()), default=0)
        if longest > LINE_CHARACTERS and part != "links":
            yield f"its {part} has a line of {longest} characters, more than {LINE_CHARACTERS}", False
    if (steps := len(_STEP.findall(text.steps))) > MOST_STEPS:
        yield f"has {steps} steps, more than anybody follows", False
    if text.title.endswith((".", ":")):
        yield "its title is a button, and ends like a sentence", True


def _link_words(text: TopicText) -> Iterator[_What]:
    for address, shown in text.links:
        if len(shown) < 5 or _ADDRESS.search(shown):
            yield f"the link {address} is called {shown!r}: say what it opens", True


def _prose(parts: Mapping[str, str], avoid: Mapping[str, str]) -> Iterator[_What]:
    for part, text in parts.items():
        its = f"its {part}" if part else "it"
        yield from _style(its, text, avoid)
        # A message's {link} is an address of ours.
        yield from ((f"{its} has the address {address}, which belongs in links.yaml", True)
                    for address in _ADDRESS.findall(text))


def _style(its: str, text: str, avoid: Mapping[str, str]) -> Iterator[_What]:
    for word, instead in avoid.items():
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE):
            yield f"{its} has {word!r}; {instead}", True
    if found := _UNTIDY.search(text):
        yield f"{its} has a blank too much at {found[0]!r}", True
    for sentence in _SENTENCE.findall(text):
        if (count := len(sentence.split())) > SENTENCE_WORDS:
            yield f"{its} has a sentence of {count} words: {' '.join(sentence.split()[:5])} ...", False


def _links(content: Content) -> Iterator[Finding]:
    used = {address for topic in content.topics.values() for text in topic.texts.values() for address, _ in text.links}
    used |= {address for error in content.errors.values() for text in error.texts.values() for address in text.links}
    named = {topic.source for topic in content.topics.values()}
    for name in content.links[content.languages[0]]:
        addresses = {by_name[name] for by_name in content.links.values() if name in by_name}
        if name not in named and not addresses & used:
            yield Finding("links.yaml", f"{name} is used by no topic and no error", wrong=False)
        for address in sorted(addresses):
            if why := _dead(address):
                yield Finding("links.yaml", f"{name}: {why}")


def _dead(address: str) -> str:
    """Why an address of the right form is not one to send people to; "" when it is."""
    host = urlsplit(address).hostname or ""
    if any(host == one or host.endswith("." + one) for one in RETIRED):
        return f"pages of {host} have moved: {address}"
    if re.search(r"[?&](utm_\w+|wt\.mc_id|ocid)=", address, re.IGNORECASE):
        return f"follows people about: {address}"
    return ""


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """What is wrong first, then by place; nothing twice."""
    return sorted(set(findings), key=lambda one: (not one.wrong, one.where, one.what))
