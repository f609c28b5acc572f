"""Which accounts are held: frozen by their owner's alarm, or paused by IT; only IT lifts either (O7)."""

import json
from collections.abc import Sequence

from bot.rules.holds import Hold
from bot.store import keys
from bot.store.connection import Script, Store

# KEYS: the account's holds, the list of held accounts. ARGV: kind, record, account. A hold that stands stays.
_PUT = Script("""
local fresh = redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
redis.call('SADD', KEYS[2], ARGV[3])
return fresh
""")

_LIFT = Script("""
local gone = redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('HLEN', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[2]) end
return gone
""")


class RedisHolds:
    """Implements protocol.Holds. Nothing here expires: a thaw is a decision."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, account_id: str) -> Sequence[Hold]:
        flat = await self._store.do("HGETALL", keys.holds(account_id))
        return [_read(account_id, kind, record) for kind, record in zip(flat[::2], flat[1::2], strict=True)]

    async def put(self, hold: Hold) -> bool:
        record = json.dumps({"by": hold.by, "since": hold.since})
        return bool(await self._store.call(
            _PUT, [keys.holds(hold.account), keys.HELD], [hold.kind, record, hold.account]))

    async def lift(self, account_id: str, kind: str) -> bool:
        return bool(await self._store.call(_LIFT, [keys.holds(account_id), keys.HELD], [kind, account_id]))

    async def held(self) -> Sequence[str]:
        return sorted(one.decode() for one in await self._store.do("SMEMBERS", keys.HELD))


def _read(account_id: str, kind: bytes, record: bytes) -> Hold:
    found = json.loads(record)
    return Hold(account_id, kind.decode(), found["by"], found["since"])
