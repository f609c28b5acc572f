"""The audit trail in the store (U1, U3, F6)."""

import asyncio
import json
from typing import Any

import pytest

from bot import audit
from bot.audit import Broken
from bot.errors import StoreUnavailable
from bot.store import keys
from bot.store.audit_trail import RedisAuditTrail
from bot.store.connection import Store
from bot.store.sealed import KeyRing
from tests.support.clock import SteppedClock


@pytest.fixture
def trail(store: Store, ring: KeyRing, clock: SteppedClock) -> RedisAuditTrail:
    return RedisAuditTrail(store, ring, clock, "one")


@pytest.fixture
def elsewhere(other_store: Store, ring: KeyRing, clock: SteppedClock) -> RedisAuditTrail:
    return RedisAuditTrail(other_store, ring, clock, "two")


async def records(trail: RedisAuditTrail) -> list[dict[str, Any]]:
    return [record async for record in trail.export()]


async def filled(trail: RedisAuditTrail, count: int = 5) -> None:
    for n in range(count):
        await trail.append(audit.entry("reset.intent", reason=str(n)))


async def test_an_empty_trail_verifies(trail: RedisAuditTrail) -> None:
    assert await trail.verify() is None
    assert await records(trail) == []


async def test_records_come_back_in_order(trail: RedisAuditTrail) -> None:
    await filled(trail)
    found = [(one["seq"], one["reason"]) for one in await records(trail)]
    assert found == [(n + 1, str(n)) for n in range(5)]
    assert await trail.verify() is None


async def test_two_replicas_make_one_unbroken_chain(
        trail: RedisAuditTrail, elsewhere: RedisAuditTrail) -> None:
    """100 records appended at once by two clients (U3)."""
    await asyncio.gather(*(
        one.append(audit.entry("x", reason=str(n))) for n in range(50) for one in (trail, elsewhere)))
    found = await records(trail)
    assert list(range(1, 101)) == [one["seq"] for one in found]
    assert {"one", "two"} == {one["replica"] for one in found}
    assert await trail.verify() is None


async def test_a_long_trail_is_exported_whole(trail: RedisAuditTrail) -> None:
    await filled(trail, 1203)
    assert len(await records(trail)) == 1203
    assert await trail.verify() is None


async def test_the_same_once_is_recorded_once(trail: RedisAuditTrail, elsewhere: RedisAuditTrail) -> None:
    """An outcome reported by the page and by the sweeper is one outcome (F1)."""
    await asyncio.gather(*(
        one.append(audit.entry("reset.done"), once="key-1 outcome") for one in [trail, elsewhere] * 8))
    await trail.append(audit.entry("reset.done"), once="key-2 outcome")
    assert len(await records(trail)) == 2
    assert await trail.verify() is None


async def test_what_was_once_is_forgotten_when_no_case_can_come_back_to_it(
        trail: RedisAuditTrail, store: Store, clock: SteppedClock) -> None:
    """The index must not grow with the trail. Its memory is a month, a case's a day (limit 27)."""
    for number in range(25):
        await trail.append(audit.entry("reset.done"), once=f"old {number}")
    clock.advance(29 * 86400)
    await trail.append(audit.entry("reset.done"), once="old 3")
    assert len(await records(trail)) == 25
    clock.advance(2 * 86400)
    for number in range(4):
        await trail.append(audit.entry("reset.done"), once=f"new {number}")
    assert await store.do("ZCARD", keys.AUDIT_ONCE) == 4
    assert await trail.verify() is None


async def test_a_record_sent_twice_stands_once(redis_url: str, ring: KeyRing, clock: SteppedClock) -> None:
    """The connection sends again when a reply was lost."""
    class Twice(Store):
        async def call(self, script: Any, names: Any, args: Any = ()) -> Any:
            await super().call(script, names, args)
            return await super().call(script, names, args)

    twice = Twice.open(redis_url)
    trail = RedisAuditTrail(twice, ring, clock, "one")
    await filled(trail, 3)
    assert len(await records(trail)) == 3
    await twice.close()


async def test_verification_outlives_a_new_key(store: Store, clock: SteppedClock) -> None:
    """Records signed with an older key of the ring stay good (D5)."""
    old, new = bytes(32), bytes(range(32))
    await filled(RedisAuditTrail(store, KeyRing([old]), clock, "one"))
    rotated = RedisAuditTrail(store, KeyRing([new, old]), clock, "one")
    await filled(rotated)
    assert await rotated.verify() is None
    without = await RedisAuditTrail(store, KeyRing([new]), clock, "one").verify()
    assert without == Broken(1, "the record was changed, or is not ours")


