"""What second opinions may cost: so many questions a minute and a day, by all replicas together."""

from bot.clock import Clock
from bot.store import keys
from bot.store.connection import Script, Store

_MINUTE, _DAY = 60, 86400

# ARGV: for each window its seconds, its number and how many it has; last, for how long the counts are kept. One is
# taken if every window has one left.
_SPEND = Script("""
local spent = {}
for at = 1, #ARGV - 1, 3 do
  local window, count = unpack(redis.call('HMGET', KEYS[1], 'window ' .. ARGV[at], 'spent ' .. ARGV[at]))
  spent[at] = window == ARGV[at + 1] and tonumber(count) or 0
  if spent[at] >= tonumber(ARGV[at + 2]) then return 0 end
end
for at, count in pairs(spent) do
  redis.call('HSET', KEYS[1], 'window ' .. ARGV[at], ARGV[at + 1], 'spent ' .. ARGV[at], count + 1)
end
redis.call('EXPIRE', KEYS[1], ARGV[#ARGV])
return 1
""")


class OpinionBudget:
    """Implements second_opinion.Budget."""

    def __init__(self, store: Store, clock: Clock, per_minute: int, per_day: int) -> None:
        self._store = store
        self._clock = clock
        self._most = ((_MINUTE, per_minute), (_DAY, per_day))

    async def spend(self) -> bool:
        now = self._clock.now()
        windows = [part for seconds, most in self._most for part in (seconds, int(now // seconds), most)]
        return bool(await self._store.call(_SPEND, [keys.OPINIONS], [*windows, 2 * _DAY]))
