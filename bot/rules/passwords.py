"""Whether a new password will do, rule by rule: for the live checklist and again before the effect."""

import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from zxcvbn import matching, scoring
from zxcvbn.time_estimates import guesses_to_score

from bot.rules import banned
from bot.rules.common_words import COMMON, EVERYDAY, FILLERS
from bot.rules.predictable import Lexicon, predictable

LONGEST = 256
LEAST_SCORE = 3

# The estimate's work grows with the square of the length and more; 40 characters keep it well below
# 50 ms for the worst inputs found. Whoever types more than this is judged by the beginning.
_ESTIMATED = 40

WRONG_CURRENT, CURRENT_OR_NEW = "wrong_current", "current_or_new"
OF_CURRENT = frozenset({WRONG_CURRENT, CURRENT_OR_NEW})
"""What a directory answers to a change whose present password was not the right one, as far as it tells (O5)."""
NO_CURRENT, NO_NEW = "no_current", "no_new"
"""A field that was left empty: that breaks every rule, and says nothing about any password."""


class Kind(Enum):
    """Whose rules: the embedded directory follows NIST SP 800-63B-4, Entra ID its own."""

    EMBEDDED = "embedded"
    ENTRA = "entra"


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one directory. `organisation`: its names; `terms`: its own banned words."""

    kind: Kind = Kind.EMBEDDED
    shortest: int = 15
    longest: int = LONGEST
    organisation: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Owner:
    """What of a person must not stand in the password (O3)."""

    names: tuple[str, ...] = ()
    username: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One rule and whether a password keeps it; `facts` are its numbers, never anything of the password."""

    key: str
    kept: bool
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a password breaks."""

    key: str
    facts: Mapping[str, str] = field(default_factory=dict)


def rules_of(policy: Policy) -> tuple[str, ...]:
    """The keys of the rules, in the order a checklist shows them."""
    return tuple(_RULES[policy.kind])


def check_rule(key: str, password: str, owner: Owner, policy: Policy) -> Checked:
    """Whether one rule is kept. An empty password keeps none."""
    kept = bool(password) and _RULES[policy.kind][key](password, owner, policy)
    return Checked(key, kept, _facts(key, policy))


def check_password(password: str, owner: Owner, policy: Policy) -> tuple[Checked, ...]:
    """Every rule with its state, for a live checklist. Takes up to 50 ms: not on the event loop."""
    return tuple(check_rule(key, password, owner, policy) for key in rules_of(policy))


def broken_rules(password: str, owner: Owner, policy: Policy) -> tuple[Broken, ...]:
    """What stands against this password, judged exactly as typed (N3); empty when it will do."""
    checked = check_password(password, owner, policy)
    return tuple(Broken(one.key, one.facts) for one in checked if not one.kept)


def _facts(key: str, policy: Policy) -> dict[str, str]:
    lengths = {"too_short": policy.shortest, "too_long": policy.longest}
    return {"length": str(lengths[key])} if key in lengths else {}


# -- rules: True when kept -------------------------------------------------------------------------

def _long_enough(password: str, _: Owner, policy: Policy) -> bool:
    # One code point is one character (NIST SP 800-63B-4).
    return len(password) >= policy.shortest


def _short_enough(password: str, _: Owner, policy: Policy) -> bool:
    return len(password) <= policy.longest


def _printable(password: str, _: Owner, __: Policy) -> bool:
    """No control, invisible, private, unassigned or half characters: nobody could type them again.

    Spaces that NFKC makes ordinary are left to the rule about ambiguous forms.
    """
    return all(one.isprintable() or unicodedata.normalize("NFKC", one) != one for one in password)


def _unambiguous(password: str, _: Owner, __: Policy) -> bool:
    """Text with one form only: another keyboard or system would send other bytes for the same look (N3)."""
    return all(unicodedata.is_normalized(form, password) for form in ("NFC", "NFKC"))


def _ascii(password: str, _: Owner, __: Policy) -> bool:
    """Entra ID takes the printable characters of ASCII and the blank, so neither æ, ø nor å."""
    return all(" " <= one <= "~" for one in password)


def _mixed(password: str, _: Owner, __: Policy) -> bool:
    """Three of four kinds of characters: the service demands it, whatever NIST says."""
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits, string.punctuation + " ")
    return sum(any(one in kind for one in password) for kind in kinds) >= 3


def _impersonal(password: str, owner: Owner, policy: Policy) -> bool:
    text = banned.normalised(password)
    return not any(banned.normalised(name) in text for name in _names(owner, policy))


def _hard_to_guess(password: str, owner: Owner, policy: Policy) -> bool:
    # A character that is two in lower case would put the estimate's positions out of step.
    text = "".join(one if len(one.lower()) == 1 else "i" for one in password[:_ESTIMATED])
    words = [*COMMON, *policy.terms, *_names(owner, policy)]
    if predictable(password, _WELL_KNOWN.besides(words)):
        return False
    return _score(text, matching.build_ranked_dict([word.lower() for word in words])) >= LEAST_SCORE


def _not_banned(password: str, _: Owner, policy: Policy) -> bool:
    return not banned.weak(password, (*COMMON, *policy.terms))


_Rule = Callable[[str, Owner, Policy], bool]

_RULES: Mapping[Kind, Mapping[str, _Rule]] = {
    Kind.EMBEDDED: {
        "too_short": _long_enough,
        "too_long": _short_enough,
        "unprintable": _printable,
        "ambiguous": _unambiguous,
        "contains_name": _impersonal,
        "too_easy": _hard_to_guess,
    },
    Kind.ENTRA: {
        "too_short": _long_enough,
        "too_long": _short_enough,
        "characters": _ascii,
        "categories": _mixed,
        "contains_name": _impersonal,
        "too_easy": _not_banned,
    },
}


def _names(owner: Owner, policy: Policy) -> Iterator[str]:
    """Names of four or more characters: the person's, parts of the user name, the organisation's, ours."""
    local, _, domain = owner.username.partition("@")
    for text in (*owner.names, local, domain.partition(".")[0], *policy.organisation, "keyturn"):
        for part in {text, *re.split(r"[\s._-]+", text)}:
            if len(part) >= banned.SHORTEST_TERM:
                yield part


# What tools for guessing put together first: our words, and the thousand passwords met most often.
_WELL_KNOWN = Lexicon.of((
    *COMMON, *EVERYDAY,
    *(word for word, rank in matching.RANKED_DICTIONARIES["passwords"].items() if rank <= 1000 and word.isalpha())),
    FILLERS)


# -- the estimate ----------------------------------------------------------------------------------
# zxcvbn's front door tries every combination of look-alike characters, which takes 2.6 s for 72 well-chosen
# ones and 27 s for 256, and keeps the words given to it in a global. Its parts are used instead, with two
# fixed readings of look-alikes.

_Words = Mapping[str, Mapping[str, int]]

_YEARS = {"recent_year": re.compile(r"19[0-9]{2}|20[0-4][0-9]")}    # zxcvbn's own years end in 2019.

_READINGS = tuple(
    str.maketrans("4@8({[<36905$2%+!1|7", "aabcccceggossz" + unclear) for unclear in ("xtiilt", "xtilil"))


def _score(text: str, words: Mapping[str, int]) -> int:
    """zxcvbn's score, 0 to 4; what an attacker needs fewer than 10^8 guesses for is below 3."""
    return int(guesses_to_score(_guesses(text, {**matching.RANKED_DICTIONARIES, "context": words})))


