"""Reads one message: its language, what it wants, how sure that is, and an error code when there is one."""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from bot.understanding.codes import STAND_IN, error_code, without_codes
from bot.understanding.families import Families
from bot.understanding.features import DENIES, parts, undenied, word_features
from bot.understanding.lesson import OUT_OF_SCOPE
from bot.understanding.model import Model, Numbers
from bot.understanding.text import cut, words

PASSWORD_ERROR = "password_error"  # noqa: S105  # a label

# Found by cross validation over the phrases; tests/understanding holds what they give.
NEAR = 0.02             # chance of the best label by itself, below which nothing is near
SURE = 0.5              # confidence from which the answer is given without asking
SURE_OF_THE_REST = 0.92 # of a message that takes something back
SURE_OF_LANGUAGE = 0.8  # below it, the conversation's language stays
OUR_CODES = ("SSPR_", "AADSTS")
BARE_CODE_WORDS = 2     # besides an error code: nothing else was said

_ONE = np.float64(1)        # made once: numpy is slow to take Python's
_T = TypeVar("_T")


class Reading(NamedTuple):
    """What a message was understood as.

    `candidates` are the three nearest labels, best first and beginning with `topic`; `answers` are the ids of
    the topics that belong to them. When `sure` is false, the caller offers them instead of answering.
    """

    topic: str
    confidence: float           # 0 to 1, how often such a reading is right
    sure: bool
    lang: str
    lang_confidence: float      # 0.5 to 1 with two languages: "123456" and "ok" stay low
    candidates: tuple[str, ...]
    answers: tuple[str, ...]
    error_code: str | None


class _ByWord(dict[str, _T]):
    """What is found for a word, held for the words of the phrases only: nothing anybody wrote is held."""

    def __init__(self, learned: Container[str], find: Callable[[str], _T]) -> None:
        super().__init__()
        self._learned = learned
        self._find = find

    def __missing__(self, word: str) -> _T:
        found = self._find(word)
        if "=" + word in self._learned:
            self[word] = found
        return found


class Reader:
    """Understands messages by a model; holds nothing of what it has read, and is safe to share."""

    def __init__(self, model: Model, families: Families, topics: Mapping[str, Sequence[str]]) -> None:
        """`topics` are the ids of the content's topics by label."""
        self._model = model
        self._families = _ByWord(model.vocabulary, families.__getitem__)
        self._names = families.names
        self._rows_of = _ByWord(model.vocabulary, lambda word: model.rows(word_features(word)))
        self._places = range(len(model.labels))
        self._ends = (len(model.labels), len(model.labels) + len(model.topics))
        self._answers = {label: _columns(model, label, ids) for label, ids in topics.items()}

    def read(self, text: str, hint: str | None = None) -> Reading:
        """Understand a message; `hint` is the conversation's language, kept when the message shows none."""
        text = cut(text)
        said, between = parts(text, self._families, self._names)
        reading = self._read(text, hint, self._scores(said, between))
        if not reading.sure or DENIES not in between:
            return reading
        # "Not forgotten" says what it is not: what it is has to stand in the rest.
        rest = undenied(text, self._families)
        said, between = parts(rest, self._families, self._names)
        meant = self._read(rest, hint, self._scores(said, between))
        if meant.confidence < SURE_OF_THE_REST:
            return reading._replace(sure=False)
        return meant._replace(
            lang=reading.lang, lang_confidence=reading.lang_confidence, error_code=reading.error_code)

    def _read(self, text: str, hint: str | None, fitting: Numbers) -> Reading:
        code = error_code(text)
        # Of some dozen numbers, Python finds the largest sooner than numpy is called.
        scores, each = fitting.tolist(), _chances(fitting)
        first_topic, first_language = self._ends
        chances = self._judged(each[:first_topic], code, text)
        best = sorted(self._places, key=chances.__getitem__, reverse=True)[:3]
        candidates = tuple([self._model.labels[at] for at in best])
        confidence = chances[best[0]] / sum(chances)
        lang, lang_confidence = self._language(each[first_language:], hint, text)
        return Reading(
            topic=candidates[0],
            confidence=confidence,
            sure=confidence >= SURE,
            lang=lang,
            lang_confidence=lang_confidence,
            candidates=candidates,
            answers=tuple([self._answer(label, scores) for label in candidates]),
            error_code=code,
        )

    def _scores(self, said: set[str], between: set[str]) -> Numbers:
        return self._model.scores_of(self._model.rows(between), *[self._rows_of[word] for word in said])

    def _judged(self, chances: list[float], code: str | None, text: str) -> list[float]:
        """With what needs no learning: a bare code is an error, a code of sign-in is never somebody else's matter,
        and what resembles nothing is not ours."""
        if code is not None and _nothing_else(text):
            return self._certain(PASSWORD_ERROR, chances)
        if max(chances) < NEAR:
            return self._certain(OUT_OF_SCOPE, chances)
        if code is not None and code.startswith(OUR_CODES):
            return self._certain(OUT_OF_SCOPE, chances, 0.0)
        return chances

    def _certain(self, label: str, chances: list[float], chance: float = 1.0) -> list[float]:
        if label not in self._model.labels:
            return chances
        changed = chances.copy()
        changed[self._model.labels.index(label)] = chance
        return changed

    def _language(self, chances: list[float], hint: str | None, text: str) -> tuple[str, float]:
        if not any(map(str.isalpha, without_codes(text).replace(STAND_IN, ""))):
            # Digits and codes have been seen with one language more than with another, which says nothing.
            return hint or self._model.languages[0], 1 / len(self._model.languages)
        best = chances.index(max(chances))
        confidence = chances[best] / sum(chances)
        if hint is not None and confidence < SURE_OF_LANGUAGE:
            return hint, confidence
        return self._model.languages[best], confidence

    def _answer(self, label: str, scores: list[float]) -> str:
        columns, ids = self._answers[label]
        return max(zip(scores[columns], ids, strict=True))[1]


def _columns(model: Model, label: str, ids: Sequence[str]) -> tuple[slice, Sequence[str]]:
    """The columns that say which of a label's topics is meant, and the topics; of a single one any column does."""
    at = [column for column, (its, _) in enumerate(model.topics, len(model.labels)) if its == label]
    if not at:
        return slice(1), ids
    return slice(at[0], at[-1] + 1), [topic for its, topic in model.topics if its == label]


def _chances(scores: Numbers) -> list[float]:
    # In double precision no chance is nought, whatever it is of: they can be divided by.
    chances: list[float] = (_ONE / (_ONE + np.exp(-scores, dtype=np.float64))).tolist()
    return chances


def _nothing_else(text: str) -> bool:
    """Whether a text with an error code holds hardly anything besides; the code's stand-in is a word too."""
    return len(words(without_codes(text))) <= BARE_CODE_WORDS + 1
