"""Learns a model from phrases, in a process of its own: scikit-learn's memory has no place in a server.

`python -m bot.understanding.train FILE` reads a Lesson as JSON on standard input, writes the model to FILE.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.svm import LinearSVC

from bot.understanding.families import load_families
from bot.understanding.features import features, is_meaning
from bot.understanding.lesson import OUT_OF_SCOPE, Lesson
from bot.understanding.model import Model, Numbers
from bot.understanding.text import cut

SEEN_IN = 2         # phrases at least, or a feature is not learned
# Found by cross validation over the phrases and by sets of messages beside them (tests/understanding/compare.py).
FAMILY = 1.0        # how much a word family counts beside the words themselves
STRENGTH = 1.0      # inverse of regularisation
PRECISION = 0.01    # of the optimum: more changes no answer and takes longer
SLOPE = 6.0         # from a distance to log-odds, so that a confidence is as often right as it says
LEAN = 1.4          # log-odds towards "not ours" in doubt: a wrong answer is worse than being asked again


def learn(lesson: Lesson) -> Model:
    """A plane for each label that parts it from all others, each topic within its label, each language."""
    families = load_families()
    taught = (*lesson.phrases, *lesson.made)
    phrases = [features(cut(phrase.text), families) for phrase in taught]
    prose = [features(cut(text), families) for _, text in lesson.prose]
    vocabulary, rarity = learned_features(phrases)
    table = as_table(phrases, vocabulary, rarity)
    labels = [phrase.label for phrase in taught]
    topics = [phrase.topic for phrase in taught]
    spoken = [phrase.lang for phrase in taught] + [lang for lang, _ in lesson.prose]
    everything = as_table(phrases + prose, vocabulary, rarity)
    names = tuple(sorted(set(labels)))
    shared = _shared(labels, topics)
    columns = [_column(table, labels, name) for name in names]
    for label, topic in shared:
        rows = [at for at, one in enumerate(labels) if one == label]
        columns.append(_column(table[rows], [topics[at] for at in rows], topic))
    columns += [_column(everything, spoken, lang) for lang in lesson.languages]
    weights = np.stack([weight for weight, _ in columns], axis=1) * rarity[:, None]
    bias = np.array([bias for _, bias in columns])
    if OUT_OF_SCOPE in names:
        bias[names.index(OUT_OF_SCOPE)] += LEAN
    return Model(
        names, shared, lesson.languages, vocabulary, families.names,
        rarity, weights.astype(np.float32), bias.astype(np.float32),
    )


def learned_features(phrases: Sequence[set[str]]) -> tuple[dict[str, int], Numbers]:
    seen = Counter(feature for found in phrases for feature in found)
    kept = sorted(feature for feature, times in seen.items() if times >= SEEN_IN)
    rarity = [
        (FAMILY if is_meaning(feature) else 1.0) * (1 + np.log((1 + len(phrases)) / (1 + seen[feature])))
        for feature in kept
    ]
    return {feature: row for row, feature in enumerate(kept)}, np.array(rarity, np.float32)


def as_table(found: Sequence[set[str]], vocabulary: dict[str, int], rarity: Numbers) -> csr_matrix:
    """Messages as rows of length one."""
    ends, columns, values = [0], [], []
    for one in found:
        rows = sorted(vocabulary[feature] for feature in one if feature in vocabulary)
        rare = rarity[rows].astype(np.float64)
        columns += rows
        values.append(rare / np.sqrt(rare @ rare) if rows else rare)
        ends.append(len(columns))
    return csr_matrix((np.concatenate(values), columns, ends), shape=(len(found), len(vocabulary)))


def _shared(labels: Sequence[str], topics: Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = sorted(set(zip(labels, topics, strict=True)))
    several = Counter(label for label, _ in pairs)
    return tuple(pair for pair in pairs if several[pair[0]] > 1)


def _column(table: csr_matrix, names: Sequence[str], name: str) -> tuple[Numbers, float]:
    """Weights and bias of one name against all others; a language that is alone fits everything."""
    is_it = np.array([one == name for one in names])
    if is_it.all():
        return np.zeros(table.shape[1], np.float32), 1.0
    fitted = separation().fit(table, is_it)
    return SLOPE * fitted.coef_[0], SLOPE * float(fitted.intercept_[0])


def separation() -> LinearSVC:
    """Support vectors: as right as a logistic regression, and learned in a quarter of its time."""
    return LinearSVC(C=STRENGTH, tol=PRECISION, max_iter=2000, random_state=0)


def main() -> int:
    model = learn(Lesson.from_json(sys.stdin.buffer.read()))
    Path(sys.argv[1]).write_bytes(model.to_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
