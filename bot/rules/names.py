"""What a typed name means: one canonical form for exact look-up, or nothing at all (I7)."""

import re

_MADE_UP = "x-"
_LOCAL = re.compile(r"[a-z0-9'_!#^~-]+(?:\.[a-z0-9'_!#^~-]+)*")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


def canonical_name(typed: str) -> str | None:
    """The user name "kari.nordmann@example.no" or local part "kari.nordmann" in lower case, else None.

    Only characters a user name can have: a letter of another script, a look-alike, a list of
    names or a wildcard selects nobody (S-030, S-032). Nothing is folded but ASCII case, so
    "K" (the Kelvin sign) stays a stranger. Lengths are those of a user principal name.
    """
    name = typed.strip(" \t\r\n")
    if not name.isascii() or len(name) > 113:
        return None
    local, at, domain = name.lower().partition("@")
    if not _LOCAL.fullmatch(local) or len(local) > 64:
        return None
    if at and (not _DOMAIN.fullmatch(domain) or len(domain) > 48):
        return None
    return local + at + domain


def made_up(pseudonym: str) -> str:
    """The account id of a name that nobody has. Directories give ids in hexadecimal digits: none begins so."""
    return f"{_MADE_UP}{pseudonym}"


def is_made_up(account_id: str) -> bool:
    return account_id.startswith(_MADE_UP)


def local_part(name: str) -> str:
    """What stands before the @ of a canonical name."""
    return name.partition("@")[0]
