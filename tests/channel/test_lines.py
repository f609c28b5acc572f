"""Lines to the channel: kept while they are good, never mixed up, and verified (limit 26, D5, N2)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.channel import lines as lines_module
from bot.channel.lines import Answer, Lines, NoAnswer, NotReached
from tests.support.tcp import listening
from tests.support.tls import make_certificate

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
Said = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Other:
    """The other side: gives these answers in turn, and keeps what was asked by connection."""

    def __init__(self, *answers: bytes, hangs_up: bool = False) -> None:
        self._answers = list(answers)
        self._hangs_up = hangs_up
        self.asked: list[list[bytes]] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: list[bytes] = []
        self.asked.append(mine)
        while self._answers and (head := await _head(reader)):
            mine.append(head)
            writer.write(self._answers.pop(0))
            if self._hangs_up:
                break
        writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


@asynccontextmanager
async def facing(other: Other) -> AsyncIterator[tuple[Lines, str]]:
    async with listening(other) as port, Lines(seconds=5) as lines:
        yield lines, f"http://127.0.0.1:{port}"


async def test_one_line_carries_one_request_after_another() -> None:
    other = Other(OK, OK)
    async with facing(other) as (lines, root):
        for number in range(2):
            assert await lines.ask("POST", f"{root}/emea/", f"/v3/{number}", {"A": "b"}) == Answer(200, b"hi", None)
    assert [[one.split(b" HTTP")[0] for one in asked] for asked in other.asked] == [
        [b"POST /emea/v3/0", b"POST /emea/v3/1"]]
    assert f"Host: {root.removeprefix('http://')}\r\n".encode() in other.asked[0][0]
    assert b"A: b\r\n" in other.asked[0][0]


@pytest.mark.parametrize("raw", [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n" + OK,
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi"])
async def test_answers_come_in_many_shapes(raw: bytes) -> None:
    async with facing(Other(raw, hangs_up=True)) as (lines, root):
        assert await lines.ask("GET", root, "/", {}) == Answer(200, b"hi", None)


@pytest.mark.parametrize("first", [
    OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")])
async def test_a_line_that_says_more_or_wants_to_end_is_not_used_again(first: bytes) -> None:
    """An answer nobody asked for would be read as the next one's."""
    other = Other(first, OK)
    async with facing(other) as (lines, root):
        assert (await lines.ask("GET", root, "/", {})).body == b"hi"
        assert (await lines.ask("GET", root, "/", {})).body == b"hi"
    assert [len(one) for one in other.asked] == [1, 1]


async def test_a_line_cut_short_is_not_used_again() -> None:
    """Whoever gives up leaves an answer on the way: nobody else may read it."""
    other = Other(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", OK)
    async with facing(other) as (lines, root):
        asking = asyncio.create_task(lines.ask("GET", root, "/", {}))
        while not (other.asked and other.asked[0]):
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await lines.ask("GET", root, "/", {})).body == b"hi"
    assert [len(one) for one in other.asked] == [1, 1]


async def test_a_line_that_lay_idle_too_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "_IDLE_SECONDS", 0.0)
    other = Other(OK, OK)
    async with facing(other) as (lines, root):
        await lines.ask("GET", root, "/", {})
        await lines.ask("GET", root, "/", {})
    assert len(other.asked) == 2


@pytest.mark.parametrize("raw", [
    b"nonsense\r\n\r\n", OK + b"junk", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (2 << 20, bytes(2 << 20))])
async def test_half_an_answer_may_have_been_acted_on(raw: bytes) -> None:
    async with facing(Other(raw, hangs_up=True)) as (lines, root):
        with pytest.raises(NoAnswer):
            await lines.ask("POST", root, "/", {})


async def test_no_answer_at_all_was_not_reached() -> None:
    async with facing(Other(b"", hangs_up=True)) as (lines, root):
        with pytest.raises(NotReached):
            await lines.ask("POST", root, "/", {})


@pytest.mark.parametrize("broken", ["a\r\nB: c", "a\nb", "a\tb", "\u00e6", "a\0"])
async def test_nobody_writes_headers_of_their_own(broken: str) -> None:
    other = Other(OK)
    async with facing(other) as (lines, root):
        for path, headers in ((f"/{broken}", {}), ("/", {"Authorization": broken})):
            with pytest.raises(NoAnswer):
                await lines.ask("POST", root, path, headers)
    assert other.asked == []


async def test_certificates_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """D5: whom nobody vouches for, or vouches for under another name, is told nothing."""
    certificate, other = make_certificate(tmp_path), Other(OK)
    async with listening(other, certificate.server) as port:
        async with Lines(seconds=5) as lines:
            with pytest.raises(NotReached):
                await lines.ask("POST", f"https://127.0.0.1:{port}", "/", {})
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
        lines_module._verified.cache_clear()
        async with Lines(seconds=5) as lines:
            with pytest.raises(NotReached):
                await lines.ask("POST", f"https://localhost:{port}", "/", {})
            assert (await lines.ask("POST", f"https://127.0.0.1:{port}", "/", {})).body == b"hi"
    lines_module._verified.cache_clear()
    assert [len(one) for one in other.asked if one] == [1]
