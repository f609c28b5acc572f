"""Remembers since when each secret of the settings is in use, for `doctor` to say how old it is (D5)."""

from collections.abc import Mapping

from bot.clock import Clock
from bot.secret import Secret
from bot.store import keys
from bot.store.connection import Store
from bot.store.sealed import KeyRing

_PURPOSE = "age of a secret"


class Ages:
    """Of a secret only a MAC is kept, which nobody can make or try guesses against without our keys (D1).

    A secret of another value begins anew; a new key of ours does not let the others seem young.
    """

    def __init__(self, store: Store, ring: KeyRing, clock: Clock) -> None:
        self._store, self._ring, self._clock = store, ring, clock

    async def note(self, used: Mapping[str, Secret]) -> None:
        """These are in use, by the names of their settings. Raises StoreUnavailable."""
        for name, secret in used.items():
            since = await self._since(name, secret)
            mac = self._ring.mac(_PURPOSE, _said(name, secret)).hex()
            await self._store.do("HSET", keys.AGES, name, f"{mac} {self._clock.now() if since is None else since:.0f}")

    async def of(self, name: str, secret: Secret) -> float | None:
        """For how many seconds it has been in use; None when it never was. Raises StoreUnavailable."""
        since = await self._since(name, secret)
        return None if since is None else max(0.0, self._clock.now() - since)

    async def _since(self, name: str, secret: Secret) -> float | None:
        kept = await self._store.do("HGET", keys.AGES, name)
        try:
            mac, since = (kept or b"").decode().split(" ")
            same = self._ring.verify(_PURPOSE, _said(name, secret), bytes.fromhex(mac))
            return float(since) if same else None
        except ValueError:
            return None


def _said(name: str, secret: Secret) -> bytes:
    return f"{name} {secret.reveal()}".encode("utf-8", "surrogatepass")
