"""Known phrases found loosely in a message: their words close together, whatever their endings and order."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.understanding.text import words

_STEM = 4               # characters of a word that count: endings differ, and are what people mistype
ENOUGH = 0.75           # of a phrase's weight, or it is not the phrase
_FEWEST = 3             # words of it at least, unless it is shorter
_LOOKED_AT = 8          # phrases whose words are all there somewhere and that are looked at closely
_ROUNDED = 1e-6         # shares are


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How much of a phrase of `name` a text holds: 1 is all of it."""

    name: str
    share: float
    size: int               # of the phrase in words


class Phrases:
    """A list of phrases, each with the name of what it stands for."""

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        self._phrases = [(name, tuple(dict.fromkeys(_stems(words(text))))) for name, text in named]
        seen = Counter(stem for _, stems in self._phrases for stem in stems)
        self._weight: Mapping[str, float] = {
            stem: math.log(1 + len(self._phrases) / times) for stem, times in seen.items()}
        # By phrase, since every message asks for them: the words it needs at least, and the weight of all.
        self._stems = [frozenset(stems) for _, stems in self._phrases]
        self._least = [min(len(stems), max(_FEWEST, math.ceil(len(stems) * ENOUGH / 2))) for _, stems in self._phrases]
        self._whole = [self._weight_of(stems) for _, stems in self._phrases]
        self._enough = [(ENOUGH - _ROUNDED) * whole for whole in self._whole]
        # Only by words without any of which a text cannot hold enough of a phrase: few texts have one.
        self._with: defaultdict[str, list[int]] = defaultdict(list)
        for at, (_, stems) in enumerate(self._phrases):
            for stem in self._needed(stems, self._whole[at], self._enough[at]):
                self._with[stem].append(at)

    def resembling(self, said: Sequence[str]) -> Resemblance | None:
        """What the words of a text resemble most; linear in them, since few phrases are looked at closely."""
        stems = _stems(said)
        there = self._weight.keys() & stems
        possible = {at for stem in self._with.keys() & there for at in self._with[stem]}
        near = [(-held / len(self._stems[at]), at)
                for at in possible if (held := len(self._stems[at] & there)) >= self._least[at]]
        best = None
        for _, at in sorted(near)[:_LOOKED_AT]:
            if self._weight_of(self._stems[at] & there) < self._enough[at]:
                continue    # Not even when it stands close together.
            share, weight = self._held(at, stems)
            if share >= ENOUGH and (best is None or (share, weight) > best[:2]):
                best = (share, weight, at)
        if best is None:
            return None
        name, its = self._phrases[best[2]]
        return Resemblance(name, best[0], len(its))

    def _weight_of(self, stems: Iterable[str]) -> float:
        return sum(map(self._weight.__getitem__, stems))

    def _needed(self, stems: Sequence[str], whole: float, enough: float) -> Iterator[str]:
        """The heaviest words of a phrase, until those left over are too light to be enough of it."""
        left = whole
        for stem in sorted(stems, key=lambda one: (-self._weight[one], one)):
            if left < enough:
                return
            yield stem
            left -= self._weight[stem]

    def _held(self, at: int, said: Sequence[str]) -> tuple[float, float]:
        """The largest share of the phrase's weight within one stretch of the text, and that weight."""
        stems = self._stems[at]
        met = [(place, stem) for place, stem in enumerate(said) if stem in stems]
        stretch = 2 * len(stems) + 3
        inside: Counter[str] = Counter()
        first, held, most = 0, 0.0, 0.0
        for place, stem in met:
            inside[stem] += 1
            held += self._weight[stem] if inside[stem] == 1 else 0.0
            while place - met[first][0] > stretch:
                gone = met[first][1]
                inside[gone] -= 1
                held -= self._weight[gone] if inside[gone] == 0 else 0.0
                first += 1
            most = max(most, held)
        whole = self._whole[at]
        return (round(most / whole, 6), most) if whole else (0.0, 0.0)


def _stems(said: Iterable[str]) -> list[str]:
    return [word if word.isdecimal() else word[:_STEM] for word in said]
