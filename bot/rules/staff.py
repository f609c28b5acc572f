"""Who works at the admin pages, and for how long a sign-in there holds (U4, O7)."""

import re
from dataclasses import dataclass

HELPDESK, ADMIN = "helpdesk", "admin"
ROLES = (HELPDESK, ADMIN)
"""What an `admin` may, a `helpdesk` person may not; the other way round nothing."""

IDLE_SECONDS = 15 * 60
LONGEST_SECONDS = 8 * 3600
SET_UP_SECONDS = 30 * 60
KNOWN_SECONDS = 90 * 86400
"""How long a browser is known in which a person signed in: what others try costs them no tries there (V4)."""

_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Staff:
    """One person of IT. `account_id`: the directory object that this person is (O7)."""

    id: str
    name: str           # signs in with it
    display_name: str
    lang: str
    role: str
    account_id: str

    def may(self, role: str) -> bool:
        """Whether this person may do what that role is for."""
        return self.role in (role, ADMIN)

    @property
    def actor(self) -> str:
        """How the audit trail names this person."""
        return f"staff:{self.id}"


def canonical_staff_name(typed: str) -> str | None:
    """The one form of a sign-in name; None for what cannot be one."""
    name = typed.strip().lower()
    return name if len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) else None
