"""The errors the bot can explain: their files, and what must hold of them before anybody is answered.

`errors/<section>.yaml` holds what is the same in every language: the row of the list of facts, codes, contexts,
who it is for, where to go on. `<lang>/errors/<section>.yaml` holds the words. CONTRIBUTING tells how to add one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from bot.content.files import Files, read_yaml
from bot.content.model import ErrorText, KnownError, Texts

JOURNEYS = ("forgot_password", "change_password", "unlock_account", "register_method")
AUDIENCES = ("user", "admin")
USER_LINES, ADMIN_LINES = 2, 4
LINE_CHARACTERS = 240       # more is no line on a phone any longer
FACTS = frozenset({"row", "codes", "contexts", "audience", "guarded", "journey", "topic", "links"})
WORDS = frozenset({"phrases", "user", "admin"})

_ID = re.compile(r"[a-z][a-z0-9_]*")
_BARE_NUMBER = re.compile(r"\d{1,6}")
_LISTS = ("codes", "contexts", "links", "phrases")


@dataclass(frozen=True, slots=True)
class Entry:
    """One error as it stands in its files; `words` by language."""

    where: str
    facts: Mapping[str, Any]
    words: Mapping[str, Mapping[str, Any]]


def read_errors(
    root: Path, languages: tuple[str, ...], files: Files, own: Path | None = None,
    partly: frozenset[str] = frozenset(),
) -> dict[str, Entry]:
    """All errors by id; an id given twice, or in one language only, is a problem.

    Words that `own` has go before those of `root`; languages of `partly` may lack some.
    """
    entries: dict[str, Entry] = {}
    problems = files.problems
    for path in sorted((root / "errors").glob("*.yaml")):
        where = f"errors/{path.name}"
        facts = read_yaml(path, where, files)
        words = {lang: _words(root / lang / where, f"{lang}/{where}", files) for lang in languages}
        for lang in languages if own else ():
            assert own is not None
            words[lang] |= _words(own / lang / where, f"{own.name}/{lang}/{where}", files)
        for lang, by_id in words.items():
            problems += (f"{lang}/{where}: {name} is not in {where}" for name in by_id if name not in facts)
            problems += (f"{lang}/{where}: {name} is missing" for name in facts
                         if name not in by_id and lang not in partly)
        for name, fact in facts.items():
            said = {lang: by_id.get(name, {}) for lang, by_id in words.items()
                    if name in by_id or lang not in partly}
            if not isinstance(fact, dict) or not all(isinstance(one, dict) for one in said.values()):
                problems.append(f"{where}: {name} is not a mapping in every language")
            elif name in entries:
                problems.append(f"{where}: {name} stands in {entries[name].where} too")
            else:
                entries[name] = Entry(where, fact, said)
    return entries


def _words(path: Path, where: str, files: Files) -> dict[str, Any]:
    return read_yaml(path, where, files) if path.exists() else {}


def good_errors(entries: Mapping[str, Entry], topics: set[str], links: set[str]) -> Iterable[str]:
    """What is wrong with them, one line each."""
    for name, entry in entries.items():
        found = [*_good_facts(name, entry.facts, topics, links), *_good_words(entry)]
        yield from (f"{entry.where}: {name} {problem}" for problem in found)
    yield from _told_apart(entries)


def _good_facts(name: str, facts: Mapping[str, Any], topics: set[str], links: set[str]) -> Iterable[str]:
    yield from (f"has an unknown field {field!r}" for field in facts if field not in FACTS)
    if not _ID.fullmatch(name):
        yield "is no id of small letters, digits and _"
    if not str(facts.get("row", "")).isdecimal():
        yield f"row {facts.get('row')!r} is not a number"
    if facts.get("audience") not in AUDIENCES:
        yield f"audience {facts.get('audience')!r} is not one of {', '.join(AUDIENCES)}"
    if facts.get("guarded", "false") not in ("true", "false"):
        yield f"guarded {facts['guarded']!r} is neither true nor false"
    if facts.get("journey") and facts["journey"] not in JOURNEYS:
        yield f"journey {facts['journey']!r} is not one of {', '.join(JOURNEYS)}"
    if facts.get("topic") and facts["topic"] not in topics:
        yield f"topic {facts['topic']!r} does not exist"
    yield from _good_lists(facts)
    yield from (f"link {link!r} is not in links.yaml" for link in _texts(facts, "links") if link not in links)
    if not _texts(facts, "contexts"):
        yield from (f"code {code!r} is a bare number, and there are no contexts"
                    for code in _texts(facts, "codes") if _BARE_NUMBER.fullmatch(code))


def _good_words(entry: Entry) -> Iterable[str]:
    for lang, words in entry.words.items():
        yield from (f"has an unknown field {field!r} in {lang}" for field in words if field not in WORDS)
        yield from _good_lists(words)
        if not _texts(entry.facts, "codes") and not _texts(words, "phrases"):
            yield f"has neither codes nor phrases in {lang}"
        needed = {"admin": True, "user": entry.facts.get("audience") == "user" and not _guarded(entry.facts)}
        for part, most in (("user", USER_LINES), ("admin", ADMIN_LINES)):
            lines = str(words.get(part) or "").strip().splitlines()
            if needed[part] and not lines:
                yield f"has no {part} lines in {lang}"
            if len(lines) > most:
                yield f"has {len(lines)} {part} lines in {lang}, more than {most}"
            if any(len(line) > LINE_CHARACTERS for line in lines):
                yield f"has a {part} line longer than {LINE_CHARACTERS} characters in {lang}"
            if any("](" in line or "://" in line for line in lines):
                yield f"has a link in its {part} lines in {lang}"


def _good_lists(fields: Mapping[str, Any]) -> Iterable[str]:
    for field in _LISTS:
        value = fields.get(field) or []
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            yield f"{field} is not a list of texts"


def _told_apart(entries: Mapping[str, Entry]) -> Iterable[str]:
    """No row twice; and errors that share a code differ in another code or in their contexts."""
    rows: dict[str, str] = {}
    signs: dict[str, frozenset[str]] = {}
    for name, entry in entries.items():
        other = rows.setdefault(str(entry.facts.get("row")), name)
        if other != name:
            yield f"{entry.where}: {name} has the row of {other}"
        both = _texts(entry.facts, "codes") + _texts(entry.facts, "contexts")
        signs[name] = frozenset(one.casefold() for one in both)
    by_code: dict[str, list[str]] = {}
    for name, entry in entries.items():
        for code in dict.fromkeys(one.casefold() for one in _texts(entry.facts, "codes")):
            by_code.setdefault(code, []).append(name)
    for code, names in by_code.items():
        for one, two in combinations(names, 2):
            if signs[one] == signs[two]:
                yield f"{entries[two].where}: {two} has code {code!r} of {one}, and nothing else tells them apart"


def known_error(name: str, entry: Entry, addresses: Mapping[str, Mapping[str, str]]) -> KnownError:
    """The error of an entry without problems."""
    facts = entry.facts
    return KnownError(
        id=name,
        row=int(facts["row"]),
        codes=_texts(facts, "codes"),
        contexts=_texts(facts, "contexts"),
        audience=facts["audience"],
        guarded=_guarded(facts),
        journey=facts.get("journey") or None,
        topic=facts.get("topic") or None,
        texts=Texts({
            lang: ErrorText(
                phrases=_texts(words, "phrases"),
                user=str(words.get("user") or "").strip(),
                admin=str(words["admin"]).strip(),
                links=tuple(addresses[lang][link] for link in _texts(facts, "links")))
            for lang, words in entry.words.items()}),
    )


def _guarded(facts: Mapping[str, Any]) -> bool:
    return facts.get("guarded") == "true"


def _texts(fields: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """A list field, empty where it is missing or no list."""
    value = fields.get(field)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
