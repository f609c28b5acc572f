"""The durable queue of mails (F8, limit 20)."""

import asyncio
from collections.abc import Callable

import pytest

from bot.delivery.protocol import Mail
from bot.errors import StoreUnavailable
from bot.store import keys
from bot.store.connection import Store
from bot.store.outbox import Claimed, Idle, RedisOutbox
from bot.store.sealed import KeyRing
from tests.support.clock import SteppedClock

Mails = Callable[[int], Mail]


@pytest.fixture
def elsewhere(other_store: Store, ring: KeyRing, clock: SteppedClock) -> RedisOutbox:
    return RedisOutbox(other_store, ring, clock)


async def claimed(outbox: RedisOutbox) -> Claimed:
    found = await outbox.claim()
    assert isinstance(found, Claimed)
    return found


async def test_mails_are_claimed_in_their_order_and_gone_when_done(
        outbox: RedisOutbox, clock: SteppedClock, mail: Mails) -> None:
    for n in (1, 2):
        await outbox.put(mail(n), f"once {n}")
        clock.advance(1)
    for n in (1, 2):
        one = await claimed(outbox)
        assert one.mail == mail(n)
        await outbox.done(one)
    assert isinstance(await outbox.claim(), Idle)
    assert await outbox.counts() == (0, 0)


async def test_the_same_once_is_queued_once(
        outbox: RedisOutbox, elsewhere: RedisOutbox, mail: Mails) -> None:
    """However often a step is repeated, the owner hears of it once; also after it was sent."""
    await asyncio.gather(*(one.put(mail(1), "same") for one in [outbox, elsewhere] * 8))
    assert await outbox.counts() == (1, 0)
    await outbox.done(await claimed(outbox))
    await elsewhere.put(mail(1), "same")
    assert await outbox.counts() == (0, 0)


async def test_a_mail_is_claimed_by_one_worker(
        outbox: RedisOutbox, elsewhere: RedisOutbox, mail: Mails) -> None:
    await outbox.put(mail(1), "1")
    found = await asyncio.gather(*(one.claim() for one in [outbox, elsewhere] * 8))
    assert sum(isinstance(one, Claimed) for one in found) == 1


async def test_a_crashed_workers_mail_is_claimed_by_another(
        outbox: RedisOutbox, elsewhere: RedisOutbox, clock: SteppedClock, mail: Mails) -> None:
    await outbox.put(mail(1), "1")
    await claimed(outbox)
    idle = await elsewhere.claim()
    assert isinstance(idle, Idle)
    clock.advance(idle.seconds)
    assert (await claimed(elsewhere)).mail == mail(1)


async def test_who_lost_the_claim_changes_nothing(
        outbox: RedisOutbox, elsewhere: RedisOutbox, clock: SteppedClock, mail: Mails) -> None:
    await outbox.put(mail(1), "1")
    slow = await claimed(outbox)
    clock.advance(61)
    await claimed(elsewhere)
    await outbox.again(slow)
    await outbox.bury(slow)
    assert await outbox.counts() == (1, 0)
    assert isinstance(await outbox.claim(), Idle)


async def test_a_failing_mail_is_tried_for_a_day_ever_less_often(
        outbox: RedisOutbox, clock: SteppedClock, mail: Mails) -> None:
    """Handed on within a minute when the server comes back soon, and given up after 24 hours (limit 20)."""
    await outbox.put(mail(1), "1")
    begun = clock.now()
    waits: list[float] = []
    while True:
        one = await claimed(outbox)
        assert one.tries == len(waits)
        if not await outbox.again(one):
            break
        idle = await outbox.claim()
        assert isinstance(idle, Idle)
        waits.append(idle.seconds)
        clock.advance(idle.seconds)
    assert waits[:3] == [15, 30, 60]
    assert max(waits) == 3600
    assert clock.now() - begun == 24 * 3600
    assert await outbox.counts() == (0, 1)
    assert [one.mail for one in await outbox.dead()] == [mail(1)]


async def test_nothing_readable_is_queued(outbox: RedisOutbox, store: Store, mail: Mails) -> None:
    await outbox.put(mail(1), "reset 1")
    one = await claimed(outbox)
    await outbox.bury(one)
    await outbox.put(mail(2), "reset 2")
    dump = b"".join([await store.do("DUMP", key) for key in await store.do("KEYS", "*")])
    assert b"example" not in dump
    assert b"reset" not in dump


async def test_a_mail_with_altered_bytes_is_put_aside(
        outbox: RedisOutbox, store: Store, mail: Mails) -> None:
    """One bad record harms nobody else's mail (F14)."""
    await outbox.put(mail(1), "1")
    [name, _] = await store.do("HGETALL", keys.MAIL_ITEMS)
    await store.do("HSET", keys.MAIL_ITEMS, name, b"x")
    await outbox.put(mail(2), "2")
    found = [one for one in [await outbox.claim(), await outbox.claim()] if isinstance(one, Claimed)]
    assert [one.mail for one in found] == [mail(2)]
    assert await outbox.counts() == (1, 1)


async def test_waiting_ends_with_a_mail(outbox: RedisOutbox, mail: Mails) -> None:
    waiting = asyncio.create_task(outbox.wait(60))
    await asyncio.sleep(0)
    await outbox.put(mail(1), "1")
    await waiting


async def test_without_the_store_nothing_is_queued(ring: KeyRing, clock: SteppedClock, mail: Mails) -> None:
    nowhere = RedisOutbox(Store.open("unix:///nonexistent/redis.sock"), ring, clock)
    with pytest.raises(StoreUnavailable):
        await nowhere.put(mail(1), "1")
