"""Slow password hashes, off the event loop and never more than two at once: the one door to argon2."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.secret import Secret

# OWASP's second recommendation: argon2id, 19 MiB, two passes.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class PasswordHashes:
    """argon2id over exactly the characters typed (N3), half characters included."""

    def __init__(self, at_once: int = 2) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._nobodys: str | None = None

    async def hash(self, password: Secret) -> str:
        async with self._slots:
            return await asyncio.to_thread(_HASHER.hash, _bytes(password))

    async def matches(self, password: Secret, known: str) -> bool:
        async with self._slots:
            return await asyncio.to_thread(_matches, password, known)

    async def matches_nobody(self, password: Secret) -> None:
        """The work of `matches`, for an account that is not there (E2)."""
        if self._nobodys is None:
            self._nobodys = await self.hash(Secret(""))
        await self.matches(password, self._nobodys)


def _matches(password: Secret, known: str) -> bool:
    try:
        return _HASHER.verify(known, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: Secret) -> bytes:
    return password.reveal().encode("utf-8", "surrogatepass")
