"""Where phrases of the content stand in each other's way: two topics that one phrase fits, topics nobody would find."""

from collections import defaultdict
from collections.abc import Iterator

from bot.content import Content
from bot.content.proofreading import Finding
from bot.understanding.lesson import OUT_OF_SCOPE
from bot.understanding.reader import Reader
from bot.understanding.text import words

FOUND = 0.7     # of a topic's phrases at least lead to it, or nobody would find it


def overlaps(content: Content, reader: Reader) -> Iterator[Finding]:
    """What to look at, by language; reads every phrase, some seconds in all."""
    for lang in content.languages:
        yield from _twice(content, lang)
        for topic in content.topics.values():
            if lang not in topic.texts:
                continue
            text, where = topic.texts[lang], f"{lang}/faq/{topic.id}.md"
            read = [(phrase, reader.read(phrase, lang)) for phrase in text.phrases]
            for phrase, reading in read:
                if reading.topic != topic.label:
                    yield Finding(where, f"phrase {phrase!r} is understood as {reading.topic}", wrong=False)
            there = sum(topic.id == reading.answers[0] for _, reading in read)
            if there < FOUND * len(read):
                yield Finding(where, f"only {there} of its {len(read)} phrases lead to it")
            if topic.label != OUT_OF_SCOPE and topic.id not in reader.read(text.title, lang).answers:
                yield Finding(where, f"nobody finds it by its title {text.title!r}", wrong=False)


def _twice(content: Content, lang: str) -> Iterator[Finding]:
    """Phrases of the same words in any order under two topics; the label is what matters most."""
    seen: defaultdict[tuple[str, ...], list[tuple[str, str, str]]] = defaultdict(list)
    for topic in content.topics.values():
        for phrase in topic.texts[lang].phrases if lang in topic.texts else ():
            if said := tuple(sorted(words(phrase))):
                seen[said].append((topic.id, topic.label, phrase))
    for same in seen.values():
        first, label, phrase = same[0]
        for other, its_label, its_phrase in same[1:]:
            if other != first:
                yield Finding(
                    f"{lang}/faq/{other}.md", f"phrase {its_phrase!r} fits {first} too, which has {phrase!r}",
                    wrong=its_label != label)