class TestTampering:
    async def test_an_edited_record_is_found(self, trail: RedisAuditTrail, store: Store) -> None:
        await filled(trail)
        found = await store.do("XRANGE", keys.AUDIT_RECORDS, "-", "+")
        edited = [json.loads(fields[1]) for _, fields in found]
        edited[2]["reason"] = "nothing happened"
        await store.do("DEL", keys.AUDIT_RECORDS)
        for record in edited:
            fields = "record", audit.line(record), "hash", record["hash"]
            await store.do("XADD", keys.AUDIT_RECORDS, f"{record['seq']}-0", *fields)
        assert await trail.verify() == Broken(3, "the record was changed, or is not ours")

    async def test_a_deleted_record_is_found(self, trail: RedisAuditTrail, store: Store) -> None:
        await filled(trail)
        await store.do("XDEL", keys.AUDIT_RECORDS, "2-0")
        broken = await trail.verify()
        assert broken is not None
        assert broken.seq == 2

    async def test_a_cut_off_end_is_found(self, trail: RedisAuditTrail, store: Store) -> None:
        await filled(trail)
        await store.do("XDEL", keys.AUDIT_RECORDS, "5-0")
        assert await trail.verify() == Broken(5, "the last records are missing, up to number 5")

    @pytest.mark.parametrize("forged", ["3", "0", "x", "", "99999999999999999999"])
    async def test_a_forged_head_is_found_and_recorded(
            self, trail: RedisAuditTrail, elsewhere: RedisAuditTrail, store: Store, forged: str) -> None:
        """The loss is the next record, under a number that never was: the service goes on, the trail never verifies."""
        await filled(trail)
        third = (await records(trail))[2]["hash"]
        await store.do("XDEL", keys.AUDIT_RECORDS, "4-0", "5-0")
        await store.do("HSET", keys.AUDIT_HEAD, "seq", forged, "hash", third)
        assert await trail.verify() is not None
        for replica in (elsewhere, trail):
            await replica.append(audit.entry("x"))
        found = [(one["seq"], one["event"]) for one in await records(trail)][3:5]
        assert found == [(6, audit.LOST), (7, "x")]
        assert await trail.verify() is not None

    async def test_a_trail_taken_away_as_a_whole_is_found(self, trail: RedisAuditTrail, store: Store) -> None:
        """Records, head and index deleted: the mark still knows how many there were (U3)."""
        await filled(trail)
        await store.do("DEL", keys.AUDIT_RECORDS, keys.AUDIT_HEAD, keys.AUDIT_ONCE)
        fresh = RedisAuditTrail(store, KeyRing([bytes(range(32))]), SteppedClock(), "cli")
        assert await fresh.verify() == Broken(1, "the last records are missing, up to number 5")

    async def test_a_genuine_older_head_is_found(
            self, trail: RedisAuditTrail, elsewhere: RedisAuditTrail, store: Store) -> None:
        """Rolled back to a head that once was ours, with or without the mark; and the next records stand (U1, U3)."""
        await filled(trail, 3)
        old = await store.do("HGETALL", keys.AUDIT_HEAD)
        await filled(trail, 2)
        await store.do("XDEL", keys.AUDIT_RECORDS, "4-0", "5-0")
        await store.do("HSET", keys.AUDIT_HEAD, *old)
        assert await trail.verify() == Broken(4, "the last records are missing, up to number 5")
        await store.do("DEL", keys.AUDIT_MARK)
        assert await elsewhere.verify() == Broken(1, "the mark of the trail is missing, or older than its head")
        await store.do("HSET", keys.AUDIT_MARK, *old)
        assert await elsewhere.verify() == Broken(4, "the last records are missing, up to number 5")
        await elsewhere.append(audit.entry("reset.intent"))
        found = [(one["seq"], one["event"]) for one in await records(trail)][3:]
        assert found == [(6, audit.LOST), (7, "reset.intent")]
        assert await elsewhere.verify() == Broken(4, "the record is missing: number 6 stands in its place")

    async def test_a_remembered_record_must_be_there(self, trail: RedisAuditTrail, store: Store, ring: KeyRing) -> None:
        """What the data folder knows is missed, though nothing in the store knows of it any more."""
        await filled(trail)
        await store.do("FLUSHDB")
        fresh = RedisAuditTrail(store, ring, SteppedClock(), "cli")
        assert await fresh.verify() is None
        fresh.remember(trail.head)
        assert await fresh.verify() == Broken(1, "the last records are missing, up to number 5")

    async def test_a_loss_is_told_before_it_is_recorded(
            self, store: Store, ring: KeyRing, clock: SteppedClock) -> None:
        """By a look, without any append; if it cannot be told, nothing is recorded as if all were well (F5)."""
        told: list[str] = []
        refusing = True

        async def tell(what: str) -> None:
            if refusing:
                raise StoreUnavailable
            told.append(what)

        trail = RedisAuditTrail(store, ring, clock, "one", tell)
        await filled(trail)
        await store.do("FLUSHDB")
        with pytest.raises(StoreUnavailable):
            await trail.look()
        with pytest.raises(StoreUnavailable):
            await trail.append(audit.entry("x"))
        refusing = False
        await trail.append(audit.entry("x"))
        assert told == ["number 5 is gone, the last is 0"]
        assert [one["event"] for one in await records(trail)] == [audit.LOST, "x"]

    async def test_records_without_a_head_are_found(self, trail: RedisAuditTrail, store: Store) -> None:
        await filled(trail)
        await store.do("DEL", keys.AUDIT_HEAD)
        assert await trail.verify() == Broken(1, "the head of the trail is missing")

    async def test_an_unreadable_record_is_found(self, trail: RedisAuditTrail, store: Store) -> None:
        await filled(trail, 1)
        await store.do("XADD", keys.AUDIT_RECORDS, "2-0", "record", b"\xff{", "hash", "x")
        broken = await trail.verify()
        assert broken is not None
        assert broken.seq == 2

    async def test_a_wiped_trail_is_recorded_and_never_verifies_again(
            self, trail: RedisAuditTrail, store: Store) -> None:
        """A store that was wiped or lost writes in a fail-over is no clean start (F5, R-008)."""
        await filled(trail)
        await store.do("FLUSHDB")
        await trail.append(audit.entry("reset.intent"))
        found = await records(trail)
        assert [one["event"] for one in found] == [audit.LOST, "reset.intent"]
        assert await trail.verify() == Broken(1, "the record is missing: number 6 stands in its place")


