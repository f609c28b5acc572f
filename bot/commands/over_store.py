"""What the commands that look into the store have in common."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import uvloop

from bot.making.keeping import redis_beside
from bot.settings import Settings
from bot.store.connection import Store

T = TypeVar("T")


def with_store(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    """What `work` finds in the store: the one that is set, that of a running `serve`, or one that is started for it."""

    async def inside(redis_url: str) -> T:
        store = Store.open(redis_url)
        try:
            return await work(store)
        finally:
            await store.close()

    with redis_beside(settings) as redis_url:
        return uvloop.run(inside(redis_url))
