"""Keeps the audit trail in a Redis stream that only grows, and notices when it does not (U3)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from bot import audit
from bot.audit import Broken, Head
from bot.clock import Clock
from bot.errors import StoreUnavailable
from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.sealed import KeyRing

_log = structlog.get_logger(__name__)

_RECORD = "audit record"
_HEAD = "audit head"
_ATTEMPTS = 100
_PAGE = 500

_ONCE_KEPT = 30 * 86400
"""Seconds for which `once` is remembered: a case may be settled again for as long as it is kept (limit 27, a day),
and a pause or an alarm names a quarter of an hour. The rest is for clocks that jump (F12)."""

_INDEXED = 50
"""So many numbers of records are kept about each account: the newest."""
_INDEX_KEPT = 400 * 86400
"""Seconds after its newest record for which such an index is kept: names nobody has get one too (E2)."""

# KEYS: records, head, once, mark, and for an append the index of the record's target. The mark is the head once
# more, away from the trail. Together with the number the stream itself remembers they tell whether the trail was cut
# off, rolled back or taken away as a whole.
_STATE_OF = """
local function hash_of(number)
  local found = redis.call('XRANGE', KEYS[1], number .. '-0', number .. '-0')
  return found[1] and found[1][2][4]
end
local function state_of(known, hash)
  local head = redis.call('HMGET', KEYS[2], 'seq', 'hash', 'mac')
  local mark = redis.call('HMGET', KEYS[4], 'seq', 'hash', 'mac')
  local last = '0-0'
  if redis.call('EXISTS', KEYS[1]) == 1 then
    local info = redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #info, 2 do if info[i] == 'last-generated-id' then last = info[i + 1] end end
  end
  local kept = known == '0' or hash_of(known) == hash
  return {
    head[1] or '', head[2] or '', mark[1] or '', mark[2] or '', last, head[3] or '', mark[3] or '', kept and 1 or 0}
end
"""

# ARGV: number and hash of the last record the caller knows.
_LOOK = Script(_STATE_OF + "return state_of(ARGV[1], ARGV[2])")

# ARGV: as above; the five words of the state that the record follows; the new record's number, hash, MAC as a
# head, and text; the digest of `once` or ''; the time, and the time before which what was once is forgotten: ten at
# a step, more than come, and never so many that anybody waits; 1 if the record is about somebody, how many of theirs
# are listed, and for how many seconds. A record that was sent twice because a reply was lost
# is found by its hash and appended once.
_APPEND = Script(_STATE_OF + """
if ARGV[12] ~= '' and redis.call('ZSCORE', KEYS[3], ARGV[12]) then return {'known'} end
local state = state_of(ARGV[1], ARGV[2])
local same = true
for i = 1, 5 do same = same and state[i] == ARGV[i + 2] end
if not same then return hash_of(ARGV[8]) == ARGV[9] and {'appended'} or state end
redis.call('XADD', KEYS[1], ARGV[8] .. '-0', 'record', ARGV[11], 'hash', ARGV[9])
for _, key in ipairs({KEYS[2], KEYS[4]}) do
  redis.call('HSET', key, 'seq', ARGV[8], 'hash', ARGV[9], 'mac', ARGV[10])
end
if ARGV[12] ~= '' then
  local old = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[14], 'LIMIT', 0, 10)
  if #old > 0 then redis.call('ZREM', KEYS[3], unpack(old)) end
  redis.call('ZADD', KEYS[3], ARGV[13], ARGV[12])
end
if ARGV[15] == '1' then
  redis.call('LPUSH', KEYS[5], ARGV[8])
  redis.call('LTRIM', KEYS[5], 0, ARGV[16] - 1)
  redis.call('EXPIRE', KEYS[5], ARGV[17])
