"""Demo people and a production never share a store (U4, G1)."""

import asyncio

import pytest

from bot.errors import SettingsError
from bot.store.connection import Store
from bot.store.mode import claim, examine


@pytest.mark.parametrize("development", [True, False])
async def test_an_empty_store_may_be_begun_with_and_come_back_to(store: Store, development: bool) -> None:
    await store.ping()
    await claim(store, development=development)
    await store.do("SET", "kt:something", 1)
    await claim(store, development=development)


@pytest.mark.parametrize("development", [True, False])
async def test_the_other_mode_is_refused(store: Store, development: bool) -> None:
    await claim(store, development=development)
    with pytest.raises(SettingsError, match=f"begun in {'development' if development else 'production'} mode"):
        await claim(store, development=not development)


async def test_development_makes_nobody_where_there_is_data_already(store: Store) -> None:
    """A production of before the mark, or somebody else's data."""
    await store.do("SET", "whoever", 1)
    with pytest.raises(SettingsError, match="name an empty database"):
        await claim(store, development=True)
    await claim(store, development=False)


async def test_looking_leaves_no_mark(store: Store) -> None:
    await examine(store, development=True)
    await claim(store, development=False)
    with pytest.raises(SettingsError):
        await examine(store, development=True)


async def test_of_two_that_start_at_once_one_is_refused(store: Store, other_store: Store) -> None:
    ends = await asyncio.gather(
        claim(store, development=True), claim(other_store, development=False), return_exceptions=True)
    assert sorted(type(one).__name__ for one in ends) == ["NoneType", "SettingsError"]
