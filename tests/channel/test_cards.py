"""Which shape a card has for whom."""

import pytest

from bot.channel.cards import MOST_IN_TEAMS, Button, only_submits, rows


@pytest.mark.parametrize(("service_url", "playground"), [
    ("http://localhost:56150/_connector", True),
    ("http://127.0.0.1:39250/_connector", True),
    ("https://smba.trafficmanager.net/emea/", False),
    ("https://smba.trafficmanager.net/_connector", False),
    ("http://127.0.0.1:39250/", False),
    ("http://[", False),
    (None, False),
])
def test_only_the_playground_on_this_machine_gets_cards_of_its_own(service_url: str | None, playground: bool) -> None:
    assert only_submits(service_url) is playground


@pytest.mark.parametrize(("count", "lengths"), [
    (0, []), (1, [1]), (6, [6]), (7, [4, 3]), (12, [6, 6]), (13, [5, 5, 3])])
def test_no_card_has_more_buttons_than_teams_shows(count: int, lengths: list[int]) -> None:
    """All of them, in their order, on cards of about the same length."""
    buttons = [Button(str(number)) for number in range(count)]
    parted = rows(buttons, MOST_IN_TEAMS)
    assert [len(one) for one in parted] == lengths
    assert [button for one in parted for button in one] == buttons
    assert [len(one) for one in rows(buttons)] == ([count] if count else [])
