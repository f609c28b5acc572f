"""Proof by a recovery code (A5, V6, E2, G3, limits 17 and 18, S-057, S-058)."""

import asyncio
from dataclasses import replace

import pytest

from bot.rules.case import Case
from bot.rules.registered import NOTHING
from bot.secret import Secret
from bot.store import keys
from bot.store.connection import Store
from bot.store.enrolments import SealedEnrolments
from bot.store.sealed import KeyRing
from bot.verification.protocol import Authenticator
from bot.verification.recovery_code import CODES, RecoveryCode, new_codes
from tests.support.clock import SteppedClock


@pytest.fixture
def enrolments(store: Store, ring: KeyRing) -> SealedEnrolments:
    return SealedEnrolments(store, ring)


@pytest.fixture
def recovery(enrolments: SealedEnrolments, clock: SteppedClock) -> RecoveryCode:
    return RecoveryCode(enrolments, lambda: 86400, clock)


async def given(enrolments: SealedEnrolments, account: str, now: float, *, backed: bool = True) -> list[Secret]:
    kept, shown = await new_codes(now, backed=backed)
    found = await enrolments.read(account)
    await enrolments.change(account, replace(found, recovery=kept))
    return list(shown)


def case_of(account: str) -> Case:
    return Case(id="case-1", operation="reset", lang="nb", account=account, speaker={}, reference={}, key="k",
                phrase="p", gates=("totp",))


def typed(recovery: RecoveryCode, code: Secret) -> str:
    return recovery.canonical(code.reveal()) or ""


def test_it_is_an_authenticator(recovery: RecoveryCode) -> None:
    as_protocol: Authenticator = recovery
    assert as_protocol.name == "recovery_code"


async def test_ten_codes_of_eighty_bits_none_like_another() -> None:
    """Limit 18."""
    kept, shown = await new_codes(0, backed=True)
    codes = {one.reveal() for one in shown}
    assert len(codes) == len(kept.hashes) == CODES
    assert {len(one.replace("-", "")) for one in codes} == {16}


async def test_each_code_is_good_once(
        recovery: RecoveryCode, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    codes = await given(enrolments, "kari", clock.now())
    first, second = (typed(recovery, one) for one in codes[:2])
    used = (await enrolments.read("kari")).ids
    assert {await recovery.check(case_of("kari"), first)} == used
    assert await recovery.check(case_of("kari"), first) == ""
    assert {await recovery.check(case_of("kari"), second)} == used


async def test_of_sixteen_at_once_one_is_right(
        recovery: RecoveryCode, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    """S-057."""
    code = typed(recovery, (await given(enrolments, "kari", clock.now()))[0])
    answers = await asyncio.gather(*[recovery.check(case_of("kari"), code) for _ in range(16)])
    assert len([one for one in answers if one]) == 1


async def test_somebody_elses_code_proves_nothing(
        recovery: RecoveryCode, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    """S-058; nor does one for an account that has none, or is none."""
    code = typed(recovery, (await given(enrolments, "kari", clock.now()))[0])
    await given(enrolments, "john", clock.now())
    for account in ("john", "ola", "x-nobody"):
        assert await recovery.check(case_of(account), code) == ""
    assert await recovery.check(case_of("kari"), code)


async def test_a_new_set_ends_the_old_one(
        recovery: RecoveryCode, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    """A5."""
    old = typed(recovery, (await given(enrolments, "kari", clock.now()))[0])
    await given(enrolments, "kari", clock.now())
    assert await recovery.check(case_of("kari"), old) == ""


async def test_codes_that_nothing_vouched_for_wait_a_day(
        recovery: RecoveryCode, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    """Limit 17."""
    code = typed(recovery, (await given(enrolments, "kari", clock.now(), backed=False))[0])
    assert await recovery.check(case_of("kari"), code) == ""
    clock.advance(86400)
    assert await recovery.check(case_of("kari"), code)


async def test_what_is_stored_is_useless_as_input(
        recovery: RecoveryCode, enrolments: SealedEnrolments, clock: SteppedClock, store: Store) -> None:
    """A5, S-093."""
    codes = await given(enrolments, "kari", clock.now())
    kept = (await enrolments.read("kari")).recovery
    assert kept is not None
    for stored in kept.hashes:
        assert recovery.canonical(stored) is None
        assert await recovery.check(case_of("kari"), stored) == ""
    blob = await store.do("HGET", keys.enrolment("kari"), "sealed")
    assert not [one for one in codes if one.reveal().encode() in blob]


@pytest.mark.parametrize(("text", "code"), [
    ("K7QM-4RTX-92HD-PW3E", "K7QM4RTX92HDPW3E"), ("k7qm 4rtx 92hd pw3e", "K7QM4RTX92HDPW3E"),
    (" K7QM4RTX92HDPW3E\n", "K7QM4RTX92HDPW3E"), ("K7QM–4RTX–92HD–PW3E", "K7QM4RTX92HDPW3E"),
    ("O7QM-4RTX-92HD-PWIL", "07QM4RTX92HDPW11"), ("U7QM-4RTX-92HD-PW3E", None), ("K7QM-4RTX-92HD", None),
    ("K7QM-4RTX-92HD-PW3E-AAAA", None), ("", None), ("\ud800", None), ("Ｋ7QM-4RTX-92HD-PW3E", None),
    ("A" * 4000, None)])
def test_one_form_of_a_code(recovery: RecoveryCode, text: str, code: str | None) -> None:
    """V6."""
    assert recovery.canonical(text) == code


async def test_an_account_without_anything_has_nothing(enrolments: SealedEnrolments) -> None:
    assert await enrolments.read("ola") == NOTHING
