"""Operations whose outcome nobody knows yet, by the time at which it must be looked up (F1)."""

from collections.abc import Sequence

from bot.store import keys
from bot.store.connection import Store

_MOST = 100


class RedisPending:
    """The sweeper's list, shared by all replicas; see protocol.Pending."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, case_id: str, deadline: float) -> None:
        """List a case, or give a listed one another deadline (seconds since 1970)."""
        await self._store.do("ZADD", keys.PENDING, deadline, case_id)

    async def due(self, now: float) -> Sequence[str]:
        """Ids of cases past their deadline, longest overdue first, 100 at most."""
        found = await self._store.do("ZRANGEBYSCORE", keys.PENDING, "-inf", now, "LIMIT", 0, _MOST)
        return [case_id.decode() for case_id in found]

    async def remove(self, case_id: str) -> None:
        await self._store.do("ZREM", keys.PENDING, case_id)
