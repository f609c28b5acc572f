"""What people may call the things they register: short, one line, nothing that a chat or a page could take for more."""

import unicodedata

MOST_CHARACTERS = 30

_SIGNS = frozenset(" -'+&")


def clean_label(typed: str) -> str:
    """The name in what was typed: letters, digits and few signs, at most 30 of them; "" when nothing is left (N2)."""
    kept = "".join(
        one if one in _SIGNS or unicodedata.category(one)[0] in "LNM" else " "
        for one in unicodedata.normalize("NFC", typed[:200]))
    return " ".join(kept.split())[:MOST_CHARACTERS].strip()
