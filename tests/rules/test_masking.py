"""What a masked name shows."""

import pytest

from bot.rules.masking import masked


@pytest.mark.parametrize(("name", "shown"), [
    ("kari.nordmann@example.no", "ka•••@example.no"),
    ("bob@example.no", "•••@example.no"),
    ("kari.nordmann", "ka•••"),
    ("", "•••"),
])
def test_masking(name: str, shown: str) -> None:
    assert masked(name) == shown
