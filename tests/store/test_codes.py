"""Codes sent out of band: keyed hash, newest only, spent in one step (V9, G3, limit 12, S-061)."""

import asyncio

import pytest

from bot.store import keys
from bot.store.codes import HashedCodes
from bot.store.connection import Store
from bot.store.sealed import KeyRing
from tests.support.clock import SteppedClock
from tests.support.twice import TwiceStore


@pytest.fixture
def codes(store: Store, ring: KeyRing, clock: SteppedClock) -> HashedCodes:
    return HashedCodes(store, ring, clock)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.parametrize("digits", [6, 8])
async def test_a_code_has_the_digits_asked_for(codes: HashedCodes, digits: int) -> None:
    issued = {(await codes.issue("case", 300, digits)).reveal() for _ in range(50)}
    assert all(len(one) == digits and one.isdecimal() and one.isascii() for one in issued)
    assert len(issued) > 40


async def test_the_right_code_is_good_once(codes: HashedCodes) -> None:
    code = (await codes.issue("case", 300, 6)).reveal()
    assert await codes.spend("case", code)
    assert not await codes.spend("case", code)


async def test_a_wrong_try_leaves_the_code_alone(codes: HashedCodes) -> None:
    code = (await codes.issue("case", 300, 6)).reveal()
    assert not await codes.spend("case", wrong(code))
    assert await codes.spend("case", code)


@pytest.mark.parametrize("typed", ["", "spent:", "\ud800", "9" * 5000])
async def test_nothing_that_is_typed_raises(codes: HashedCodes, typed: str) -> None:
    await codes.issue("case", 300, 6)
    assert not await codes.spend("case", typed)


async def test_a_new_code_kills_the_old(codes: HashedCodes) -> None:
    old = (await codes.issue("case", 300, 6)).reveal()
    new = old
    while new == old:
        new = (await codes.issue("case", 300, 6)).reveal()
    assert not await codes.spend("case", old)
    assert await codes.spend("case", new)


async def test_a_code_belongs_to_its_challenge(codes: HashedCodes, store: Store) -> None:
    """Also when its record is copied to another one (D1)."""
    code = (await codes.issue("case", 300, 6)).reveal()
    assert not await codes.spend("other", code)
    await store.do("COPY", keys.code("case"), keys.code("other"))
    assert not await codes.spend("other", code)


async def test_it_ends_by_the_clock_and_by_itself(
        codes: HashedCodes, store: Store, clock: SteppedClock) -> None:
    code = (await codes.issue("case", 300, 6)).reveal()
    assert 290_000 < await store.do("PTTL", keys.code("case")) <= 300_000
    clock.advance(299.9)
    assert not await codes.spend("case", wrong(code))
    clock.advance(0.1)
    assert not await codes.spend("case", code)


async def test_its_end_cannot_be_moved(codes: HashedCodes, store: Store, clock: SteppedClock) -> None:
    code = (await codes.issue("case", 300, 6)).reveal()
    ends, _, mac = (await store.do("GET", keys.code("case"))).decode().partition(":")
    await store.do("SET", keys.code("case"), f"{int(ends) + 900_000}:{mac}")
    assert not await codes.spend("case", code)


@pytest.mark.parametrize("record", [
    "", ":", "12", "x:y", "99999999999999:zz", "99999999999999:", "9" * 5000, b"\xff:\xff"])
async def test_a_poisoned_record_is_no_code(codes: HashedCodes, store: Store, record: str | bytes) -> None:
    """S-092."""
    await store.do("SET", keys.code("case"), record)
    assert not await codes.spend("case", "123456")


async def test_a_killed_code_is_dead(codes: HashedCodes) -> None:
    code = (await codes.issue("case", 300, 6)).reveal()
    await codes.kill("case")
    assert not await codes.spend("case", code)


async def test_the_store_holds_nothing_to_type(codes: HashedCodes, store: Store) -> None:
    code = (await codes.issue("case", 300, 6)).reveal()
    stored = await store.do("GET", keys.code("case"))
    assert code.encode() not in stored.split(b":")
    assert not await codes.spend("case", stored.decode())


async def test_of_sixteen_who_spend_it_at_once_one_succeeds(
        codes: HashedCodes, other_store: Store, ring: KeyRing, clock: SteppedClock) -> None:
    """G3, over two replicas."""
    code = (await codes.issue("case", 300, 6)).reveal()
    both = (codes, HashedCodes(other_store, ring, clock))
    answers = await asyncio.gather(*[both[n % 2].spend("case", code) for n in range(16)])
    assert answers.count(True) == 1


async def test_a_spend_that_is_sent_twice_is_one_spend(
        redis_url: str, ring: KeyRing, clock: SteppedClock) -> None:
    """F6: the spender whose answer was lost has spent it."""
    twice = TwiceStore.open(redis_url)
    codes = HashedCodes(twice, ring, clock)
    code = (await codes.issue("case", 300, 6)).reveal()
    assert await codes.spend("case", code)
    assert not await codes.spend("case", code)
    await twice.close()


async def test_a_code_survives_a_change_of_keys(
        codes: HashedCodes, store: Store, clock: SteppedClock) -> None:
    """D5, R-043."""
    code = (await codes.issue("case", 300, 6)).reveal()
    rotated = HashedCodes(store, KeyRing([bytes(range(1, 33)), bytes(range(32))]), clock)
    assert await rotated.spend("case", code)
