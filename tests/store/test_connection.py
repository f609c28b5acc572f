"""The door to Redis: bounded, never mixed up, soon back (D5, F6)."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import SettingsError, StoreUnavailable
from bot.store.connection import Script, Store
from bot.store.embedded import EmbeddedServer
from tests.support.tcp import listening, silent
from tests.support.tls import make_certificate

ECHO = Script("return {KEYS[1], ARGV[1]}")
BOUNDED = 10.0      # seconds; callers who waited one after another, or as long as redis-py tries, would wait longer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server that a test may hurt."""
    server = EmbeddedServer(tmp_path / "data")
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def opened(url: str, seconds: float = 2.0, connections: int = 64) -> AsyncIterator[Store]:
    store = Store.open(url, seconds=seconds, connections=connections)
    yield store
    await store.close()


async def test_commands_scripts_and_batches(store: Store) -> None:
    assert await store.do("SET", "a", 1) == b"OK"
    assert await store.do("GET", "none") is None
    assert await store.many([("INCR", "a"), ("GET", "a")]) == [2, b"2"]
    assert await store.call(ECHO, ["k"], [b"\xff"]) == [b"k", b"\xff"]
    await store.do("SCRIPT", "FLUSH")
    assert await store.call(ECHO, ["k"], ["again"]) == [b"k", b"again"]
    assert abs(await store.time() - time.time()) < 5


async def test_a_script_is_sent_again_over_a_connection_that_died(store: Store, other_store: Store) -> None:
    """A restart takes the scripts and the connections at once (F6)."""
    await store.call(ECHO, ["k"], ["once"])
    await other_store.do("SCRIPT", "FLUSH")
    await other_store.do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert await store.call(ECHO, ["k"], ["again"]) == [b"k", b"again"]


async def test_a_refused_command_is_an_outage_and_harms_no_other(store: Store) -> None:
    """Fail closed on whatever Redis says, and read the next reply rightly (G1)."""
    await store.do("SET", "a", 1)
    with pytest.raises(StoreUnavailable):
        await store.do("HGET", "a", "b")
    with pytest.raises(StoreUnavailable):
        await store.many([("GET", "a"), ("HGET", "a", "b"), ("GET", "a")])
    with pytest.raises(StoreUnavailable):
        await store.call(Script("return redis.call('NO SUCH')"), [])
    assert await store.do("GET", "a") == b"1"


async def test_nobody_reads_anothers_reply_when_calls_are_cut_short(redis_url: str) -> None:
    """A third of 600 calls cancelled at any moment: whoever gets an answer gets his own (F6)."""
    async with opened(redis_url, seconds=30, connections=8) as store:   # Nobody is to run out of time here.
        chance = random.Random(7)

        async def ask(n: int) -> None:
            await asyncio.sleep(chance.uniform(0, 0.02))
            assert await store.call(ECHO, [f"key {n}"], ["x" * n]) == [f"key {n}".encode(), b"x" * n]

        async def cut(task: asyncio.Task[None]) -> None:
            await asyncio.sleep(chance.uniform(0, 0.04))
            task.cancel()

        tasks = [asyncio.create_task(ask(n)) for n in range(600)]
        cuts = [asyncio.create_task(cut(task)) for task in tasks[::3]]
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*cuts)
        cancelled = [end for end in ends if isinstance(end, asyncio.CancelledError)]
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends), ends
        assert 0 < len(cancelled) <= 200


@pytest.mark.parametrize("harm", [("ECHO", "nothing"), ("QUIT",)])
async def test_what_is_asked_at_once_is_sent_as_one_and_harms_nobody_else(
        redis_url: str, harm: tuple[str, ...]) -> None:
    """One is refused, one is cut short, and one may have the connection closed under all of them (F6, F14)."""
    async with opened(redis_url) as store:
        await store.do("SET", "a", 1)
        asked = [store.do("GET", "a"), store.do("HGET", "a", "b"), store.many([("GET", "a"), ("ECHO", "x")]),
                 store.do("ECHO", "cut"), store.do(*harm), store.call(ECHO, ["k"], ["v"])]
        tasks = [asyncio.create_task(one) for one in asked]
        await asyncio.sleep(0)
        tasks[3].cancel()
        good, refused, many, cut, _, script = await asyncio.gather(*tasks, return_exceptions=True)
        assert (good, many, script) == (b"1", [b"1", b"x"], [b"k", b"v"])
        assert isinstance(refused, StoreUnavailable)
        assert isinstance(cut, asyncio.CancelledError)


async def test_who_waits_keeps_nobody_waiting(redis_url: str) -> None:
    async with opened(redis_url) as store:
        waiting = asyncio.create_task(store.wait("BLPOP", "list", 0))
        await asyncio.sleep(0)
        assert await store.do("ECHO", "x") == b"x"
        assert not waiting.done()
        await store.do("RPUSH", "list", "y")
        assert await waiting == [b"list", b"y"]


async def test_a_round_that_is_cut_short_keeps_nobody_waiting(store: Store) -> None:
    """As a process ends, all its tasks are cancelled: what tidies up then can still ask (F11)."""
    await store.ping()
    others = asyncio.all_tasks()
    for pauses in (1, 2, 3):
        asked = asyncio.create_task(store.do("ECHO", "x"))
        for _ in range(pauses):
            await asyncio.sleep(0)
        for task in asyncio.all_tasks() - others - {asked}:
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert await store.do("ECHO", "y") == b"y"


