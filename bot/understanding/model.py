"""The learned numbers: from features to how well each label, topic and language fits, in numpy alone."""

import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
Rows = NDArray[np.intp]

_BEFORE_ALL = np.array([-1])


class ModelError(ValueError):
    """A model file that can't be used: cut short, changed, or not ours."""


@dataclass(frozen=True, slots=True)
class Model:
    """A linear model: one column of `weights` for each label, then each topic, then each language.

    A feature's weight in a message is its rarity, and a message has length one: `rarity` is multiplied into
    `weights` already, so that understanding is a sum of rows and a division.
    """

    labels: tuple[str, ...]
    topics: tuple[tuple[str, str], ...]     # (label, topic id) of the labels that several topics share
    languages: tuple[str, ...]
    vocabulary: Mapping[str, int]           # feature → row
    names: frozenset[str]                   # of what is not ours (names.py), as they were when it was learned
    rarity: Numbers                         # (rows,)
    weights: Numbers                        # (rows, columns)
    bias: Numbers                           # (columns,)

    def scores(self, found: set[str]) -> Numbers:
        """Log-odds of each column for a message with these features."""
        return self.scores_of(self.rows(found))

    def rows(self, found: Iterable[str]) -> Rows:
        """The rows of those features that were learned, in any order."""
        rows = set(map(self.vocabulary.get, found))
        rows.discard(None)
        return np.fromiter(rows, np.intp, len(rows))

    def scores_of(self, *learned: Rows) -> Numbers:
        """As `scores`, from the rows of a message's parts, which may share some."""
        rows = np.concatenate((_BEFORE_ALL, *learned))
        # Sorted, because sets come in any order and sums of floats depend on theirs; then each once.
        rows.sort()
        rows = rows[1:][rows[1:] != rows[:-1]]
        if not rows.size:
            return self.bias
        rare = self.rarity.take(rows)
        summed: Numbers = np.add.reduce(self.weights.take(rows, axis=0), axis=0)
        return summed / np.float32(math.sqrt(rare @ rare)) + self.bias

    def to_bytes(self) -> bytes:
        names = json.dumps([self.labels, self.topics, self.languages, list(self.vocabulary), sorted(self.names)])
        out = io.BytesIO()
        letters = np.frombuffer(names.encode(), np.uint8)
        np.savez(out, names=letters, rarity=self.rarity, weights=self.weights, bias=self.bias)
        return out.getvalue()


def read_model(path: Path) -> Model:
    """The model in a file; never unpickles. Raises ModelError, or OSError when the file can't be read."""
    whole = path.read_bytes()
    try:
        with np.load(io.BytesIO(whole), allow_pickle=False) as parts:
            labels, topics, languages, vocabulary, foreign = json.loads(parts["names"].tobytes())
            model = Model(
                tuple(labels), tuple((label, topic) for label, topic in topics), tuple(languages),
                {feature: row for row, feature in enumerate(vocabulary)}, frozenset(foreign),
                parts["rarity"], parts["weights"], parts["bias"],
            )
    except Exception as error:  # zip, zlib, numpy and json have errors of their own for bad bytes
        raise ModelError(f"{path}: {error}") from error
    columns = len(model.labels) + len(model.topics) + len(model.languages)
    shapes = (model.rarity.shape, model.weights.shape, model.bias.shape)
    if shapes != ((len(model.vocabulary),), (len(model.vocabulary), columns), (columns,)):
        raise ModelError(f"{path}: its parts do not fit together")
    return model
