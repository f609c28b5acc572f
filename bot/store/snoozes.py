"""Keeps who put off registering: until when and how often, longer than a conversation is remembered."""

from bot.rules.reminders import Snooze
from bot.store import keys
from bot.store.connection import Script, Store

_KEPT_SECONDS = 400 * 24 * 3600     # after the last one; then counting begins anew

# KEYS: the snoozes. ARGV: now, until, the most, seconds. Answers 1 if it is put off now, by whichever press.
_PUT_OFF = Script("""
local till = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if till > tonumber(ARGV[1]) then return 1 end
if tonumber(redis.call('HGET', KEYS[1], 'times') or '0') >= tonumber(ARGV[3]) then return 0 end
redis.call('HINCRBY', KEYS[1], 'times', 1)
redis.call('HSET', KEYS[1], 'until', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
""")


class RedisSnoozes:
    """Implements protocol.Snoozes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, account_id: str) -> Snooze:
        until, times = await self._store.do("HMGET", keys.snoozes(account_id), "until", "times")
        return Snooze(float(until or 0), int(times or 0))

    async def put_off(self, account_id: str, now: float, until: float, most: int) -> Snooze | None:
        done = await self._store.call(
            _PUT_OFF, [keys.snoozes(account_id)], [repr(now), repr(until), most, _KEPT_SECONDS])
        return await self.of(account_id) if done else None
