"""Accounts whose self-service is switched off, until somebody lifts it (O7)."""

import asyncio

import pytest

from bot.errors import Conflict
from bot.rules.holds import FROZEN, PAUSED, Hold
from bot.store.connection import Store
from bot.store.holds import RedisHolds


@pytest.fixture
def holds(store: Store) -> RedisHolds:
    return RedisHolds(store)


async def test_a_hold_stands_until_it_is_lifted(holds: RedisHolds) -> None:
    frozen, paused = Hold("kari", FROZEN, "kari herself", 12.5), Hold("kari", PAUSED, "it", 13.5)
    assert await holds.put(frozen)
    assert await holds.put(paused)
    assert set(await holds.of("kari")) == {frozen, paused}
    assert await holds.held() == ["kari"]
    assert await holds.lift("kari", FROZEN)
    assert list(await holds.of("kari")) == [paused]
    assert await holds.lift("kari", PAUSED)
    assert await holds.held() == []


async def test_the_first_hold_of_a_kind_is_the_one_that_counts(holds: RedisHolds) -> None:
    first = Hold("kari", FROZEN, "kari herself", 12.5)
    assert await holds.put(first)
    assert not await holds.put(Hold("kari", FROZEN, "somebody", 99))
    assert list(await holds.of("kari")) == [first]


async def test_lifting_what_is_not_there_changes_nothing(holds: RedisHolds) -> None:
    assert not await holds.lift("kari", FROZEN)
    assert list(await holds.of("ola")) == []


async def test_of_sixteen_who_lift_it_at_once_one_did(holds: RedisHolds, other_store: Store) -> None:
    """G3: who lifted it goes on record, so it must be one."""
    await holds.put(Hold("kari", FROZEN, "kari herself", 12.5))
    both = (holds, RedisHolds(other_store))
    answers = await asyncio.gather(*[both[n % 2].lift("kari", FROZEN) for n in range(16)])
    assert answers.count(True) == 1


async def test_a_change_with_a_key_is_made_once(holds: RedisHolds, other_store: Store) -> None:
    """F2: asked again, or by a store whose answer was lost, it says what it said; nothing is undone or done anew."""
    hold = Hold("kari", PAUSED, "it", 1.0)
    assert await holds.put(hold, "a")
    assert await holds.lift("kari", PAUSED, "b")
    assert await holds.put(hold, "a")
    assert list(await holds.of("kari")) == []
    assert await holds.outcome("a") is True
    assert not await holds.lift("kari", PAUSED, "c")
    assert await holds.outcome("c") is False


async def test_a_key_that_came_to_nothing_stays_so(holds: RedisHolds) -> None:
    """F3: who comes too late with it changes nothing."""
    assert await holds.outcome("late") is None
    with pytest.raises(Conflict):
        await holds.put(Hold("kari", PAUSED, "it", 1.0), "late")
    assert list(await holds.of("kari")) == []
    assert await holds.outcome("late") is None
