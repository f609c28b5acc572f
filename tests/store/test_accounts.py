"""Accounts in the store: names once, effects once, hashes sealed (D1, F2, F3)."""

import asyncio
from dataclasses import replace

import pytest

from bot.directory.protocol import Account
from bot.secret import Secret
from bot.store import keys
from bot.store.accounts import Accounts, Effect
from bot.store.connection import Store
from bot.store.sealed import KeyRing
from tests.support.twice import TwiceStore

KARI = Account(
    "id-1", "tenant", "kari.nordmann@example.no", "Kari Nordmann", ("Kari", "Nordmann"), "nb",
    locked=True, password_expired=True, notice_addresses=("kari@privat.example.no",))


@pytest.fixture
def accounts(store: Store, ring: KeyRing) -> Accounts:
    return Accounts(store, ring)


async def test_what_was_made_is_what_is_read(accounts: Accounts) -> None:
    assert await accounts.create(KARI, "hash")
    assert await accounts.read("id-1") == KARI
    assert await accounts.read("id-2") is None


async def test_an_id_and_a_user_name_are_given_once(accounts: Accounts) -> None:
    await accounts.create(KARI, "hash")
    assert not await accounts.create(replace(KARI, username="other@example.no"), "other")
    assert not await accounts.create(replace(KARI, id="id-2", username="KARI.nordmann@example.no"), "other")
    assert await accounts.read("id-1") == KARI
    assert await accounts.named("other@example.no") == []
    assert await accounts.named("kari.nordmann@example.no") == ["id-1"]


@pytest.mark.parametrize("username", ["kari", "kåre@example.no", "a;b@example.no"])
async def test_a_name_nobody_could_be_found_by_is_not_taken(accounts: Accounts, username: str) -> None:
    with pytest.raises(ValueError, match="user name"):
        await accounts.create(replace(KARI, username=username), "hash")


async def test_a_local_part_may_belong_to_several(accounts: Accounts) -> None:
    await accounts.create(KARI, "hash")
    await accounts.create(replace(KARI, id="id-2", username="kari.nordmann@example.com"), "hash")
    assert sorted(await accounts.named("kari.nordmann")) == ["id-1", "id-2"]


async def test_a_password_unlocks_lifts_the_expiry_and_ends_the_first_password(accounts: Accounts) -> None:
    await accounts.create(KARI, "old", initial=Secret("first"))
    initial = await accounts.initial_password("id-1")
    assert initial is not None
    assert initial.reveal() == "first"
    assert await accounts.set_password("id-1", "key", ["new", "old"], 1) is Effect.APPLIED
    assert await accounts.read("id-1") == replace(KARI, locked=False, password_expired=False)
    known = await accounts.credentials("id-1")
    assert known is not None
    assert (known.hashes, known.version) == (("new", "old"), 2)
    assert await accounts.initial_password("id-1") is None


async def test_a_key_acts_once(accounts: Accounts) -> None:
    await accounts.create(KARI, "old")
    assert await accounts.set_password("id-1", "key", ["new"], 1) is Effect.APPLIED
    assert await accounts.set_password("id-1", "key", ["newer"], 2) is Effect.APPLIED
    known = await accounts.credentials("id-1")
    assert known is not None
    assert known.hashes == ("new",)
    assert await accounts.settle("id-1", "key") is Effect.APPLIED


async def test_a_key_that_was_asked_for_never_acts(accounts: Accounts, store: Store) -> None:
    """F3; the closing never expires."""
    await accounts.create(KARI, "old")
    assert await accounts.settle("id-1", "key") is Effect.VOID
    assert await accounts.set_password("id-1", "key", ["new"], 1) is Effect.VOID
    assert await accounts.settle("id-1", "key") is Effect.VOID
    assert await store.do("PTTL", keys.effect("id-1", "key")) == -1
    assert await accounts.set_password("id-1", "next key", ["new"], 1) is Effect.APPLIED


async def test_hashes_of_another_version_are_not_replaced(accounts: Accounts) -> None:
    await accounts.create(KARI, "old")
    assert await accounts.set_password("id-1", "key", ["new"], 0) is Effect.STALE
    assert await accounts.effect("id-1", "key") is None
    assert await accounts.set_password("id-2", "key", ["new"], 1) is Effect.GONE


async def test_of_effect_and_settlement_at_once_both_tell_the_same(
        accounts: Accounts, other_store: Store, ring: KeyRing) -> None:
    """F1: whatever comes first."""
    await accounts.create(KARI, "old")
    elsewhere = Accounts(other_store, ring)
    for number in range(20):
        set_, settled = await asyncio.gather(
            accounts.set_password("id-1", f"key-{number}", [f"new-{number}"], 1),
            elsewhere.settle("id-1", f"key-{number}"))
        if settled is Effect.APPLIED:
            assert set_ is Effect.APPLIED
            break
        assert set_ is Effect.VOID


async def test_an_administrators_marks(accounts: Accounts) -> None:
    await accounts.create(KARI, "old")
    assert await accounts.mark("id-1", enabled=False, locked=False)
    assert await accounts.read("id-1") == replace(KARI, enabled=False, locked=False)
    assert not await accounts.mark("id-2", enabled=True)
    assert await accounts.read("id-2") is None
    with pytest.raises(ValueError, match="flags"):
        await accounts.mark("id-1", administrator=True)


async def test_sessions_end_at_the_latest_time_told(accounts: Accounts) -> None:
    await accounts.create(KARI, "old")
    for now in (50.5, 40.25):
        await accounts.end_sessions("id-1", now)
    known = await accounts.credentials("id-1")
    assert known is not None
    assert known.sessions_valid_from == 50.5
    await accounts.end_sessions("id-2", 50)
    assert await accounts.read("id-2") is None


async def test_no_hash_and_no_password_can_be_read_in_the_store(accounts: Accounts, store: Store) -> None:
    """S-093."""
    await accounts.create(KARI, "$argon2id$hash", initial=Secret("first-password"))
    held = b"".join(await store.do("HGETALL", keys.account("id-1")))
    assert b"argon2" not in held
    assert b"first-password" not in held


async def test_hashes_of_another_account_are_none(accounts: Accounts, store: Store) -> None:
    """D1: swapping a known password in opens nothing."""
    await accounts.create(KARI, "hash")
    await accounts.create(replace(KARI, id="id-2", username="eve@example.no"), "hash of a known password")
    known = await store.do("HGET", keys.account("id-2"), "hashes")
    await store.do("HSET", keys.account("id-1"), "hashes", known)
    assert await accounts.credentials("id-1") is None


async def test_what_is_sent_twice_happens_once(redis_url: str, ring: KeyRing) -> None:
    """F6."""
    twice = TwiceStore.open(redis_url)
    accounts = Accounts(twice, ring)
    assert await accounts.create(KARI, "old")
    assert not await accounts.create(KARI, "old")
    assert await accounts.set_password("id-1", "key", ["new"], 1) is Effect.APPLIED
    known = await accounts.credentials("id-1")
    assert known is not None
    assert known.version == 2
    await twice.close()
