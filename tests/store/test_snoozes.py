"""Putting registering off: until when, and how often, whoever presses."""

import asyncio

from bot.rules.reminders import Snooze
from bot.store.connection import Store
from bot.store.snoozes import RedisSnoozes


async def test_it_is_put_off_so_many_times(store: Store) -> None:
    snoozes = RedisSnoozes(store)
    assert await snoozes.of("ola") == Snooze()
    assert await snoozes.put_off("ola", 0, 10, 2) == Snooze(10, 1)
    assert await snoozes.put_off("ola", 10, 20, 2) == Snooze(20, 2)
    assert await snoozes.put_off("ola", 20, 30, 2) is None
    assert await snoozes.of("ola") == Snooze(20, 2)
    assert await snoozes.of("kari") == Snooze()


async def test_a_second_press_puts_nothing_off(store: Store, other_store: Store) -> None:
    """G3: of sixteen at once over two replicas one counts, and all hear the same."""
    both = RedisSnoozes(store), RedisSnoozes(other_store)
    said = await asyncio.gather(*[both[n % 2].put_off("ola", 0, 10, 3) for n in range(16)])
    assert set(said) == {Snooze(10, 1)}


async def test_none_at_all(store: Store) -> None:
    assert await RedisSnoozes(store).put_off("ola", 0, 10, 0) is None


async def test_it_is_forgotten_some_day(store: Store) -> None:
    """Nothing about a person is kept for ever without a use."""
    await RedisSnoozes(store).put_off("ola", 0, 10, 3)
    key, = await store.do("KEYS", "kt:*:snoozes")
    assert 0 < await store.do("TTL", key) <= 400 * 86400
