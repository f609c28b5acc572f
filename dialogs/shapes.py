"""The shapes of answers that prompts wait for: whether a message looks like one, or rather like something else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.rules.codes import canonical_code


def _code(text: str) -> bool:
    """Mostly digits, or a code of six to eight digits somewhere in few words."""
    digits = sum(one.isdigit() for one in text)
    return any(canonical_code(text, length) for length in (6, 7, 8)) or digits * 2 >= len(text.strip()) > 0


def _name(text: str) -> bool:
    """One word, or words with an address in them."""
    words = text.split()
    return len(words) == 1 or any("@" in word for word in words)


def _surely_a_code(text: str) -> bool:
    return any(canonical_code(text, length) for length in (6, 7, 8))


def _surely_a_name(text: str) -> bool:
    """One word with something in it that no command has."""
    words = text.strip(" .,;:!?").split()
    return len(words) == 1 and any(one in "@._-" or one.isdigit() for one in words[0])


@dataclass(frozen=True, slots=True)
class Shape:
    """`fits`: it may be the answer, unless it is a command; `surely`: nothing else looks like this."""

    fits: Callable[[str], bool]
    surely: Callable[[str], bool]


ANYTHING = Shape(lambda _: False, lambda _: False)

SHAPES: Mapping[str, Shape] = {
    "code": Shape(_code, _surely_a_code),
    "name": Shape(_name, _surely_a_name),
}


def account_name(text: str) -> str:
    """The account meant by what was typed: an address among words, else the text itself."""
    addresses = [word.strip(".,;:!?()<>\"'«»") for word in text.split() if "@" in word]
    return addresses[0] if len(addresses) == 1 else text.strip()
