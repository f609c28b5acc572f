"""Sentences with `{named}` places, cut up once at load so that saying one is a join."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# Only bare names: no attributes, indexes or format specifications, so a sentence can't reach into an object.
_PIECE = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}|[{}]")


class SentenceError(ValueError):
    """A brace that is neither a `{name}` place nor doubled."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Literal text at even positions of `pieces`, names of facts at odd ones."""

    pieces: tuple[str, ...]
    places: frozenset[str]

    def filled(self, facts: Mapping[str, object]) -> str:
        if not self.places:
            return self.pieces[0]
        return "".join(str(facts[piece]) if at % 2 else piece for at, piece in enumerate(self.pieces))


def cut_up(text: str) -> Sentence:
    """The sentence of a text with `{name}` places; braces meant as such are doubled. Raises SentenceError."""
    pieces, literal, end = [], "", 0
    for found in _PIECE.finditer(text):
        literal += text[end : found.start()]
        end = found.end()
        if name := found[1]:
            pieces += [literal, name]
            literal = ""
        elif found[0] in ("{{", "}}"):
            literal += found[0][0]
        else:
            raise SentenceError(f"a lone {found[0]} at character {found.start() + 1}")
    pieces.append(literal + text[end:])
    return Sentence(tuple(pieces), frozenset(pieces[1::2]))
