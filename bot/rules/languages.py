"""Which of the languages we have somebody is answered in, told by a language tag such as "nn-NO"."""

from collections.abc import Sequence

_SAME = {"no": "nb", "nn": "nb"}
_NEAR = {**_SAME, "da": "nb", "sv": "nb"}      # reads it more easily than another that we have
_ELSEWHERE = "en"


def spoken(tag: str, languages: Sequence[str]) -> str:
    """The language for a tag; "" when we have none for it."""
    first = tag.partition("-")[0].lower()
    first = first if first in languages else _SAME.get(first, first)
    return first if first in languages else ""


def written_in(tag: str, languages: Sequence[str]) -> str:
    """The language to write in to somebody who can't be asked; of an unknown ("") it is the first we have."""
    if found := spoken(tag, languages):
        return found
    near = _NEAR.get(tag.partition("-")[0].lower(), _ELSEWHERE) if tag else ""
    return near if near in languages else languages[0]
