"""New signing keys are picked up within minutes, by fetches that nobody can multiply (C7, R-037)."""

import asyncio

from bot.channel.keys import PAUSE_SECONDS, REFRESH_SECONDS, STALE_SECONDS, ChannelKeys
from tests.channel.conftest import Door
from tests.support.clock import SteppedClock
from tests.support.identity import LocalIdentity


async def test_a_new_key_works_without_a_restart(
        door: Door, identity: LocalIdentity, clock: SteppedClock) -> None:
    assert (await door.post()).status == 200
    clock.advance(PAUSE_SECONDS)
    identity.keys = [identity.published(1), identity.published(2)]
    assert (await door.post(headers=door.authorization(number=2))).status == 200
    assert (await door.post()).status == 200
    assert identity.key_requests == 2


async def test_a_withdrawn_key_ends_even_for_tokens_already_seen(
        door: Door, identity: LocalIdentity, clock: SteppedClock) -> None:
    header = door.authorization()
    assert (await door.post(headers=header)).status == 200
    clock.advance(PAUSE_SECONDS)
    identity.keys = [identity.published(2)]
    assert (await door.post(headers=door.authorization(number=2))).status == 200
    assert (await door.post(headers=header)).status == 401


async def test_a_storm_of_unknown_keys_is_one_fetch(
        door: Door, identity: LocalIdentity, clock: SteppedClock) -> None:
    assert (await door.post()).status == 200
    clock.advance(PAUSE_SECONDS)
    storm = [door.post(headers=door.authorization(number=number, jti=str(number)))
             for number in (3, 4, 5) for _ in range(20)]
    assert {one.status for one in await asyncio.gather(*storm)} == {401}
    assert identity.metadata_requests == identity.key_requests == 2


async def test_many_first_tokens_at_once_are_one_fetch(door: Door, identity: LocalIdentity) -> None:
    replies = await asyncio.gather(*(door.post() for _ in range(32)))
    assert {one.status for one in replies} == {200}
    assert identity.key_requests == 1


async def test_old_keys_are_fetched_anew_in_the_background(
        keys: ChannelKeys, identity: LocalIdentity, clock: SteppedClock) -> None:
    assert await keys.find("key-1")
    clock.advance(REFRESH_SECONDS)
    identity.keys = [identity.published(2)]
    assert await keys.find("key-1"), "nobody waits for the fetch"
    await keys.refresh()
    assert identity.key_requests == 2
    assert await keys.find("key-1") is None
    assert await keys.find("key-2")


async def test_without_ever_having_keys_it_is_503_and_then_recovers(
        door: Door, identity: LocalIdentity, clock: SteppedClock) -> None:
    identity.down = True
    reply = await door.post()
    assert (reply.status, reply.text) == (503, "try again later\n")
    identity.down = False
    assert (await door.post()).status == 503, "not asked again at once"
    clock.advance(PAUSE_SECONDS)
    assert (await door.post()).status == 200


async def test_keys_in_hand_outlive_an_outage_for_a_day(
        door: Door, identity: LocalIdentity, clock: SteppedClock) -> None:
    assert (await door.post()).status == 200
    identity.down = True
    clock.advance(STALE_SECONDS - PAUSE_SECONDS)
    assert (await door.post()).status == 200
    assert (await door.post(headers=door.authorization(number=2))).status == 401
    clock.advance(PAUSE_SECONDS)
    assert (await door.post()).status == 503


async def test_a_broken_key_document_changes_nothing(
        keys: ChannelKeys, identity: LocalIdentity, clock: SteppedClock) -> None:
    assert await keys.find("key-1")
    for broken in ([], {}, None, [5], [{"kid": "key-1"}]):
        clock.advance(PAUSE_SECONDS)
        identity.keys = broken  # type: ignore[assignment]
        await keys.refresh()
        assert await keys.find("key-1")
