"""The one form of a typed code: what is compared, spent and counted is always this form (V6)."""

import re

RECOVERY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing in it looks like anything else in it."""

RECOVERY_CHARACTERS = 16
"""Of 5 bits each: 80 bits (limit 18)."""

_RECOVERY = re.compile(r"[0-9A-Za-z]{4}(?:[ \u00a0\u2010-\u2015-]{0,3}[0-9A-Za-z]{4}){3}")
_LOOK_ALIKES = str.maketrans("OIL", "011")

_RUN = re.compile(r"[0-9]+(?:[ \u00a0\u202f-]{1,3}[0-9]+)*")
"""Digits as people and phones group them: spaces, also the unbreakable ones, or hyphens between groups."""

_BESIDE = frozenset(" \t\r\n\u00a0\u202f.,:;!?()\"'«»*")
"""What may stand directly before or after a code; a letter or a sign there makes it something else."""


def canonical_code(text: str, digits: int) -> str | None:
    """The only code of `digits` digits in the text ("koden er 123 456" → "123456"), else None.

    Any other digit anywhere, in any script, makes it unclear which code is meant: then there is none.
    """
    if any(one.isnumeric() and not one.isascii() for one in text):
        return None
    runs = list(_RUN.finditer(text))
    if len(runs) != 1:
        return None
    start, end = runs[0].span()
    if not set(text[max(start - 1, 0):start] + text[end:end + 1]) <= _BESIDE:
        return None
    code = "".join(one for one in runs[0].group() if one in "0123456789")
    return code if len(code) == digits else None


def canonical_recovery_code(text: str) -> str | None:
    """The recovery code that this text is ("k7qm 4rtx-92hd pw3e" → "K7QM4RTX92HDPW3E"), else None.

    Letters that the alphabet leaves out are read as the digits they look like, as its author says.
    """
    found = _RECOVERY.fullmatch(text.strip(" \t\r\n"))
    code = "".join(one for one in found.group() if one.isalnum()).upper().translate(_LOOK_ALIKES) if found else ""
    return code if code and set(code) <= set(RECOVERY_ALPHABET) else None


def holds_recovery_code(text: str) -> bool:
    """Whether something in the text has the shape of a recovery code: letters and digits in four groups (G4)."""
    return any(map(_letters_and_digits, _GROUPS.findall(text[:4000])))


def _letters_and_digits(groups: str) -> bool:
    return any(map(str.isdigit, groups)) and any(map(str.isalpha, groups)) and "U" not in groups.upper()


_GROUPS = re.compile(
    r"(?<![0-9A-Za-z])[0-9A-Za-z]{4}(?:[ \u00a0\u2010-\u2015-]{1,3}[0-9A-Za-z]{4}){3}(?![0-9A-Za-z])")
