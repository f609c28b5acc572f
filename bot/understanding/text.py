"""From what a person typed to plain words: one spelling for the many ways a word is typed."""

import re
import unicodedata

MOST_CHARACTERS = 4_000     # of a message are read (row 22 of the requirements)
LONGEST_WORD = 32           # characters of one word that count; longer ones are pasted keys and addresses

# No pattern here can backtrack (N1): each is one character class, once or repeated, or a literal.
_INVISIBLE = re.compile("[\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+")
_APOSTROPHE = re.compile("['’`´]+")
_BEFORE_ITS_LIKE = re.compile(r"(.)(?=\1)")
_WORD = re.compile(r"[^\W_]+")
_ONE_LETTER = str.maketrans({"æ": "a", "ø": "o", "ð": "d", "ł": "l"})


def cut(text: str) -> str:
    """The part of a message that is read at all."""
    return text[:MOST_CHARACTERS]


def words(text: str) -> list[str]:
    """The words of a message in a skeleton spelling.

    Lower case, without accents, apostrophes and invisible marks; æ/ae, ø/oe and å/aa become a, o and a, since
    people without a Norwegian keyboard write any of them; doubled letters become single, since those are the
    commonest typos.
    """
    plain = text.casefold()
    if plain.isascii():
        plain = plain.replace("'", "").replace("`", "")
    else:
        # Compatibility decomposition may lengthen a text eighteen times: cut again.
        plain = unicodedata.normalize("NFKD", plain)[:MOST_CHARACTERS].translate(_ONE_LETTER)
        plain = _APOSTROPHE.sub("", _INVISIBLE.sub("", plain))
    plain = plain.replace("ae", "a").replace("oe", "o")
    return [word[:LONGEST_WORD] for word in _WORD.findall(_BEFORE_ITS_LIKE.sub("", plain))]
