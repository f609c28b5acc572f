"""JSON written and read by orjson, and what it leaves to slower ways."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import quick_json
from bot.channel.activities import encode
from bot.store.state_codec import StateCodec

CODEC = StateCodec([])


@dataclass
class Whatever:
    one: int = 1


@pytest.mark.parametrize("value", [
    {}, {"a": 1, "b": [True, None, 1.5, "æøå \u2028 \x01"]}, {"a": 1.0}, {"a": "\ud800"}, {"a": 2**62}, {"a": -2**62},
    {"a": "\\u0041"}, {"a": "$x", "$b": 1, "$": {"$": 2}}, {"a": "\\ud800"},
])
def test_a_state_reads_back_as_it_was(value: dict[str, Any]) -> None:
    """D2: whether it went the quick way or the slow one."""
    back = CODEC.decode(CODEC.encode(value))
    assert back == value
    assert repr(back) == repr(value)


@pytest.mark.parametrize("value", [
    {"a": 2**70}, {1: 2}, {"a": (1,)}, {"a": float("nan")}, {"a": b"x"}, {"a": Whatever()}, {"a": datetime.now(UTC)}])
def test_what_would_not_read_back_is_no_state(value: dict[Any, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        CODEC.encode(value)


@pytest.mark.parametrize("data", [b"", b"1 ", b"1 {", b"1 []", b"2 {}", b"1 \xff", b'1 {"$":"nothing"}', b"1 NaN"])
def test_what_nobody_wrote_is_no_state(data: bytes) -> None:
    assert CODEC.decode(data) is None


def test_no_text_makes_a_reply_fail() -> None:
    assert encode({"text": "a\ud800b"}) == b'{"text":"a?b"}'
    assert encode({"at": datetime(2026, 3, 1, tzinfo=UTC), "long": 2**70}) == (
        b'{"at":"2026-03-01T00:00:00.000Z","long":1180591620717411303424}')


def test_only_plain_json_is_written() -> None:
    for value in (Whatever(), datetime.now(UTC), {1: 2}, object()):
        with pytest.raises(TypeError):
            quick_json.dumps(value)
