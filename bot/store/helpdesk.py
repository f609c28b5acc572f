"""Keeps helpdesk cases: sealed, one writer at a time, found by number, by person and by urgency (D1, F9)."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.clock import Clock
from bot.errors import Conflict
from bot.rules.helpdesk import HelpCase
from bot.rules.limits import Limits
from bot.store import keys
from bot.store.connection import Part, Script, Store
from bot.store.protocol import TooMany
from bot.store.sealed import KeyRing

_log = structlog.get_logger(__name__)

_PURPOSE = "help case 1"
_DAY, _HOUR = 86400.0, 3600.0
_FIRST_NUMBER = 1000
_URGENT_FIRST = 1e11
"""More than any time in seconds since 1970: what is not urgent comes after all that is."""
_NO_LIMIT = 10 ** 6
_OPEN_KEPT = 90 * 86400
"""Seconds after its last change for which an unclosed case is kept."""

# KEYS: the counter, the mark of this opening, the open cases, the person's cases, then windows. ARGV: now, the
# mark's id, how many the person may have open, the seconds a mark is kept, and for each window its most and its
# seconds. An opening that was begun before gets its number again. Answers {1, number} or {0, which, until}.
_RESERVE = Script("""
local known = redis.call('GET', KEYS[2])
if known then return {1, known} end
local now, open = tonumber(ARGV[1]), 0
for _, number in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
  if redis.call('ZSCORE', KEYS[3], number) then open = open + 1 end
end
if open >= tonumber(ARGV[3]) then return {0, 0, '0'} end
for at = 5, #KEYS do
  local most, seconds = tonumber(ARGV[at * 2 - 5]), tonumber(ARGV[at * 2 - 4])
  redis.call('ZREMRANGEBYSCORE', KEYS[at], '-inf', now - seconds)
  if redis.call('ZCARD', KEYS[at]) >= most then
    local first = redis.call('ZRANGE', KEYS[at], -most, -most, 'WITHSCORES')
    return {0, at - 4, string.format('%.3f', tonumber(first[2]) + seconds)}
  end
end
for at = 5, #KEYS do
  redis.call('ZADD', KEYS[at], ARGV[1], ARGV[2])
  redis.call('EXPIRE', KEYS[at], math.ceil(tonumber(ARGV[at * 2 - 4])))
