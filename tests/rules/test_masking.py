"""What a masked name shows."""

import pytest

from bot.rules.masking import masked, masked_number


@pytest.mark.parametrize(("name", "shown"), [
    ("kari.nordmann@example.no", "ka•••@example.no"),
    ("bob@example.no", "•••@example.no"),
    ("kari.nordmann", "ka•••"),
    ("", "•••"),
])
def test_masking(name: str, shown: str) -> None:
    assert masked(name) == shown


@pytest.mark.parametrize(("number", "shown"), [
    ("+47 99999978", "+47 •••78"),
    ("+1 4255550199x12", "+1 •••12"),
    ("99999978", "•••78"),
    ("+x 99999978", "•••78"),
    ("+47 123", "•••"),
    ("ikke et nummer", "•••"),
    ("", "•••"),
])
def test_masking_numbers(number: str, shown: str) -> None:
    assert masked_number(number) == shown
