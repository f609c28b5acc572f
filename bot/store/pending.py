"""What must be looked at, by the time at which it must: operations with an unknown outcome (F1), and errands."""

from collections.abc import Sequence

from bot.store import keys
from bot.store.connection import Script, Store

_MOST = 100
_WAIT, _LONGEST_WAIT = 5.0, 120.0
"""Seconds until a case is looked at once more: twice as long each time, and well below F1's five minutes."""

# KEYS: the list, how often each case on it was taken. ARGV: now, shortest and longest wait, how many, then the
# time up to which cases are due. Who takes a case moves it back in the same step, so that no two replicas look
# at one at once, and cases that fail again and again do not stand in the way of the others.
_TAKE = Script("""
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[5], 'LIMIT', 0, ARGV[4])
for _, id in ipairs(due) do
  local looks = redis.call('HINCRBY', KEYS[2], id, 1)
  local wait = math.min(tonumber(ARGV[3]), tonumber(ARGV[2]) * 2 ^ math.min(looks - 1, 20))
  redis.call('ZADD', KEYS[1], string.format('%.3f', tonumber(ARGV[1]) + wait), id)
end
return due
""")


class RedisPending:
    """A list shared by all replicas; see protocol.Pending. By default the sweeper's."""

    def __init__(self, store: Store, due: str = keys.PENDING, looks: str = keys.PENDING_LOOKS) -> None:
        self._store = store
        self._due, self._looks = due, looks

    async def add(self, case_id: str, deadline: float) -> None:
        """List a case, or give a listed one another deadline (seconds since 1970)."""
        await self._store.do("ZADD", self._due, deadline, case_id)

    async def take(self, now: float, *, all_of_them: bool = False) -> Sequence[str]:
        """Ids of cases past their deadline, longest overdue first, 100 at most; each is due later from now on.

        `all_of_them` takes those whose deadline is still to come too. A reply that is lost costs one wait.
        """
        until = "+inf" if all_of_them else repr(now)
        places = [self._due, self._looks]
        found = await self._store.call(_TAKE, places, [repr(now), _WAIT, _LONGEST_WAIT, _MOST, until])
        return [case_id.decode() for case_id in found]

    async def count(self) -> int:
        """How many cases are listed."""
        return int(await self._store.do("ZCARD", self._due))

    async def remove(self, case_id: str) -> None:
        await self._store.many([("ZREM", self._due, case_id), ("HDEL", self._looks, case_id)])
