"""Error codes of the password services in what a person pasted, in the one form the content knows them by."""

import re

_FLAGS = re.IGNORECASE | re.ASCII

# Bounded repetitions of one character class each: linear in the text (N1).
_SSPR = re.compile(r"sspr(?:[_-]| (?=00))(\d{4})(?!\d)", _FLAGS)
_AADSTS = re.compile(r"aadsts[ :_-]?(\d{4,7})(?!\d)", _FLAGS)
_SAID_CODE = re.compile(r"(?:error(?: ?code)?|feilkoden?)(?: er| is)?[ :#]{1,3}(\d{5,7})(?![0-9a-z])", _FLAGS)
_WINDOWS = re.compile(r"(?<![0-9a-z])(?:0x|hr=|(?=0000))([0-9a-f]{8})(?![0-9a-z])", _FLAGS)
_A_DIGIT = re.compile(r"[0-9]")     # every code has one
_LDAP = re.compile(r"data (52[5e]|53[0-3]|701|77[35])(?![0-9a-z])", _FLAGS)

STAND_IN = " errorcode "
"""What a code is replaced by before a text is understood: the kind of thing counts there, not its number."""


def error_code(text: str) -> str | None:
    """The first code of the surest kind: `SSPR_0014`, `AADSTS50126`, or eight hex digits such as `0000052D`.

    A Win32 error in its longer dress (`0x8007052D`, LDAP's `data 52e`) comes out as `0000052D`, `0000052E`.
    """
    if not _A_DIGIT.search(text):
        return None
    if found := _SSPR.search(text):
        return f"SSPR_{found[1]}"
    if found := _AADSTS.search(text) or _SAID_CODE.search(text):
        return f"AADSTS{found[1]}"
    if found := _WINDOWS.search(text):
        digits = found[1].upper()
        return "0000" + digits[4:] if digits.startswith("8007") else digits
    if found := _LDAP.search(text):
        return f"00000{found[1].upper()}"
    return None


def windows_code(text: str) -> str:
    """The first code of Windows as it stands in a text, `0x8007052D`; empty where there is none."""
    found = _WINDOWS.search(text)
    return found[0] if found else ""


def without_codes(text: str) -> str:
    """The text with a stand-in for each error code."""
    if not _A_DIGIT.search(text):
        return text
    for pattern in (_SSPR, _AADSTS, _SAID_CODE, _WINDOWS, _LDAP):
        text = pattern.sub(STAND_IN, text)
    return text
