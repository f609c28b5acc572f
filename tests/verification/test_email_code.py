"""Proof by a mailed code (V8, V9, E1, E2, limits 11 and 12, S-048, S-061)."""

from dataclasses import replace

import pytest

from bot.delivery.protocol import Mail
from bot.directory.embedded import Embedded
from bot.directory.hashing import PasswordHashes
from bot.directory.protocol import Account
from bot.rules.case import Case
from bot.rules.limits import Limits
from bot.store.accounts import Accounts
from bot.store.codes import HashedCodes
from bot.store.connection import Store
from bot.store.enrolments import SealedEnrolments
from bot.store.sealed import KeyRing
from bot.store.tries import RedisTries
from bot.store.trust import Trust
from bot.verification.email_code import EmailCode
from bot.verification.protocol import Authenticator, NotSent, Sent
from tests.support.clock import SteppedClock
from tests.support.enrolments import an_address, an_app, registered

KARI = Account("kari", "tenant", "kari.nordmann@example.no", "Kari Nordmann", ("Kari", "Nordmann"), "nb")
CASE = Case(
    id="case-1", operation="reset", lang="en", account="kari", speaker={"object_id": None}, reference={},
    key="k", phrase="p", gates=("email_code",))


class Desk:
    """An outbox that keeps its mails on the desk."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.onces: set[str] = set()

    async def put(self, mail: Mail, once: str) -> None:
        self.mails.append(mail)
        self.onces.add(once)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def email(store: Store, ring: KeyRing, clock: SteppedClock, desk: Desk) -> EmailCode:
    accounts, enrolments = Accounts(store, ring), SealedEnrolments(store, ring)
    await accounts.create(KARI, "hash")
    await accounts.create(replace(KARI, id="ola", username="ola@example.no"), "hash")
    await enrolments.change("kari", registered(an_address("kari@privat.example.no")))
    await enrolments.change("ola", registered(an_app()))
    return EmailCode(
        HashedCodes(store, ring, clock), enrolments, desk, RedisTries(Trust(store, clock), Limits(), clock), Limits(),
        clock,
        directory=Embedded(accounts, PasswordHashes(), clock), cool_down=lambda: 86400)


def test_it_is_an_authenticator(email: EmailCode) -> None:
    as_protocol: Authenticator = email
    assert as_protocol.name == "email_code"


async def test_the_code_goes_to_the_registered_address_in_the_owners_language(
        email: EmailCode, desk: Desk) -> None:
    assert await email.challenge(CASE) == Sent()
    mail, = desk.mails
    assert (mail.to, mail.lang, mail.key) == ("kari@privat.example.no", "nb", "code")
    assert mail.facts["minutes"] == "5"
    assert len(mail.facts["code"]) == 6
    assert set(mail.facts) == {"code", "minutes"}


async def test_the_right_code_is_good_once(email: EmailCode, desk: Desk) -> None:
    await email.challenge(CASE)
    code = desk.mails[0].facts["code"]
    assert not await email.check(replace(CASE, id="case-2"), code)
    assert await email.check(CASE, email.canonical(f"koden er {code[:3]} {code[3:]}") or "")
    assert not await email.check(CASE, code)


async def test_a_new_code_kills_the_old_and_is_another_mail(email: EmailCode, desk: Desk) -> None:
    """V9: `once` tells the two mails apart."""
    await email.challenge(CASE)
    await email.challenge(CASE)
    old, new = (one.facts["code"] for one in desk.mails)
    assert len(desk.onces) == 2
    if old != new:
        assert not await email.check(CASE, old)
    assert await email.check(CASE, new)


async def test_it_ends_after_five_minutes(email: EmailCode, desk: Desk, clock: SteppedClock) -> None:
    await email.challenge(CASE)
    clock.advance(300)
    assert not await email.check(CASE, desk.mails[0].facts["code"])


async def test_three_codes_in_fifteen_minutes_over_all_conversations(
        email: EmailCode, desk: Desk, clock: SteppedClock) -> None:
    """Limit 11, S-048: the last code that was sent stays good."""
    begun = clock.now()
    for number in range(3):
        assert await email.challenge(replace(CASE, id=f"case-{number}")) == Sent()
    assert await email.challenge(replace(CASE, id="case-2")) == NotSent(begun + 900)
    assert len(desk.mails) == 3
    assert await email.check(replace(CASE, id="case-2"), desk.mails[-1].facts["code"])


async def test_visitors_do_not_use_up_the_owners_codes(email: EmailCode) -> None:
    """V4."""
    for _ in range(4):
        await email.challenge(CASE)
    assert await email.challenge(replace(CASE, speaker={"object_id": "kari"})) == Sent()


@pytest.mark.parametrize("account", ["ola", "nobody"])
async def test_without_an_address_all_looks_the_same_and_nothing_is_sent(
        email: EmailCode, desk: Desk, clock: SteppedClock, account: str) -> None:
    """E1: the limit too."""
    case = replace(CASE, account=account)
    answers = [await email.challenge(case) for _ in range(4)]
    assert answers == [Sent(), Sent(), Sent(), NotSent(clock.now() + 900)]
    assert desk.mails == []
    assert not await email.check(case, "123456")


@pytest.mark.parametrize("code", ["", "hei", "12345", "\ud800", "1" * 4000])
async def test_nothing_that_is_typed_raises(email: EmailCode, code: str) -> None:
    await email.challenge(CASE)
    assert not await email.check(CASE, code)
