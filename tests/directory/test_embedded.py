"""The embedded directory: exact look-up, a password once per key, sessions (I7, N3, F2, F3, O4, E2)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.directory.embedded import HISTORY, Embedded, SignIn
from bot.directory.hashing import PasswordHashes
from bot.directory.protocol import Account, Applied, Directory, PasswordSet
from bot.errors import DirectoryUnavailable
from bot.secret import Secret
from bot.store.accounts import Accounts
from bot.store.connection import Store
from bot.store.sealed import KeyRing
from tests.support.clock import SteppedClock

KARI = Account("id-1", "tenant", "kari.nordmann@example.no", "Kari Nordmann", ("Kari", "Nordmann"), "nb")
FIRST = Secret("den første på lista")


@pytest.fixture
async def accounts(store: Store, ring: KeyRing) -> Accounts:
    accounts = Accounts(store, ring)
    await accounts.create(KARI, await PasswordHashes().hash(FIRST))
    return accounts


@pytest.fixture
def directory(accounts: Accounts, clock: SteppedClock) -> Embedded:
    return Embedded(accounts, PasswordHashes(), clock)


@pytest.fixture
async def away(ring: KeyRing, clock: SteppedClock) -> AsyncIterator[Embedded]:
    """A directory whose store does not answer."""
    store = Store.open("unix:///nowhere/at-all.sock", seconds=0.5)
    yield Embedded(Accounts(store, ring), PasswordHashes(), clock)
    await store.close()


def test_it_is_a_directory(directory: Embedded) -> None:
    as_protocol: Directory = directory
    assert as_protocol is directory


class TestFind:
    @pytest.mark.parametrize("typed", [
        "kari.nordmann@example.no", "Kari.Nordmann@Example.NO", "kari.nordmann", "  kari.nordmann\n"])
    async def test_by_user_name_or_its_first_part(self, directory: Embedded, typed: str) -> None:
        assert await directory.find(typed) == KARI

    @pytest.mark.parametrize("typed", [
        "", "kari", "kari.nordmann@example.com", "Kari Nordmann", "id-1", "kari.nordman*", "*",
        "kаri.nordmann", "kari.nordmann@example.no;", "kari.nordmann, ola.hansen", "\u212aari.nordmann",
        "kari.nordmann@example.no\x00"])
    async def test_nothing_else_finds_anybody(self, directory: Embedded, typed: str) -> None:
        """I7, S-030, S-032."""
        assert await directory.find(typed) is None

    async def test_a_first_part_of_two_accounts_finds_neither(
            self, directory: Embedded, accounts: Accounts) -> None:
        other = replace(KARI, id="id-2", username="kari.nordmann@example.com")
        await accounts.create(other, "hash")
        assert await directory.find("kari.nordmann") is None
        assert await directory.find("kari.nordmann@example.com") == other


class TestSetPassword:
    @pytest.mark.parametrize("password", [
        pytest.param("  mellomrom foran og bak  ", id="outer spaces"),
        pytest.param("STORE og små bokstaver", id="case"),
        pytest.param("tegnsetting \" ' \\ < > & % $", id="signs"),
        pytest.param("blåbær 🫐 på fjellet", id="beyond ASCII"),
        pytest.param("x" * 256, id="long"),
        pytest.param("nul \x00 midt i", id="what the rules refuse, the directory would still keep exact"),
    ])
    async def test_it_is_set_exactly_as_typed(self, directory: Embedded, password: str) -> None:
        """N3: the neighbour that a careless hand would make of it does not sign in."""
        assert await directory.set_password("id-1", Secret(password), "key") == PasswordSet(Applied.YES)
        assert await directory.sign_in("kari.nordmann", Secret(password)) is SignIn.DONE
        neighbours = {password.strip(), password.lower(), password[:72], password.partition("\x00")[0]}
        for near in neighbours - {password}:
            assert await directory.sign_in("kari.nordmann", Secret(near)) is SignIn.WRONG
        assert not await directory.check_password("id-1", FIRST)

    async def test_it_unlocks_and_lifts_the_expiry(self, directory: Embedded, accounts: Accounts) -> None:
        await accounts.mark("id-1", locked=True, password_expired=True)
        await directory.set_password("id-1", Secret("noe helt annet nå"), "key")
        assert await directory.read("id-1") == KARI

    async def test_the_last_passwords_are_refused_and_the_key_stays_open(self, directory: Embedded) -> None:
        """F7: the person mends it on the same page, with the same key."""
        refused = PasswordSet(Applied.NO, ("history",))
        assert await directory.set_password("id-1", FIRST, "key") == refused
        for number in range(HISTORY - 1):
            await directory.set_password("id-1", Secret(f"passord nummer {number}"), f"key-{number}")
        assert await directory.set_password("id-1", FIRST, "key") == refused
        done = PasswordSet(Applied.YES)
        assert await directory.set_password("id-1", Secret("passord nummer 9"), "key") == done
        assert await directory.set_password("id-1", FIRST, "last key") == done

    async def test_a_repeated_call_changes_nothing_and_says_yes(self, directory: Embedded) -> None:
        """F2, also with another password: what happened first stands."""
        mine = Secret("det jeg valgte først")
        for password in (mine, mine, Secret("noe annet i farta")):
            assert await directory.set_password("id-1", password, "key") == PasswordSet(Applied.YES)
        assert await directory.check_password("id-1", mine)

    async def test_of_sixteen_calls_at_once_one_acts(
            self, directory: Embedded, other_store: Store, ring: KeyRing, clock: SteppedClock) -> None:
        both = (directory, Embedded(Accounts(other_store, ring), PasswordHashes(), clock))
        passwords = [Secret(f"forsøk nummer {number}") for number in range(16)]
        answers = await asyncio.gather(
            *[both[n % 2].set_password("id-1", one, "key") for n, one in enumerate(passwords)])
        assert answers == [PasswordSet(Applied.YES)] * 16
        assert sum([await directory.check_password("id-1", one) for one in passwords]) == 1
        assert not await directory.check_password("id-1", FIRST)

    async def test_a_double_click_says_yes_twice(self, directory: Embedded) -> None:
        """F2: the second call does not take the first one's password for an old one."""
        answers = await asyncio.gather(
            *[directory.set_password("id-1", Secret("det jeg valgte nå"), "key") for _ in range(16)])
        assert answers == [PasswordSet(Applied.YES)] * 16

    async def test_two_keys_at_once_both_act_one_after_the_other(self, directory: Embedded) -> None:
        one, other = Secret("den ene av de to"), Secret("den andre av de to")
        await asyncio.gather(
            directory.set_password("id-1", one, "key-1"), directory.set_password("id-1", other, "key-2"))
        assert sum([await directory.check_password("id-1", mine) for mine in (one, other)]) == 1
        assert await directory.set_password("id-1", one, "key-3") == PasswordSet(Applied.NO, ("history",))

    async def test_an_account_that_is_gone_gets_none(self, directory: Embedded) -> None:
        """S-029."""
        answer = await directory.set_password("id-9", Secret("noe helt annet nå"), "key")
        assert answer == PasswordSet(Applied.NO)
        assert await directory.read("id-9") is None


