"""The shapes of answers that prompts wait for: whether a message looks like one, or rather like something else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.rules.codes import canonical_code
from bot.rules.names import canonical_name

MOST_WORDS_OF_A_COMMAND = 3
MOST_WORDS_BEFORE = 6       # "the user name I have is kari.nordmann"

_AROUND = ".,;:!?()<>\"'«»"


def _code(text: str) -> bool:
    """Mostly digits, or a code of six to eight digits somewhere in few words."""
    digits = sum(one.isdigit() for one in text)
    return any(canonical_code(text, length) for length in (6, 7, 8)) or digits * 2 >= len(text.strip()) > 0


def _name(text: str) -> bool:
    """A word that could be a user name, or words with one that is nothing else."""
    return canonical_name(account_name(text)) is not None


def _surely_a_code(text: str) -> bool:
    return any(canonical_code(text, length) for length in (6, 7, 8))


def _surely_a_name(text: str) -> bool:
    """An address among words, or one word with something in it that no command has."""
    return "@" in text or (len(text.split()) == 1 and _marked(text.strip(_AROUND)))


def _marked(word: str) -> bool:
    """Whether a word has what words of a language do not have, and is a name otherwise."""
    return any(one in "@._" or one.isdigit() for one in word) and canonical_name(word) is not None


@dataclass(frozen=True, slots=True)
class Shape:
    """`fits`: it may be the answer, unless it is a command; `surely`: nothing else looks like this.

    `free`: anything may be the answer, whatever it is about; only commands are none.
    """

    fits: Callable[[str], bool]
    surely: Callable[[str], bool]
    free: bool = False


ANYTHING = Shape(lambda _: False, lambda _: False)

SHAPES: Mapping[str, Shape] = {
    "code": Shape(_code, _surely_a_code),
    "words": Shape(bool, lambda text: len(text.split()) > MOST_WORDS_OF_A_COMMAND, free=True),
    "name": Shape(_name, _surely_a_name),
}


def only_a_code(text: str) -> bool:
    """Whether it is a code as people type it, and not a word beside it."""
    return not any(map(str.isalpha, text)) and _surely_a_code(text)


def only_numbers(text: str) -> bool:
    """Whether nothing but numbers was typed."""
    return not any(map(str.isalpha, text)) and any(map(str.isdigit, text))


def account_name(text: str) -> str:
    """The account meant by what was typed: an address among words, a marked word at the end ("it's
    kari.nordmann"), else the text itself."""
    words = [word.strip(_AROUND) for word in text.split()]
    addresses = [word for word in words if "@" in word]
    if len(addresses) == 1:
        return addresses[0]
    marked = [word for word in words if _marked(word)]
    if not addresses and len(words) <= MOST_WORDS_BEFORE and marked == words[-1:]:
        return marked[0]
    return text.strip().strip(_AROUND)
