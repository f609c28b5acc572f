"""What every home of accounts promises, whichever it is (F2, F3, I7, N3, O4)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bot.directory.embedded import Embedded
from bot.directory.entra import Entra
from bot.directory.hashing import PasswordHashes
from bot.directory.protocol import Account, Applied, Directory, PasswordSet
from bot.secret import Secret
from bot.store.accounts import Accounts
from bot.store.connection import Store
from bot.store.sealed import KeyRing
from tests.directory.conftest import KARI_ID
from tests.support.clock import SteppedClock
from tests.support.graph import GraphDouble

NOBODY = "11111111-aaaa-4bbb-8ccc-999999999999"
MINE = Secret("Noe helt annet 4 nå".replace("å", "a"))


@dataclass
class Home:
    directory: Directory
    opens: Callable[[str], Awaitable[bool]]     # whether this is Kari's password


@pytest.fixture(params=["embedded", "entra"])
async def home(request: Any, store: Store, ring: KeyRing, clock: SteppedClock, double: GraphDouble,
               entra: Entra) -> Home:
    if request.param == "entra":
        async def is_set(password: str) -> bool:
            return double.users[KARI_ID].password == password

        return Home(entra, is_set)
    accounts = Accounts(store, ring)
    embedded = Embedded(accounts, PasswordHashes(), clock)
    await accounts.create(
        Account(KARI_ID, "tenant", "kari.nordmann@example.no", "Kari Nordmann", ("Kari", "Nordmann"), "nb"),
        await PasswordHashes().hash(Secret("den gamle paa lista")))
    return Home(embedded, lambda password: embedded.check_password(KARI_ID, Secret(password)))


@pytest.mark.parametrize("typed", [
    "kari.nordmann@example.no", "Kari.Nordmann@Example.NO", "kari.nordmann", "  kari.nordmann\n"])
async def test_an_exact_name_finds_its_account(home: Home, typed: str) -> None:
    found = await home.directory.find(typed)
    assert found is not None
    assert (found.id, found.username, found.names) == (KARI_ID, "kari.nordmann@example.no", ("Kari", "Nordmann"))
    assert await home.directory.read(KARI_ID) == found
    assert await home.directory.glance(KARI_ID) == found


@pytest.mark.parametrize("typed", [
    "", "kari", "kari.nordmann@example.com", "Kari Nordmann", KARI_ID, "kari.nordman*", "*", "kari.nordmann@",
    "k\u0430ri.nordmann", "\u212aari.nordmann", "kari.nordmann@example.no;", "kari.nordmann' or mail ne '",
    "kari'nordmann", "kari.nordmann@example.no\x00", "kari.nordmann@example.no' or startswith(mail,'k"])
async def test_nothing_else_finds_anybody(home: Home, typed: str) -> None:
    """I7, N2, S-030, S-032, S-084."""
    assert await home.directory.find(typed) is None


@pytest.mark.parametrize("account_id", [NOBODY, "x-made-up", "", "../users", f"{KARI_ID}/manager", "kari.nordmann"])
async def test_what_is_no_id_reads_nobody(home: Home, account_id: str) -> None:
    """I7, N2: an account is read by its immutable id only."""
    assert await home.directory.read(account_id) is None
    assert await home.directory.glance(account_id) is None


@pytest.mark.parametrize("password", [
    pytest.param("  Outer spaces 1  ", id="outer spaces"), pytest.param("\"Tegn' <>&%$ \\ 1 {}", id="signs"),
    pytest.param("Xx1" * 85, id="long")])
async def test_a_password_is_set_exactly_as_typed(home: Home, password: str) -> None:
    """N3."""
    assert await home.directory.set_password(KARI_ID, Secret(password), "key") == PasswordSet(Applied.YES)
    assert await home.opens(password)
    assert not await home.opens(password.strip() + "x")


async def test_a_repeated_call_changes_nothing_and_says_yes(home: Home) -> None:
    """F2, also with another password: what happened first stands."""
    for password in (MINE, MINE, Secret("Noe annet i farta 9")):
        assert await home.directory.set_password(KARI_ID, password, "key") == PasswordSet(Applied.YES)
    assert await home.opens(MINE.reveal())


async def test_of_calls_at_once_one_acts(home: Home) -> None:
    """F2: whoever was not it says nothing but the truth; later all say yes."""
    passwords = [Secret(f"Forsok nummer {number}") for number in range(8)]
    answers = await asyncio.gather(*[home.directory.set_password(KARI_ID, one, "key") for one in passwords])
    assert all(one.applied is not Applied.NO for one in answers)
    assert sum([await home.opens(one.reveal()) for one in passwords]) == 1
    assert await home.directory.outcome(KARI_ID, "key") is Applied.YES


async def test_yes_when_it_happened(home: Home) -> None:
    await home.directory.set_password(KARI_ID, MINE, "key")
    assert await home.directory.outcome(KARI_ID, "key") is Applied.YES


async def test_no_is_final(home: Home) -> None:
    """F3: a call that was on its way when it was given up does nothing when it arrives."""
    assert await home.directory.outcome(KARI_ID, "key") is Applied.NO
    assert await home.directory.set_password(KARI_ID, MINE, "key") == PasswordSet(Applied.NO)
    assert not await home.opens(MINE.reveal())


async def test_an_account_that_is_gone_gets_no_password(home: Home) -> None:
    """S-029."""
    assert (await home.directory.set_password(NOBODY, MINE, "key")).applied is Applied.NO


async def test_sessions_are_ended_as_often_as_asked(home: Home) -> None:
    """O4."""
    await home.directory.revoke_sessions(KARI_ID)
    await home.directory.revoke_sessions(KARI_ID)
