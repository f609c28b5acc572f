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


NOT_KEPT = "-"
"""What `check` answers for a right proof that no registered method made, and that cannot be taken away later (A4)."""


class Authenticator(Protocol):
    """One method of proof. `check` is called after the try was counted (V1) and never raises for bad input."""

    name: str   # "totp", "email_code", "recovery_code" ...: also the prefix of its messages

    def canonical(self, typed: str) -> str | None:
        """The code in what was typed, in its one form (V6); None when there is none."""
        ...

    async def challenge(self, case: Case) -> Sent | NotSent:
        """Begin one challenge for the case; a new one kills the old (V9)."""
        ...

    async def check(self, case: Case, code: str) -> str:
        """The id of the registered method this canonical code proves (or NOT_KEPT), "" when it proves none.

        A right one is consumed in the same step (G3). The work is the same for every account (E2).
        """
        ...
