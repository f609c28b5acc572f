"""Helpdesk cases in the store: numbers, limits, order, one writer, sealed (D1, F9, N1)."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import Conflict
from bot.rules.helpdesk import About, HelpCase, Tried
from bot.rules.limits import Limits
from bot.store import keys
from bot.store.connection import Store
from bot.store.helpdesk import SealedHelpCases
from bot.store.protocol import TooMany
from bot.store.sealed import KeyRing
from tests.support.clock import SteppedClock

LIMITS = Limits(help_cases_open=3, help_cases_24h=5, help_cases_source_24h=8, help_cases_visitors_1h=12)


@pytest.fixture
def cases(store: Store, ring: KeyRing, clock: SteppedClock) -> SealedHelpCases:
    return SealedHelpCases(store, ring, LIMITS, clock)


def a_case(number: str, person: str = "kari", *, urgent: bool = False, at: float = 100.0, **more: Any) -> HelpCase:
    return HelpCase(number, "nb", "id-1", person, {}, {}, About.CHAT, urgent, at, (Tried("topic", "stop"),), **more)


async def opened(cases: SealedHelpCases, once: str, person: str = "kari", source: str = "") -> HelpCase | TooMany:
    number = await cases.reserve(person, source, once, limited=True)
    return number if isinstance(number, TooMany) else await cases.save(a_case(number, person))


async def test_numbers_go_up_and_the_same_opening_keeps_its_own(cases: SealedHelpCases) -> None:
    first = await cases.reserve("kari", "", "a", limited=True)
    assert first == "K-1001"
    assert await cases.reserve("kari", "", "a", limited=True) == first
    assert await cases.reserve("kari", "", "b", limited=True) == "K-1002"


async def test_what_is_saved_comes_back_and_only_one_writer_wins(cases: SealedHelpCases) -> None:
    """F9: both read the same case; the second save is a Conflict and changes nothing."""
    saved = await cases.save(a_case("K-1001"))
    assert await cases.read("K-1001") == saved
    taken = await cases.save(saved.taken("it", 5))
    with pytest.raises(Conflict):
        await cases.save(saved.taken("others", 6))
    assert await cases.read("K-1001") == taken
    with pytest.raises(Conflict):
        await cases.save(a_case("K-1001"))


async def test_urgent_ones_first_then_the_oldest(cases: SealedHelpCases) -> None:
    for number, urgent, at in (("K-1", False, 1.0), ("K-2", False, 2.0), ("K-3", True, 4.0), ("K-4", True, 3.0)):
        await cases.save(a_case(number, urgent=urgent, at=at))
    assert [one.number for one in await cases.open_ones(10)] == ["K-4", "K-3", "K-1", "K-2"]
    case = await cases.read("K-4")
    assert case is not None
    await cases.save(case.ended("it", 9))
    assert [one.number for one in await cases.open_ones(2)] == ["K-3", "K-1"]


async def test_a_person_has_so_many_open_and_no_more(cases: SealedHelpCases, clock: SteppedClock) -> None:
    made = [await opened(cases, f"{number}") for number in range(3)]
    assert await opened(cases, "one more") == TooMany("open", 0)
    first = made[0]
    assert isinstance(first, HelpCase)
    await cases.save(first.ended("it", 9))
    assert isinstance(await opened(cases, "now"), HelpCase)
    assert len(await cases.of("kari")) == 4
    assert isinstance(await opened(cases, "hers", person="ola"), HelpCase)


async def test_a_day_has_so_many_and_the_next_day_more(cases: SealedHelpCases, clock: SteppedClock) -> None:
    for number in range(5):
        case = await opened(cases, f"{number}")
        assert isinstance(case, HelpCase)
        await cases.save(case.ended("it", 9))
        clock.advance(60)
    full = await opened(cases, "six")
    assert full == TooMany("requester", clock.now() - 300 + 86400)
    clock.advance(86400 - 300)
    assert isinstance(await opened(cases, "six"), HelpCase)


async def test_visitors_share_what_their_address_and_everybody_has(cases: SealedHelpCases) -> None:
    """A flood of made-up visitors ends at their address, one of many addresses at the limit for all; nobody who is
    signed in is held up by either (N1, F15)."""
    made = [await opened(cases, f"a{number}", f"visitor {number}", "10.0.0.1") for number in range(9)]
    assert [isinstance(one, TooMany) for one in made] == [False] * 8 + [True]
    made = [await opened(cases, f"b{number}", f"other {number}", f"10.1.0.{number}") for number in range(5)]
    assert [isinstance(one, TooMany) for one in made] == [False] * 4 + [True]
    assert isinstance(made[-1], TooMany)
    assert made[-1].whose == "visitors"
    assert isinstance(await opened(cases, "kari's"), HelpCase)
    assert isinstance(await cases.reserve("kari", "10.0.0.1", "alarm", limited=False), str)


async def test_sixteen_at_once_over_two_clients_get_no_more_than_the_limit(
        cases: SealedHelpCases, other_store: Store, ring: KeyRing, clock: SteppedClock) -> None:
    """G3: checked and counted in one step; every number is given once."""
    other = SealedHelpCases(other_store, ring, LIMITS, clock)
    found = await asyncio.gather(*(
        (cases if number % 2 else other).reserve("kari", "", f"{number}", limited=True) for number in range(16)))
    numbers = [one for one in found if isinstance(one, str)]
    assert len(numbers) == len(set(numbers)) == 5


async def test_nothing_of_a_case_can_be_read_in_the_store_or_moved_to_another(
        cases: SealedHelpCases, store: Store) -> None:
    """D1."""
    case = a_case("K-1001").told("skriveren på tredje brenner", 5)
    await cases.save(case)
    await cases.save(replace(case, number="K-1002"))
    for key in await store.do("KEYS", "kt:*"):
        dumped = await store.do("DUMP", key)
        assert b"skriveren" not in dumped
        assert b"id-1" not in dumped
    await store.do("COPY", keys.help_case("K-1001"), keys.help_case("K-1002"), "REPLACE")
    assert await cases.read("K-1002") is None
    assert await cases.read("K-1001") is not None


async def test_a_closed_case_goes_away_and_an_open_one_stays(cases: SealedHelpCases, store: Store) -> None:
    case = await cases.save(a_case("K-1001"))
    assert await store.do("TTL", keys.help_case("K-1001")) > LIMITS.help_case_kept_seconds
    await cases.save(case.ended("it", 9))
    assert 0 < await store.do("TTL", keys.help_case("K-1001")) <= LIMITS.help_case_kept_seconds
    await store.do("DEL", keys.help_case("K-1001"))
    assert await cases.of("kari") == []
