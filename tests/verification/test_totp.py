"""Proof by an authenticator app (V6, V7, E2, limits 1 and 2, S-052, S-053, S-056)."""

import asyncio
from base64 import b32decode, b32encode

import pytest

from bot.rules.case import Case
from bot.secret import Secret
from bot.store.connection import Store
from bot.store.enrolments import SealedEnrolments
from bot.store.sealed import KeyRing
from bot.verification.protocol import Authenticator, Sent
from bot.verification.totp import Totp, current_code, matching_step, new_seed, seconds_left
from tests.support.clock import SteppedClock
from tests.support.enrolments import an_address, an_app, registered

RFC_SEED = Secret(b32encode(b"12345678901234567890").decode())


@pytest.fixture
async def enrolments(store: Store, ring: KeyRing) -> SealedEnrolments:
    enrolments = SealedEnrolments(store, ring)
    await enrolments.change("kari", registered(an_app(seed=RFC_SEED.reveal())))
    return enrolments


@pytest.fixture
def totp(enrolments: SealedEnrolments, clock: SteppedClock) -> Totp:
    return Totp(enrolments, lambda: 86400, clock)


def case_of(account: str) -> Case:
    return Case(id="case-1", operation="reset", lang="nb", account=account, speaker={}, reference={}, key="k",
                phrase="p", gates=("totp",))


def test_it_is_an_authenticator(totp: Totp) -> None:
    as_protocol: Authenticator = totp
    assert as_protocol.name == "totp"


@pytest.mark.parametrize(("now", "code"), [
    (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
    (2000000000, "279037")])
def test_codes_are_those_of_rfc_6238(now: int, code: str) -> None:
    assert code == current_code(RFC_SEED, now)
    assert matching_step(RFC_SEED, code, now) == now // 30


@pytest.mark.parametrize(("drift", "right"), [
    pytest.param(-60, False, id="two steps ago"), pytest.param(-30, True, id="the step before"),
    pytest.param(0, True, id="now"), pytest.param(30, True, id="the step after"),
    pytest.param(60, False, id="two steps ahead")])
async def test_one_step_of_drift_either_way(totp: Totp, clock: SteppedClock, drift: int, right: bool) -> None:
    proven = await totp.check(case_of("kari"), current_code(RFC_SEED, clock.now() + drift))
    assert proven == ("totp-1" if right else "")


async def test_a_code_is_good_once_and_none_before_it(totp: Totp, clock: SteppedClock) -> None:
    """V7."""
    now = current_code(RFC_SEED, clock.now())
    before = current_code(RFC_SEED, clock.now() - 30)
    assert await totp.check(case_of("kari"), now)
    assert not await totp.check(case_of("kari"), now)
    assert not await totp.check(case_of("kari"), before)
    clock.advance(30)
    assert not await totp.check(case_of("kari"), now)
    assert await totp.check(case_of("kari"), current_code(RFC_SEED, clock.now()))


async def test_of_sixteen_at_once_one_is_right(totp: Totp, clock: SteppedClock) -> None:
    """S-053; and the spelling of a code makes no second one (V6)."""
    code = current_code(RFC_SEED, clock.now())
    spellings = (code, f"{code[:3]} {code[3:]}", f"koden er {code}", f"{code[:3]}-{code[3:]}")
    codes = [totp.canonical(one) or "" for one in spellings]
    answers = await asyncio.gather(*[totp.check(case_of("kari"), codes[n % 4]) for n in range(16)])
    assert answers.count("totp-1") == 1
    assert answers.count("") == 15


@pytest.mark.parametrize("code", ["", "hei", "12345", "1234567", "１２３４５６", "\ud800", "1" * 4000])
def test_what_is_no_code_has_no_form_of_one(totp: Totp, code: str) -> None:
    assert totp.canonical(code) is None


async def test_accounts_without_an_authenticator_are_never_proven(
        totp: Totp, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    """E2: they are checked against a seed of nobody's; not even its codes are right."""
    await enrolments.change("ola", registered(an_address("ola@privat.example.no")))
    for seed in (RFC_SEED, Secret("KEYTURNKEYTURNKEYTURNKEYTURNKEYT")):
        for account in ("ola", "nobody"):
            assert not await totp.check(case_of(account), current_code(seed, clock.now()))


async def test_an_app_that_nothing_vouched_for_waits_a_day(
        totp: Totp, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    """A3, limit 17, S-062."""
    new = an_app("new", seed=RFC_SEED.reveal(), since=clock.now(), backed=False)
    await enrolments.change("ola", registered(new))
    assert await totp.check(case_of("ola"), current_code(RFC_SEED, clock.now())) == ""
    clock.advance(86400)
    assert await totp.check(case_of("ola"), current_code(RFC_SEED, clock.now())) == "new"


async def test_any_of_several_apps_will_do_and_is_named(
        totp: Totp, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    tablet = new_seed()
    await enrolments.change("ola", registered(an_app("phone"), an_app("tablet", seed=tablet.reveal())))
    assert await totp.check(case_of("ola"), current_code(tablet, clock.now())) == "tablet"


async def test_there_is_nothing_to_send(totp: Totp) -> None:
    assert await totp.challenge(case_of("kari")) == Sent()


def test_a_new_seed_has_160_bits_and_is_new() -> None:
    """Limit 1."""
    seeds = {new_seed().reveal() for _ in range(20)}
    assert len(seeds) == 20
    assert {len(b32decode(one)) for one in seeds} == {20}


@pytest.mark.parametrize(("now", "left"), [(0, 30), (29, 1), (30, 30), (44.5, 15.5)])
def test_the_demo_phone_counts_down(now: float, left: float) -> None:
    assert left == seconds_left(now)
