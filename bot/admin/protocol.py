"""What the admin pages need of others."""

from typing import Protocol

from bot.secret import Secret


class PasswordHashing(Protocol):
    """Slow hashes, off the event loop."""

    async def hash(self, password: Secret) -> str: ...

    async def matches(self, password: Secret, known: str) -> bool: ...

    async def matches_nobody(self, password: Secret) -> None:
        """The work of `matches`, for somebody who is not there (E2)."""
        ...
