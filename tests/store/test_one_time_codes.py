"""The one-time code that IT gives for registering: shown once, newest only, good once, never back (A2, A5, F5, G3)."""

import asyncio

import pytest

from bot.errors import VerificationPaused
from bot.rules.codes import canonical_recovery_code, holds_recovery_code
from bot.secret import Secret
from bot.store import keys
from bot.store.connection import Store
from bot.store.one_time_codes import HashedOneTimeCodes
from bot.store.sealed import KeyRing
from bot.store.trust import Trust
from tests.support.clock import SteppedClock


def over(store: Store, ring: KeyRing, clock: SteppedClock) -> HashedOneTimeCodes:
    return HashedOneTimeCodes(store, Trust(store, clock), ring, clock)


@pytest.fixture
def codes(store: Store, ring: KeyRing, clock: SteppedClock) -> HashedOneTimeCodes:
    return over(store, ring, clock)


def typed(code: Secret) -> str:
    found = canonical_recovery_code(code.reveal())
    assert found
    return found


async def test_it_is_good_once_and_for_its_account_only(codes: HashedOneTimeCodes) -> None:
    code = typed(await codes.issue("ola", "it:ingrid", 1800))
    assert len(code) == 16              # of 5 bits each
    assert not await codes.spend("kari", code)
    assert await codes.spend("ola", code)
    assert not await codes.spend("ola", code)
    assert await codes.pending("ola") is None


async def test_a_new_one_kills_the_old(codes: HashedOneTimeCodes) -> None:
    old, new = [typed(await codes.issue("ola", "it", 1800)) for _ in range(2)]
    assert not await codes.spend("ola", old)
    assert await codes.spend("ola", new)


async def test_who_gave_it_and_until_when_can_be_asked(codes: HashedOneTimeCodes, clock: SteppedClock) -> None:
    now = clock.now()
    code = typed(await codes.issue("ola", "it:ingrid", 1800))
    found = await codes.pending("ola")
    assert found is not None
    assert (found.by, found.since) == ("it:ingrid", now)
    assert found.until == pytest.approx(now + 1800, abs=0.001)
    clock.advance(1800)
    assert await codes.pending("ola") is None
    assert not await codes.spend("ola", code)


async def test_it_can_be_taken_back(codes: HashedOneTimeCodes) -> None:
    code = typed(await codes.issue("ola", "it", 1800, "w1"))
    assert not await codes.kill("ola", "w2")
    assert await codes.kill("ola", "w1")
    assert not await codes.kill("ola", "w1")
    assert not await codes.spend("ola", code)


async def test_of_sixteen_at_two_replicas_one_spends_it(
        codes: HashedOneTimeCodes, other_store: Store, ring: KeyRing, clock: SteppedClock) -> None:
    """G3."""
    code = typed(await codes.issue("ola", "it", 1800))
    both = (codes, over(other_store, ring, clock))
    assert sum(await asyncio.gather(*[both[n % 2].spend("ola", code) for n in range(16)])) == 1


async def test_a_store_that_forgot_the_spending_gives_it_to_nobody(
        codes: HashedOneTimeCodes, store: Store) -> None:
    """F5: a fail-over, or yesterday's data, must not bring a spent code back, nor the one before the newest."""
    code = typed(await codes.issue("ola", "it", 1800))
    before = [(key, await store.do("DUMP", key)) for key in await store.do("KEYS", "*")]
    assert await codes.spend("ola", code)
    await store.do("FLUSHDB")
    for key, dumped in before:
        await store.do("RESTORE", key, 0, dumped)
    with pytest.raises(VerificationPaused):
        await codes.spend("ola", code)


async def test_what_is_stored_is_useless_as_input(codes: HashedOneTimeCodes, store: Store) -> None:
    """A5, S-093; nor can its end be moved or the record be another account's (D1)."""
    code = await codes.issue("ola", "it", 1800)
    stored = await store.do("GET", keys.one_time_code("ola"))
    assert typed(code).encode() not in stored
    assert code.reveal().encode() not in stored
    await store.do("SET", keys.one_time_code("kari"), stored)
    assert not await codes.spend("kari", typed(code))
    ends = stored.split(b'"ends": ')[1].split(b",")[0]
    await store.do("SET", keys.one_time_code("ola"), stored.replace(ends, ends + b"0"))
    assert not await codes.spend("ola", typed(code))


@pytest.mark.parametrize("text", ["", "\ud800", "spent", "9" * 5000])
async def test_nothing_that_is_typed_raises(codes: HashedOneTimeCodes, text: str) -> None:
    await codes.issue("ola", "it", 1800)
    assert not await codes.spend("ola", text)


async def test_typed_in_the_chat_it_is_known_for_what_it_is(codes: HashedOneTimeCodes) -> None:
    """G4: the chat takes it out of its record, as it does with recovery codes."""
    shown = [(await codes.issue("ola", "it", 1800)).reveal() for _ in range(20)]
    mixed = [one for one in shown if any(map(str.isdigit, one)) and any(map(str.isalpha, one))]
    assert mixed
    assert all(holds_recovery_code(one) for one in mixed)
