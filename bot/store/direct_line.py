"""Web chats as Direct Line keeps them: whose each is, and what was said, so that no restart loses it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.sealed import KeyRing

_log = structlog.get_logger(__name__)

_SCHEMA = 1
_WHOSE = "direct line conversation"
_SAID = "direct line activity"
_GONE, _STALE, _ADDED, _KNOWN, _FULL = -1, 0, 1, 2, 3
_WAKES_KEPT = 1000

# One hash a conversation: `m` whose it is, `n` the number of the last entry, `1`, `2` ... the entries,
# and `c:<digest>` the entry that came under a client's own id. An entry is sealed together with its
# number, so the caller guesses the number and is told the right one when it was wrong.
_OPEN = Script("""
local made = redis.call('HSETNX', KEYS[1], 'm', ARGV[1])
if made == 1 then redis.call('HSET', KEYS[1], 'n', 0) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {made, redis.call('HGET', KEYS[1], 'm')}
""")
_APPEND = Script("""
local last = redis.call('HGET', KEYS[1], 'n')
if not last then return {-1, 0} end
local number = tonumber(ARGV[1])
-- The command may come twice, when its first reply was lost.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return {1, number} end
if ARGV[4] ~= '' then
  local known = redis.call('HGET', KEYS[1], 'c:' .. ARGV[4])
  if known then return {2, tonumber(known)} end
