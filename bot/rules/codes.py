"""The one form of a typed code: what is compared, spent and counted is always this form (V6)."""

import re

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
