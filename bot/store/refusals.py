"""Counts refusals that are alike, so that whoever is refused cannot fill the audit trail with it (N1, U1)."""

from bot.store import keys
from bot.store.connection import Script, Store

# ARGV: the window's number, its seconds. The key outlives the window by one, and holds one number at a time.
_COUNT = Script("""
if redis.call('HGET', KEYS[1], 'window') ~= ARGV[1] then
  redis.call('HSET', KEYS[1], 'window', ARGV[1], 'count', 0)
end
redis.call('EXPIRE', KEYS[1], 2 * ARGV[2])
return redis.call('HINCRBY', KEYS[1], 'count', 1)
""")


class RedisRefusals:
    """Implements Refusals. A count whose reply was lost counts once more: it is for reading, not for limits."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def count(self, about: str, window: int, seconds: int) -> int:
        found: int = await self._store.call(_COUNT, [keys.refusals(about)], [window, seconds])
        return found
