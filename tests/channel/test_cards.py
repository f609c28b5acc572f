"""Which shape a card has for whom."""

import pytest

from bot.channel.cards import only_submits


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
