"""What reaches the gate in the wrong shape is answered 4xx with one short line, and costs little (C4, N1)."""

import asyncio
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channel import strict_json
from bot.channel.activities import encode, from_json, to_json
from bot.channel.strict_json import NotStrict, carefully, strict
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


@pytest.mark.parametrize(("text", "read"), [
    ('"\\ud800 hei \\ud83d\\ude00"', "\ufffd hei \U0001f600"), ('"hei \\udfff\\ud800"', "hei \ufffd\ufffd")])
async def test_half_a_character_keeps_nobody_from_an_answer(
        door: Door, echo: Echo, connector: FakeConnector, text: str, read: str) -> None:
    """N1: cut in the middle of an emoji, a message is still one; in an identifier it is refused (C3)."""
    message = teams_message(connector.service_url, "TEXT")
    assert (await door.post(data=json.dumps(message).replace('"TEXT"', text).encode())).status == 200
    assert echo.contexts[0].activity.text == read
    message["conversation"] = {**message["conversation"], "id": "a:\ud800"}
    assert (await door.post(message)).status == 400


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


BLANKS = ("\n", "\t\r", "\x0b", "\ufeff", "\xa0")
VALUES = (
    "-0", "-0.0", "1.50", "1e5", "1E5", "100000.0", "1e-400", "5e-324", "1e999", "-1e999", "1e16", "1e+16", "1e+22",
    "01", "+1", ".5", "1.", "NaN", "Infinity", "-Infinity", "9" * 20, "9" * 21, "-" + "9" * 19, "-" + "9" * 20,
    "18446744073709551615", "18446744073709551616", "-9223372036854775808", "-9223372036854775809",
    "0.10000000000000000555", "1e20", "100000000000000000000.0", "True", "'a'", '"\\ud800"', '"\\udfff\\ud800"',
    '"\\ud83d\\ude00"', '"\\/"', '"\\u0000"', '"\x00"', '"\t"', '"\\x"', '"\x7f"', '"\ud800"', '"\\u00e5"', '"\\"',
    '"\u2028"', '"\ufeff"', '"\\u003a"')
KEYS = ('"a"', '"b"', '"\\u0061"', '"a "', '" a"', '"å"', '"\\u00e5"', '"\\""', "1", "null", '"\\udc00"')
BROKEN = (b"\x80", b'"', b",", b"\xed\xa0\x80", b"\xc0\xaf", b"}", b"\\", b"0", b"[", b"\x00")


def some_json(chance: random.Random, wild: float, depth: int = 0) -> str:
    """JSON; each of its pieces is a hostile one as often as `wild` says."""
    if chance.random() < wild:
        text = chance.choice(VALUES)
    elif depth > 3 or chance.random() < 0.5:
        text = chance.choice(("true", "null", str(chance.randrange(-2**70, 2**70) >> chance.randrange(70)), repr(
            chance.uniform(-1, 1) * 10.0**chance.randrange(-30, 30)), '"å, a:1"', '"\\"{\\n"', '""'))
    else:
        inner = [some_json(chance, wild, depth + 1) for _ in range(chance.randrange(4))]
        keys = (chance.choice(KEYS) if chance.random() < wild else f'"{at}"' for at in range(len(inner)))
        text = chance.choice((
            f"[{','.join(inner)}]", f"{{{','.join(f'{key}:{one}' for key, one in zip(keys, inner, strict=True))}}}"))
    blank = chance.choice(BLANKS) if chance.random() < wild else chance.choice(("", " "))
    return blank + text + blank


def read(reader: Callable[[bytes], Any], body: bytes) -> str:
    try:
        return repr(reader(body))   # which tells 1 from 1.0 and True, and -0.0 from 0.0
    except NotStrict:
        return "refused"


@pytest.mark.parametrize("seed", range(4))
def test_the_short_way_reads_as_the_careful_one(seed: int) -> None:
    """N1: whatever only one of them would take, or take for something else, does not get in the short way."""
    chance = random.Random(seed)
    outcomes = Counter[str]()
    for _ in range(2000):
        body = some_json(chance, chance.choice((0.0, 0.05, 0.3))).encode("utf-8", "surrogatepass")
        if chance.random() < 0.2:
            at = chance.randrange(len(body) + 1)
            body = body[:at] + chance.choice(BROKEN) + body[at:]
        outcome = read(lambda one: strict(one, 64), body)
        assert outcome == read(carefully, body), body
        outcomes[outcome] += 1
    assert len(outcomes) > 400
    assert outcomes["refused"] > 400


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_channels_message_is_read_once(monkeypatch: pytest.MonkeyPatch, separators: tuple[str, str]) -> None:
    message = teams_message("https://smba.trafficmanager.net/emea/", 'Blåbær: "hei"\r\n\U0001f600 a:b, {c}')
    monkeypatch.delattr(strict_json, "carefully")
    body = json.dumps(message, ensure_ascii=False, separators=separators).encode()
    assert strict(body, 64) == message


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
