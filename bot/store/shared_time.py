"""Gives all replicas one clock: the store's (F12)."""

import asyncio

import structlog

from bot.clock import SharedClock
from bot.errors import StoreUnavailable
from bot.store.connection import Store

_log = structlog.get_logger(__name__)

_EVERY_SECONDS = 15.0
_SLOW_SECONDS = 0.25
_JUMP_SECONDS = 2.0


async def take_time(store: Store, clock: SharedClock, *, first: bool = False) -> None:
    """Set `clock` by one reading of the store's time. Raises StoreUnavailable.

    The first reading is taken as it is. Later ones never put the clock back by more than a
    moment: a store whose clock fell back must not give expired codes and tickets a second life.
    """
    loop = asyncio.get_running_loop()
    before = loop.time()
    read = await store.time()
    trip = loop.time() - before
    if trip > _SLOW_SECONDS and not first:
        return      # It says too little about now; the next reading will be better.
    now = read + trip / 2
    jump = now - clock.now()
    if abs(jump) > _JUMP_SECONDS and not first:
        _log.error("clock.jumped", seconds=round(jump, 1))
    if first or jump > -_JUMP_SECONDS:
        clock.set(now)


async def keep_time(store: Store, clock: SharedClock) -> None:
    """Follow the store's clock for ever."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await take_time(store, clock)
        except StoreUnavailable:
            continue    # The machine's monotonic clock carries on.
