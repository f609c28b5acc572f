"""The directory that comes with Keyturn, for development and demonstrations; it lives in the store."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum

from bot.clock import Clock
from bot.directory.hashing import PasswordHashes
from bot.directory.protocol import Account, Applied, PassGiven, PasswordSet
from bot.errors import DirectoryUnavailable, StoreUnavailable
from bot.rules.case import WhyNot, WhyRefused
from bot.rules.names import canonical_name
from bot.rules.passwords import WRONG_CURRENT
from bot.rules.policy import TEMPORARY_PASS
from bot.rules.sign_in_there import SignInThere
from bot.secret import Secret
from bot.store.accounts import Accounts, Credentials, Effect

HISTORY = 5
"""So many passwords, the present one included, cannot be set again."""


class SignIn(Enum):
    """How a sign-in at the embedded directory ends. Only the right password learns what stands in its way."""

    DONE = "done"
    WRONG = "wrong"
    DISABLED = "disabled"
    LOCKED = "locked"
    PASSWORD_EXPIRED = "password_expired"   # noqa: S105 - a status

    def __bool__(self) -> bool:
        """Only a sign-in that is done is true: nobody shall take WRONG for a yes."""
        return self is SignIn.DONE


class Embedded:
    """Implements Directory. What the store cannot answer, the directory cannot: DirectoryUnavailable."""

    def __init__(self, accounts: Accounts, hashes: PasswordHashes, clock: Clock) -> None:
        self._accounts = accounts
        self._hashes = hashes
        self._clock = clock

    takes_sign_on = False

    def cannot(self, operation: str, *, signs_on: bool = False) -> WhyNot | None:
        """Nobody signs in anywhere with its passes."""
        return WhyNot.NOT_OFFERED if operation == TEMPORARY_PASS else None

    async def find(self, name: str) -> Account | None:
        """By user name, or by what stands before its @ if one account only has that.

        A name that is nobody's, or none at all, costs the store as much (E2).
        """
        with _as_directory():
            ids = await self._accounts.named(canonical_name(name) or "")
            return await self._accounts.read(ids[0] if len(ids) == 1 else "")

    async def read(self, account_id: str) -> Account | None:
        with _as_directory():
            return await self._accounts.read(account_id)

    async def glance(self, account_id: str) -> Account | None:
        return await self.read(account_id)

    async def give_pass(self, account_id: str, key: str) -> PassGiven:
        """Nobody is sent here: see `cannot`."""
        return PassGiven(Applied.NO, refused=WhyRefused.CONTACT_IT)

    async def pass_outcome(self, account_id: str, key: str) -> Applied:
        return Applied.NO

    async def sign_in_there(self, account_id: str) -> SignInThere | None:
        return None

    async def set_password(self, account_id: str, password: Secret, key: str) -> PasswordSet:
        return await self._set(account_id, None, password, key)

    async def change_possible(self, account_id: str, sign_on: Secret) -> WhyRefused | None:
        return None

    async def change_password(self, account_id: str, current: Secret, password: Secret, key: str,
                              sign_on: Secret | None = None) -> PasswordSet:
        return await self._set(account_id, current, password, key)

    async def unlock(self, account_id: str, key: str) -> Applied:
        with _as_directory():
            effect = await self._accounts.unlock(account_id, key)
        return Applied.YES if effect is Effect.APPLIED else Applied.NO

    async def outcome(self, account_id: str, key: str) -> Applied:
        with _as_directory():
            effect = await self._accounts.settle(account_id, key)
        return Applied.YES if effect is Effect.APPLIED else Applied.NO

    async def revoke_sessions(self, account_id: str) -> None:
        with _as_directory():
            await self._accounts.end_sessions(account_id, self._clock.now())

    async def check_password(self, account_id: str, password: Secret) -> bool:
        """Whether this is the account's present password; as long for an account that is not there (E2)."""
        with _as_directory():
            known = await self._accounts.credentials(account_id)
        if known is None:
            await self._hashes.matches_nobody(password)
            return False
        return await self._hashes.matches(password, known.hashes[0])

    async def sign_in(self, username: str, password: Secret) -> SignIn:
        """What signing in somewhere else with this password would end with."""
        account = await self.find(username)
        if not await self.check_password(account.id if account else "", password) or account is None:
            return SignIn.WRONG
        if not account.enabled:
            return SignIn.DISABLED
        if account.locked:
            return SignIn.LOCKED
        return SignIn.PASSWORD_EXPIRED if account.password_expired else SignIn.DONE

    async def session_valid(self, account_id: str, signed_in_at: float) -> bool:
        """Whether a session that began then still stands (O4)."""
        with _as_directory():
            known = await self._accounts.credentials(account_id)
        return known is not None and signed_in_at >= known.sessions_valid_from

    async def _set(self, account_id: str, current: Secret | None, password: Secret, key: str) -> PasswordSet:
        with _as_directory():
            while True:
                # The hashes are read before the effect: if that has not happened yet, they cannot hold the
                # password of an earlier call with this key, and what is found in them is history indeed.
                known = await self._accounts.credentials(account_id)
                effect = await self._accounts.effect(account_id, key)
                if effect is None and known is not None:
                    if current is not None and not await self._hashes.matches(current, known.hashes[0]):
                        return PasswordSet(Applied.NO, (WRONG_CURRENT,))
                    if await self._among(known.hashes, password):
                        return PasswordSet(Applied.NO, ("history",), proven=current is not None)
                    effect = await self._replaced(account_id, password, key, known)
                if effect is not Effect.STALE:
                    return PasswordSet(Applied.YES if effect is Effect.APPLIED else Applied.NO)

    async def _replaced(self, account_id: str, password: Secret, key: str, known: Credentials) -> Effect:
        hashes = (await self._hashes.hash(password), *known.hashes)[:HISTORY]
        return await self._accounts.set_password(account_id, key, hashes, known.version)

    async def _among(self, hashes: Sequence[str], password: Secret) -> bool:
        return any(await asyncio.gather(*[self._hashes.matches(password, one) for one in hashes]))


@contextmanager
def _as_directory() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as trouble:
        raise DirectoryUnavailable("store") from trouble