def _guesses(text: str, words: _Words, *, whole: bool = True) -> Decimal:
    found = [
        *_words_in(text, words),
        *matching.spatial_match(text),
        *matching.sequence_match(text),
        *matching.regex_match(text, _YEARS),
        *matching.date_match(text),
        *(_repeats(text, words) if whole else ()),
    ]
    return Decimal(scoring.most_guessable_match_sequence(text, found)["guesses"])


def _words_in(text: str, words: _Words) -> Iterable[dict[str, Any]]:
    """Known words, forwards, backwards and behind look-alikes: the most common one for each stretch."""
    readings = {text, *(text.translate(reading) for reading in _READINGS)}
    found = [one for reading in sorted(readings) for one in matching.dictionary_match(reading, words)]
    found += matching.reverse_dictionary_match(text, words)
    found.sort(key=lambda one: -one["rank"])
    return {(one["i"], one["j"]): {**one, "token": text[one["i"]:one["j"] + 1]} for one in found}.values()


def _repeats(text: str, words: _Words) -> Iterator[dict[str, Any]]:
    """Units that stand several times in a row, at most 16 characters each."""
    for pattern in (r"(.{1,16}?)\1+", r"(.{1,16})\1+"):
        for one in re.finditer(pattern, text, re.DOTALL):
            unit = one.group(1)
            yield {
                "pattern": "repeat", "token": one.group(), "i": one.start(), "j": one.end() - 1,
                "base_token": unit, "base_guesses": _guesses(unit, words, whole=False),
                "repeat_count": len(one.group()) // len(unit),
            }
