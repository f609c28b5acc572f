"""Counts proofs and starts for all replicas: every window is checked and counted in one step (V1, V2, G3)."""

import secrets
from collections.abc import Sequence

from bot.clock import Clock
from bot.rules.limits import Limits, counted_for_account
from bot.rules.lockout import FAILURES, Budget, Fill, Full, Window, left, verdict, way, windows
from bot.rules.names import is_made_up
from bot.rules.sources import neighbourhood
from bot.store import keys
from bot.store.connection import Part, Script
from bot.store.protocol import Attempt, Counted, Exhausted
from bot.store.trust import Trust, trusted

_DAY = 86400.0

# Limit 5 has no end in time: a row of failures ends by a success or by IT. The row of a name nobody has can end
# by neither and would lie there for good, as many as a visitor cares to make up. It is forgotten 400 days after
# its last failure. Nobody can tell: proofs for such a name are wrong with a full row as with an empty one, and
# both look the same from outside (E1). Both kinds are given a lifetime by the same command (E2).
_NEVER = 1000 * 365 * _DAY
_MADE_UP_KEPT = 400 * _DAY

# A counter is a sorted set of tokens by their time in milliseconds; the row of failures (0 milliseconds,
# after the account's set) is a plain number that only a success ends. A token that is in already was sent
# twice, because its answer was lost, or names an account once more: it does not count against itself.
#
# ARGV: now, token ("" only looks), then for each key: most (0: binds nobody), milliseconds, the longest
# milliseconds of this counter's life, the tries a set keeps, and 1 if it is the account's. If nothing but the account
# is full, all the rest is counted: a visitor must run into the other limits as with any account (E1, V3). A set is
# kept short by number and not by time: a clock that jumps ahead for a moment must not empty it (F12).
_PASS = trusted("""
local now, token = tonumber(ARGV[1]), ARGV[2]
local fills, full, account_full, again = {}, false, false, false
local function terms(i)
  return tonumber(ARGV[5*i-2]), tonumber(ARGV[5*i-1]), ARGV[5*i], tonumber(ARGV[5*i+1]), ARGV[5*i+2] == '1'
end
for i, key in ipairs(KEYS) do
  local most, ms, _, _, account = terms(i)
  local used, free = 0, 0
  if ms == 0 then
    used = tonumber(redis.call('GET', key) or '0')
    if again then used = used - 1 end
  else
    local after = string.format('(%.0f', now - ms)
    used = redis.call('ZCOUNT', key, after, '+inf')
    local mine = redis.call('ZSCORE', key, token)
    if mine and tonumber(mine) > now - ms then
      used = used - 1
      again = again or account
    end
    if most > 0 and used >= most then
      local oldest = redis.call('ZRANGEBYSCORE', key, after, '+inf', 'WITHSCORES', 'LIMIT', used - most, 1)
      free = tonumber(oldest[2]) + ms
    end
  end
  if most > 0 and used >= most then
    if account then account_full = true else full = true end
  end
  fills[2*i-1] = used
  fills[2*i] = free
end
if token == '' or full then return fills end
for i, key in ipairs(KEYS) do
  local _, ms, longest, kept, account = terms(i)
  if not (account and account_full) then
    if ms > 0 then
      redis.call('ZADD', key, ARGV[1], token)
      redis.call('ZREMRANGEBYRANK', key, 0, -kept - 1)
      redis.call('PEXPIRE', key, longest)
    elseif not again then
      redis.call('INCR', key)
      redis.call('PEXPIRE', key, longest)
    end
  end
end
return fills
""")

# KEYS[1] is the row; ARGV[1] the token. A token that is in no set was taken back before.
_TAKE_BACK = trusted("""
local removed = 0
for i = 2, #KEYS do removed = removed + redis.call('ZREM', KEYS[i], ARGV[1]) end
if removed > 0 then redis.call('DEL', KEYS[1]) end
return removed
""")

# As above, but what else stands in the row goes on standing there.
_UNCOUNT = trusted("""
local removed = 0
for i = 2, #KEYS do removed = removed + redis.call('ZREM', KEYS[i], ARGV[1]) end
if removed > 0 and tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
return removed
""")

_NOT_DONE = trusted("return redis.call('ZREM', KEYS[1], ARGV[1])")

_REOPEN = trusted("return redis.call('DEL', KEYS[1])")


