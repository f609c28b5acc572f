"""How well the understanding does: over the evaluation set, and over the content's phrases held out in turn.

`python -m tests.understanding.figures [FILE ...]` prints them, and those of FILEs in its format.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.content import load_content
from bot.understanding.families import load_families
from bot.understanding.lesson import OUT_OF_SCOPE, Lesson, lesson_of
from bot.understanding.reader import Reader, Reading
from bot.understanding.train import learn

EVALUATION = Path(__file__).with_name("evaluation.jsonl")
UNSEEN = Path(__file__).with_name("unseen.jsonl")
"""By somebody who had read no phrase and no other set. Who writes phrases leaves it unread, or it is worth no more."""
FOLDS = 3


@dataclass(frozen=True)
class Figures:
    """Shares from 0 to 1; `sure` is how many readings were, `sure_right` how many of those were right."""

    rows: int
    right: float
    in_three: float
    outside: float          # of what is not ours, taken for ours
    away: float             # of what is ours, taken for something else's
    sure: float
    sure_right: float
    language: float
    calibration: float      # mean distance of confidence from the share that is right, over ten bins
    by_language: dict[str, float]
    by_label: dict[str, float]
    wrong: tuple[tuple[str, str, float, str], ...]


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def reader_for(lesson: Lesson) -> Reader:
    """A reader that learned in this process."""
    topics: defaultdict[str, set[str]] = defaultdict(set)
    for phrase in lesson.phrases:
        topics[phrase.label].add(phrase.topic)
    return Reader(learn(lesson), load_families(), {label: sorted(ids) for label, ids in topics.items()})


def evaluated(reader: Reader, rows: Iterable[dict[str, Any]]) -> Figures:
    return _figures([(row["text"], row["lang"], row["label"], reader.read(row["text"])) for row in rows])


def cross_validated(lesson: Lesson) -> Figures:
    """Every phrase read by a reader that learned from the others; each fourth is left out in turn."""
    read = []
    for fold in range(FOLDS):
        kept = tuple(phrase for at, phrase in enumerate(lesson.phrases) if at % FOLDS != fold)
        reader = reader_for(replace(lesson, phrases=kept))
        left_out = lesson.phrases[fold::FOLDS]
        read += [(phrase.text, phrase.lang, phrase.label, reader.read(phrase.text)) for phrase in left_out]
    return _figures(read)


def _figures(read: list[tuple[str, str, str, Reading]]) -> Figures:
    right = [reading.topic == label for _, _, label, reading in read]
    sure = [good for good, (*_, reading) in zip(right, read, strict=True) if reading.sure]
    bins: defaultdict[int, list[float]] = defaultdict(list)
    for good, (*_, reading) in zip(right, read, strict=True):
        bins[min(9, int(reading.confidence * 10))].append(good - reading.confidence)
    return Figures(
        rows=len(read),
        right=sum(right) / len(read),
        outside=_share(reading.topic != OUT_OF_SCOPE for *_, label, reading in read if label == OUT_OF_SCOPE),
        away=_share(reading.topic == OUT_OF_SCOPE for *_, label, reading in read if label != OUT_OF_SCOPE),
        in_three=sum(label in reading.candidates for _, _, label, reading in read) / len(read),
        sure=len(sure) / len(read),
        sure_right=sum(sure) / max(1, len(sure)),
        language=sum(reading.lang == _spoken(lang) for _, lang, _, reading in read) / len(read),
        calibration=sum(abs(sum(differences)) for differences in bins.values()) / len(read),
        by_language=_shares((lang, good) for good, (_, lang, _, _) in zip(right, read, strict=True)),
        by_label=_shares((label, good) for good, (_, _, label, _) in zip(right, read, strict=True)),
        wrong=tuple((label, reading.topic, reading.confidence, text) for text, _, label, reading in read
                    if reading.topic != label),
    )


def _spoken(lang: str) -> str:
    return "en" if lang == "en" else "nb"


def _share(each: Iterable[bool]) -> float:
    found = list(each)
    return sum(found) / max(1, len(found))


def _shares(pairs: Iterable[tuple[str, bool]]) -> dict[str, float]:
    all_, good = Counter[str](), Counter[str]()
    for name, is_good in pairs:
        all_[name] += 1
        good[name] += is_good
    return {name: good[name] / all_[name] for name in sorted(all_)}


def _show(name: str, figures: Figures) -> None:
    out = sys.stdout.write
    out(f"{name}: {figures.rows} rows, right {figures.right:.3f}, among three {figures.in_three:.3f}, "
        f"outside answered {figures.outside:.3f}, turned away {figures.away:.3f}, "
        f"sure {figures.sure:.3f} of which right {figures.sure_right:.3f}, language {figures.language:.3f}, "
        f"calibration error {figures.calibration:.3f}\n")
    out("  " + " ".join(f"{lang} {share:.3f}" for lang, share in figures.by_language.items()) + "\n")
    out("  " + " ".join(f"{label} {share:.2f}" for label, share in figures.by_label.items()) + "\n")


def main() -> None:
    lesson = lesson_of(load_content())
    _show("cross validation", cross_validated(lesson))
    reader = reader_for(lesson)
    for path in [EVALUATION, *map(Path, sys.argv[1:])]:
        _show(path.name, evaluated(reader, rows_of(path)))


if __name__ == "__main__":
    main()
