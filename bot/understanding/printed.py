"""Error codes as they are printed, typed off a screen and misread: each way of writing one has the same key.

A key is a kind and a value: `sspr 0014`, `aadsts 50053`, `result 80230402` (an HRESULT), `windows 52e` (a Win32
error, whatever its dress: `0x8007052E`, `0000052E`, LDAP's `data 52e`), `name badrequest`, and `number 31003`,
which means nothing before something beside it says what it counts.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.understanding.text import cut

# No pattern here can backtrack further than a handful of characters (N1).
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SSPR = re.compile(r"sspr(?:[_\-\u2013 ]{0,3}(?=00)|[_\-\u2013])(\d{4})(?!\d)")
_SHORT_SSPR = re.compile(r"sspr(?:[_\-\u2013] ?(\d{1,3})(?!\d)| (0?\d\d)(?=[\s.,!?]{0,9}\Z))")
_AADSTS = re.compile(r"aadsts[ :_\-\u2013#=.]{0,3}(\d{4,7})(?!\d)")
_TOKEN = re.compile(r"\w+")
_DIGIT = re.compile(r"\d")
_CHUNK = re.compile(r"\S+")
_HEX = frozenset("0123456789abcdef")
_RESULT_WORDS = frozenset({"hr", "hresult", "result", "resultat"})
_SAYS_ERROR = frozenset({"error", "feil", "feilkode", "feilkoden", "errorcode", "failurecode", "feilnummer"})
_SAYS_CODE = frozenset({"code", "kode", "koden", "codes"})
_BETWEEN = frozenset({"er", "is", "var", "was", "nr", "no", "number", "nummer", "id"})

LONG_NAME = 20              # characters of a name that may come broken into words
DOTS = 3                    # that make a number an object identifier, which is a name
_MOST_PIECES = 5
_START = 4
_LONGEST_NUMBER = len("0x80230402")
_NEAR = 4                   # words before a number that may say what it is
ONE_TIME_CODE = 6           # digits from here on may be a one-time code


@dataclass(frozen=True, slots=True)
class Mention:
    """A code in a text; `said` when the words before it call it an error code."""

    key: str
    at: int                 # which word of the text it is
    said: bool = False
    beside: str = ""        # the words around a bare number, which have to say what it is


def keys_of(code: str, contexts: Sequence[str]) -> frozenset[str]:
    """The keys by which a code of the content is found."""
    plain = code.strip().lower()
    bare = _bare(plain)
    for kind, pattern in (("sspr", _SSPR), ("aadsts", _AADSTS)):
        if found := pattern.fullmatch(plain):
            return frozenset({f"{kind} {found[1]}"})
    if plain.count(".") >= DOTS:
        return frozenset({f"name {bare}"})
    digits = bare.removeprefix("0x").removeprefix("hr")
    if set(digits) <= _HEX and any(map(str.isdecimal, digits)):
        if len(digits) == 8 or digits != bare:
            return frozenset({_result(digits)})
        short = frozenset({f"number {digits}"})
        ldap = not digits.isdecimal() or "data" in (one.casefold() for one in contexts)
        return short | {f"windows {digits}"} if len(digits) <= 4 and ldap else short
    return frozenset({f"name {bare}"})


class Names:
    """The names among the codes, and how the long ones begin."""

    def __init__(self, keys: frozenset[str]) -> None:
        self.keys = keys
        self.whole = frozenset(key.removeprefix("name ") for key in keys)
        long = [name for name in self.whole if len(name) >= LONG_NAME]
        self.starts = frozenset(name[:size] for name in long for size in range(1, _START + 1))
        self.openings = frozenset(name[:LONG_NAME] for name in long)


def mentions(text: str, names: Names) -> Iterator[Mention]:
    """Every code in a text, known or not, but only the names that are known."""
    text = _plain(text)
    words = _TOKEN.findall(text)
    bare = _misread(" ".join(words)).replace("_", "").split(" ")
    # Most messages hold none of this, and every message is asked.
    if "sspr" in text or "aadsts" in text:
        yield from _numbered(text)
    numbers = _DIGIT.search(text) is not None
    for at, word in enumerate(bare):
        if numbers:
            yield from _single(words[at], word, at, words)
        if word in names.whole or (
                word[:_START] in names.starts and "".join(bare[at:at + _MOST_PIECES])[:LONG_NAME] in names.openings):
            yield from _name(bare, at, names)
    if text.count(".") >= DOTS:
        yield from _dotted(text, names)


def _plain(text: str) -> str:
    text = cut(text)
    if not text.isascii():
        text = cut(unicodedata.normalize("NFKC", text))
    text = text.lower()
    return _GUID.sub(" ", text) if "-" in text else text


def _misread(text: str) -> str:
    """What screenshots and tired eyes mix up; the same on both sides, so it only has to be consistent."""
    return text.replace("o", "0").replace("l", "1").replace("i", "1").replace("|", "1")


def _bare(word: str) -> str:
    return "".join(one for one in _misread(word) if one.isalnum())


def _numbered(text: str) -> Iterator[Mention]:
    """`SSPR_0014` and `AADSTS50053`, as they stand and as they may have been misread."""
    starts = _starts(text)
    for read in (text, _misread(text)):
        for kind, pattern in (("sspr", _SSPR), ("aadsts", _AADSTS)):
            for found in pattern.finditer(read):
                yield Mention(f"{kind} {found[1]}", _word_at(starts, found.start()), True)
    for found in _SHORT_SSPR.finditer(text):      # without all its noughts
        yield Mention(f"sspr {(found[1] or found[2]).zfill(4)}", _word_at(starts, found.start()), True)


def _dotted(text: str, names: Names) -> Iterator[Mention]:
    """A dotted number is one name, though it is many words."""
    starts = _starts(text)
    for found in _CHUNK.finditer(text):
        if found[0].count(".") >= DOTS and (key := f"name {_bare(found[0].strip('.,;:()'))}") in names.keys:
            yield Mention(key, _word_at(starts, found.start()))


def _single(word: str, bare: str, at: int, words: list[str]) -> Iterator[Mention]:
    """A word that is a number of some kind."""
    if len(bare) > _LONGEST_NUMBER or not (decimal := sum(map(str.isdecimal, word))):
        return
    digits = bare.removeprefix("0x")
    # "ill2" is no 1112: most of it has to be what it is taken for.
    truly = sum(one in _HEX for one in word)
    if len(digits) > 8 or not set(digits) <= _HEX or (2 * truly < len(word) and decimal < 2):
        return
    said = _said(words, at)
    if digits != bare or _is_result(digits, said, words[at - 1] if at else "", words[at + 1:at + 2]):
        yield Mention(_result(digits), at, True)
    elif digits.isdecimal() or len(digits) <= 4:
        said = said or words[at - 1:at] == ["hr"]
        key = _result(digits) if len(digits) == 8 else f"number {digits}"
        yield Mention(key, at, said, " ".join(words[max(at - _NEAR, 0):at + 3]))


def _is_result(digits: str, said: bool, before: str, after: list[str]) -> bool:
    """Whether hex digits without 0x are a result code: eight plain ones may be a telephone number."""
    if len(digits) < 8:
        return (said and not digits.isdecimal() and len(digits) <= 4) or (before == "data" and len(digits) <= 4)
    return (said or digits.startswith("0000") or before in _RESULT_WORDS
            or (digits[0] == "8" and not digits.isdecimal()) or after == ["ldaperr"])


def _said(words: list[str], at: int) -> bool:
    """Whether the words right before (or, where it can be no one-time code, after) a number call it an error's."""
    before = [word for word in words[max(at - 4, 0):at] if word not in _BETWEEN][-2:]
    last, first = (before[-1] if before else ""), (before[0] if len(before) == 2 else "")
    if last in _SAYS_ERROR and first not in _SAYS_CODE:
        return True
    if last in _SAYS_CODE and first == "error":
        return True     # But "feil kode" is a wrong one-time code.
    short = len(words[at]) < ONE_TIME_CODE
    return short and (last in _SAYS_CODE or words[at + 1:at + 2] in (["error"], ["feil"], ["feilkode"]))


def _name(bare: list[str], at: int, names: Names) -> Iterator[Mention]:
    if bare[at] in names.whole:
        yield Mention(f"name {bare[at]}", at, True)
    joined = bare[at]
    for piece in bare[at + 1:at + _MOST_PIECES]:
        joined += piece
        if len(joined) >= LONG_NAME and (key := f"name {joined}") in names.keys:
            yield Mention(key, at, True)


def _result(digits: str) -> str:
    """A Win32 error by its own number; any other HRESULT as it is."""
    wide = digits.rjust(8, "0")
    if wide[:4] in ("0000", "8007"):
        return f"windows {wide[4:].lstrip('0') or '0'}"
    return f"result {wide}"


def _starts(text: str) -> list[int]:
    return [found.start() for found in _TOKEN.finditer(text)]


def _word_at(starts: list[int], position: int) -> int:
    return max(bisect_right(starts, position) - 1, 0)