end
if tonumber(last) >= tonumber(ARGV[5]) then return {3, tonumber(last)} end
if tonumber(last) + 1 ~= number then return {0, tonumber(last)} end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], 'n', ARGV[1])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'c:' .. ARGV[4], ARGV[1]) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {1, number}
""")
_READ = Script("""
local last = redis.call('HGET', KEYS[1], 'n')
if not last then return {-1} end
redis.call('EXPIRE', KEYS[1], ARGV[3])
local from = math.min(tonumber(ARGV[1]), tonumber(last))
local to = math.min(tonumber(last), from + tonumber(ARGV[2]))
local found = {tonumber(last), from}
for number = from + 1, to do
  found[#found + 1] = redis.call('HGET', KEYS[1], tostring(number)) or ''
end
return found
""")
_REPLACE = Script("""
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
""")
# Whose it is, and how far it has come, is kept: the conversation goes on.
_CLEAR = Script("""
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  if name ~= 'm' and name ~= 'n' then redis.call('HDEL', KEYS[1], name) end
end
return 1
""")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a conversation belongs to, and the language it was opened in."""

    user: str
    locale: str


@dataclass(frozen=True, slots=True)
class Added:
    """An activity is in the log; `again` when the client had sent it before, under the same id of its own."""

    number: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Entries:
    """Numbered activities after a watermark, and the watermark to go on from. `more` wait beyond it."""

    activities: Sequence[tuple[int, Mapping[str, Any]]]
    watermark: int
    more: bool


@dataclass(frozen=True, slots=True)
class Full:
    """The conversation has said all that one is let say."""


class ConversationLogs:
    """Sealed (D1), gone `seconds` after their last use (limit 27). Raises StoreUnavailable."""

    def __init__(self, store: Store, ring: KeyRing, seconds: int, *, longest: int = 2000) -> None:
        self._store = store
        self._ring = ring
        self._seconds = seconds
        self._longest = longest
        self._last: dict[str, int] = {}

    async def open(self, conversation: str, owner: Owner) -> tuple[Owner, bool] | None:
        """Begin a conversation, or find it begun: whose it is, and whether it is new. None: unreadable."""
        whose = self._sealed(_WHOSE, conversation, {"v": _SCHEMA, "user": owner.user, "locale": owner.locale})
        made, stored = await self._store.call(_OPEN, [keys.direct_line(conversation)], [whose, self._seconds])
        found = self._owner(conversation, stored)
        return None if found is None else (found, made == 1)

    async def owner(self, conversation: str) -> Owner | None:
        """Whose it is; None when there is no such conversation (any more)."""
        stored = await self._store.do("HGET", keys.direct_line(conversation), "m")
        return None if stored is None else self._owner(conversation, stored)

    async def append(
            self, conversation: str, activity: Mapping[str, Any], client_id: str = "") -> Added | Full | None:
        """Add to the log, once for each `client_id`; None when the conversation has ended."""
        number = self._last.get(conversation, 0) + 1
        while True:
            sealed = self._sealed(_SAID, f"{conversation} {number}", activity)
            verdict, stored = await self._store.call(
                _APPEND, [keys.direct_line(conversation)],
                [number, sealed, self._seconds, keys.digest(client_id) if client_id else "", self._longest])
            if verdict == _STALE:
                number = stored + 1
                continue
            if verdict == _FULL:
                return Full()
            if verdict == _GONE:
                return None
            if verdict == _ADDED:
                self._remember(conversation, stored)
            return Added(stored, again=verdict == _KNOWN)

    async def read(self, conversation: str, watermark: int, most: int = 100) -> Entries | None:
        """What was said after `watermark`; None when the conversation has ended."""
        last, *rest = await self._store.call(
            _READ, [keys.direct_line(conversation)], [watermark, most, self._seconds])
        if last == _GONE:
            return None
        self._remember(conversation, last)
        first, *blobs = rest
        read = [(first + at, self._opened(_SAID, f"{conversation} {first + at}", blob))
                for at, blob in enumerate(blobs, 1) if blob]     # what was cleared is not there
        reached = first + len(blobs)
        return Entries([(number, one) for number, one in read if one is not None], reached, reached < last)

    async def entry(self, conversation: str, number: int) -> dict[str, Any] | None:
        """One activity of the log."""
        blob = await self._store.do("HGET", keys.direct_line(conversation), number)
        return None if blob is None else self._opened(_SAID, f"{conversation} {number}", blob)

    async def last(self, conversation: str) -> tuple[int, dict[str, Any] | None] | None:
        """The newest entry and its number, which is 0 for an empty log; None when the conversation has ended."""
        number = await self._store.do("HGET", keys.direct_line(conversation), "n")
        return None if number is None else (int(number), await self.entry(conversation, int(number)))

    async def replace(self, conversation: str, number: int, activity: Mapping[str, Any]) -> bool:
        """Put another activity in the place of one; False when there is none."""
        sealed = self._sealed(_SAID, f"{conversation} {number}", activity)
        return bool(await self._store.call(_REPLACE, [keys.direct_line(conversation)], [number, sealed]))

    async def clear(self, conversation: str) -> None:
        """Forget all that was said so far; the conversation goes on."""
        await self._store.call(_CLEAR, [keys.direct_line(conversation)])

    async def end(self, conversation: str) -> None:
        """Forget the conversation and all that was said."""
        self._last.pop(conversation, None)
        await self._store.do("DEL", keys.direct_line(conversation))

    def _remember(self, conversation: str, number: int) -> None:
        # Only a guess for the next append: it may be forgotten, or out of date, at any time.
        if len(self._last) > 20_000:
            self._last.clear()
        self._last[conversation] = number

    def _owner(self, conversation: str, stored: bytes) -> Owner | None:
        found = self._opened(_WHOSE, conversation, stored)
        if found is None or found.get("v") != _SCHEMA:
            return None
        return Owner(str(found["user"]), str(found["locale"]))

    def _sealed(self, purpose: str, owner: str, value: Mapping[str, Any]) -> bytes:
        return self._ring.seal(purpose, owner, json.dumps(value, separators=(",", ":")).encode())

    def _opened(self, purpose: str, owner: str, blob: bytes) -> dict[str, Any] | None:
        data = self._ring.open(purpose, owner, blob)
        if data is None:
            _log.warning("direct_line.unreadable", purpose=purpose)
            return None
        value = json.loads(data)
        return value if isinstance(value, dict) else None


class Wakes:
    """Tells the other processes which conversations have something new, by one stream for all of them."""

    def __init__(self, store: Store, origin: str) -> None:
        self._store = store
        self._origin = origin.encode()
        self._seen = b"$"

    async def tell(self, conversations: Sequence[str]) -> None:
        await self._store.do(
            "XADD", keys.DIRECT_LINE_WAKES, "MAXLEN", "~", _WAKES_KEPT, "*",
            "o", self._origin, "c", " ".join(conversations))

    async def listen(self, milliseconds: int = 1000) -> Sequence[str]:
        """Conversations that others told of since the last call, waiting a while for the first of them."""
        if self._seen == b"$":  # a position of our own, or what is told between two calls would be missed
            newest = await self._store.do("XREVRANGE", keys.DIRECT_LINE_WAKES, "+", "-", "COUNT", 1)
            self._seen = newest[0][0] if newest else b"0"
        found = await self._store.wait(
            "XREAD", "COUNT", 500, "BLOCK", milliseconds, "STREAMS", keys.DIRECT_LINE_WAKES, self._seen)
        told: list[str] = []
        for _, entries in found or ():
            for entry, fields in entries:
                self._seen = entry
                named = dict(zip(fields[::2], fields[1::2], strict=True))
                if named.get(b"o") != self._origin:
                    told += named.get(b"c", b"").decode().split()
        return told
