"""Everything in a store, kept in this process and put back: the same moment as often as needed."""

from dataclasses import dataclass
from typing import Self

from bot.store.connection import Store


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Keys with their lifetimes in milliseconds (0: none) and what DUMP says of them."""

    kept: tuple[tuple[bytes, int, bytes], ...]

    @classmethod
    async def take(cls, store: Store) -> Self:
        names = await store.do("KEYS", "*")
        lifetimes = await store.many([("PTTL", name) for name in names])
        blobs = await store.many([("DUMP", name) for name in names])
        found = zip(names, lifetimes, blobs, strict=True)
        return cls(tuple((name, max(0, lifetime), blob) for name, lifetime, blob in found if blob is not None))

    async def put_back(self, store: Store) -> None:
        await store.do("FLUSHDB")
        await store.many([("RESTORE", name, lifetime, blob) for name, lifetime, blob in self.kept])
