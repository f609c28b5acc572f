"""Which accounts are held: frozen by their owner's alarm, or paused by IT; only IT lifts either (O7)."""

import json
from collections.abc import Sequence

from bot.errors import Conflict
from bot.rules.holds import Hold
from bot.store import keys
from bot.store.connection import Part, Script, Store

_EFFECT_SECONDS = 7 * 24 * 3600     # longer than anybody comes back to what was begun

# Around a change that has a key: it is made once, and asked again it answers what it answered then (F2). A key that
# `outcome` has closed answers -1. KEYS of the change come first, then the effect's, if there is one; ARGV ends with
# the seconds for which it is known.
_ONCE = """
local effect = KEYS[3]
local known = effect and redis.call('GET', effect)
if known then return tonumber(known) end
local function change()
%s
end
local changed = change()
if effect then redis.call('SET', effect, changed, 'EX', ARGV[#ARGV]) end
return changed
"""

# KEYS: the account's holds, the list of held accounts. ARGV: kind, record, account. A hold that stands stays.
_PUT = Script(_ONCE % """
redis.call('SADD', KEYS[2], ARGV[3])
return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
""")

_LIFT = Script(_ONCE % """
local gone = redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('HLEN', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[2]) end
return gone
""")

# KEYS: the effect. ARGV: seconds.
_OUTCOME = Script("""
redis.call('SET', KEYS[1], '-1', 'NX', 'EX', ARGV[1])
return tonumber(redis.call('GET', KEYS[1]))
""")


class RedisHolds:
    """Implements protocol.Holds. Nothing here expires: a thaw is a decision."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, account_id: str) -> Sequence[Hold]:
        flat = await self._store.do("HGETALL", keys.holds(account_id))
        return [_read(account_id, kind, record) for kind, record in zip(flat[::2], flat[1::2], strict=True)]

    async def put(self, hold: Hold, key: str = "") -> bool:
        record = json.dumps({"by": hold.by, "since": hold.since})
        return await self._changed(_PUT, hold.account, [hold.kind, record, hold.account], key)

    async def lift(self, account_id: str, kind: str, key: str = "") -> bool:
        return await self._changed(_LIFT, account_id, [kind, account_id], key)

    async def outcome(self, key: str) -> bool | None:
        found = await self._store.call(_OUTCOME, [keys.hold_effect(key)], [_EFFECT_SECONDS])
        return None if found == -1 else bool(found)

    async def held(self) -> Sequence[str]:
        return sorted(one.decode() for one in await self._store.do("SMEMBERS", keys.HELD))

    async def _changed(self, script: Script, account_id: str, words: Sequence[Part], key: str) -> bool:
        places = [keys.holds(account_id), keys.HELD, *([keys.hold_effect(key)] if key else [])]
        changed = await self._store.call(script, places, [*words, _EFFECT_SECONDS])
        if changed == -1:
            raise Conflict("hold")
        return bool(changed)


def _read(account_id: str, kind: bytes, record: bytes) -> Hold:
    found = json.loads(record)
    return Hold(account_id, kind.decode(), found["by"], found["since"])
