"""From files to plain values: front matter, sections, messages and links, with what is wrong in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.content.parsed import Parsed, Unreadable
from bot.content.sentences import Sentence, SentenceError, cut_up

MARKERS = {"## Steps": "steps", "## Admin": "admin"}


@dataclass(frozen=True, slots=True)
class Files:
    """Where the values of files come from; `problems` collects what is wrong in them, one line each."""

    parsed: Parsed = field(default_factory=Parsed)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """One faq file: its front matter as it stands, and its body's sections."""

    where: str
    head: dict[str, Any]
    short: str
    steps: str
    admin: str


def read_pages(folder: Path, files: Files, before: str = "") -> dict[str, Page]:
    """The faq files of one language's folder, by file name; what can't be read is a problem, and left out.

    `before` is what problems name before the folder.
    """
    pages = {}
    for path in sorted((folder / "faq").glob("*.md")):
        where = f"{before}{folder.name}/faq/{path.name}"
        try:
            head, body = files.parsed.page(path)
        except Unreadable as error:
            files.problems.append(f"{where}: {error}")
            continue
        if not head:
            files.problems.append(f"{where}: has no front matter")
            continue
        pages[path.stem] = Page(where, head, **_sections(body))
    return pages


def _sections(body: str) -> dict[str, str]:
    parts: dict[str, list[str]] = {"short": [], "steps": [], "admin": []}
    current = "short"
    for line in body.splitlines():
        marker = MARKERS.get(line.rstrip())
        if marker is None:
            parts[current].append(line)
        else:
            current = marker
    return {name: "\n".join(lines).strip() for name, lines in parts.items()}


def read_messages(folder: Path, files: Files, before: str = "") -> dict[str, Sentence]:
    """All messages of one language's folder by their full key; `before` as for `read_pages`."""
    messages = {}
    for path in sorted((folder / "messages").glob("*.yaml")):
        where = f"{before}{folder.name}/messages/{path.name}"
        for key, text in _leaves(path.stem, read_yaml(path, where, files)):
            if not isinstance(text, str) or not text.strip():
                files.problems.append(f"{where}: {key} is not a sentence")
                continue
            try:
                messages[key] = cut_up(text.strip())
            except SentenceError as error:
                files.problems.append(f"{where}: {key} has {error}")
    return messages


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield key, value
        return
    for name, inner in value.items():
        yield from _leaves(f"{key}.{name}", inner)


def read_links(
    folder: Path, languages: tuple[str, ...], files: Files, partly: frozenset[str] = frozenset(),
) -> dict[str, dict[str, str]]:
    """The addresses of `links.yaml` by language and name: one address for all, or one for each language.

    Languages of `partly` have that of the first where they lack one.
    """
    path = folder / "links.yaml"
    named = read_yaml(path, path.name, files) if path.exists() else {}
    links: dict[str, dict[str, str]] = {lang: {} for lang in languages}
    for name, value in named.items():
        for lang in languages:
            address = value.get(lang) if isinstance(value, dict) else value
            if address is None and lang in partly:
                address = links[languages[0]].get(name)
            if isinstance(address, str):
                links[lang][name] = address
            else:
                files.problems.append(f"{path.name}: {name} has no address in {lang}")
    return links


def read_yaml(path: Path, where: str, files: Files) -> dict[str, Any]:
    """A mapping out of a YAML file; what is none is a problem, and empty."""
    try:
        values = files.parsed.yaml(path)
    except Unreadable as error:
        files.problems.append(f"{where}: {error}")
        return {}
    if not isinstance(values, dict):
        files.problems.append(f"{where}: is not a mapping")
        return {}
    return values
