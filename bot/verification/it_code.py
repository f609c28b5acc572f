"""Proof by the one-time code that IT gave: for registering, and for nothing else (A2, O7)."""

from bot.rules import registered
from bot.rules.case import Case
from bot.rules.codes import canonical_recovery_code
from bot.store.protocol import OneTimeCodes
from bot.verification.protocol import NOT_KEPT, NotSent, Sent


class ItCode:
    """Implements Authenticator. Typed on the secure page only: it is worth an authenticator (G4)."""

    name = registered.IT_CODE

    def __init__(self, codes: OneTimeCodes) -> None:
        self._codes = codes

    def canonical(self, typed: str) -> str | None:
        """It has the form of a recovery code, so that the same care is taken of both."""
        return canonical_recovery_code(typed)

    async def challenge(self, case: Case) -> Sent | NotSent:
        """IT has told the person."""
        return Sent()

    async def check(self, case: Case, code: str) -> str:
        return NOT_KEPT if await self._codes.spend(case.account, code) else ""