async def test_an_unreachable_store_raises(ring: KeyRing, clock: SteppedClock) -> None:
    """No record, no effect (U1): whoever appends learns that it failed."""
    nowhere = RedisAuditTrail(Store.open("unix:///nonexistent/redis.sock"), ring, clock, "one")
    with pytest.raises(StoreUnavailable):
        await nowhere.append(audit.entry("x"))


async def test_the_newest_records_about_somebody_are_found_without_a_scan(
        trail: RedisAuditTrail, elsewhere: RedisAuditTrail, store: Store) -> None:
    """Fifty numbers an account, newest first, by whichever replica; one record sent twice is listed once."""
    for number in range(60):
        await (trail, elsewhere)[number % 2].append(
            audit.entry("reset.proof", target="kari", reason=str(number)), once=f"n{number}")
        await trail.append(audit.entry("reset.proof", target="john"))
        await trail.append(audit.entry("reset.proof", target="kari", reason="again"), once=f"n{number}")
    assert [one["reason"] for one in await elsewhere.last_about("kari", 5)] == ["59", "58", "57", "56", "55"]
    assert len(await trail.last_about("kari", 100)) == 50
    assert await trail.last_about("nobody") == []
    assert await trail.verify() is None
    assert await store.do("TTL", keys.audit_of("kari")) > 0


async def test_a_record_that_was_changed_or_is_another_persons_is_not_told(
        trail: RedisAuditTrail, store: Store) -> None:
    """U3, D1: the index proves nothing by itself."""
    await trail.append(audit.entry("reset.proof", target="john", reason="his"))
    await trail.append(audit.entry("reset.proof", target="kari", reason="hers"))
    await store.do("LPUSH", keys.audit_of("kari"), 1)
    assert [one["reason"] for one in await trail.last_about("kari")] == ["hers"]
    forged = {**(await trail.last_about("kari"))[0], "reason": "forged", "seq": 3}
    await store.do("XADD", keys.AUDIT_RECORDS, "3-0", "record", audit.line(forged), "hash", "x")
    await store.do("LPUSH", keys.audit_of("kari"), 3)
    assert [one["reason"] for one in await trail.last_about("kari")] == ["hers"]
