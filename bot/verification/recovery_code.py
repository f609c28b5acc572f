"""Proof by a recovery code from paper, for whoever has lost the phone (A5, limit 18; NIST SP 800-63B-4 §4.2)."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable

from bot.clock import Clock
from bot.rules import registered
from bot.rules.case import Case
from bot.rules.codes import RECOVERY_ALPHABET, RECOVERY_CHARACTERS, canonical_recovery_code
from bot.rules.registered import RecoverySet
from bot.secret import Secret
from bot.store.protocol import Enrolments
from bot.verification.protocol import NotSent, Sent

CODES = 10
_GROUP = 4
_NOBODYS_SALT = "00" * 16


class RecoveryCode:
    """Implements Authenticator. Typed on the secure page only: the chat never carries one (G4)."""

    name = registered.RECOVERY_CODE

    def __init__(self, enrolments: Enrolments, cool_down: Callable[[], float], clock: Clock, at_once: int = 2) -> None:
        self._enrolments = enrolments
        self._cool_down = cool_down
        self._clock = clock
        self._slots = asyncio.Semaphore(at_once)

    def canonical(self, typed: str) -> str | None:
        return canonical_recovery_code(typed)

    async def challenge(self, case: Case) -> Sent | NotSent:
        """Paper needs nothing sent."""
        return Sent()

    async def check(self, case: Case, code: str) -> str:
        enrolment = await self._enrolments.read(case.account)
        theirs = enrolment.recovery
        if theirs and not registered.counts(theirs, self._clock.now(), self._cool_down()):
            theirs = None
        # The slow part is done whether or not there are codes (E2).
        async with self._slots:
            made = await asyncio.to_thread(_slow_hash, code, theirs.salt if theirs else _NOBODYS_SALT)
        right = [one for one in (theirs.hashes if theirs else ()) if hmac.compare_digest(one, made)]
        if theirs and right and await self._enrolments.spend_code(theirs.id, right[0]):
            return theirs.id
        return ""


async def new_codes(now: float, *, backed: bool) -> tuple[RecoverySet, tuple[Secret, ...]]:
    """A fresh set as it is stored, and its codes as they are shown, once: "K7QM-4RTX-92HD-PW3E"."""
    bare = ["".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_CHARACTERS)) for _ in range(CODES)]
    salt = secrets.token_hex(16)
    hashes = await asyncio.to_thread(lambda: tuple(_slow_hash(code, salt) for code in bare))
    shown = tuple(
        Secret("-".join(code[at:at + _GROUP] for at in range(0, RECOVERY_CHARACTERS, _GROUP))) for code in bare)
    return RecoverySet(secrets.token_hex(8), now, backed, salt, hashes), shown


def _slow_hash(code: str, salt: str) -> str:
    # One salt a set, so that a typed code is hashed once and not ten times; 80 random bits bear it.
    return hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=2 ** 14, r=8, p=1, dklen=32).hex()
