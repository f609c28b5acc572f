"""A typed code has one canonical form, or none (V6)."""

import pytest

from bot.rules.codes import canonical_code


@pytest.mark.parametrize(("typed", "code"), [
    pytest.param("123456", "123456", id="digits"),
    pytest.param("  123456\n", "123456", id="space around"),
    pytest.param("012345", "012345", id="leading zero kept"),
    pytest.param("123 456", "123456", id="two groups"),
    pytest.param("123\u00a0456", "123456", id="no-break space"),
    pytest.param("123\u202f456", "123456", id="narrow no-break space"),
    pytest.param("123-456", "123456", id="hyphen"),
    pytest.param("123 - 456", "123456", id="hyphen between spaces"),
    pytest.param("1 2 3 4 5 6", "123456", id="read out loud"),
    pytest.param("koden er 123456", "123456", id="a sentence"),
    pytest.param("it's 123 456.", "123456", id="a sentence with a full stop"),
    pytest.param("kode:123456", "123456", id="colon"),
    pytest.param("**123456**", "123456", id="bold"),
])
def test_one_code_in_the_text_is_taken_in_its_canonical_form(typed: str, code: str) -> None:
    assert code == canonical_code(typed, 6)


@pytest.mark.parametrize("typed", [
    pytest.param("", id="nothing"),
    pytest.param("hei", id="no digits"),
    pytest.param("12345", id="too short"),
    pytest.param("1234567", id="too long"),
    pytest.param("123456 654321", id="two codes in one run"),
    pytest.param("123456, 654321", id="two codes"),
    pytest.param("123456\n654321", id="two lines"),
    pytest.param("kode 2: 123456", id="another number"),
    pytest.param("x123456", id="letter before"),
    pytest.param("123456x", id="letter after"),
    pytest.param("+123456", id="a phone number"),
    pytest.param("-123456", id="sign before"),
    pytest.param("123456-", id="sign after"),
    pytest.param("123.456", id="decimal point"),
    pytest.param("https://example.no/123456", id="part of a link"),
    pytest.param("12３456", id="full-width digit"),
    pytest.param("１２３４５６", id="full-width digits"),
    pytest.param("١٢٣٤٥٦", id="Arabic digits"),
    pytest.param("123456 ²", id="superscript elsewhere"),
    pytest.param("123\u200b456", id="zero-width space"),
    pytest.param("123–456", id="en dash"),
    pytest.param("123    456", id="far apart"),
    pytest.param("123456\x00", id="NUL"),
    pytest.param("\ud800123456", id="half character"),
])
def test_anything_else_is_no_code(typed: str) -> None:
    assert canonical_code(typed, 6) is None


def test_the_length_asked_for_decides() -> None:
    assert canonical_code("1234 5678", 8) == "12345678"
    assert canonical_code("1234 5678", 6) is None


def test_a_long_text_is_read_in_linear_time() -> None:
    assert canonical_code("1 - " * 100_000, 6) is None
