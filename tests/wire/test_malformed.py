"""What the HTTP server answers by itself is as plain as what we answer: C4, P5, S-095, straight from the socket."""

import asyncio
import logging
from pathlib import Path

import pytest
import structlog
from aiohttp import web

from bot.ending import Ending
from bot.pages.listener import Listener
from bot.rules.limits import Limits
from bot.serving.desk import Desk
from bot.site import Site
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.house import house
from tests.support.tcp import free_port
from tests.wire.conftest import Answer, bytes_back, exchange

ALWAYS = {
    "cache-control": ["no-store"], "referrer-policy": ["no-referrer"], "x-content-type-options": ["nosniff"],
    "content-security-policy": [
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"]}
GENERATE = "POST /v3/directline/tokens/generate HTTP/1.1"
TO_BOT = "POST /api/messages HTTP/1.1"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"


def request(host: str, line: str, *headers: str, body: str = "") -> bytes:
    return "\r\n".join([line, f"Host: {host}", *headers, "", body]).encode("latin-1")


def is_plain(answer: Answer) -> None:
    assert 400 <= answer.status < 500, answer
    assert answer.body.count(b"\n") <= 1
    assert len(answer.body) < 60
    assert "server" not in answer.headers
    for word in (b"aiohttp", b"python", b"llhttp", b"line", b"header"):
        assert word not in answer.body.lower()
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS


@pytest.mark.parametrize(("line", "headers", "body"), [
    ("\x16\x03\x01\x02\x00\x01\x00", (), ""),                           # TLS spoken to a plain port
    ("GET / HTTP/9.9", (), ""),
    ("PRI * HTTP/2.0", (), "SM\r\n\r\n"),
    ("FOO@BAR / HTTP/1.1", (), ""),
    ("GET http://[::1/ HTTP/1.1", (), ""),
    ("GET http://a:999999/ HTTP/1.1", (), ""),
    ("GET /" + "a" * 9000 + " HTTP/1.1", (), ""),
    ("GET /\xff HTTP/1.1", (), ""),
    ("GET / HTTP/1.1", ("X: " + "a" * 9000,), ""),
    ("GET / HTTP/1.1", tuple(f"X{number}: 1" for number in range(200)), ""),
    ("GET / HTTP/1.1", ("X Y: 1",), ""),
    ("GET / HTTP/1.1", ("X: \x00",), ""),
    ("GET / HTTP/1.1", ("X: 1\r\n  folded",), ""),
    ("GET / HTTP/1.1", ("Host: evil.example",), ""),
    (GENERATE, ("Content-Length: 4", CHUNKED), "0\r\n\r\n"),            # two readings of one body: smuggling
    (GENERATE, ("Content-Length: 4", "Content-Length: 5"), "abcd"),
    (GENERATE, ("Content-Length: +4",), "abcd"),
    (GENERATE, ("Content-Length: -4",), "abcd"),
    (GENERATE, ("Transfer-Encoding: xchunked",), "0\r\n\r\n"),
    (GENERATE, ("Transfer-Encoding: chunked, chunked",), "0\r\n\r\n"),
    (GENERATE, ("Transfer-Encoding : chunked",), "0\r\n\r\n"),
    (TO_BOT, (JSON, CHUNKED), "zz\r\n\r\n"),
    (TO_BOT, (JSON, "Content-Length: " + "9" * 30), ""),
], ids=lambda value: repr(value)[:30])
async def test_what_is_no_http(
        desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], line: str,
        headers: tuple[str, ...], body: str) -> None:
    """The request after it on the same connection is not served either: nobody knows where it begins."""
    caplog.set_level(logging.DEBUG)
    host = f"127.0.0.1:{desk.settings.port}"
    sent = request(host, line, *headers, body=body) + request(host, "GET /healthz HTTP/1.1", "Connection: close")
    answer, = await exchange(desk, sent)
    is_plain(answer)
    assert answer.status == 400
    assert not caplog.records
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err


@pytest.mark.parametrize(("line", "headers", "status"), [
    ("GET /nowhere HTTP/1.1", (), 404),
    ("PUT /healthz HTTP/1.1", (), 405),
    ("TRACE /api/messages HTTP/1.1", (), 405),
    ("OPTIONS * HTTP/1.1", (), 404),
    ("GET http://evil.example/ HTTP/1.1", (), 421),
    ("GET /healthz HTTP/1.0", ("Connection: close",), 200),
    (TO_BOT, (JSON, "Expect: banana"), 417),
    (TO_BOT, (JSON, "Content-Length: 99999999"), 413),
    (TO_BOT, (JSON, "Upgrade: websocket"), 400),
    ("GET /v3/directline/conversations/x/stream?t=x HTTP/1.1", ("Upgrade: h2c",), 400),
    ("GET /v3/directline/conversations/x/stream?t=x HTTP/1.1", ("Upgrade: websocket",), 403),
    ("GET /v3/directline/nowhere HTTP/1.1", (), 404),
], ids=lambda value: repr(value)[:40])
async def test_what_is_refused_further_in(desk: Desk, line: str, headers: tuple[str, ...], status: int) -> None:
    sent = request(f"127.0.0.1:{desk.settings.port}", line, "Connection: close", *headers)
    answer, = await exchange(desk, sent)
    assert answer.status == status
    assert "server" not in answer.headers
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS


async def test_a_tunnel_is_refused(desk: Desk) -> None:
    raw = await bytes_back(desk, b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", until=b"Request")
    assert raw.startswith(b"HTTP/1.1 421 ")
    assert b"\r\nserver:" not in raw.lower()


async def test_upgrading_to_http_2_gets_http_1(desk: Desk) -> None:
    """C4: an upgrade is not taken up; what an unaware client asked for is answered as ever (RFC 9110 §7.8)."""
    raw = await bytes_back(desk, request(
        f"127.0.0.1:{desk.settings.port}", "GET /healthz HTTP/1.1", "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"), until=b"alive")
    assert raw.startswith(b"HTTP/1.1 200 ")
    assert b"upgrade" not in raw.lower().partition(b"\r\n\r\n")[0]


async def test_what_escapes_every_handler(caplog: pytest.LogCaptureFixture) -> None:
    """The last line before the socket: 500, no library, and no word of the exception, which may quote a person (D3)."""
    async def break_down(_request: web.Request) -> web.StreamResponse:
        raise RuntimeError("hemmelig")

    port = free_port()
    app = web.Application()
    app.router.add_get("/", break_down)
    runner = Listener(app, Site.of(f"http://127.0.0.1:{port}"), Limits(), Ending(2))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        with structlog.testing.capture_logs() as logged:
            answer, = await exchange(("127.0.0.1", port), request(f"127.0.0.1:{port}", "GET / HTTP/1.1"))
    finally:
        await runner.cleanup()
    assert (answer.status, answer.body) == (500, b"500: Internal Server Error\n")
    assert "server" not in answer.headers
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert logged == [{"event": "request_failed", "error": "RuntimeError", "log_level": "error"}]
    assert not caplog.records


async def test_a_body_that_breaks_off_is_no_failure_of_ours(
        redis_url: str, tmp_path: Path, clock: SteppedClock) -> None:
    """F14, C4: a client that hangs up in the middle of its message leaves no error in the log."""
    with structlog.testing.capture_logs() as logged:
        async with house(redis_url, tmp_path, clock) as desk, Chat(desk.site.base_url) as chat:
            cookie = "; ".join(f"{one.key}={one.value}" for one in chat.session.cookie_jar)
            _, writer = await asyncio.open_connection(desk.settings.host, desk.settings.port)
            writer.write(request(
                f"127.0.0.1:{desk.settings.port}",
                f"POST /v3/directline/conversations/{chat.conversation}/activities HTTP/1.1", JSON,
                f"Authorization: Bearer {chat.token}", f"Cookie: {cookie}", "Content-Length: 40", body='{"type":'))
            await writer.drain()
            await chat.say("hei")       # by its answer, the server has begun to read the other one
            writer.close()
            await writer.wait_closed()
            await chat.say("hei")
    assert [one["event"] for one in logged if one["log_level"] == "error"] == []
