"""What many rooms' tests stand on: a real Redis server, a store on an empty database, keys, a clock."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.content import load_content
from bot.store.connection import Store
from bot.store.embedded import EmbeddedServer
from bot.store.sealed import KeyRing
from bot.understanding import open_reader
from tests.support.clock import SteppedClock

# The same examples every time, however long a busy machine takes over one: what is drawn anew, or measured, fails now
# and then, in somebody else's change. `--hypothesis-profile=default` looks further.
settings.register_profile(
    "same", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")


def pytest_sessionstart(session: pytest.Session) -> None:
    """The model is learned before there are workers: on a new machine each would learn it, all at once, within the time
    that its first test has."""
    if getattr(session.config.option, "numprocesses", None):
        from tests.support.house import CACHE  # noqa: PLC0415 - half of the house, which no worker needs that early

        open_reader(load_content(), CACHE)


@pytest.fixture(scope="session")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One server for all tests of this process (with xdist: of this worker)."""
    server = EmbeddedServer(Path(tmp_path_factory.mktemp("store")))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def redis_url(store_server: EmbeddedServer) -> str:
    """The URL of an empty store."""
    store = Store.open(store_server.url)
    await store.do("FLUSHDB")
    await store.close()
    return store_server.url


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    store = Store.open(redis_url)
    yield store
    await store.close()


@pytest.fixture
async def other_store(redis_url: str) -> AsyncIterator[Store]:
    """A second client of the same server, as another replica has it."""
    store = Store.open(redis_url)
    yield store
    await store.close()


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing([bytes(range(32))])


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()
