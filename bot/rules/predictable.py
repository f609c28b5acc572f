"""How much a password holds besides common words, years, rows and signs: what tools for guessing try first (O3)."""

import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

LEAST_DIGITS = 11.0
"""A password of fewer than four common words must cost 10^11 guesses by this reading. Three words, a year and
a sign cost 10^10, and rules of that shape are the first a guesser runs over a word list."""

ENOUGH_WORDS = 4
"""That many different words in a row are a passphrase, also when each of them is common."""

# Powers of ten: in how many guesses a piece is found.
_WORD, _FILLER, _YEAR, _ROW, _AGAIN = 2.3, 1.6, 2.0, 1.5, 0.1
_DIGIT, _LETTER, _SIGN, _OTHER = 1.0, 1.4, 0.9, 2.0

_LONGEST_WORD = 20
_LONGEST_ROW = 12
_ROWS = ("1234567890", "qwertyuiopå", "asdfghjkløæ", "zxcvbnm", string.ascii_lowercase + "æøå")
_READINGS = tuple(str.maketrans("0@435$7!+8" + "1", "oaaesstitb" + one) for one in "il")
_BARE = (str.maketrans("æøå", "aoa"), str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"}))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words a guesser would try, as they may stand in a password; `fillers` do not make a passphrase."""

    costs: Mapping[str, float]
    fillers: frozenset[str]

    @classmethod
    def of(cls, words: Iterable[str], fillers: Iterable[str]) -> "Lexicon":
        """Words count without their Norwegian letters too, and backwards from five letters on."""
        few = frozenset(form for word in fillers for form in _forms(word))
        return cls(_costs(words) | dict.fromkeys(few, _FILLER), few)

    def besides(self, words: Iterable[str]) -> "Lexicon":
        """These words and some more."""
        return Lexicon({**_costs(words), **self.costs}, self.fillers)


def _costs(words: Iterable[str]) -> dict[str, float]:
    found = {form for word in words if len(word) > 2 for form in _forms(word)}
    return dict.fromkeys(found | {form[::-1] for form in found if len(form) > 4}, _WORD)


def predictable(password: str, lexicon: Lexicon) -> bool:
    """Whether it is put together of too few things, all of them well known."""
    pieces = _cheapest(_lower(password), lexicon)
    words = {one.text for one in pieces if one.word}
    return len(words) < ENOUGH_WORDS and _cost(pieces) < LEAST_DIGITS


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    cost: float
    word: bool = False


def _cost(pieces: Iterable[_Piece]) -> float:
    """What stands there once more is found at once: the same word, row or separator."""
    seen: set[str] = set()
    total = 0.0
    for one in pieces:
        again = one.text in seen and (len(one.text) > 1 or not one.text.isalnum())
        total += min(one.cost, _AGAIN) if again else one.cost
        seen.add(one.text)
    return total


def _cheapest(text: str, lexicon: Lexicon) -> list[_Piece]:
    """The reading that costs least, piece by piece. The work grows with the length, not with its square."""
    readings = sorted({text, *(text.translate(one) for one in _READINGS)})
    best: list[tuple[float, _Piece | None]] = [(0.0, None), *[(float("inf"), None)] * len(text)]
    for at in range(len(text)):
        so_far = best[at][0]
        for one in _pieces(text, readings, at, lexicon):
            end = at + len(one.text)
            if so_far + one.cost < best[end][0]:
                best[end] = (so_far + one.cost, one)
    found = []
    at = len(text)
    while at:
        piece = best[at][1]
        assert piece is not None
        found.append(piece)
        at -= len(piece.text)
    return found[::-1]


def _pieces(text: str, readings: Iterable[str], at: int, lexicon: Lexicon) -> Iterator[_Piece]:
    yield _Piece(text[at], _alone(text[at]))
    for reading in readings:
        for end in range(at + 2, min(at + _LONGEST_WORD, len(text)) + 1):
            word = reading[at:end]
            if (cost := lexicon.costs.get(word)) is not None:
                yield _Piece(word, cost, word not in lexicon.fillers)
    four = text[at:at + 4]
    if len(four) == 4 and four.isdecimal() and four[:2] in ("19", "20"):
        yield _Piece(four, _YEAR)
    for end in range(at + 3, min(at + _LONGEST_ROW, len(text)) + 1):
        if not _is_row(row := text[at:end]):
            break
        if row not in lexicon.costs:    # "tre" is a word before it is three keys
            yield _Piece(row, _ROW)


def _alone(one: str) -> float:
    if not one.isascii():
        return _LETTER if one in "æøå" else _OTHER
    return _DIGIT if one.isdigit() else _LETTER if one.isalpha() else _SIGN


def _is_row(text: str) -> bool:
    """One character again and again, or neighbours of a keyboard or the alphabet, in either direction."""
    if len(set(text)) == 1:
        return True
    # A row that is at its end begins again: 8901.
    return any(text in row * 2 or text[::-1] in row * 2 for row in _ROWS if text[0] in row)


def _lower(text: str) -> str:
    """Lower case, in as many characters."""
    return "".join(low if len(low := one.lower()) == 1 else one for one in text)


def _forms(word: str) -> set[str]:
    low = word.lower()
    return {low, *(low.translate(one) for one in _BARE)}
