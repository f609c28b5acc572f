"""JSON from strangers: one meaning or none, and refused before it costs anything (N1, limit 22)."""

import json
from itertools import accumulate
from math import isinf
from typing import Any, Never

from bot import quick_json

_MOST_CONTAINERS = 10_000
_MOST_DIGITS = 20
_BRACKETS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_OTHERS = bytes(one for one in range(256) if one not in b"[{]}")
_BLANKS = b" \t\r\n"


class NotStrict(ValueError):
    """Not JSON, or JSON that two readers may understand differently, or too deep."""


def strict(body: bytes, depth: int) -> Any:
    """The value of UTF-8 JSON text.

    Raises NotStrict for nesting over `depth`, keys given twice, NaN and infinities, integers over 20
    digits, and lone surrogates, besides whatever is no JSON. What a person typed ("text") may hold half a
    character, which is read as U+FFFD: they get an answer, and no identifier is another's by it.
    """
    if body.count(b"{") + body.count(b"[") > depth:
        _refuse_bombs(body, depth)
    try:
        value = quick_json.loads(body)
        written = quick_json.dumps(value)
    except (ValueError, TypeError):
        return carefully(body)
    # What is written again as it came, but for blanks, has lost no pair to a key given twice, and each of its
    # numbers is the one that its digits spell. Channels write so; all else is read once more, with care.
    as_it_came = written == body or written.translate(None, _BLANKS) == body.translate(None, _BLANKS)
    return value if as_it_came else carefully(body)


def carefully(body: bytes) -> Any:
    """As `strict` reads what is not too deep: the rule that its short way has to agree with."""
    try:
        value = _decode(body.decode("utf-8"))
        if b"\\u" in body:  # only an escape can make a lone surrogate, and encoding finds it
            if isinstance(value, dict) and isinstance(typed := value.get("text"), str):
                value["text"] = typed.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
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