async def test_what_is_under_way_as_a_store_closes_leaves_no_connection(redis_url: str, store: Store) -> None:
    """A round whose callers were all cut short, and a caller who waits, are done later than the rest."""
    before = set(_ids(await store.do("CLIENT", "LIST")))
    for pauses in range(1, 8):
        async with opened(redis_url) as closing:
            waiting = asyncio.create_task(closing.wait("BLPOP", "list", 0))
            cut = asyncio.create_task(closing.do("ECHO", "x"))
            for _ in range(pauses):
                await asyncio.sleep(0)
            cut.cancel()
        await store.do("RPUSH", "list", "y")
        assert await waiting == [b"list", b"y"]
    await _none_besides(before, store)


async def test_a_close_that_is_cut_short_leaves_no_connection(redis_url: str, store: Store) -> None:
    """The end has one deadline (F11); what is still open after it would be said, or fail another test."""
    before = set(_ids(await store.do("CLIENT", "LIST")))
    closing = Store.open(redis_url)
    await asyncio.gather(*(closing.wait("ECHO", n) for n in range(4)))
    assert len(set(_ids(await store.do("CLIENT", "LIST"))) - before) == 4
    task = asyncio.create_task(closing.close())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _none_besides(before, store)


async def _none_besides(before: set[str], store: Store) -> None:
    """Wait until the server has noticed, too, that no newer connections are left."""
    async with asyncio.timeout(5):
        while set(_ids(await store.do("CLIENT", "LIST"))) - before:
            pass


async def test_more_callers_than_connections_wait_for_their_turn(redis_url: str) -> None:
    async with opened(redis_url, connections=2) as store:
        # Whoever is there before us: the server may not have noticed yet that another test's client left.
        before = set(_ids(await store.do("CLIENT", "LIST")))
        found = await asyncio.gather(*(store.do("ECHO", n) for n in range(200)))
        assert found == [str(n).encode() for n in range(200)]
        new = set(_ids(await store.do("CLIENT", "LIST"))) - before
        assert len(new) <= 1    # besides the one that asked


def _ids(listed: bytes) -> list[str]:
    """The connections of a CLIENT LIST."""
    return [line.split()[0] for line in listed.decode().splitlines()]


async def test_a_restart_is_survived(server: EmbeddedServer) -> None:
    """Connections and scripts of the old server are gone; callers do not notice (R-007)."""
    async with opened(server.url) as store:
        await asyncio.gather(*(store.call(ECHO, ["k"], [n]) for n in range(20)))
        await store.do("SET", "kept", 1)
        server.stop()
        with pytest.raises(StoreUnavailable):
            await store.ping()
        server.start()
        found = await asyncio.gather(*(store.call(ECHO, ["k"], [n]) for n in range(20)))
        assert found == [[b"k", str(n).encode()] for n in range(20)]
        assert await store.do("GET", "kept") == b"1"


async def test_a_hanging_server_is_not_waited_for(server: EmbeddedServer) -> None:
    """Every caller is told in time, and the first call after it woke up works (F6, R-013)."""
    async with opened(server.url, seconds=1) as store:
        await store.ping()
        os.kill(server.pid, signal.SIGSTOP)
        async with asyncio.timeout(BOUNDED):
            ends = await asyncio.gather(*(store.do("GET", "a") for _ in range(100)), return_exceptions=True)
        assert all(isinstance(end, StoreUnavailable) for end in ends)
        os.kill(server.pid, signal.SIGCONT)
        await store.ping()


async def test_a_silent_or_absent_server_is_not_waited_for() -> None:
    async with listening(silent) as port:
        for address in (f"127.0.0.1:{port}", "127.0.0.1:1"):
            async with opened(f"redis://{address}", seconds=0.2) as store:
                async with asyncio.timeout(BOUNDED):
                    with pytest.raises(StoreUnavailable):
                        await store.ping()


async def test_a_full_or_read_only_store_is_not_ready(server: EmbeddedServer) -> None:
    """R-010, R-011."""
    async with opened(server.url) as store:
        await store.do("CONFIG", "SET", "maxmemory", 1)
        with pytest.raises(StoreUnavailable):
            await store.ping()
        await store.do("CONFIG", "SET", "maxmemory", 0)
        await store.do("REPLICAOF", "127.0.0.1", 1)
        with pytest.raises(StoreUnavailable):
            await store.ping()
        await store.do("REPLICAOF", "NO", "ONE")
        await store.ping()


@asynccontextmanager
async def behind_tls(server: EmbeddedServer, folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """The server over TLS, as a port and the file with its authority."""
    certificate = make_certificate(folder)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(server.url.removeprefix("unix://"))
        back = asyncio.create_task(carry(inner_reader, writer))
        try:
            await carry(reader, inner_writer)
        finally:
            inner_writer.close()
            await back

    async with listening(join, certificate.server) as port:
        yield port, certificate.path


async def test_certificates_are_verified(server: EmbeddedServer, tmp_path: Path) -> None:
    """D5: a server with a certificate of nobody we know gets not one command."""
    async with behind_tls(server, tmp_path) as (port, authority):
        async with opened(f"rediss://127.0.0.1:{port}?ssl_ca_certs={authority}") as store:
            await store.ping()
        async with opened(f"rediss://127.0.0.1:{port}") as store:
            with pytest.raises(StoreUnavailable):
                await store.ping()
        async with opened(f"rediss://localhost:{port}?ssl_ca_certs={authority}") as store:
            with pytest.raises(StoreUnavailable):
                await store.ping()


@pytest.mark.parametrize("url", [
    "", "localhost", "http://localhost", "redis://redis.example.no", "redis://10.0.0.1:6379",
    "redis://127.0.0.1.evil.no", "rediss://r.example.no?ssl_cert_reqs=none",
    "rediss://r.example.no?ssl_check_hostname=false", "redis://localhost?decode_responses=true",
    "redis://localhost:port"])
def test_urls_that_could_leak_are_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL"):
        Store.open(url)
