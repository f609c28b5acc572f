"""Keeps the audit trail in a Redis stream that only grows, and notices when it does not (U3)."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
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

# KEYS: records, head, once. ARGV: seq and hash of the last record the caller knows; the new record's hash,
# the new head's MAC, the new record, the digest of `once` or '', the time, and the time before which what was
# once is forgotten: ten at a step, more than come, and never so many that anybody waits. A record that was sent
# twice because a reply was lost is found by its hash and appended once.
_APPEND = Script("""
if ARGV[6] ~= '' and redis.call('ZSCORE', KEYS[3], ARGV[6]) then return {'known'} end
local head = redis.call('HMGET', KEYS[2], 'seq', 'hash', 'mac')
local seq, known = tonumber(head[1] or '0'), tonumber(ARGV[1])
local function hash_of(number)
  local found = redis.call('XRANGE', KEYS[1], number .. '-0', number .. '-0')
  return found[1] and found[1][2][4]
end
if seq == known and (seq == 0 or head[2] == ARGV[2]) then
  local id = string.format('%d-0', known + 1)
  redis.call('XADD', KEYS[1], id, 'record', ARGV[5], 'hash', ARGV[3])
  redis.call('HSET', KEYS[2], 'seq', string.format('%d', known + 1), 'hash', ARGV[3], 'mac', ARGV[4])
  if ARGV[6] ~= '' then
    local old = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[8], 'LIMIT', 0, 10)
    if #old > 0 then redis.call('ZREM', KEYS[3], unpack(old)) end
    redis.call('ZADD', KEYS[3], ARGV[7], ARGV[6])
  end
  return {'appended'}
end
if hash_of(string.format('%d', known + 1)) == ARGV[3] then return {'appended'} end
local kept = known == 0 or hash_of(ARGV[1]) == ARGV[2]
return {kept and 'behind' or 'lost', head[1] or '', head[2] or '', head[3] or ''}
""")


class RedisAuditTrail:
    """The trail of all replicas, appended to by this one.

    The trail's head carries a MAC, so that cutting off the last records is noticed: by the
    verifier, and by the next append, which never builds on a head that is not ours. What this
    replica has seen in the trail must stay there: if it is gone (a fail-over that lost writes,
    a wiped or restored store), that is recorded before anything else.
    """

    def __init__(self, store: Store, ring: KeyRing, clock: Clock, replica: str) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock
        self._replica = replica
        self._known = audit.START
        self._one_at_a_time = asyncio.Lock()

    async def append(self, entry: Mapping[str, Any], once: str = "") -> None:
        """Append one record (see `audit.entry`); a second one with the same `once` within 30 days is dropped.

        Raises StoreUnavailable: then nothing may be done that needs the record (U1).
        """
        async with self._one_at_a_time:
            for _ in range(_ATTEMPTS):
                lost = await self._try(entry, once)
                if lost is None:
                    return
                if lost:
                    await self._record_loss(lost)
        raise StoreUnavailable("audit trail is contended")

    async def export(self) -> AsyncIterator[dict[str, Any]]:
        """All records, oldest first."""
        after = "-"
        while page := await self._store.do("XRANGE", keys.AUDIT_RECORDS, after, "+", "COUNT", _PAGE):
            for number, fields in page:
                yield _record(fields[1], number)
            after = "(" + page[-1][0].decode()

    async def verify(self) -> Broken | None:
        """The first thing wrong with the trail, or None."""
        seq, digest, mac = await self._store.do("HMGET", keys.AUDIT_HEAD, "seq", "hash", "mac")
        head = self._ours(seq or b"", digest or b"", mac or b"")
        if head is None:
            return Broken(0, "the head of the trail was changed, or is not ours")
        verification = audit.Verification(head, self._check)
        any_there = False
        async for record in self.export():
            any_there = True
            if broken := verification.look(record):
                return broken
        if any_there and head == audit.START and not await self._store.do("HGET", keys.AUDIT_HEAD, "seq"):
            return Broken(1, "the head of the trail is missing")
        return verification.end()

    async def _try(self, entry: Mapping[str, Any], once: str) -> str | None:
        """None when it is in the trail; "" when the trail has grown meanwhile; else what was lost."""
        now = self._clock.now()
        record = audit.chained(entry, self._known, now, self._replica, self._sign)
        fresh = Head(record["seq"], record["hash"])
        word, *head = await self._store.call(
            _APPEND, [keys.AUDIT_RECORDS, keys.AUDIT_HEAD, keys.AUDIT_ONCE],
            [self._known.seq, self._known.hash, fresh.hash, self._ring.mac(_HEAD, fresh.signed_bytes()),
             audit.line(record), keys.digest(once) if once else "", repr(now), repr(now - _ONCE_KEPT)])
        if word == b"known":
            return None
        if word == b"appended":
            self._known = fresh
            return None
        seen, found = self._known, self._ours(*head)
        if found is None:
            _log.error("audit.head_not_ours")
            raise StoreUnavailable("the head of the audit trail is not ours")
        self._known = found
        return f"number {seen.seq} is gone, the last is {found.seq}" if word == b"lost" else ""

    async def _record_loss(self, lost: str) -> None:
        _log.error("audit.records_lost", what=lost)
        said = audit.entry(audit.LOST, reason=lost)
        for _ in range(_ATTEMPTS):
            if await self._try(said, "") is None:
                return
        raise StoreUnavailable("audit trail is contended")

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
