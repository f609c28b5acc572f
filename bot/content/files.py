"""From files to plain values: front matter, sections, messages and links, with what is wrong in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

from bot.content.sentences import Sentence, SentenceError, cut_up

MARKERS = {"## Steps": "steps", "## Admin": "admin"}


_DEEPEST = 20      # levels of one file; an anchor within itself has no end


# libyaml where it is there, which is ten times faster.
class Words(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """Every scalar is text: a phrase "no" is not false, "2026" not a number. A key given twice is refused.

    Makes its values itself: yaml's constructors, made for any type, took half of the time of a start.
    """

    def construct_document(self, node: yaml.Node) -> Any:
        return _plain(node)


def _plain(node: yaml.Node, level: int = 0) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if level == _DEEPEST:
        raise yaml.MarkedYAMLError("too deep", problem_mark=node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, level + 1) for one in node.value]
    mapping = {_key(key): _plain(value, level + 1) for key, value in node.value}
    if len(mapping) < len(node.value):
        raise yaml.MarkedYAMLError("a key is given twice", problem_mark=node.start_mark)
    return mapping


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise yaml.MarkedYAMLError("a key is no text", problem_mark=node.start_mark)
    return str(node.value)


class _FrontMatter(YAMLHandler):
    def load(self, fm: str, **kwargs: object) -> Any:
        return yaml.load(fm, Loader=Words)  # noqa: S506  # a BaseLoader: makes text, lists and dicts only


class Unreadable(ValueError):
    """A file that is no YAML, or no text."""


@dataclass(frozen=True, slots=True)
class Page:
    """One faq file: its front matter as it stands, and its body's sections."""

    where: str
    head: dict[str, Any]
    short: str
    steps: str
    admin: str


def read_pages(folder: Path, problems: list[str], before: str = "") -> dict[str, Page]:
    """The faq files of one language's folder, by file name; what can't be read is a problem, and left out.

    `before` is what problems name before the folder.
    """
    pages = {}
    for path in sorted((folder / "faq").glob("*.md")):
        where = f"{before}{folder.name}/faq/{path.name}"
        try:
            head, body = frontmatter.parse(path.read_text(encoding="utf-8"), handler=_FrontMatter())
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            problems.append(f"{where}: {_one_line(error)}")
            continue
        if not head:
            problems.append(f"{where}: has no front matter")
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


def read_messages(folder: Path, problems: list[str], before: str = "") -> dict[str, Sentence]:
    """All messages of one language's folder by their full key; `before` as for `read_pages`."""
    messages = {}
    for path in sorted((folder / "messages").glob("*.yaml")):
        where = f"{before}{folder.name}/messages/{path.name}"
        for key, text in _leaves(path.stem, read_yaml(path, where, problems)):
            if not isinstance(text, str) or not text.strip():
                problems.append(f"{where}: {key} is not a sentence")
                continue
            try:
                messages[key] = cut_up(text.strip())
            except SentenceError as error:
                problems.append(f"{where}: {key} has {error}")
    return messages


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield key, value
        return
    for name, inner in value.items():
        yield from _leaves(f"{key}.{name}", inner)


def read_links(
    folder: Path, languages: tuple[str, ...], problems: list[str], partly: frozenset[str] = frozenset(),
) -> dict[str, dict[str, str]]:
    """The addresses of `links.yaml` by language and name: one address for all, or one for each language.

    Languages of `partly` have that of the first where they lack one.
    """
    path = folder / "links.yaml"
    named = read_yaml(path, path.name, problems) if path.exists() else {}
    links: dict[str, dict[str, str]] = {lang: {} for lang in languages}
    for name, value in named.items():
        for lang in languages:
            address = value.get(lang) if isinstance(value, dict) else value
            if address is None and lang in partly:
                address = links[languages[0]].get(name)
            if isinstance(address, str):
                links[lang][name] = address
            else:
                problems.append(f"{path.name}: {name} has no address in {lang}")
    return links


def read_yaml(path: Path, where: str, problems: list[str]) -> dict[str, Any]:
    """A mapping out of a YAML file; what is none is a problem, and empty."""
    try:
        values = read_file(path)
    except Unreadable as error:
        problems.append(f"{where}: {error}")
        return {}
    if not isinstance(values, dict):
        problems.append(f"{where}: is not a mapping")
        return {}
    return values


def read_file(path: Path) -> Any:
    """Whatever a YAML file holds. Raises Unreadable."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=Words)  # noqa: S506  # as above
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Unreadable(_one_line(error)) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
