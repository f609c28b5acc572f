"""What of a message counts when it is understood: the same in training and in use."""

import unicodedata
from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise

from bot.understanding.codes import without_codes
from bot.understanding.families import FOREIGN, Families
from bot.understanding.text import words

_SHORTEST, _LONGEST = 2, 4      # characters of a piece of a word
_SWAPPED = 5                    # letters from which a word is known by its first one and the rest in any order
_WHOLE_MESSAGE = 3              # words: a message this short also counts as one
_MOST_FAMILIES = 20             # of a message whose pairs count
_DENIED = frozenset({"forget", "lose", "expired", "locked"})    # a "not" before takes it back: "not forgotten"
_OPEN_IT = frozenset({"op", "up"})          # but "not locked up" is "låst opp": it could not be unlocked
_MOST_SIGNS = 2                             # of a message without words
_DENIAL = frozenset({"denial"})
DENIES = "+denial"
"""The feature of a text that takes something back."""


def features(text: str, families: Families) -> set[str]:
    """Names of what is in a text already cut: pieces of words, words and word families, and pairs of these.

    A piece keeps the word's edges (`<pa`), a word is `=pasord` and, for swapped letters, `~padors`; two beside
    each other are `ny telefon`, a short message as a whole `==hei du`; a family is `+phone`, two in a row
    `+phone>lose`, any two `+lose&phone`.
    """
    kept, between = parts(text, families, families.names)
    return between.union(*map(word_features, kept))


def parts(
    text: str, families: Mapping[str, frozenset[str]], names: frozenset[str],
) -> tuple[set[str], set[str]]:
    """The words whose own features count (`word_features`), and the features that lie between words.

    `names` are those of what is not ours.
    """
    said = words(without_codes(text))
    named = [families[word] for word in said]
    denied = {at for _, at in _denials(said, named)}
    between = set(map(" ".join, pairwise(said)))
    kin = [_DENIAL if at in denied else its for at, its in enumerate(named) if its]
    if not names.isdisjoint(between):
        kin.append(FOREIGN)     # of two words
    if not said:
        between.update(_signs(text))
    elif len(said) <= _WHOLE_MESSAGE:
        between.add("==" + " ".join(said))
    between.update(_meanings(kin))
    return {word for at, word in enumerate(said) if at not in denied} if denied else set(said), between


def undenied(text: str, families: Mapping[str, frozenset[str]]) -> str:
    """What a text says besides what it takes back: "not forgotten, locked" is "locked"."""
    said = words(without_codes(text))
    named = [families[word] for word in said]
    gone = {at for first, last in _denials(said, named) for at in range(first, last + 1)}
    return " ".join(word for at, word in enumerate(said) if at not in gone)


def _denials(said: list[str], named: list[frozenset[str]]) -> Iterator[tuple[int, int]]:
    """Where a "not" stands and what it takes back, one word between them at most: "not locked any more"."""
    for at, kin in enumerate(named):
        if "negation" in kin:
            for there in (at + 1, at + 2):
                opened = _OPEN_IT.intersection(said[there + 1 : there + 2])
                if there < len(said) and named[there] & _DENIED and not opened:
                    yield at, there
                    break


def _signs(text: str) -> Iterator[str]:
    """A message of signs alone, each named once: "???" asks as "?" does, a thumb is as good as two."""
    signs = dict.fromkeys(one for one in text if not one.isspace() and unicodedata.category(one)[0] not in "CM")
    if signs:
        yield "==" + "".join(list(signs)[:_MOST_SIGNS])


def word_features(word: str) -> set[str]:
    """What one word counts as by itself."""
    found = {*_pieces(word), "=" + word}
    if len(word) >= _SWAPPED:
        found.add("~" + word[0] + "".join(sorted(word[1:])))
    return found


def is_meaning(feature: str) -> bool:
    """Whether a feature is about word families, not about the words themselves."""
    return feature.startswith("+")


def _pieces(word: str) -> Iterator[str]:
    edged = f"<{word}>"
    for size in range(_SHORTEST, _LONGEST + 1):
        for start in range(len(edged) - size + 1):
            yield edged[start : start + size]


def _meanings(named: list[frozenset[str]]) -> list[str]:
    present = sorted(set().union(*named))
    return [
        *["+" + family for family in present],
        *[f"+{before}>{after}" for befores, afters in pairwise(named) for before in befores for after in afters],
        *[f"+{one}&{two}" for one, two in combinations(present[:_MOST_FAMILIES], 2)],
    ]
