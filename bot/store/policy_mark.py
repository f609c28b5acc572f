"""Remembers which policy was last put on record, so that a change is recorded once by however many replicas."""

import json
from collections.abc import Mapping

from bot.store import keys
from bot.store.connection import Script, Store

# KEYS: the mark. ARGV: the number it must have, the values that follow. A replica that comes second changes nothing.
_MOVE = Script("""
if tonumber(redis.call('HGET', KEYS[1], 'number') or '0') ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'number', ARGV[1] + 1, 'values', ARGV[2])
return 1
""")


class PolicyMark:
    """Nothing is decided by it: whoever changes it forges or hides a record of a change, and no policy."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self) -> tuple[int, Mapping[str, str]]:
        """How many changes there were, and the values after the last; (0, {}) before the first."""
        number, said = await self._store.do("HMGET", keys.POLICY, "number", "values")
        return int(number or 0), json.loads(said) if said else {}

    async def number(self) -> int:
        return (await self.read())[0]

    async def move(self, number: int, values: Mapping[str, str]) -> None:
        """These are on record now, after change `number`."""
        await self._store.call(_MOVE, [keys.POLICY], [number, json.dumps(dict(values))])
