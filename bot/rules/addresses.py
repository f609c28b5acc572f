"""Private e-mail addresses: the one in what was typed, and why it will not do."""

import re
from dataclasses import dataclass

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}){0,8}"
_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?){1,8}"
_ADDRESS = re.compile(rf"({_LOCAL})@({_DOMAIN})")
_AROUND = "<>()[]{}.,;:!?\"'«»"
_LONGEST = 254          # RFC 5321


@dataclass(frozen=True, slots=True)
class NoAddress:
    """`why`: "unclear" (none, several, or not one that mail can go to) or "work" (the mailbox of the account)."""

    why: str


def private_address(typed: str, username: str) -> str | NoAddress:
    """The address that was meant; its domain in small letters.

    A mailbox of the account's own domain is behind the very password that it should help to replace.
    """
    words = [word.strip(_AROUND).removeprefix("mailto:") for word in typed[:1000].split()]
    found = [word for word in words if "@" in word]
    match = _ADDRESS.fullmatch(found[0]) if len(found) == 1 and len(found[0]) <= _LONGEST else None
    if match is None or len(match[1]) > 64 or match[2].rpartition(".")[2].isdigit():
        return NoAddress("unclear")
    domain = match[2].lower()
    if domain == username.rpartition("@")[2].lower():
        return NoAddress("work")
    return f"{match[1]}@{domain}"
