"""Which windows a try passes, and what full ones say (limits 3-8, V1, V4)."""

from typing import Any

import pytest

from bot.rules.limits import Limits
from bot.rules.lockout import Fill, Full, Window, left, verdict, windows

NOW = 1000.0


def passed(**changed: Any) -> tuple[Window, ...]:
    facts: dict[str, Any] = {
        "challenge": "c", "account": "a", "owner": False, "requester": "r", "source": "s"}
    return windows(Limits(), **(facts | changed))


def full(seen: tuple[Window, ...], *whose: str) -> list[Fill]:
    """All windows of these are full; those of 300 s are free again at 1300, and so on."""
    return [Fill(one.most if one.whose in whose else 0, NOW + (one.seconds or 0)) for one in seen]


def test_the_windows_are_those_of_the_requirements() -> None:
    """Limits 3 to 6 and 8, by their numbers."""
    assert {(one.whose, one.most, one.seconds) for one in passed()} == {
        ("challenge", 5, 86400), ("requester", 10, 300), ("requester", 50, 3600), ("source", 10, 300),
        ("source", 50, 3600), ("global", 1000, 300), ("account", 5, 900), ("account", 20, 86400),
        ("account", 50, None)}


def test_owner_and_visitor_spend_separate_budgets_of_an_account() -> None:
    """V4: no window of the account is shared."""
    visitor = {one.parts for one in passed(owner=False) if one.whose == "account"}
    owner = {one.parts for one in passed(owner=True) if one.whose == "account"}
    assert not visitor & owner


def test_the_owner_is_not_bound_by_what_others_do() -> None:
    """V4, F15: tries from the same address or by everybody count, and shut out no owner."""
    seen = passed(owner=True)
    assert {one.whose for one in seen if not one.binds} == {"source", "global"}
    assert verdict(seen, full(seen, "source", "global")) is None


@pytest.mark.parametrize("missing", ["challenge", "account", "source"])
def test_what_is_not_known_is_not_counted(missing: str) -> None:
    assert missing not in {one.whose for one in passed(**{missing: ""})}


def test_nothing_full_is_no_refusal() -> None:
    seen = passed()
    assert verdict(seen, full(seen)) is None
    assert verdict(seen, [Fill(one.most - 1) for one in seen]) is None


@pytest.mark.parametrize(("whose", "named", "until"), [
    pytest.param(("challenge",), "challenge", 0, id="a dead challenge stays dead"),
    pytest.param(("requester",), "requester", 4600, id="the later of both windows counts"),
    pytest.param(("source",), "source", 4600, id="source"),
    pytest.param(("global",), "global", 1300, id="global"),
    pytest.param(("account",), "account", 0, id="a spent row waits for IT, not for time"),
    pytest.param(("account", "global", "source", "requester", "challenge"), "challenge", 0, id="a challenge"),
    pytest.param(("account", "global", "source", "requester"), "requester", 4600, id="then requester"),
    pytest.param(("account", "global", "source"), "source", 4600, id="then source"),
    pytest.param(("account", "global"), "global", 1300, id="the account is named last (E1)"),
])
def test_the_first_in_precedence_is_named(whose: tuple[str, ...], named: str, until: float) -> None:
    seen = passed()
    assert Full(named, until) == verdict(seen, full(seen, *whose))


def test_an_account_with_room_in_its_row_is_free_when_its_windows_are() -> None:
    seen = passed()
    fills = [Fill(20 if one.parts[0] == "account" else 0, NOW + (one.seconds or 0)) for one in seen]
    assert verdict(seen, fills) == Full("account", NOW + 86400)


@pytest.mark.parametrize(("used", "remain"), [(0, 4), (3, 1), (4, 0)])
def test_left_is_what_remains_of_the_challenge_after_this_try(used: int, remain: int) -> None:
    seen = passed()
    assert remain == left(seen, [Fill(used) for _ in seen])


def test_without_a_challenge_nothing_remains() -> None:
    seen = passed(challenge="")
    assert left(seen, [Fill(0) for _ in seen]) == 0
