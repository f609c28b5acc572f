"""The demo people are those of the contract, and seeding again changes nobody (design §4)."""

import asyncio

import pytest

from bot.directory.demo import PEOPLE, seed
from bot.directory.embedded import Embedded, SignIn
from bot.directory.hashing import PasswordHashes
from bot.rules.passwords import Owner, Policy, broken_rules
from bot.rules.registered import TOTP
from bot.secret import Secret
from bot.store.accounts import Accounts
from bot.store.connection import Store
from bot.store.enrolments import SealedEnrolments
from bot.store.sealed import KeyRing
from tests.support.clock import SteppedClock
from tests.support.enrolments import an_address, registered


@pytest.fixture
async def accounts(store: Store, ring: KeyRing) -> Accounts:
    return Accounts(store, ring)


@pytest.fixture
async def enrolments(store: Store, ring: KeyRing) -> SealedEnrolments:
    return SealedEnrolments(store, ring)


def test_there_are_eight_of_them_as_in_the_contract() -> None:
    """Ids, names, languages and conditions are fixed."""
    found = [(one.account.id, one.account.username, one.account.language, one.registered) for one in PEOPLE]
    assert found == [
        (f"00000000-0000-0000-0000-0000000000{number:02}", f"{local}@example.no", lang, registered)
        for number, local, lang, registered in [
            (1, "kari.nordmann", "nb", True), (2, "john.smith", "en", True), (3, "ola.hansen", "nb", False),
            (4, "ingrid.admin", "nb", True), (5, "per.laast", "nb", True), (6, "eva.sluttet", "nb", True),
            (7, "mona.ute", "nb", True), (8, "guest.partner", "en", False)]]


def test_each_of_five_stands_for_one_condition() -> None:
    flags = ("protected", "locked", "password_expired", "guest")
    special = {one.account.username.partition(".")[0]: [flag for flag in flags if getattr(one.account, flag)]
               for one in PEOPLE}
    assert special == {
        "kari": [], "john": [], "ola": [], "ingrid": ["protected"], "per": ["locked"], "eva": [],
        "mona": ["password_expired"], "guest": ["guest"]}
    assert [one.account.username for one in PEOPLE if not one.account.enabled] == ["eva.sluttet@example.no"]


async def test_each_can_sign_in_as_far_as_their_condition_lets_them(
        accounts: Accounts, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    await seed(accounts, enrolments, PasswordHashes(), clock.now())
    directory = Embedded(accounts, PasswordHashes(), clock)
    ends = []
    for person in PEOPLE:
        assert await directory.find(person.account.username) == person.account
        password = await accounts.initial_password(person.account.id)
        assert password is not None
        owner = Owner(person.account.names, person.account.username)
        assert broken_rules(password.reveal(), owner, Policy()) == ()
        ends.append(await directory.sign_in(person.account.username, password))
        enrolment = await enrolments.read(person.account.id)
        assert person.registered is bool(enrolment.methods)
        if enrolment.methods:
            app, address = enrolment.methods
            assert address.address == person.mail
            assert app.seed is not None
            assert (app.since, app.backed, address.backed) == (clock.now(), True, True)
    assert ends == [SignIn.DONE, SignIn.DONE, SignIn.DONE, SignIn.DONE, SignIn.LOCKED, SignIn.DISABLED,
                    SignIn.PASSWORD_EXPIRED, SignIn.DONE]


async def test_passwords_and_seeds_are_nobody_elses(
        accounts: Accounts, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    """Also where two processes are started at once on one empty store (F9)."""
    await asyncio.gather(*[seed(accounts, enrolments, PasswordHashes(), clock.now()) for _ in range(2)])
    passwords = [await accounts.initial_password(one.account.id) for one in PEOPLE]
    assert len({one.reveal() for one in passwords if one}) == len(PEOPLE)
    found = [await enrolments.read(one.account.id) for one in PEOPLE]
    assert len({app.seed.reveal() for one in found for app in one.of_kind(TOTP) if app.seed}) == 6
    kept = [await accounts.kept_codes(person.account.id, one.recovery.id if one.recovery else "")
            for person, one in zip(PEOPLE, found, strict=True)]
    assert len({code.reveal() for codes in kept for code in codes}) == 20
    assert [bool(one.recovery) for one in found] == [True, True, *[False] * 6]     # as in the contract


async def test_seeding_again_overwrites_nothing(
        accounts: Accounts, enrolments: SealedEnrolments, clock: SteppedClock) -> None:
    await seed(accounts, enrolments, PasswordHashes(), clock.now())
    kari, ola = PEOPLE[0].account.id, PEOPLE[2].account.id
    directory = Embedded(accounts, PasswordHashes(), clock)
    mine = Secret("mitt eget nye passord")
    await directory.set_password(kari, mine, "key")
    await accounts.mark(ola, locked=True)
    before = await enrolments.read(kari)
    await enrolments.change(kari, registered(an_address("new@privat.example.no"), rev=before.rev))
    await seed(accounts, enrolments, PasswordHashes(), clock.now())
    assert await directory.check_password(kari, mine)
    assert await accounts.initial_password(kari) is None
    assert (await enrolments.read(kari)).methods == (an_address("new@privat.example.no"),)
    ola_now = await accounts.read(ola)
    assert ola_now is not None
    assert ola_now.locked
