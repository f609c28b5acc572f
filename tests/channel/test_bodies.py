"""What reaches the gate in the wrong shape is answered 4xx with one short line, and costs little (C4, N1)."""

import asyncio
import gzip
import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channel.activities import encode, from_json, to_json
from bot.channel.strict_json import NotStrict, strict
from bot.rules.limits import Limits
from tests.channel.conftest import Door, Echo, OpenDoor, Reply, teams_message
from tests.support.connector import FakeConnector


def short(reply: Reply) -> bool:
    return reply.text.count("\n") == 1 and len(reply.text) < 60


@pytest.mark.parametrize("body", [
    b"{", b"", b" ", b"[]", b'"x"', b"5", b"null", b"true", b"\xff\xfe", b'{"a": "\xc3"}', b"\xef\xbb\xbf{}",
    b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1e999}', b'{"a": ' + b"9" * 21 + b"}",
    b'{"a": -' + b"9" * 5000 + b"}", b'{"a": 1, "a": 2}', b'{"a": {"b": 1, "b": 2}}', b'{"a": "\\ud800"}',
    b'{"\\udfff": 1}', b'{"a": 1}{', b"{'a': 1}", b'{"a": 1,}', b'{"a": "\x00"}', b"\x00", b'{"type"',
    b'{"text": "' + "å".encode("latin-1") + b'"}', '{"text": "hei"}'.encode("utf-16"),
    b"[" * 65 + b"]" * 65, b'{"a":' * 65 + b"1" + b"}" * 65, b"[" * 200_000, b'{"a":' * 50_000,
    b'{"a": [' + b",".join([b"{}"] * 10_001) + b"]}",
], ids=lambda body: repr(body[:24]))
async def test_malformed_bodies_are_400(door: Door, echo: Echo, body: bytes) -> None:
    reply = await door.post(data=body)
    assert reply.status == 400
    assert short(reply)
    assert echo.speakers == []


@pytest.mark.parametrize(("headers", "status"), [
    ({"Content-Type": None}, 415), ({"Content-Type": "text/plain"}, 415), ({"Content-Type": ""}, 415),
    ({"Content-Type": "application/json-patch"}, 415), ({"Content-Type": "application/json-patch+json"}, 415),
    ({"Content-Type": "application/json; charset=bogus"}, 415),
    ({"Content-Type": "application/json; charset=utf-16"}, 415),
    ({"Content-Type": "application/json; charset=utf-8; charset=utf-16"}, 415),
    ({"Content-Type": "application/json; charset=utf-8"}, 200), ({"Content-Type": "APPLICATION/JSON"}, 200),
    ({"Content-Type": 'application/json;charset="UTF-8"'}, 200),
    ({"Content-Encoding": "gzip"}, 415), ({"Content-Encoding": "br"}, 415), ({"Content-Encoding": "identity"},
        415),
    ({"Upgrade": "websocket", "Connection": "Upgrade"}, 400),
])
async def test_headers_decide_first(
        door: Door, connector: FakeConnector, headers: dict[str, str | None], status: int) -> None:
    data = json.dumps(teams_message(connector.service_url)).encode() if status == 200 else b"{}"
    assert (await door.post(data=data, headers=headers)).status == status


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
async def test_only_post_is_served(door: Door, method: str) -> None:
    """Web sockets included: their handshake is a GET."""
    reply = await door.post(data=b"", method=method, headers={"Upgrade": "websocket",
        "Connection": "Upgrade"})
    assert reply.status == 405
    assert reply.headers["Allow"] == "POST"


async def test_a_compressed_bomb_is_refused_unread(door: Door) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    assert (await door.post(data=bomb, headers={"Content-Encoding": "gzip"})).status == 415


@pytest.mark.parametrize("size", [262_145, 1_048_576])
async def test_bodies_over_the_limit_are_413(door: Door, size: int) -> None:
    assert (await door.post(data=b" " * size)).status == 413


async def test_a_chunked_body_is_cut_at_the_limit(door: Door) -> None:
    async def endless() -> Any:
        for _ in range(64):
            yield b" " * 8192

    assert (await door.post(data=endless())).status == 413


async def test_a_body_of_just_the_limit_is_read(door: Door, connector: FakeConnector) -> None:
    activity = json.dumps(teams_message(connector.service_url)).encode()
    assert (await door.post(data=activity + b" " * (262_144 - len(activity)))).status == 200


async def test_a_slow_body_is_408(open_door: OpenDoor) -> None:
    door = await open_door(limits=Limits(body_seconds=0))
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    authorization = door.authorization()["Authorization"]
    writer.write(f"POST /api/messages HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n"
                 "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{".encode())
    assert b"408" in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_a_caller_who_hangs_up_halfway_harms_nobody(door: Door) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    authorization = door.authorization()["Authorization"]
    writer.write(f"POST /api/messages HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n"
                 "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await door.post()).status == 200


async def test_text_full_of_brackets_is_no_depth(door: Door, echo: Echo, connector: FakeConnector) -> None:
    text = '[{"\\' * 1000 + "[" * 20_000
    assert (await door.post(teams_message(connector.service_url, text))).status == 200
    assert echo.contexts[0].activity.text == text


@pytest.mark.parametrize("hostile", [
    b'"' + b"\\" * 200_000, b'"' + b'\\"' * 130_000, b"[]" * 130_000, b'""' * 130_000, b"[[" * 130_000,
    b'{"a":"' + b"\\u0041" * 40_000 + b'"}', b"{}," * 87_000, b"1," * 131_000, b"\\" * 262_000,
], ids=lambda body: repr(body[:12]))
def test_no_body_costs_more_than_its_length(hostile: bytes) -> None:
    started = time.process_time()
    with suppress(NotStrict):
        strict(hostile, 64)
    assert time.process_time() - started < 0.25


@pytest.mark.parametrize(("depth", "accepted"), [(64, True), (65, False)])
def test_depth_is_counted_exactly(depth: int, accepted: bool) -> None:
    body = b"[" * depth + b'"]]]\\"[["' + b"]" * depth
    if accepted:
        strict(body, 64)
    else:
        with pytest.raises(NotStrict):
            strict(body, 64)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10**19, 10**19) | st.floats(allow_nan=False,
        allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12)
FIELDS = st.sampled_from([
    "type", "id", "timestamp", "localTimestamp", "serviceUrl", "channelId", "from", "conversation",
        "recipient",
    "membersAdded", "membersRemoved", "text", "attachments", "entities", "channelData", "value", "name",
        "locale",
    "suggestedActions", "deliveryMode", "expiration", "replyToId", "historyDisclosed"])


@given(st.dictionaries(FIELDS, JSON, max_size=6))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reading_any_json_never_raises(fields: dict[str, Any]) -> None:
    encode(to_json(from_json(fields)))


async def test_arbitrary_objects_are_never_answered_5xx(door: Door, connector: FakeConnector) -> None:
    """C4: a turn, an acknowledgement or a 4xx; 501 only to an invoke that nobody handles."""
    examples: list[dict[str, Any]] = []

    @given(st.dictionaries(FIELDS, JSON, max_size=4), st.booleans())
    @settings(max_examples=200, deadline=None, database=None)
    def gather(fields: dict[str, Any], complete: bool) -> None:
        base = teams_message(connector.service_url) if complete else {
            "serviceUrl": connector.service_url, "channelId": "msteams"}
        examples.append({**base, **fields})

    gather()
    header = door.authorization()
    for example in examples:
        reply = await door.post(example, headers=header)
        assert reply.status < 500 or (reply.status == 501 and example.get("type") == "invoke"), example
        assert reply.status < 400 or short(reply)
