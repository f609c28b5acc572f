"""Which of the errors we can explain a message is about: codes first, then phrases.

    found = ErrorFinder(content.errors.values()).find("feilkode 50053 ved pålogging")
    found.ids, found.sure, found.unknown        # ("aadsts50053",), True, ""
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from bot.content import KnownError
from bot.understanding.codes import error_code, windows_code
from bot.understanding.phrasing import Phrases
from bot.understanding.printed import ONE_TIME_CODE, Mention, Names, keys_of, mentions
from bot.understanding.text import cut, words

LONG_PHRASE = 5         # words from which a phrase stands in nothing else people ask
_SURELY_CODES = ("sspr", "aadsts", "result", "windows")


class Found(NamedTuple):
    """`ids` are the errors a message is about, the most specific first; none when it is about no error."""

    ids: tuple[str, ...] = ()
    sure: bool = False          # a code, or every word of a long phrase
    unknown: str = ""           # a code nobody told us about, where there is no other


@dataclass(slots=True)
class _Match:
    at: int
    kinds: set[str]
    keys: set[str]
    beside: bool = False        # one of its contexts is there too


class ErrorFinder:
    """Holds nothing of what it has read, and is safe to share."""

    def __init__(self, errors: Iterable[KnownError]) -> None:
        self._errors = {one.id: one for one in errors}
        self._rows = {one.id: one.row for one in self._errors.values()}
        self._contexts = {
            one.id: [_spaced(words(context)) for context in one.contexts] for one in self._errors.values()}
        self._by_key: defaultdict[str, list[str]] = defaultdict(list)
        for one in self._errors.values():
            for key in sorted({key for code in one.codes for key in keys_of(code, one.contexts)}):
                self._by_key[key].append(one.id)
        self._names = Names(frozenset(key for key in self._by_key if key.startswith("name ")))
        self._phrases = Phrases(
            (one.id, phrase) for one in self._errors.values()
            for text in one.texts.values() for phrase in text.phrases)

    def find(self, text: str) -> Found:
        """What error a message shows; some hundred microseconds, a few milliseconds for the longest."""
        text = cut(text)
        said = words(text)
        if (printed := list(mentions(text, self._names))) and (matches := self._coded(printed, said)):
            return Found(tuple(self._ranked(matches)), True)
        number = text.strip(" \t.?!")
        if len(number) < ONE_TIME_CODE and (ids := self._by_key.get(f"aadsts {number}")):
            return Found(tuple(ids), False)
        like = self._phrases.resembling(said)
        if like is not None and like.share == 1 and like.size >= LONG_PHRASE:
            return Found((like.name,), True)
        if code := error_code(text):
            ours = code.startswith(("SSPR", "AADSTS"))
            return Found(unknown=code if ours else windows_code(text) or code)  # said as it was typed
        return Found((like.name,), False) if like is not None else Found()

    def _coded(self, printed: list[Mention], said: list[str]) -> dict[str, _Match]:
        whole = _spaced(said)
        matches: dict[str, _Match] = {}
        for one in printed:
            kind, _, value = one.key.partition(" ")
            bare = bool(one.beside)
            near = _spaced(words(one.beside)) if bare else whole
            for key in (one.key, f"aadsts {value}") if kind == "number" and one.said else (one.key,):
                for name in self._by_key.get(key, ()):
                    beside = any(context in whole for context in self._contexts[name])
                    if not bare or self._counts(one, value, name, near, beside):
                        match = matches.setdefault(name, _Match(one.at, set(), set()))
                        match.kinds.add(key.partition(" ")[0])
                        match.keys.add(key)
                        match.beside = match.beside or beside
        return self._fitting(matches)

    def _counts(self, one: Mention, value: str, name: str, near: str, beside: bool) -> bool:
        """Whether what stands beside a bare number makes it this error's."""
        if len(value) < 5 or len(value) == 8:
            return any(context in near for context in self._contexts[name])
        return one.said or (beside and len(value) < ONE_TIME_CODE)

    def _fitting(self, matches: dict[str, _Match]) -> dict[str, _Match]:
        """Of errors that share a code, those whose contexts are missing give way to those that fit."""
        fit = {name for name, one in matches.items() if one.beside or not self._contexts[name]}
        return {
            name: one for name, one in matches.items()
            if name in fit or not any(other in fit for key in one.keys for other in self._by_key[key])}

    def _ranked(self, matches: dict[str, _Match]) -> list[str]:
        """A result code says more than the event that reports it, and two signs more than one."""
        def order(name: str) -> tuple[bool, int, int, int]:
            one = matches[name]
            surely = any(kind in _SURELY_CODES for kind in one.kinds)
            return (not surely, -len(one.keys) - one.beside, one.at, self._rows[name])
        return sorted(matches, key=order)


def _spaced(said: list[str]) -> str:
    return f" {' '.join(said)} "