end
local number = tostring(redis.call('INCR', KEYS[1]))
redis.call('SET', KEYS[2], number, 'EX', ARGV[4])
return {1, number}
""")

# KEYS: the case, the open cases, the person's cases, and the effect if the change has a key. ARGV: the rev that must
# be stored (0: none), the new rev, the id of this write, the sealed case, its seconds, its number, its place among the
# open ones ('': closed), when it was opened, then for an effect what is kept of it and its seconds. The same write
# twice is one write; a change that was made, or given up, is not made again.
_WRITE = Script("""
local rev, by = unpack(redis.call('HMGET', KEYS[1], 'rev', 'by'))
if KEYS[4] and by ~= ARGV[3] and redis.call('EXISTS', KEYS[4]) == 1 then return 0 end
if not (rev == ARGV[2] and by == ARGV[3]) and (rev or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'rev', ARGV[2], 'by', ARGV[3], 'sealed', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
if ARGV[7] == '' then
  redis.call('ZREM', KEYS[2], ARGV[6])
else
  redis.call('ZADD', KEYS[2], ARGV[7], ARGV[6])
end
redis.call('ZADD', KEYS[3], ARGV[8], ARGV[6])
if redis.call('TTL', KEYS[3]) < tonumber(ARGV[5]) then redis.call('EXPIRE', KEYS[3], ARGV[5]) end
if KEYS[4] then redis.call('SET', KEYS[4], ARGV[9], 'EX', ARGV[10]) end
return 1
""")

# KEYS: the effect. ARGV: seconds. Asking for a change that has not happened closes its key.
_OUTCOME = Script("""
redis.call('SET', KEYS[1], '-1', 'NX', 'EX', ARGV[1])
return redis.call('GET', KEYS[1])
""")
_EFFECT_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class _Window:
    whose: str
    name: str
    most: int
    seconds: float


class SealedHelpCases:
    """Implements protocol.HelpCases."""

    def __init__(self, store: Store, ring: KeyRing, limits: Limits, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._limits = limits
        self._clock = clock

    async def reserve(self, person: str, source: str, once: str, *, limited: bool) -> str | TooMany:
        windows = self._windows(person, source) if limited else []
        places = [keys.HELP_NUMBER, keys.help_once(once), keys.HELP_OPEN, keys.help_of(person),
                  *(keys.help_window(one.whose, one.name) for one in windows)]
        words: list[Part] = [
            repr(self._clock.now()), keys.digest(once), self._limits.help_cases_open if limited else _NO_LIMIT,
            int(_DAY), *(part for one in windows for part in (one.most, one.seconds))]
        well, found, *until = await self._store.call(_RESERVE, places, words)
        if well:
            return f"K-{_FIRST_NUMBER + int(found)}"
        return TooMany(["open", *(one.whose for one in windows)][int(found)], float(until[0]))

    def _windows(self, person: str, source: str) -> list[_Window]:
        limits = self._limits
        windows = [_Window("requester", person, limits.help_cases_24h, _DAY)]
        if source:
            windows += [_Window("source", source, limits.help_cases_source_24h, _DAY),
                        _Window("visitors", "", limits.help_cases_visitors_1h, _HOUR)]
        return windows

    async def read(self, number: str) -> HelpCase | None:
        return self._opened(number, *await self._store.do("HMGET", keys.help_case(number), "rev", "sealed"))

    async def save(self, case: HelpCase, key: str = "") -> HelpCase:
        written = replace(case, rev=case.rev + 1)
        place = "" if case.closed else repr(case.opened_at + (0 if case.urgent else _URGENT_FIRST))
        words: list[Part] = [
            case.rev, written.rev, secrets.token_hex(8),
            self._ring.seal(_PURPOSE, case.number, json.dumps(written.to_json()).encode()),
            self._limits.help_case_kept_seconds if case.closed else _OPEN_KEPT,
            case.number, place, repr(case.opened_at)]
        places = [keys.help_case(case.number), keys.HELP_OPEN, keys.help_of(case.person)]
        if key:
            places.append(keys.help_effect(key))
            words += [len(case.thread), _EFFECT_SECONDS]
        if not await self._store.call(_WRITE, places, words):
            raise Conflict("help case")
        return written

    async def said(self, key: str) -> int | None:
        found = await self._store.do("GET", keys.help_effect(key))
        return None if found is None else int(found)

    async def outcome(self, key: str) -> int:
        return int(await self._store.call(_OUTCOME, [keys.help_effect(key)], [_EFFECT_SECONDS]))

    async def open_ones(self, most: int) -> Sequence[HelpCase]:
        return await self._all(keys.HELP_OPEN, "ZRANGE", 0, most - 1)

    async def of(self, person: str) -> Sequence[HelpCase]:
        return await self._all(keys.help_of(person), "ZREVRANGE", 0, 19)

    async def _all(self, index: str, command: str, first: int, last: int) -> Sequence[HelpCase]:
        numbers = [one.decode() for one in await self._store.do(command, index, first, last)]
        if not numbers:
            return []
        records = await self._store.many([("HMGET", keys.help_case(one), "rev", "sealed") for one in numbers])
        cases = {one: self._opened(one, *record) for one, record in zip(numbers, records, strict=True)}
        if gone := [one for one, record in zip(numbers, records, strict=True) if record[0] is None]:
            await self._store.do("ZREM", index, *gone)
        return [case for case in cases.values() if case is not None]

    def _opened(self, number: str, rev: bytes | None, sealed: bytes | None) -> HelpCase | None:
        """None as well for what was altered, swapped or is of an unknown shape."""
        if rev is None or sealed is None:
            return None
        plain = self._ring.open(_PURPOSE, number, sealed)
        try:
            case = HelpCase.from_json(json.loads(plain)) if plain is not None else None
        except (TypeError, KeyError, ValueError):
            case = None
        if case is None or case.number != number or str(case.rev).encode() != rev:
            _log.error("help_case.rejected", number=number)
            return None
        return case