class TestOutcome:
    async def test_yes_when_it_happened(self, directory: Embedded) -> None:
        await directory.set_password("id-1", Secret("noe helt annet nå"), "key")
        assert await directory.outcome("id-1", "key") is Applied.YES

    async def test_no_is_final(self, directory: Embedded) -> None:
        """F3: a call that was on its way when it was given up does nothing when it arrives."""
        assert await directory.outcome("id-1", "key") is Applied.NO
        late = await directory.set_password("id-1", Secret("noe helt annet nå"), "key")
        assert late == PasswordSet(Applied.NO)
        assert await directory.check_password("id-1", FIRST)

    async def test_set_and_outcome_at_once_agree(self, directory: Embedded) -> None:
        for number in range(5):
            password = Secret(f"samtidig forsøk {number}")
            key = f"key-{number}"
            done, known = await asyncio.gather(
                directory.set_password("id-1", password, key), directory.outcome("id-1", key))
            assert done.applied is known
            assert await directory.check_password("id-1", password) is (known is Applied.YES)


class TestSignIn:
    @pytest.mark.parametrize(("flags", "end"), [
        ({"enabled": False}, SignIn.DISABLED), ({"locked": True}, SignIn.LOCKED),
        ({"password_expired": True}, SignIn.PASSWORD_EXPIRED), ({}, SignIn.DONE)])
    async def test_only_the_right_password_learns_more_than_wrong(
            self, directory: Embedded, accounts: Accounts, flags: dict[str, bool], end: SignIn) -> None:
        await accounts.mark("id-1", **flags)
        assert await directory.sign_in("kari.nordmann", FIRST) is end
        assert bool(end) is (end is SignIn.DONE)
        assert await directory.sign_in("kari.nordmann", Secret("feil")) is SignIn.WRONG
        assert await directory.sign_in("nobody", FIRST) is SignIn.WRONG

    async def test_sessions_from_before_a_revocation_are_void(
            self, directory: Embedded, clock: SteppedClock) -> None:
        """O4, S-098."""
        before = clock.now()
        assert await directory.session_valid("id-1", before)
        clock.advance(1)
        await directory.revoke_sessions("id-1")
        assert not await directory.session_valid("id-1", before)
        assert await directory.session_valid("id-1", clock.now())
        assert not await directory.session_valid("id-9", clock.now())
        await directory.revoke_sessions("id-1")


async def test_a_store_that_is_away_is_a_directory_that_is_away(away: Embedded) -> None:
    """F3: never an answer that is not known to be true."""
    calls = [
        away.find("kari.nordmann"), away.read("id-1"), away.set_password("id-1", FIRST, "key"),
        away.outcome("id-1", "key"), away.revoke_sessions("id-1"), away.check_password("id-1", FIRST)]
    for call in calls:
        with pytest.raises(DirectoryUnavailable):
            await call
