"""JSON from strangers: one meaning or none, and refused before it costs anything (N1, limit 22)."""

import json
from itertools import accumulate
from math import isinf
from typing import Any, Never

_MOST_CONTAINERS = 10_000
_MOST_DIGITS = 20
_BRACKETS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_OTHERS = bytes(one for one in range(256) if one not in b"[{]}")


class NotStrict(ValueError):
    """Not JSON, or JSON that two readers may understand differently, or too deep."""


def strict(body: bytes, depth: int) -> Any:
    """The value of UTF-8 JSON text.

    Raises NotStrict for nesting over `depth`, keys given twice, NaN and infinities, integers over 20
    digits, and lone surrogates, besides whatever is no JSON.
    """
    if body.count(b"{") + body.count(b"[") > depth:
        _refuse_bombs(body, depth)
    try:
        value = _decode(body.decode("utf-8"))
        if b"\\u" in body:  # only an escape can make a lone surrogate, and encoding finds it
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise NotStrict(type(error).__name__) from None
    return value


def _refuse_bombs(body: bytes, depth: int) -> None:
    # With escapes gone, every other piece between quotes is outside of strings; brackets become
    # +1 and -1, and their running sum is the depth. All of it runs in C, in linear time.
    outside = body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    steps = b"".join(outside).translate(_BRACKETS, _OTHERS)
    if len(steps) > 2 * _MOST_CONTAINERS:
        raise NotStrict("too many values")
    if max(accumulate(memoryview(steps).cast("b")), default=0) > depth:
        raise NotStrict("too deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict("a key twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise NotStrict("huge integer")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise NotStrict("huge number")
    return number


def _no_constant(name: str) -> Never:
    raise NotStrict(name)


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_no_constant).decode
