"""Word families: words of all languages that mean much the same to a password helpdesk.

They are why few phrases go far: "stjålet", "mistet", "knust" and "stolen" teach each other.
`families/<lang>.yaml` holds the words of a language; a language without a file works, with less to go by.
Whatever has the name of something that is not ours (`names.py`) is of one family more.
"""

from collections.abc import Mapping, Set
from pathlib import Path

from bot.content.parsed import Parsed
from bot.understanding.names import ANY_ENDING, load_names
from bot.understanding.text import words

FOLDER = Path(__file__).parent / "families"

FOREIGN = frozenset({"foreign"})
"""The family of names."""

_LONGEST_STEM = 14


class Families(dict[str, frozenset[str]]):
    """The families of any word in skeleton spelling: `families["mobilen"]`.

    Holds those of whole words. Any other word has those of its longest known stem, which takes any ending, and of
    any name it begins with. `names` are of one word or two.
    """

    def __init__(
        self, whole: Mapping[str, frozenset[str]], stems: Mapping[str, frozenset[str]],
        names: Set[str] = frozenset(),
    ) -> None:
        super().__init__(whole)
        self._stems = stems
        self.names = frozenset(names)

    def __missing__(self, word: str) -> frozenset[str]:
        found = self._by_stem(word)
        return found | FOREIGN if self._is_named(word) else found

    def _by_stem(self, word: str) -> frozenset[str]:
        for end in range(min(len(word), _LONGEST_STEM), 1, -1):
            if (found := self._stems.get(word[:end])) is not None:
                return found
        return frozenset()

    def _is_named(self, word: str) -> bool:
        return word in self.names or any(word[:end] in self.names for end in range(ANY_ENDING, len(word)))


def load_families(
    folder: Path = FOLDER, parsed: Parsed | None = None, names: Set[str] | None = None,
) -> Families:
    """`parsed` and `names` spare reading the files again."""
    parsed = parsed or Parsed()
    whole: dict[str, set[str]] = {}
    stems: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*.yaml")):
        for family, members in parsed.yaml(path).items():
            for member in members:
                into = stems if member.endswith("*") else whole
                for word in words(member):
                    into.setdefault(word, set()).add(family)
    parsed.keep()
    endless = {stem: frozenset(found) for stem, found in stems.items()}
    by_stem = Families({}, endless, load_names() if names is None else names)
    # A whole word that also has a known stem belongs to both.
    return Families({word: frozenset(found) | by_stem[word] for word, found in whole.items()}, endless, by_stem.names)
