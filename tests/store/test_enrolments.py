"""What accounts have registered: sealed, bound to the owner, steps spent for ever (D1, V7, S-052, S-053)."""

import asyncio

import pytest

from bot.secret import Secret
from bot.store import keys
from bot.store.connection import Store
from bot.store.enrolments import SealedEnrolments
from bot.store.protocol import Enrolment
from bot.store.sealed import KeyRing
from tests.support.twice import TwiceStore

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def enrolments(store: Store, ring: KeyRing) -> SealedEnrolments:
    return SealedEnrolments(store, ring)


async def test_what_was_registered_is_what_is_read(enrolments: SealedEnrolments) -> None:
    await enrolments.write("kari", Enrolment(Secret(SEED), "totp-1", "kari@privat.example.no", 12.5))
    found = await enrolments.read("kari")
    assert found is not None
    assert found.totp_seed is not None
    assert found.totp_seed.reveal() == SEED
    assert (found.totp_id, found.mail, found.since) == ("totp-1", "kari@privat.example.no", 12.5)


async def test_an_authenticator_may_be_missing(enrolments: SealedEnrolments) -> None:
    await enrolments.write("kari", Enrolment(None, "", None, 12.5))
    assert await enrolments.read("kari") == Enrolment(None, "", None, 12.5)
    assert await enrolments.read("ola") is None


async def test_a_new_registration_replaces_the_old_for_all(enrolments: SealedEnrolments) -> None:
    """A4."""
    await enrolments.write("kari", Enrolment(None, "", "old@example.no", 1))
    await enrolments.write("kari", Enrolment(None, "", "new@example.no", 2))
    assert await enrolments.read("kari") == Enrolment(None, "", "new@example.no", 2)


async def test_neither_seed_nor_address_can_be_read_in_the_store(
        enrolments: SealedEnrolments, store: Store) -> None:
    """S-093; and it never expires."""
    await enrolments.write("kari", Enrolment(Secret(SEED), "totp-1", "kari@privat.example.no", 1))
    stored = await store.do("GET", keys.enrolment("kari"))
    assert SEED.encode() not in stored
    assert b"privat" not in stored
    assert await store.do("PTTL", keys.enrolment("kari")) == -1


@pytest.mark.parametrize("how", ["altered", "swapped", "foreign"])
async def test_a_tampered_record_is_no_enrolment(
        enrolments: SealedEnrolments, store: Store, how: str) -> None:
    """D1."""
    await enrolments.write("kari", Enrolment(Secret(SEED), "totp-1", None, 1))
    await enrolments.write("ola", Enrolment(Secret(SEED), "totp-2", None, 1))
    stored = await store.do("GET", keys.enrolment("kari"))
    foreign = await store.do("GET", keys.enrolment("ola"))
    poison = {"altered": stored[:-1] + bytes([stored[-1] ^ 1]), "swapped": foreign, "foreign": b"{}"}[how]
    await store.do("SET", keys.enrolment("kari"), poison)
    assert await enrolments.read("kari") is None


async def test_a_step_is_accepted_once_and_none_before_it(enrolments: SealedEnrolments, store: Store) -> None:
    """V7."""
    assert await enrolments.spend_step("totp-1", 100)
    assert not await enrolments.spend_step("totp-1", 100)
    assert not await enrolments.spend_step("totp-1", 99)
    assert await enrolments.spend_step("totp-1", 101)
    assert await enrolments.spend_step("totp-2", 100)
    assert await store.do("PTTL", keys.totp_step("totp-1")) == -1


async def test_of_sixteen_who_spend_a_step_at_once_one_succeeds(
        enrolments: SealedEnrolments, other_store: Store, ring: KeyRing) -> None:
    both = (enrolments, SealedEnrolments(other_store, ring))
    answers = await asyncio.gather(*[both[n % 2].spend_step("totp-1", 100) for n in range(16)])
    assert answers.count(True) == 1


async def test_a_step_that_is_sent_twice_is_spent_once(redis_url: str, ring: KeyRing) -> None:
    """F6: the spender whose answer was lost has spent it."""
    twice = TwiceStore.open(redis_url)
    enrolments = SealedEnrolments(twice, ring)
    assert await enrolments.spend_step("totp-1", 100)
    assert not await enrolments.spend_step("totp-1", 100)
    await twice.close()
