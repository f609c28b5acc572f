"""Turns a conversation's state into bytes and back without ever reviving what data names (D2)."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot import quick_json

_SCHEMA = b"1 "
"""Written before every state; one of another version reads as absent, so it starts afresh (F10)."""

_SCALARS = frozenset({str, int, bool, float, type(None)})
_MOST_BITS = 63


@dataclass(frozen=True, slots=True)
class Shape:
    """One class that may stand in a state, and how it is written as plain values under a tag."""

    tag: str
    type: type[Any]
    to_plain: Callable[[Any], Mapping[str, Any]]
    from_plain: Callable[[Mapping[str, Any]], Any]


class StateCodec:
    """Plain JSON values and the shapes it was given; everything else is refused."""

    def __init__(self, shapes: Iterable[Shape]) -> None:
        self._by_type = {shape.type: shape for shape in shapes}
        self._by_tag = {shape.tag: shape for shape in self._by_type.values()}
        self._write = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
        self._read = json.JSONDecoder(object_hook=self._revived).decode

    def encode(self, state: Mapping[str, Any]) -> bytes:
        """The state, without its e-tag. Raises TypeError unless it is plain JSON values and known shapes."""
        bare = dict(state)
        bare.pop("e_tag", None)
        if (text := _quickly(bare)) is not None:
            return _SCHEMA + text
        return _SCHEMA + self._write(self._plain(bare)).encode()

    def decode(self, data: bytes) -> dict[str, Any] | None:
        """The state, or None for anything this version has not written."""
        if not data.startswith(_SCHEMA):
            return None
        text = data[len(_SCHEMA):]
        try:
            state = self._read(text.decode()) if _slow(text) else quick_json.loads(text)
        except (ValueError, KeyError, TypeError):
            return None
        return state if isinstance(state, dict) else None

    def _plain(self, value: Any) -> Any:
        kind = type(value)
        if kind in _SCALARS:
            if kind is int and value.bit_length() > _MOST_BITS:
                raise TypeError("an integer this long cannot be kept in a conversation")
            return value
        if kind is dict:
            return self._plain_items(value)
        if kind is list:
            return [self._plain(one) for one in value]
        shape = self._by_type.get(kind)
        if shape is None:
            raise TypeError(f"a {kind.__name__} cannot be kept in a conversation: use plain JSON values")
        return {"$": shape.tag, **self._plain_items(shape.to_plain(value))}

    def _plain_items(self, values: Mapping[str, Any]) -> dict[str, Any]:
        plain = {}
        for name, value in values.items():
            if type(name) is not str:
                raise TypeError(f"a {type(name).__name__} cannot be a name in a conversation's state")
            # "$" marks a shape. A name of somebody's own that begins so is doubled: it never passes for one.
            plain["$" + name if name.startswith("$") else name] = self._plain(value)
        return plain

    def _revived(self, values: dict[str, Any]) -> Any:
        if not any(name.startswith("$") for name in values):
            return values
        tag = values.pop("$", None)
        undoubled = {name.removeprefix("$"): value for name, value in values.items()}
        return undoubled if tag is None else self._by_tag[tag].from_plain(undoubled)


def _quickly(state: dict[str, Any]) -> bytes | None:
    """The quick way, for a state that reads back as it was: JSON by itself would let a tuple become a list."""
    try:
        text = quick_json.dumps(state)
    except TypeError:
        return None
    return text if not _slow(text) and quick_json.loads(text) == state else None


def _slow(text: bytes) -> bool:
    """Only a text with one of these can have a name that begins with "$", or a lone surrogate; few states have."""
    return b'"$' in text or b"\\u" in text
