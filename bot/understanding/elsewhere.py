"""Phrases about what is not ours, made of the names of things and of sentences about them.

Another service's password or a lock's code is asked for in our own words; that it is not ours shows by the name alone.
A name that is known (`names.py`) needs none of them: they teach the sentences, and what an unknown name looks like.
`elsewhere/<lang>.yaml` has the names and the sentences, and sentences about what is ours, so that it is the name that
is learned and not the sentence. A language without a file has none.
"""

from collections.abc import Iterator
from pathlib import Path

from bot.content.parsed import Parsed

FOLDER = Path(__file__).parent / "elsewhere"

OURS = "ours"
_EACH = 2       # sentences about a thing


def made(lang: str, folder: Path = FOLDER, parsed: Parsed | None = None) -> Iterator[tuple[str, str]]:
    """Pairs of a topic and a phrase in this language; the topic is "" for what is not ours."""
    path = folder / f"{lang}.yaml"
    if not path.exists():
        return
    table = (parsed or Parsed()).yaml(path)
    for kind, part in table.items():
        if kind != OURS:
            yield from (("", phrase) for phrase in _taking_turns(part["things"], part["sentences"]))
    for topic, sentences in table[OURS]["sentences"].items():
        yield from ((topic, one.replace("{}", thing)) for one in sentences for thing in table[OURS]["things"])


def _taking_turns(things: list[str], sentences: list[str]) -> Iterator[str]:
    """Some sentences about each thing, so that each has its turn, at each round beginning with another."""
    for at, thing in enumerate(things):
        for turn in range(_EACH):
            where = at * _EACH + turn + at // len(sentences)
            yield sentences[where % len(sentences)].replace("{}", thing)
