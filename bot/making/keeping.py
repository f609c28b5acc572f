"""Where everything is kept, and what it is sealed with."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.settings import Settings
from bot.store.embedded import EmbeddedServer
from bot.store.sealed import KeyRing, kept_keys
from bot.store.watch import MarkFile


@contextmanager
def redis_of(settings: Settings) -> Iterator[str]:
    """The URL of the store: the one that is set, or a server started for as long as we run."""
    if given := settings.redis_url.get_secret_value():
        yield given
        return
    server = EmbeddedServer(settings.data_dir / "redis")
    server.start()
    server.watch()
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def redis_beside(settings: Settings) -> Iterator[str]:
    """As `redis_of`, also when a `serve` on the same folder has the embedded server running."""
    if not settings.redis_url.get_secret_value() and (url := EmbeddedServer.running(settings.data_dir / "redis")):
        yield url
        return
    with redis_of(settings) as url:
        yield url


def ring_of(settings: Settings) -> KeyRing:
    given = [one.get_secret_value() for one in settings.secret_keys]
    return KeyRing.parse(given or kept_keys(settings.data_dir))


def mark_of(settings: Settings) -> MarkFile:
    return MarkFile(settings.data_dir, settings.redis_url.get_secret_value())