class RedisTries:
    """Implements Tries. Times are the clock's, so that all replicas count by the same one (F12).

    In a store that forgot something nothing is counted: all of it may raise VerificationPaused (F5).
    """

    def __init__(self, trust: Trust, limits: Limits, clock: Clock) -> None:
        self._trust = trust
        self._limits = limits
        self._clock = clock

    async def count(self, attempt: Attempt) -> Counted | Exhausted:
        token = secrets.token_hex(8)
        passed = self._windows(attempt)
        fills = await self._pass(passed, [_key(one) for one in passed], token, _row_kept(attempt.account))
        remain = left(passed, fills)
        full = verdict(passed, fills)
        if full is None:
            return Counted(token, remain)
        return Exhausted(full.whose, full.until, remain if full.whose == "account" else 0)

    async def succeeded(self, attempt: Attempt, token: str) -> None:
        await self._without(_TAKE_BACK, attempt, token)

    async def take_back(self, attempt: Attempt, token: str) -> None:
        await self._without(_UNCOUNT, attempt, token)

    async def paused(self, attempt: Attempt) -> Exhausted | None:
        passed = self._windows(attempt)
        full = verdict(passed, await self._pass(passed, [_key(one) for one in passed], ""))
        return Exhausted(full.whose, full.until) if full else None

    async def start(self, what: str, account: str, owner: bool, limits: Sequence[tuple[int, float]],
                    once: str = "") -> float:
        passed = [Window("requester", (), most, seconds) for most, seconds in limits]
        key = keys.starts(what, account, way(owner))
        token = once or secrets.token_hex(8)
        return _until(verdict(passed, await self._pass(passed, [key] * len(passed), token)))

    async def not_done(self, what: str, account: str, owner: bool, once: str) -> None:
        await self._trust.call(_NOT_DONE, [keys.starts(what, account, way(owner))], [once])

    async def target(self, requester: str, source: str, account: str) -> float:
        named = [("requester", requester), ("source", neighbourhood(source))]
        places = [keys.targets(whose, name) for whose, name in named if name]
        passed = [Window("requester", (), self._limits.requester_targets_24h, _DAY) for _ in places]
        return _until(verdict(passed, await self._pass(passed, places, keys.digest(account))))

    async def budgets(self, account: str, owner: bool) -> Sequence[Budget]:
        """How much one way into an account has used of all its windows; counts nothing."""
        failures = [one for one in self._windows(Attempt("", account, owner, "", "")) if one.whose == "account"]
        counted = [(FAILURES, one, _key(one)) for one in failures] + [
            (what, Window("requester", (), most, seconds), keys.starts(what, account, way(owner)))
            for what, terms in counted_for_account(self._limits) for most, seconds in terms]
        passed = [one for _, one, _ in counted]
        fills = await self._pass(passed, [key for _, _, key in counted], "")
        return [Budget(what, fill.used, one.most, one.seconds, fill.free_at)
                for (what, one, _), fill in zip(counted, fills, strict=True)]

    async def reopen(self, account: str, owner: bool) -> None:
        """End the account's row of failures of one way: for IT only, since no time does (limit 5)."""
        await self._trust.call(_REOPEN, [keys.tries("row", account, way(owner))])

    def _windows(self, attempt: Attempt) -> tuple[Window, ...]:
        return windows(
            self._limits, challenge=attempt.challenge, account=attempt.account, owner=attempt.owner,
            requester=attempt.requester, source=attempt.source)

    async def _without(self, script: Script, attempt: Attempt, token: str) -> None:
        sets = {_key(one) for one in self._windows(attempt) if one.seconds is not None}
        await self._trust.call(
            script, [keys.tries("row", attempt.account, way(attempt.owner)), *sorted(sets)], [token])

    async def _pass(
        self, passed: Sequence[Window], places: Sequence[str], token: str, row_kept: float = _NEVER,
    ) -> list[Fill]:
        longest: dict[str, int] = {}
        kept: dict[str, int] = {}
        for one, key in zip(passed, places, strict=True):
            longest[key] = max(longest.get(key, 0), _ms(row_kept if one.seconds is None else one.seconds))
            kept[key] = max(kept.get(key, 0), one.most)
        words: list[Part] = [_ms(self._clock.now()), token]
        for one, key in zip(passed, places, strict=True):
            most = one.most if one.binds else 0
            words += [most, _ms(one.seconds or 0), longest[key], kept[key], int(one.whose == "account")]
        reply = await self._trust.call(_PASS, places, words)
        return [Fill(used, free / 1000) for used, free in zip(reply[::2], reply[1::2], strict=True)]


def _key(window: Window) -> str:
    whose, *name = window.parts
    return keys.GLOBAL_TRIES if whose == "global" else keys.tries(whose, *name)


def _row_kept(account: str) -> float:
    return _MADE_UP_KEPT if is_made_up(account) else _NEVER


def _until(full: Full | None) -> float:
    return full.until if full else 0


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
