"""What accounts have registered: sealed, bound to the owner, spent for ever (D1, V7, A4, A5, F2, S-052, S-057)."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import Conflict
from bot.rules.registered import NOTHING, RecoverySet
from bot.store import keys
from bot.store.connection import Store
from bot.store.enrolments import SealedEnrolments
from bot.store.sealed import KeyRing
from tests.support.enrolments import SEED, an_address, an_app, registered
from tests.support.twice import TwiceStore


@pytest.fixture
def enrolments(store: Store, ring: KeyRing) -> SealedEnrolments:
    return SealedEnrolments(store, ring)


async def test_what_was_registered_is_what_is_read(enrolments: SealedEnrolments) -> None:
    codes = RecoverySet("set-1", 7.5, True, "aa" * 16, ("bb" * 32, "cc" * 32))
    written = replace(registered(an_app(), an_address("kari@privat.example.no", since=12.5)), recovery=codes)
    await enrolments.change("kari", written)
    found = await enrolments.read("kari")
    app, address = found.methods
    assert app.seed is not None
    assert app.seed.reveal() == SEED
    assert replace(app, seed=None) == replace(an_app(), seed=None)
    assert address == an_address("kari@privat.example.no", since=12.5)
    assert found.recovery == codes
    assert found.rev == 1


async def test_whoever_has_nothing_has_an_empty_record(enrolments: SealedEnrolments) -> None:
    assert await enrolments.read("ola") == NOTHING


async def test_of_two_changes_of_the_same_record_one_is_refused(enrolments: SealedEnrolments) -> None:
    """A4, F9: nothing that somebody else registered meanwhile is lost."""
    await enrolments.change("kari", registered(an_address("old@example.no")))
    seen = await enrolments.read("kari")
    await enrolments.change("kari", seen.having(an_address("new@example.no")))
    with pytest.raises(Conflict):
        await enrolments.change("kari", seen.without("mail-1"))
    assert [one.address for one in (await enrolments.read("kari")).methods] == ["new@example.no"]


async def test_a_change_with_a_key_happens_once(enrolments: SealedEnrolments) -> None:
    """F2: asked again it has happened, and changes nothing."""
    assert await enrolments.change("kari", registered(an_app()), "key")
    assert await enrolments.change("kari", registered(an_app("other")), "key")
    assert (await enrolments.read("kari")).ids == {"totp-1"}
    assert await enrolments.outcome("kari", "key")


async def test_a_key_that_was_asked_about_never_acts(enrolments: SealedEnrolments) -> None:
    """F3."""
    assert not await enrolments.outcome("kari", "key")
    assert not await enrolments.change("kari", registered(an_app()), "key")
    assert await enrolments.read("kari") == NOTHING


async def test_neither_seed_nor_address_can_be_read_in_the_store(
        enrolments: SealedEnrolments, store: Store) -> None:
    """S-093; and it never expires."""
    await enrolments.change("kari", registered(an_app(), an_address("kari@privat.example.no")))
    stored = await store.do("HGET", keys.enrolment("kari"), "sealed")
    assert SEED.encode() not in stored
    assert b"privat" not in stored
    assert await store.do("PTTL", keys.enrolment("kari")) == -1


@pytest.mark.parametrize("how", ["altered", "swapped", "foreign", "older"])
async def test_a_tampered_record_is_no_enrolment(
        enrolments: SealedEnrolments, store: Store, how: str) -> None:
    """D1; an older genuine record under the newer rev is none either, and one can register anew."""
    await enrolments.change("kari", registered(an_app("lost-phone")))
    older = await store.do("HGET", keys.enrolment("kari"), "sealed")
    await enrolments.change("kari", registered(an_app(), rev=1))
    await enrolments.change("ola", registered(an_app("totp-2")))
    stored = await store.do("HGET", keys.enrolment("kari"), "sealed")
    foreign = await store.do("HGET", keys.enrolment("ola"), "sealed")
    poison = {"altered": stored[:-1] + bytes([stored[-1] ^ 1]), "swapped": foreign, "foreign": b"{}",
              "older": older}[how]
    await store.do("HSET", keys.enrolment("kari"), "sealed", poison)
    found = await enrolments.read("kari")
    assert not found.ids
    await enrolments.change("kari", found.having(an_app("fresh")))
    assert (await enrolments.read("kari")).ids == {"fresh"}


async def test_a_step_is_accepted_once_and_none_before_it(enrolments: SealedEnrolments, store: Store) -> None:
    """V7."""
    assert await enrolments.spend_step("totp-1", 100)
    assert not await enrolments.spend_step("totp-1", 100)
    assert not await enrolments.spend_step("totp-1", 99)
    assert await enrolments.spend_step("totp-1", 101)
    assert await enrolments.spend_step("totp-2", 100)
    assert await store.do("PTTL", keys.totp_step("totp-1")) == -1


@pytest.mark.parametrize("what", ["step", "code"])
async def test_of_sixteen_who_spend_it_at_once_one_succeeds(
        enrolments: SealedEnrolments, other_store: Store, ring: KeyRing, what: str) -> None:
    """S-053, S-057."""
    both = (enrolments, SealedEnrolments(other_store, ring))
    answers = await asyncio.gather(*[
        both[n % 2].spend_step("totp-1", 100) if what == "step" else both[n % 2].spend_code("set-1", "aa")
        for n in range(16)])
    assert answers.count(True) == 1


async def test_spent_codes_are_counted(enrolments: SealedEnrolments) -> None:
    assert await enrolments.spend_code("set-1", "aa")
    assert not await enrolments.spend_code("set-1", "aa")
    assert await enrolments.spend_code("set-1", "bb")
    assert [len(await enrolments.spent_codes(one)) for one in ("set-1", "set-2")] == [2, 0]


@pytest.mark.parametrize("what", ["step", "code"])
async def test_what_is_sent_twice_is_spent_once(redis_url: str, ring: KeyRing, what: str) -> None:
    """F6: the spender whose answer was lost has spent it."""
    twice = TwiceStore.open(redis_url)
    enrolments = SealedEnrolments(twice, ring)

    async def spend() -> bool:
        return await (enrolments.spend_step("totp-1", 100) if what == "step" else enrolments.spend_code("set", "aa"))

    assert await spend()
    assert not await spend()
    await twice.close()


async def test_a_change_that_is_sent_twice_is_made_once(redis_url: str, ring: KeyRing) -> None:
    twice = TwiceStore.open(redis_url)
    enrolments = SealedEnrolments(twice, ring)
    await enrolments.change("kari", registered(an_app()), "key")
    assert (await enrolments.read("kari")).rev == 1
    await twice.close()


async def test_when_a_method_was_last_used_is_remembered(enrolments: SealedEnrolments) -> None:
    await enrolments.note_use("kari", "totp-1", 12.5)
    await enrolments.note_use("kari", "totp-1", 13.5)
    assert await enrolments.last_used("kari") == {"totp-1": 13.5}
    assert await enrolments.last_used("ola") == {}
