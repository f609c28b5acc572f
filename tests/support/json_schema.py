"""As much of JSON Schema as the published schema of Teams' manifests needs; what it does not know, it refuses."""

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "integer": (int,),
    "number": (int, float), "null": (type(None),)}
_SAYS_NOTHING = frozenset({"description", "default", "$schema", "definitions", "format", "title", "examples", "x-tags"})


def violations(value: Any, schema: Any, root: Any, where: str = "") -> Iterator[str]:
    """Each thing in `value` that the schema forbids. Raises NotImplementedError for a rule that is not known here."""
    for rule, wanted in schema.items():
        if rule in _SAYS_NOTHING:
            continue
        check = _RULES.get(rule)
        if check is None:
            raise NotImplementedError(f"{rule} at {where or 'the top'}")
        yield from check(value, wanted, schema, root, where)


def _ref(value: Any, wanted: str, _schema: Any, root: Any, where: str) -> Iterator[str]:
    found = root
    for part in wanted.removeprefix("#/").split("/"):
        found = found[part]
    yield from violations(value, found, root, where)


def _type(value: Any, wanted: Any, _schema: Any, _root: Any, where: str) -> Iterator[str]:
    names = wanted if isinstance(wanted, list) else [wanted]
    fits = any(isinstance(value, _TYPES[one]) and (one == "boolean" or not isinstance(value, bool)) for one in names)
    if not fits:
        yield f"{where}: {value!r} is no {wanted}"


def _properties(value: Any, wanted: Any, _schema: Any, root: Any, where: str) -> Iterator[str]:
    for name, rule in wanted.items():
        if isinstance(value, dict) and name in value:
            yield from violations(value[name], rule, root, f"{where}/{name}")


def _additional(value: Any, wanted: Any, schema: Any, root: Any, where: str) -> Iterator[str]:
    for name in set(value) - set(schema.get("properties", {})) if isinstance(value, dict) else ():
        if wanted is False:
            yield f"{where}: {name} is not known"
        elif isinstance(wanted, dict):
            yield from violations(value[name], wanted, root, f"{where}/{name}")


def _required(value: Any, wanted: Any, _schema: Any, _root: Any, where: str) -> Iterator[str]:
    yield from (f"{where}: {name} is missing" for name in wanted if isinstance(value, dict) and name not in value)


def _items(value: Any, wanted: Any, _schema: Any, root: Any, where: str) -> Iterator[str]:
    for number, one in enumerate(value if isinstance(value, list) else ()):
        yield from violations(one, wanted, root, f"{where}[{number}]")


def _length(value: Any, wanted: int, _schema: Any, _root: Any, where: str, *, kind: type, most: bool) -> Iterator[str]:
    if isinstance(value, kind) and (len(value) > wanted if most else len(value) < wanted):  # type: ignore[arg-type]
        yield f"{where}: {len(value)} instead of {wanted}"  # type: ignore[arg-type]


def _limit(kind: type, *, most: bool) -> Any:
    return lambda *of: _length(*of, kind=kind, most=most)


def _pattern(value: Any, wanted: str, _schema: Any, _root: Any, where: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(wanted, value):
        yield f"{where}: {value!r} does not match {wanted}"


def _one_of_these(value: Any, wanted: Any, _schema: Any, _root: Any, where: str) -> Iterator[str]:
    if value not in wanted:
        yield f"{where}: {value!r} is none of {wanted}"


def _const(value: Any, wanted: Any, _schema: Any, _root: Any, where: str) -> Iterator[str]:
    if value != wanted:
        yield f"{where}: {value!r} is not {wanted!r}"


def _unique(value: Any, wanted: Any, _schema: Any, _root: Any, where: str) -> Iterator[str]:
    if wanted and isinstance(value, list) and any(one in value[:number] for number, one in enumerate(value)):
        yield f"{where}: something stands there twice"


def _any_of(value: Any, wanted: Any, _schema: Any, root: Any, where: str) -> Iterator[str]:
    if all(list(violations(value, one, root, where)) for one in wanted):
        yield f"{where}: fits none of the alternatives"


def _not(value: Any, wanted: Any, _schema: Any, root: Any, where: str) -> Iterator[str]:
    if not list(violations(value, wanted, root, where)):
        yield f"{where}: what must not be there"


def _dependencies(value: Any, wanted: Any, _schema: Any, root: Any, where: str) -> Iterator[str]:
    for name, rule in wanted.items():
        if isinstance(value, dict) and name in value:
            if isinstance(rule, list):
                yield from (f"{where}: {name} needs {one}" for one in rule if one not in value)
            else:
                yield from violations(value, rule, root, where)


_RULES: dict[str, Any] = {
    "$ref": _ref, "type": _type, "properties": _properties, "additionalProperties": _additional,
    "required": _required, "items": _items, "pattern": _pattern, "enum": _one_of_these, "const": _const,
    "uniqueItems": _unique, "anyOf": _any_of, "not": _not, "dependencies": _dependencies,
    "maxLength": _limit(str, most=True), "minLength": _limit(str, most=False),
    "maxItems": _limit(list, most=True), "minItems": _limit(list, most=False),
    "minProperties": _limit(dict, most=False), "maxProperties": _limit(dict, most=True)}
