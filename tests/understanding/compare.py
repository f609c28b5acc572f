"""Which way of understanding is best: `python -m tests.understanding.compare [FILE ...]` prints a table of several.

Each learns the labels of the content's phrases, and of those made of the names of others' things, and is judged by
cross-validation over the former, by the evaluation set and by FILEs in its format. Takes half an hour. What it printed
last stands in comparison.md beside this file.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB

from bot.content import load_content
from bot.understanding.families import load_families
from bot.understanding.features import features, is_meaning
from bot.understanding.lesson import OUT_OF_SCOPE, lesson_of
from bot.understanding.text import cut
from bot.understanding.train import (
    LEAN,
    SLOPE,
    as_table,
    learned_features,
    separation,
)
from tests.understanding.figures import EVALUATION, FOLDS, rows_of

Chances = NDArray[np.float64]
Fitted = Callable[[list[set[str]]], Chances]
Approach = Callable[[list[set[str]], list[str]], Fitted]

NEIGHBOURS = 8


def linear(
    make: Callable[[], Any], kept: Callable[[str], bool] = lambda feature: True, slope: float = SLOPE,
    lean: float = 0.0,
) -> Approach:
    """One linear model for each label against all others; `lean`: log-odds towards what is not ours."""
    def fit(found: list[set[str]], labels: list[str]) -> Fitted:
        found = [set(filter(kept, one)) for one in found]
        vocabulary, rarity = learned_features(found)
        table = as_table(found, vocabulary, rarity)
        names = sorted(set(labels))
        models = [make().fit(table, [label == name for label in labels]) for name in names]

        def chances(unseen: list[set[str]]) -> Chances:
            rows = as_table([set(filter(kept, one)) for one in unseen], vocabulary, rarity)
            return _one_each([
                slope * model.decision_function(rows) + (lean if name == OUT_OF_SCOPE else 0.0)
                for name, model in zip(names, models, strict=True)])
        return chances
    return fit


def regression() -> LogisticRegression:
    return LogisticRegression(solver="liblinear", dual=True, C=100.0, tol=0.01, max_iter=2000, random_state=0)


def softmax(found: list[set[str]], labels: list[str]) -> Fitted:
    """One model in which the labels compete."""
    vocabulary, rarity = learned_features(found)
    model = LogisticRegression(C=30.0, tol=0.0005, max_iter=300).fit(as_table(found, vocabulary, rarity), labels)
    return lambda unseen: model.predict_proba(as_table(unseen, vocabulary, rarity))


def bayes(found: list[set[str]], labels: list[str]) -> Fitted:
    vocabulary, rarity = learned_features(found)
    model = ComplementNB(alpha=0.3, norm=True).fit(as_table(found, vocabulary, rarity), labels)

    def chances(unseen: list[set[str]]) -> Chances:
        scores = model.predict_joint_log_proba(as_table(unseen, vocabulary, rarity))
        return _softmax(scores * 40)
    return chances


def nearest(found: list[set[str]], labels: list[str]) -> Fitted:
    """The labels of the phrases most alike, by how much they are."""
    vocabulary, rarity = learned_features(found)
    table = as_table(found, vocabulary, rarity)
    names = sorted(set(labels))
    member = np.array([[label == name for name in names] for label in labels], float)

    def chances(unseen: list[set[str]]) -> Chances:
        alike = (as_table(unseen, vocabulary, rarity) @ table.T).toarray()
        least = np.partition(alike, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS]
        alike[alike < least[:, None]] = 0
        return _shared(np.asarray((alike ** 3) @ member) + 1e-9)
    return chances


def together(*approaches: Approach) -> Approach:
    """The mean of what several say."""
    def fit(found: list[set[str]], labels: list[str]) -> Fitted:
        fitted = [approach(found, labels) for approach in approaches]
        return lambda unseen: np.mean([one(unseen) for one in fitted], axis=0)
    return fit


def guarded(approach: Approach) -> Approach:
    """A model of its own for whether it is ours at all, which goes first."""
    def fit(found: list[set[str]], labels: list[str]) -> Fitted:
        names = sorted(set(labels))
        at = names.index(OUT_OF_SCOPE)
        ours = [label != OUT_OF_SCOPE for label in labels]
        guard = linear(separation)(found, [str(one) for one in ours])
        within = approach(
            [one for one, kept in zip(found, ours, strict=True) if kept],
            [label for label in labels if label != OUT_OF_SCOPE])

        def chances(unseen: list[set[str]]) -> Chances:
            is_ours = guard(unseen)[:, 1:]
            return np.insert(within(unseen) * is_ours, at, 1 - is_ours[:, 0], axis=1)
        return chances
    return fit


def stacked(*approaches: Approach) -> Approach:
    """A regression over what several say of phrases they have not seen."""
    def fit(found: list[set[str]], labels: list[str]) -> Fitted:
        said = np.zeros((len(found), 0))
        for approach in approaches:
            said = np.hstack([said, np.log(_held_out(approach, found, labels) + 1e-4)])
        judge = LogisticRegression(C=1.0, max_iter=500).fit(said, labels)
        fitted = [approach(found, labels) for approach in approaches]
        return lambda unseen: judge.predict_proba(
            np.hstack([np.log(one(unseen) + 1e-4) for one in fitted]))
    return fit


def _held_out(
    approach: Approach, found: list[set[str]], labels: list[str],
    more: tuple[list[set[str]], list[str]] = ([], []),
) -> Chances:
    """What is said of each by a model that learned the other folds, and `more` that nobody is judged by."""
    fold_of = np.random.default_rng(0).permutation(len(found)) % FOLDS
    said = np.zeros((len(found), len(set(labels))))
    for fold in range(FOLDS):
        rest, held = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        learned = [found[at] for at in rest] + more[0], [labels[at] for at in rest] + more[1]
        said[held] = approach(*learned)([found[at] for at in held])
    return said


def _one_each(scores: Sequence[Chances]) -> Chances:
    return _shared(1 / (1 + np.exp(-np.stack(scores, axis=1))))


def _softmax(scores: Chances) -> Chances:
    return _shared(np.exp(scores - scores.max(axis=1, keepdims=True)))


def _shared(chances: Chances) -> Chances:
    shares: Chances = chances / chances.sum(axis=1, keepdims=True)
    return shares


plain = linear(separation)
leaning = linear(separation, lean=LEAN)


@dataclass(frozen=True)
class Entry:
    """`made`: learns from the made phrases as well; `named`: knows the names of what is not ours."""

    approach: Approach
    made: bool = True
    named: bool = True


APPROACHES: dict[str, Entry] = {
    "pieces of words alone": Entry(
        linear(separation, lambda one: one[0] != "+" and one[0] not in "=~" and " " not in one)),
    "words and pairs alone": Entry(linear(separation, lambda one: one[0] == "=" or " " in one)),
    "word families alone": Entry(linear(separation, is_meaning)),
    "without families": Entry(linear(separation, lambda one: not is_meaning(one))),
    "logistic regression": Entry(linear(regression, slope=1.0)),
    "softmax over labels": Entry(softmax),
    "complement Bayes": Entry(bayes),
    "nearest phrases": Entry(nearest),
    "support vectors": Entry(plain),
    "these behind a guard": Entry(guarded(plain)),
    "these and nearest, mean": Entry(together(plain, nearest)),
    "these, Bayes and nearest, stacked": Entry(stacked(plain, bayes, nearest)),
    "these with a lean, without names": Entry(leaning, named=False),
    "these with a lean, without made phrases": Entry(leaning, made=False),
    "ours: these with a lean": Entry(leaning),
}


def judged(names: list[str], chances: Chances, labels: list[str]) -> str:
    """Cells of the table: right, among three, out of scope answered, in scope turned away; per cent."""
    order = np.argsort(-chances, axis=1, kind="stable")[:, :3]
    first = np.array(names)[order[:, 0]]
    truth = np.array(labels)
    three = (np.array(names)[order] == truth[:, None]).any(axis=1)
    outside = truth == OUT_OF_SCOPE
    shares = (
        (first == truth).mean(), three.mean(),
        (first[outside] != OUT_OF_SCOPE).mean(), (first[~outside] == OUT_OF_SCOPE).mean(),
    )
    return " | ".join(f"{share * 100:.1f}" for share in shares)


def main() -> None:
    lesson = lesson_of(load_content())
    labels, made_labels = ([one.label for one in phrases] for phrases in (lesson.phrases, lesson.made))
    names = sorted(set(labels))
    files = [EVALUATION, *map(Path, sys.argv[1:])]
    out = sys.stdout.write
    heads = ["cross-validated", *(path.stem for path in files)]
    out("| approach | " + " | ".join(f"{head}: right | of three | outside answered | turned away" for head in heads)
        + " | seconds |\n")
    out("|---" * (2 + 4 * len(heads)) + "|\n")
    for name, entry in APPROACHES.items():
        families = load_families(names=None if entry.named else set())
        found, made, *sets = (
            [features(cut(text), families) for text in texts] for texts in (
                [one.text for one in lesson.phrases], [one.text for one in lesson.made],
                *([row["text"] for row in rows_of(path)] for path in files)))
        more = (made, made_labels) if entry.made else ([], [])
        cells = [judged(names, _held_out(entry.approach, found, labels, more), labels)]
        begun = time.process_time()
        fitted = entry.approach(found + more[0], labels + more[1])
        seconds = time.process_time() - begun
        cells += [judged(names, fitted(texts), [row["label"] for row in rows_of(path)])
                  for path, texts in zip(files, sets, strict=True)]
        out(f"| {name} | " + " | ".join(cells) + f" | {seconds:.0f} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
