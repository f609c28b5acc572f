"""The door to YAML: texts to plain values, every scalar as it is written. `parsed` keeps what it makes of a text."""

from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

_DEEPEST = 20      # levels of one file; an anchor within itself has no end


class BadYaml(ValueError):
    """A text that is no YAML; why, in one line."""


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


def value_of(text: str) -> Any:
    """What a YAML text holds. Raises BadYaml."""
    try:
        return yaml.load(text, Loader=Words)  # noqa: S506  # as above
    except yaml.YAMLError as error:
        raise BadYaml(" ".join(str(error).split())) from error


def page_of(text: str) -> Any:
    """Front matter and body of a page, in a list. Raises BadYaml."""
    try:
        return list(frontmatter.parse(text, handler=_FrontMatter()))
    except yaml.YAMLError as error:
        raise BadYaml(" ".join(str(error).split())) from error
