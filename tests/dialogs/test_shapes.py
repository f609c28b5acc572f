"""What looks like an answer to a prompt, and what rather like something else."""

import pytest

from dialogs.shapes import SHAPES, account_name


@pytest.mark.parametrize(("shape", "text", "fits", "surely"), [
    ("code", "123456", True, True),
    ("code", "koden er 123 456", True, True),
    ("code", "12345", True, False),
    ("code", "avbryt", False, False),
    ("code", "what are the rules?", False, False),
    ("code", "", False, False),
    ("name", "kari.nordmann@example.no", True, True),
    ("name", "kari", True, False),
    ("name", "avbryt", True, False),
    ("name", "stopp.", True, False),
    ("name", "brukeren min er kari@example.no", True, True),
    ("name", "brukernavnet mitt er kari.nordmann", True, False),
    ("name", "Kari Nordmann", False, False),
    ("name", "I don't remember", False, False),
    ("name", "hva?", True, False),
    ("name", "hæ?", False, False),
    ("name", "a@example.no eller b@example.no", False, True),
    ("name", "hva er kravene til passord", False, False),
])
def test_shapes(shape: str, text: str, fits: bool, surely: bool) -> None:
    assert SHAPES[shape].fits(text) is fits
    assert SHAPES[shape].surely(text) is surely


@pytest.mark.parametrize(("typed", "name"), [
    ("kari.nordmann", "kari.nordmann"),
    ("  kari.nordmann@example.no ", "kari.nordmann@example.no"),
    ("det er <kari.nordmann@example.no>.", "kari.nordmann@example.no"),
    ("det er kari.nordmann", "kari.nordmann"),
    ("kari.nordmann.", "kari.nordmann"),
    ("the one for my e-mail", "the one for my e-mail"),
    ("jeg bruker kari.nordmann eller ola.hansen", "jeg bruker kari.nordmann eller ola.hansen"),
    ("a@example.no eller b@example.no", "a@example.no eller b@example.no"),
])
def test_the_account_meant_by_words(typed: str, name: str) -> None:
    """Several names stay what they are: nobody is chosen for the person (I7)."""
    assert account_name(typed) == name
