"""One spelling for the many ways a word is typed, whatever is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding.families import load_families
from bot.understanding.features import features
from bot.understanding.text import LONGEST_WORD, MOST_CHARACTERS, cut, words

FAMILIES = load_families()


@pytest.mark.parametrize(("typed", "same"), [
    ("Låst", "laast"), ("låst", "last"), ("gjøre", "gjoere"), ("gjøre", "gjore"), ("være", "vaere"),
    ("passord", "pasord"), ("heeeei", "hei"), ("HJELP", "hjelp"), ("låst", "la\u030ast"), ("can't", "cant"),
    ("can’t", "cant"), ("pass\u200bord", "passord"), ("\u202epassord\u202c", "passord"),
    ("ｐａｓｓｏｒｄ", "passord"), ("ändra", "andra"), ("løsenord", "lösenord"),
])
def test_spellings_of_one_word_are_the_same(typed: str, same: str) -> None:
    assert words(typed) == words(same)


def test_words_are_told_apart_by_anything_else() -> None:
    assert words("ny pc,mobil_og-app!😀 (ja)") == ["ny", "pc", "mobil", "og", "ap", "ja"]


@given(st.text(alphabet=st.characters(), max_size=300))
def test_words_are_the_same_beside_one_of_other_letters(text: str) -> None:
    """Plain letters are parted in a way of their own."""
    assert words(text + " 密") == [*words(text), "密"]


def test_a_long_word_is_cut_and_so_is_a_message() -> None:
    assert words("ab" * 500) == [("ab" * 500)[:LONGEST_WORD]]
    assert len(cut("x" * 28_672)) == MOST_CHARACTERS


def test_a_word_with_swapped_letters_is_known() -> None:
    assert "~padors" in features("passord", FAMILIES) & features("passrod", FAMILIES)
    assert not any(feature.startswith("~") for feature in features("pass", FAMILIES))


def test_a_family_has_its_words_in_every_language_and_their_endings() -> None:
    for word in ("telefonen", "mobilen", "iphone", "phones"):
        assert "phone" in FAMILIES[words(word)[0]], word
    for word in ("stjålet", "mistet", "stolen", "borte"):
        assert "lose" in FAMILIES[words(word)[0]], word
    assert FAMILIES["xyzzy"] == frozenset()


def test_every_language_has_the_same_families() -> None:
    english = words("forgot phone password reset unlock privacy")
    norwegian = words("glemte telefon passord tilbakestille sperret personvern")
    shared = set().union(*map(FAMILIES.__getitem__, english)) & set().union(*map(FAMILIES.__getitem__, norwegian))
    assert shared >= {"forget", "phone", "password", "reset", "unlock", "store"}


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_has_features_of_bounded_length(text: str) -> None:
    """N1: nothing typed can make understanding fail; lone surrogates are among the characters."""
    for feature in features(text, FAMILIES):
        assert len(feature) <= 3 * LONGEST_WORD + 4
