"""Entra Password Protection as Microsoft documents it: whether banned words make a password too weak."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

LEAST_POINTS = 5
SHORTEST_TERM = 4
"""Banned terms and names below four characters are not looked for."""

_SUBSTITUTES = str.maketrans({"0": "o", "1": "l", "$": "s", "@": "a"})


def normalised(text: str) -> str:
    """Lower case with the published look-alike substitutions undone."""
    return text.lower().translate(_SUBSTITUTES)


def weak(password: str, terms: Iterable[str]) -> bool:
    """Whether the service would call it easily guessable: near a banned term, or below five points."""
    text = normalised(password)
    known = sorted({normalised(term) for term in terms if len(term) >= SHORTEST_TERM})
    return any(within_one_edit(text, term) for term in known) or points(text, known) < LEAST_POINTS


def points(text: str, terms: Sequence[str]) -> int:
    """One point per banned term and per remaining character, in the reading that gives the fewest.

    Terms count where they occur exactly: Microsoft's own example `contosoblankf9!` passes only so.
    """
    starting = _by_first_character(terms)
    fewest = list(range(len(text) + 1))
    for at, first in enumerate(text):
        fewest[at + 1] = min(fewest[at + 1], fewest[at] + 1)
        for term in starting.get(first, ()):
            if text.startswith(term, at):
                end = at + len(term)
                fewest[end] = min(fewest[end], fewest[at] + 1)
    return fewest[len(text)]


def within_one_edit(one: str, other: str) -> bool:
    """Whether one insertion, deletion or substitution at most lies between them."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    pairs = enumerate(zip(short, long, strict=False))
    same = next((at for at, (left, right) in pairs if left != right), len(short))
    rest = same + 1 if len(short) == len(long) else same
    return short[rest:] == long[same + 1:]


def _by_first_character(terms: Iterable[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for term in terms:
        found[term[0]].append(term)
    return found
