"""How well messages of known labels are understood, in words and tables that fit a terminal.

A message is a JSON object with `text`, `label` and `lang`, and perhaps `style` (how it is written) and `kind`.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.content import Content
from bot.understanding.lesson import OUT_OF_SCOPE
from bot.understanding.reader import Reader, Reading

WEAKEST = 15
LONGEST = 88        # characters of a message that are shown
_EXAMPLE = 60


class RowsError(ValueError):
    """A file that holds no messages of known labels; the text says where."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message whose label is known; `kinds` are the ways to group it, by name: style and kind."""

    text: str
    label: str
    lang: str
    kinds: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Read:
    row: Row
    reading: Reading

    @property
    def right(self) -> bool:
        return self.reading.topic == self.row.label

    @property
    def ours(self) -> bool:
        return self.row.label != OUT_OF_SCOPE


def rows_of(path: Path, labels: Iterable[str]) -> list[Row]:
    """The messages of a file of JSON Lines. Raises RowsError, OSError."""
    known = set(labels)
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            row = Row(found["text"], found["label"], found["lang"],
                      {name: found[name] for name in ("style", "kind") if found.get(name)})
        except (ValueError, KeyError, TypeError) as error:
            raise RowsError(f"line {number} is no message with text, label and lang ({error!r})") from None
        if row.label not in known:
            raise RowsError(f"line {number}: {row.label!r} is not one of {', '.join(sorted(known))}")
        rows.append(row)
    if not rows:
        raise RowsError("there is no message in it")
    return rows


def understood(reader: Reader, rows: Iterable[Row]) -> list[Read]:
    return [Read(row, reader.read(row.text)) for row in rows]


def share_right(read: Sequence[Read]) -> float:
    return sum(one.right for one in read) / len(read)


def report(read: Sequence[Read]) -> Iterator[str]:
    """Line by line: figures, then the table of what is taken for what, then the weakest."""
    yield from _figures(read)
    yield from ("", *_table(read))
    yield from ("", *_taken_for(read))
    yield from ("", "Weakest messages: wrong, or right with the least confidence", *_weakest(read))


def phrases_of(content: Content, reader: Reader) -> list[Read]:
    """The content's own phrases, each read as a message."""
    rows = (Row(phrase, topic.label, lang, {"style": topic.id}) for topic in content.topics.values()
            for lang, text in topic.texts.items() for phrase in text.phrases)
    return understood(reader, rows)


def weakest_phrases(read: Sequence[Read]) -> Iterator[str]:
    """Of the content's own phrases; they were learned from, and should all be easy."""
    yield "Weakest phrases of the content"
    for one in sorted(read, key=_strength)[:WEAKEST]:
        where = f"{one.row.lang}/faq/{one.row.kinds['style']}.md"
        yield f"  {_strength(one):5.2f}  {where:40} {_shown(one.row.text, _EXAMPLE)}"


def _figures(read: Sequence[Read]) -> Iterator[str]:
    yield f"{'':24}{'messages':>9}{'right':>8}{'in three':>10}{'sure':>8}{'turned away':>13}{'let in':>8}"
    yield _line("all", read)
    for name, group in _grouped(read):
        yield _line(f"  {name}", group)


def _grouped(read: Sequence[Read]) -> Iterator[tuple[str, list[Read]]]:
    groups: defaultdict[str, list[Read]] = defaultdict(list)
    for one in read:
        groups[f"0{one.row.lang}"].append(one)
        for name, value in one.row.kinds.items():
            groups[f"{'1' if name == 'style' else '2'}{value}"].append(one)
    yield from ((name[1:], group) for name, group in sorted(groups.items()))


def _line(name: str, read: Sequence[Read]) -> str:
    """`turned away`: ours, and taken for out of scope; `let in`: out of scope, and answered as if known."""
    def share(of: Sequence[Read], those: Iterable[bool]) -> str:
        return f"{100 * sum(those) / len(of):.1f} %" if of else "-"

    ours, others = [one for one in read if one.ours], [one for one in read if not one.ours]
    figures = (
        share(read, (one.right for one in read)),
        share(read, (one.row.label in one.reading.candidates for one in read)),
        share(read, (one.reading.sure for one in read)),
        share(ours, (one.reading.topic == OUT_OF_SCOPE for one in ours)),
        share(others, (one.reading.topic != OUT_OF_SCOPE for one in others)))
    return f"{name:24}{len(read):9}" + "".join(
        f"{one:>{width}}" for one, width in zip(figures, (8, 10, 8, 13, 8), strict=True))


def _table(read: Sequence[Read]) -> Iterator[str]:
    """A row for each label as it is meant, a column for each as it is understood, by the rows' numbers."""
    labels = sorted({one.row.label for one in read} | {one.reading.topic for one in read})
    counts = Counter((one.row.label, one.reading.topic) for one in read)
    yield "Meant (rows), understood as (columns)"
    yield f"{'':27}" + "".join(f"{number:4}" for number in range(1, len(labels) + 1))
    for number, label in enumerate(labels, 1):
        cells = ("" if not (count := counts[label, other]) else str(count) for other in labels)
        yield f"{number:3} {label:23}" + "".join(f"{cell or '.':>4}" for cell in cells)


def _taken_for(read: Sequence[Read]) -> Iterator[str]:
    pairs: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one in read:
        if not one.right:
            pairs[one.row.label, one.reading.topic].append(one.row.text)
    yield "Taken for something else"
    for (label, topic), texts in sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        yield f"  {len(texts):3}  {label} -> {topic}: {_shown(texts[0], _EXAMPLE)}"


def _weakest(read: Sequence[Read]) -> Iterator[str]:
    for one in sorted(read, key=_strength)[:WEAKEST]:
        wrong = "" if one.right else f" (meant {one.row.label}, understood {one.reading.topic})"
        yield f"  {_strength(one):5.2f}  {one.row.lang:4}{_shown(one.row.text, LONGEST)}{wrong}"


def _strength(one: Read) -> float:
    """Confidence, below zero where it is confidently wrong."""
    return one.reading.confidence if one.right else -one.reading.confidence


def _shown(text: str, most: int) -> str:
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= most else line[: most - 3] + "..."
