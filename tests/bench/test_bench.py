"""The load generator counts what it should; how fast anything is, is no test's business."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import repeat
from pathlib import Path

import pytest

from bot.content import load_content
from tests.bench.channel import Channel, open_channel
from tests.bench.pauses import BYTES, heavy_lines
from tests.bench.peers import DidNotStart, Peer, credentials
from tests.bench.questions import QUESTIONS, faq
from tests.bench.report import Target, table
from tests.bench.users import Line, Round, echoes, figures, play
from tests.bench.wire import Connection, Cutter, NotUnderstood


@pytest.fixture
async def channel() -> AsyncIterator[Channel]:
    async with open_channel() as channel:
        yield channel


@pytest.mark.parametrize("name", ["bare", "echo"])
async def test_every_turn_is_counted_once(channel: Channel, tmp_path: Path, name: str) -> None:
    """As many turns as replies, none failed, each with a time that fits into the round."""
    peer = Peer(name, tmp_path)
    await peer.start()
    try:
        result = await play(channel, peer.port, echoes, 3, 0.2)
        assert [one.rss_mb > 1 for one in peer.uses()] == [True]
    finally:
        await peer.stop()
    assert not result.failures
    assert len(result.latencies) == channel.asked["reply"] >= 3
    assert all(0 < one <= result.seconds for one in result.latencies)
    assert not channel.listeners


async def test_signed_turns_pass_and_unsigned_ones_are_failures(channel: Channel, tmp_path: Path) -> None:
    """With credentials the echo through our gate trusts the channel's token, logs in once, and refuses all else."""
    peer = Peer("echo", tmp_path, credentials(channel))
    await peer.start()
    try:
        signed = await play(channel, peer.port, echoes, 2, 0.1, channel.authorization())
        unsigned = await play(channel, peer.port, echoes, 2, 0.1)
    finally:
        await peer.stop()
    assert not signed.failures
    assert channel.asked["login"] == 1
    assert unsigned.failures == {"HTTP 401": 2}
    assert not unsigned.latencies


async def test_another_reply_than_expected_is_a_failure(channel: Channel, tmp_path: Path) -> None:
    """A wrong text and a missing card both count, and the first is kept as an example; a user stops at a failure."""

    def wrong(user: int) -> Iterator[Line]:
        return repeat(Line("hello", ("goodbye",)) if user else Line("hello", ("hello",), card=True))

    peer = Peer("bare", tmp_path)
    await peer.start()
    try:
        result = await play(channel, peer.port, wrong, 2, 5)
    finally:
        await peer.stop()
    assert result.failures == {"wrong reply": 2}
    assert "to 'hello' came ['Echo: hello']" in result.example
    assert not result.latencies


async def test_a_bot_that_is_not_there_is_a_failure(channel: Channel, tmp_path: Path) -> None:
    peer = Peer("bare", tmp_path)
    result = await play(channel, peer.port, echoes, 1, 0.1)
    assert result.failures == {"ConnectionRefusedError": 1}


async def test_a_bot_that_ends_at_once_says_why(tmp_path: Path) -> None:
    with pytest.raises(DidNotStart, match="KEYTURN_WRONG is not a setting"):
        await Peer("keyturn", tmp_path, {"KEYTURN_WRONG": "1"}).start()


def test_messages_are_cut_wherever_they_are_split() -> None:
    """Two messages in any pieces are the same two messages."""
    stream = b"POST /a HTTP/1.1\r\ncontent-LENGTH:  2\r\n\r\n{}HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"
    for size in range(1, len(stream)):
        cutter = Cutter()
        found = [one for at in range(0, len(stream), size) for one in cutter.feed(stream[at:at + size])]
        assert found == [(b"POST /a HTTP/1.1", b"{}"), (b"HTTP/1.1 200 OK", b"")]


async def test_a_closed_connection_is_told_and_opened_again() -> None:
    """An answer in chunks is not understood; nor is none at all; the next request gets a connection of its own."""
    answers = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"", b"HTTP/1.1 204 -\r\n\r\n"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        connection = Connection(server.sockets[0].getsockname()[1])
        with pytest.raises(NotUnderstood):
            await connection.get("/")
        with pytest.raises(ConnectionResetError):
            await connection.get("/")
        assert await connection.get("/") == (204, b"")
        connection.close()


def test_rounds_are_taken_together() -> None:
    """Rates by their median, latencies pooled, failures added."""
    first, second, third = Round([0.1] * 10, seconds=1), Round([0.2] * 20, seconds=1), Round([0.3] * 70, seconds=1)
    third.failed("timeout")
    third.failed("wrong reply", "an example")
    found = figures([first, second, third])
    assert (found.turns, found.per_second, found.p50, found.p99) == (100, 20, 300, 300)
    assert found.failures == {"timeout": 1, "wrong reply": 1}
    assert found.example == "an example"
    assert found.times(figures([Round([1.0], seconds=1)] * 3)) == 20
    assert figures([Round()]).turns == 0


def test_targets_say_whether_they_are_met() -> None:
    faster, leaner = Target("turns", 8, 10, "x", at_least=True), Target("memory", 200, 250, "MB")
    assert (faster.met, faster.ratio) == (True, 1.25)
    assert (leaner.met, leaner.ratio) == (False, 0.8)
    assert "NOT MET" in table(("", "", "", "", "", ""), [faster.cells(), leaner.cells()])


def test_questions_and_heavy_messages_are_as_the_bench_says() -> None:
    """Each user has a language and goes through all of its questions; a heavy message is 28 KiB at most."""
    script = faq(load_content())
    for user in range(4):
        lines = script(user)
        asked = {next(lines).text for _ in range(12)}
        assert asked in [{text for text, _ in pairs} for pairs in QUESTIONS.values()]
    for line in heavy_lines().values():
        assert len(line.text.encode(errors="surrogatepass")) <= BYTES

