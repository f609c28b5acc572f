"""What may be kept of a message that the bot could not answer: words that many use, and nothing about anybody (D4).

Only words that several of the content's own phrases have are kept, and those with a capital only where they name a
product. Names, addresses, numbers and what is misspelt are none of those, so nobody has to guess what is personal.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

GAP = "…"
"""Stands for one or more words that were left out."""

_WORD = re.compile(r"[^\W_]+")
_WHOLE = re.compile(r"\S*[@\\\d/_]\S*")   # addresses, numbers, paths: one gap, whatever words are in them
# What is said of a password: how it is ("is expired"), or what it is ("is summer"), up to the end of the sentence.
_SAID_OF_IT = re.compile(
    r"\b(?:passord|password|passphrase|passcode|pwd?\b)\w{0,9}(?:\s+\w{1,12}){0,2}?\s+(?:er|var|is|was)\s+"
    r"(([^\W_]+)[^.!?:\n]{0,200})", re.IGNORECASE)
_SENTENCE_ENDS = frozenset(".!?:\n")
_READ = 1000            # characters
_LONGEST = 24           # words
_PHRASES = 2            # phrases a word has to be in, and more than those that write it with a capital, as a name
_SHORTEST_NAME = 3
_ACRONYM_PHRASES, _ACRONYM = 3, 5   # phrases and letters of what is all capitals
_EVERYWHERE, _SHORT = 150, 4    # the short ones (letters) of so many commonest words hold sentences together
_STRUNG = 3             # so many words in a row without one of those may be a passphrase
_NAMED = 2              # words after "my name is" and the like

# Nothing that depends on how often the examples say so: they name people as well.
_PRODUCTS = frozenset({
    "adobe", "altinn", "android", "apple", "authenticator", "azure", "bankid", "chrome", "citrix", "edge", "entra",
    "excel", "exchange", "facebook", "firefox", "google", "intune", "iphone", "ipad", "ios", "jira", "linkedin",
    "linux", "mac", "microsoft", "netflix", "office", "onedrive", "onenote", "outlook", "powerpoint", "safari",
    "salesforce", "sap", "sharepoint", "skype", "slack", "spotify", "teams", "visma", "windows", "word", "workday",
    "xbox", "yubikey", "zoom", "internett", "internet", "norwegian", "english"})

# Words and names alike: with a capital they may be somebody, wherever they stand; the others are dropped in any case.
_NAMES_TOO = frozenset({
    "per", "dag", "finn", "odd", "liv", "bo", "mark", "rose", "grace", "hope", "even", "stein", "bjørn",
    "roy", "kim", "gro", "storm", "sol", "vår", "frank", "bill", "art", "jack", "joy"})
_NAMES = frozenset({"anna", "hans", "tom", "max", "helga", "don", "shan", "sang", "sami"})

_BEFORE_NAMES = frozenset({
    "heter", "heiter", "heite", "navnet", "navn", "namn", "namnet", "hilsen", "helsing", "mvh", "vh", "kalles", "herr",
    "fru", "frøken", "name", "named", "called", "regards", "sincerely", "cheers", "mr", "mrs", "ms", "dr", "sjefen",
    "kollegaen", "brukeren", "brukernavn", "brukernavnet", "username", "login", "user"})


@dataclass(frozen=True, slots=True)
class KnownWords:
    """The words that the content's phrases are made of; a big thing, made once."""

    plain: frozenset[str]
    acronyms: frozenset[str]
    products: frozenset[str]
    everywhere: frozenset[str]
    states: frozenset[str]      # how passwords are, by what the phrases say of them

    @classmethod
    def of(cls, phrases: Iterable[str]) -> "KnownWords":
        plain: Counter[str] = Counter()
        capital: Counter[str] = Counter()
        states: set[str] = set()
        for phrase in phrases:
            states.update(said[2].lower() for said in _SAID_OF_IT.finditer(phrase))
            found = {(word, at == 0) for at, word in enumerate(_WORD.findall(phrase))}
            plain.update({word for word, _ in found if word.islower()})
            capital.update({word for word, first in found if not first and word[:1].isupper()})
        return cls(
            frozenset(word for word, times in plain.items()
                      if word.isalpha() and times >= _PHRASES and _a_word(word, times, capital)),
            frozenset(word for word, times in capital.items()
                      if word.isalpha() and word.isupper() and len(word) <= _ACRONYM and times >= _ACRONYM_PHRASES),
            _PRODUCTS & {word.lower() for word in (*plain, *capital)},
            frozenset(word for word, _ in plain.most_common(_EVERYWHERE) if len(word) <= _SHORT),
            frozenset(states))


def without_people(text: str, known: KnownWords) -> str:
    """The message in known words, small letters and gaps; "" if too little of it is left, or it may be a passphrase."""
    read = _SAID_OF_IT.sub(partial(_without_what_it_is, known), _WHOLE.sub("0", text[:_READ]))
    kept: list[str] = []
    skip, end = 0, 0
    for found in _WORD.finditer(read):
        word, between = found.group(), read[end:found.start()]
        begins = end == 0 or any(one in _SENTENCE_ENDS for one in between)
        end = found.end()
        skip = 0 if begins else skip
        if not skip and _may_stay(word, known, begins=begins):
            kept.append(word.lower())
        elif not kept or kept[-1] != GAP:
            kept.append(GAP)
        skip = _NAMED if word.lower() in _BEFORE_NAMES else max(0, skip - 1)
        if len(kept) >= _LONGEST:
            break
    return " ".join(kept) if _says_something(kept, known) else ""


def _without_what_it_is(known: KnownWords, said: re.Match[str]) -> str:
    whole = said[0]
    return whole if said[2].lower() in known.states else whole[:len(whole) - len(said[1])] + "0"


def _a_word(word: str, times: int, capital: Mapping[str, int]) -> bool:
    """Whether it is written as a word more often than as a name; "i" is, whatever English does with it."""
    return len(word) < _SHORTEST_NAME or times > capital[word.capitalize()]


def _may_stay(word: str, known: KnownWords, *, begins: bool) -> bool:
    bare = word.lower()
    if bare in known.products or word in known.acronyms:
        return True
    if bare in _NAMES or (bare in _NAMES_TOO and not word.islower()):
        return False
    return (word.islower() or word.isupper() or begins) and bare in known.plain


def _says_something(kept: Sequence[str], known: KnownWords) -> bool:
    words = [one for one in kept if one != GAP]
    if len(words) * 2 <= len(kept):
        return False
    return len(kept) < _STRUNG or any(one in known.everywhere for one in words)
