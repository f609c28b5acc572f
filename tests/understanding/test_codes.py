"""Error codes are found in what people paste, in one form each, and nothing else is taken for one."""

import pytest

from bot.understanding.codes import error_code, without_codes


@pytest.mark.parametrize(("text", "code"), [
    ("SSPR_0014", "SSPR_0014"),
    ("feil sspr-0029 når jeg prøver", "SSPR_0029"),
    ("sspr 0012", "SSPR_0012"),
    ("AADSTS50126: Error validating credentials", "AADSTS50126"),
    ("aadsts 500121", "AADSTS500121"),
    ("Error code: 50053", "AADSTS50053"),
    ("feilkode 53003", "AADSTS53003"),
    ("0000052D: Constraint Error", "0000052D"),
    ("0x8007052d", "0000052D"),
    ("hr=80230402", "80230402"),
    ("AcceptSecurityContext error, data 52e, v4563", "0000052E"),
    ("SSPR_0014 og AADSTS50126", "SSPR_0014"),
])
def test_a_code_is_found(text: str, code: str) -> None:
    assert error_code(text) == code


@pytest.mark.parametrize("text", [
    "", "hei", "sspr", "vi har sspr 2025", "SSPR_00145", "AADSTS", "AADSTS123", "koden er 123456",
    "ring 80012345", "47 80 01 23 45", "kode feil 123456", "data 52", "0x", "kjøp 0000",
])
def test_what_is_no_code_is_not_taken_for_one(text: str) -> None:
    assert error_code(text) is None


def test_the_number_of_a_code_does_not_count_among_the_words() -> None:
    assert without_codes("feil SSPR_0014 her").split() == ["feil", "errorcode", "her"]