end
return {'appended'}
""")
_KEYS = (keys.AUDIT_RECORDS, keys.AUDIT_HEAD, keys.AUDIT_ONCE, keys.AUDIT_MARK)

_EMPTY = (b"", b"", b"", b"", b"0-0")


@dataclass(frozen=True, slots=True)
class _State:
    """What the store says of the trail: its five words as they are, and what of them is ours."""

    words: tuple[bytes, ...]
    head: Head | None
    mark: Head | None
    last: int
    kept: bool      # the last record this process knows is still there

    @property
    def whole(self) -> bool:
        return self.kept and self.head is not None and self.head == self.mark and self.head.seq == self.last


class RedisAuditTrail:
    """The trail of all replicas, appended to by this one.

    The trail's head carries a MAC, and so does its mark, so that cutting off the last records is
    noticed: by the verifier, by the next append and by a look. What this replica has seen in the
    trail must stay there: if it is gone (a fail-over that lost writes, a wiped or restored store,
    somebody's hand), `lost` is told first, then it is recorded, and the trail never verifies again.
    """

    def __init__(self, store: Store, ring: KeyRing, clock: Clock, replica: str,
                 lost: Callable[[str], Awaitable[None]] | None = None,
                 counted: Callable[[Mapping[str, Any]], None] | None = None) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock
        self._replica = replica
        self._tell_lost = lost
        self._count = counted
        self._known = audit.START       # must be in the trail
        self._after = audit.START       # what the next record follows
        self._words: tuple[bytes, ...] = _EMPTY     # the state in which it does
        self._lost = ""
        self._one_at_a_time = asyncio.Lock()

    @property
    def head(self) -> Head:
        """The newest record this process knows of."""
        return self._known

    def remember(self, head: Head) -> None:
        """Go by what an earlier process knew: that record must be in the trail."""
        if head.seq:
            self._known = head

    async def append(self, entry: Mapping[str, Any], once: str = "") -> None:
        """Append one record (see `audit.entry`); a second one with the same `once` within 30 days is dropped.

        Raises StoreUnavailable: then nothing may be done that needs the record (U1).
        """
        async with self._one_at_a_time:
            await self._appended(entry, once)

    async def look(self) -> None:
        """See how far the trail has come; what is missing is recorded."""
        async with self._one_at_a_time:
            self._see(await self._store.call(_LOOK, _KEYS, [self._known.seq, self._known.hash]))
            await self._record_loss()

    async def export(self) -> AsyncIterator[dict[str, Any]]:
        """All records, oldest first."""
        after = "-"
        while page := await self._store.do("XRANGE", keys.AUDIT_RECORDS, after, "+", "COUNT", _PAGE):
            for number, fields in page:
                yield _record(fields[1], number)
            after = "(" + page[-1][0].decode()

    async def last_about(self, target: str, most: int = 10) -> list[dict[str, Any]]:
        """The newest records about a target, 50 at most, newest first; only those that are ours and whole."""
        numbers = await self._store.do("LRANGE", keys.audit_of(target), 0, most - 1)
        if not numbers:
            return []
        ids = [number.decode() + "-0" for number in numbers]
        pages = await self._store.many([("XRANGE", keys.AUDIT_RECORDS, one, one) for one in ids])
        found = [_record(fields[1], number) for page in pages for number, fields in page]
        return [one for one in found if one.get("target") == target and audit.genuine(one, self._check)]

    async def verify(self) -> Broken | None:
        """The first thing wrong with the trail, or None."""
        state = self._state(await self._store.call(_LOOK, _KEYS, [self._known.seq, self._known.hash]))
        if state.head is None:
            return Broken(0, "the head of the trail was changed, or is not ours")
        if state.mark is None:
            return Broken(0, "the mark of the trail was changed, or is not ours")
        # The stream's own number has no hash: it counts when it is ahead of the others.
        newest = [Head(state.last, "")] if state.last > max(state.head.seq, state.mark.seq) else []
        verification = audit.Verification(state.head, self._check, state.mark, self._known, *newest)
        any_there = False
        async for record in self.export():
            any_there = True
            if broken := verification.look(record):
                return broken
        if any_there and state.head == audit.START:
            return Broken(1, "the head of the trail is missing")
        if state.mark.seq < state.head.seq:
            return Broken(state.mark.seq + 1, "the mark of the trail is missing, or older than its head")
        return verification.end()

    async def _appended(self, entry: Mapping[str, Any], once: str) -> None:
        for _ in range(_ATTEMPTS):
            await self._record_loss()
            if await self._try(entry, once):
                return
        raise StoreUnavailable("audit trail is contended")

    async def _record_loss(self) -> None:
        """Write down what was found missing, in the place after everything that ever was there."""
        for _ in range(_ATTEMPTS):
            if not self._lost:
                return
            if self._tell_lost is not None:
                await self._tell_lost(self._lost)
            _log.error("audit.records_lost", what=self._lost)
            if await self._try(audit.entry(audit.LOST, reason=self._lost), ""):
                self._lost = ""
        if self._lost:
            raise StoreUnavailable("audit trail is contended")

    async def _try(self, entry: Mapping[str, Any], once: str) -> bool:
        """Whether it is in the trail; if not, the trail is not as we thought: what is seen there is noted."""
        now = self._clock.now()
        record = audit.chained(entry, self._after, now, self._replica, self._sign)
        fresh = Head(record["seq"], record["hash"])
        target = record["target"]
        word, *state = await self._store.call(_APPEND, [*_KEYS, keys.audit_of(target)], [
            self._known.seq, self._known.hash, *self._words, fresh.seq, fresh.hash,
            self._ring.mac(_HEAD, fresh.signed_bytes()), audit.line(record), keys.digest(once) if once else "",
            repr(now), repr(now - _ONCE_KEPT), int(target != ""), _INDEXED, _INDEX_KEPT])
        if state:
            self._see([word, *state])
            return False
        if word == b"appended":
            if self._count is not None:
                self._count(entry)
            self._stand_at(fresh, (b"%d" % fresh.seq, fresh.hash.encode()) * 2 + (b"%d-0" % fresh.seq,))
        return True

    def _see(self, reply: Sequence[Any]) -> None:
        """Note how the trail stands, and whether something is missing in it."""
        state = self._state(reply)
        if state.whole and state.head is not None:
            self._stand_at(state.head, state.words)
            return
        ours = [one for one in (state.head, state.mark) if one is not None]
        self._lost = self._lost or (
            f"number {self._known.seq} is gone, the last is {state.head.seq}" if not state.kept and state.head
            else "its head, its mark and its records do not agree")
        newest = max(self._known.seq, state.last, *[one.seq for one in ours])
        # Nothing that is there is certain now, so nothing is expected of it; the numbers go on after the highest.
        self._known = audit.START
        self._after = Head(newest, state.head.hash if state.head else audit.GENESIS)
        self._words = state.words

    def _stand_at(self, head: Head, words: tuple[bytes, ...]) -> None:
        self._known = self._after = head
        self._words = words

    def _state(self, reply: Sequence[Any]) -> _State:
        *words, head_mac, mark_mac, kept = reply
        head_seq, head_hash, mark_seq, mark_hash, last = words
        return _State(
            tuple(words), self._ours(head_seq, head_hash, head_mac), self._ours(mark_seq, mark_hash, mark_mac),
            int(last.partition(b"-")[0]), bool(kept))

    def _ours(self, seq: bytes, digest: bytes, mac: bytes) -> Head | None:
        """The head that is stored, if we made it; a trail that has none is a fresh one."""
        if not seq:
            return audit.START
        try:
            head = Head(int(seq), digest.decode())
        except ValueError:
            return None
        return head if self._ring.verify(_HEAD, head.signed_bytes(), mac) else None

    def _sign(self, data: bytes) -> bytes:
        return self._ring.mac(_RECORD, data)

    def _check(self, data: bytes, mac: bytes) -> bool:
        return self._ring.verify(_RECORD, data, mac)


def _record(text: bytes, number: bytes) -> dict[str, Any]:
    """The stored record; when it is none, something the verifier stumbles over at this place."""
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    return record if isinstance(record, dict) else {"seq": number.decode(), "unreadable": True}
