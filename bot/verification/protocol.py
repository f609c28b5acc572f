"""What every authenticator offers to a journey: send (if it has anything to send) and check."""

from dataclasses import dataclass
from typing import Protocol

from bot.rules.case import Case


@dataclass(frozen=True, slots=True)
class Sent:
    """A challenge is out, or needs nothing sent."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """No code may be sent before `until` (seconds since 1970), limit 11."""

    until: float


class Authenticator(Protocol):
    """One method of proof. `check` is called after the try was counted (V1) and never raises for bad input."""

    name: str   # "totp", "email_code": also the prefix of its messages

    async def enrolled(self, account_id: str) -> bool:
        """Whether the account can be proven with this method."""
        ...

    async def challenge(self, case: Case) -> Sent | NotSent:
        """Begin one challenge for the case; a new one kills the old (V9)."""
        ...

    async def check(self, case: Case, code: str) -> bool:
        """Whether this code proves the case's account; a right one is consumed in the same step (G3)."""
        ...
