"""What a registered thing may be called: nothing that a chat, a page or a line could take for more (N2)."""

import pytest

from bot.rules.labels import MOST_CHARACTERS, clean_label


@pytest.mark.parametrize(("typed", "label"), [
    pytest.param("Jobbtelefonen", "Jobbtelefonen", id="a word"),
    pytest.param("  Karis   telefon ", "Karis telefon", id="blanks"),
    pytest.param("Åses iPhone 15", "Åses iPhone 15", id="letters and digits"),
    pytest.param("Kari's phone - old & new + 1", "Kari's phone - old & new + 1", id="the signs that stay"),
    pytest.param("A\u030ase", "Åse", id="a letter in two parts"),
    pytest.param("हिन्दी", "हिन्दी", id="marks that belong to letters"),
    pytest.param("<b>fet</b>", "b fet b", id="HTML"),
    pytest.param("[lenke](https://ond.example)", "lenke https ond example", id="Markdown"),
    pytest.param("**sterk** `kode` #tittel", "sterk kode tittel", id="more Markdown"),
    pytest.param("en\nlinje\tto\r", "en linje to", id="lines"),
    pytest.param("hem\u202emelig\u200b", "hem melig", id="direction and what does not show"),
    pytest.param("{link}", "link", id="a place of a message"),
    pytest.param("=1+2", "1+2", id="a formula"),
    pytest.param("📱", "", id="a picture"),
    pytest.param("...", "", id="signs alone"),
    pytest.param("", "", id="nothing"),
    pytest.param("a" * 31, "a" * MOST_CHARACTERS, id="too long"),
    pytest.param("a" * 29 + " bcd", "a" * 29, id="no blank at the cut"),
])
def test_only_letters_digits_and_few_signs_stay(typed: str, label: str) -> None:
    assert clean_label(typed) == label
    assert clean_label(label) == label


def test_a_flood_is_cut_first() -> None:
    """N1."""
    assert clean_label("\u0301" * 100_000 + "navn") == clean_label("\u0301" * 200)
