"""What people of this organisation write for a topic: phrases added beside the content, one file in the data folder.

Each line is one: {"lang": "nb", "topic": "lost-phone", "text": "mobilen ligger på bunnen av fjorden"}. It may be
edited by hand. Replicas that share no folder each need the file. A line that does not fit, after a release that renamed
a topic say, is passed over and stays: it stops no start.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bot.content.model import Content, Texts

FILE = "phrases.jsonl"
LONGEST = 200
"""Characters of a phrase; people's questions are shorter."""


@dataclass(frozen=True, slots=True)
class OwnPhrase:
    lang: str
    topic: str
    text: str


class OwnPhrases:
    """The file; each method reads or writes it, and so blocks for a moment."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def all(self) -> list[OwnPhrase]:
        """Every phrase, oldest first. Raises OSError for a file that is there and cannot be read."""
        try:
            lines = self.path.read_bytes().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [one for line in lines if (one := _phrase(line))]

    def add(self, one: OwnPhrase) -> bool:
        """False if it stands there. Raises OSError."""
        with self._alone():
            if one in self.all():
                return False
            with self.path.open("ab") as file:
                file.write(json.dumps(asdict(one), ensure_ascii=False).encode() + b"\n")
        return True

    def remove(self, one: OwnPhrase) -> bool:
        """False if it does not stand there. Raises OSError."""
        with self._alone():
            lines = self.path.read_bytes().splitlines() if self.path.exists() else []
            kept = [line for line in lines if _phrase(line) != one]
            if len(kept) == len(lines):
                return False
            fresh = self.path.with_suffix(".new")
            fresh.write_bytes(b"".join(line + b"\n" for line in kept))
            fresh.replace(self.path)
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _phrase(line: bytes) -> OwnPhrase | None:
    try:
        one = OwnPhrase(**json.loads(line))
    except (ValueError, TypeError):
        return None
    return one if all(isinstance(value, str) for value in asdict(one).values()) else None


def with_own(content: Content, own: Sequence[OwnPhrase]) -> Content:
    """The content with these phrases under their topics; one that does not fit is passed over."""
    if not own:
        return content
    topics, standing = dict(content.topics), standing_phrases(content)
    for one in own:
        if fits(content, standing, one):
            standing[one.lang, folded(one.text)] = one.topic
            topic = topics[one.topic]
            text = topic.texts[one.lang]
            more = replace(text, phrases=(*text.phrases, one.text))
            topics[one.topic] = replace(topic, texts=Texts({**topic.texts, one.lang: more}))
    return replace(content, topics=topics)


def fits(content: Content, standing: Mapping[tuple[str, str], str], one: OwnPhrase) -> bool:
    """Whether there is such a topic in this language, and the phrase stands nowhere yet."""
    return (one.topic in content.topics and one.lang in content.topics[one.topic].texts
            and 0 < len(one.text.strip()) <= LONGEST and (one.lang, folded(one.text)) not in standing)


def standing_phrases(content: Content) -> dict[tuple[str, str], str]:
    """The topic of every phrase, by language and folded text."""
    return {(lang, folded(phrase)): topic.id for topic in content.topics.values()
            for lang, text in topic.texts.items() for phrase in text.phrases}


def folded(text: str) -> str:
    """The form in which two phrases are the same."""
    return text.casefold().strip()
