"""The whole of Keyturn in this process, on real HTTP and a real Redis, with a clock that tests can step."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from bot.clock import Clock
from bot.content import Content, load_content
from bot.serving.desk import BEAT, Desk
from bot.serving.listeners import admin_listening, listening
from bot.serving.running import running
from bot.settings import Settings, load
from bot.store import keys
from bot.store.connection import Store
from bot.store.sealed import KeyRing
from bot.understanding import Reader, open_reader
from tests.support.demo_people import SECRET_KEY, move_in
from tests.support.tcp import free_port

CACHE = Path(__file__).parents[2] / ".keyturn" / "understanding"


@cache
def content() -> Content:
    return load_content()


@cache
def reader() -> Reader:
    return open_reader(content(), CACHE)


def settings_for(port: int, redis_url: str, folder: Path, extra: Mapping[str, str] | None = None) -> Settings:
    return load({
        "KEYTURN_MODE": "development", "PORT": str(port), "REDIS_URL": redis_url, "KEYTURN_ADMIN_PORT": "0",
        "KEYTURN_DATA_DIR": str(folder), "KEYTURN_SECRET_KEYS": SECRET_KEY,
        "KEYTURN_LIMIT_REQUESTER_TARGETS_24H": "5",     # as in production
        **(extra or {})}, folder / "no.env")


@asynccontextmanager
async def house(redis_url: str, folder: Path, clock: Clock, extra: Mapping[str, str] | None = None,
                port: int = 0, beat: float = BEAT, end_seconds: float = 10,
                words: Content | None = None, reads: Reader | None = None,
                stores: type[Store] = Store) -> AsyncIterator[Desk]:
    """A running Keyturn at `desk.site.base_url`; a small `beat` makes it quick and uneven (E2).

    What changes its content gives it one of its own: the shipped one is everybody's.
    """
    if port == 0:
        port = free_port()
    settings = settings_for(port, redis_url, folder, extra)
    ring = KeyRing.parse([one.get_secret_value() for one in settings.secret_keys])
    desk = Desk(
        settings, words or content(), reads or reader(), stores.open(redis_url), ring, clock, beat, end_seconds)
    # As `serve` would have left it, for one that is started on the same store later.
    store = Store.open(redis_url)
    await store.do("SET", keys.MODE, "development")
    if settings.development and SECRET_KEY in [one.get_secret_value() for one in settings.secret_keys]:
        await move_in(desk, store)
    await store.close()
    async with running(desk), listening(desk), admin_listening(desk):
        yield desk
