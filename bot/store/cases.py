"""Keeps requests: sealed, with one writer at a time and one living ticket (D1, P1, F9)."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import structlog

from bot.clock import Clock
from bot.errors import Conflict
from bot.rules.case import CLOSED, Case
from bot.rules.limits import Limits
from bot.store import keys
from bot.store.connection import Part, Script, Store
from bot.store.protocol import Ticketed
from bot.store.sealed import KeyRing

_log = structlog.get_logger(__name__)

_CASE = "case 2"
_TICKET = "ticket 2"
# A double submit that comes after the ticket's end must still find its first result (P2).
_AFTERLIFE = 900.0

# KEYS: the case, the account's unfinished cases, a ticket if there is a new one. ARGV: the rev that must be
# stored (0: none), the new rev, the id of this write, the sealed case, its milliseconds, the case's id, 1 if
# it is unfinished, and for a ticket its sealed record and milliseconds. The same write twice is one write.
_WRITE = Script("""
local rev, by = unpack(redis.call('HMGET', KEYS[1], 'rev', 'by'))
if not (rev == ARGV[2] and by == ARGV[3]) and (rev or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'rev', ARGV[2], 'by', ARGV[3], 'sealed', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
if ARGV[7] == '1' then
  redis.call('SADD', KEYS[2], ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
else
  redis.call('SREM', KEYS[2], ARGV[6])
end
if KEYS[3] then redis.call('SET', KEYS[3], ARGV[8], 'PX', ARGV[9]) end
return 1
""")


class SealedCases:
    """Implements Cases. A record that was altered, swapped or is of an unknown shape is no case at all."""

    def __init__(self, store: Store, ring: KeyRing, limits: Limits, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._kept_ms = round(limits.abandoned_seconds * 1000)
        self._clock = clock

    async def open(self, case: Case) -> Case:
        return await self._write(case)

    async def read(self, case_id: str) -> Case | None:
        rev, sealed = await self._store.do("HMGET", keys.case(case_id), "rev", "sealed")
        return self._opened(case_id, rev, sealed)

    async def save(self, case: Case) -> Case:
        return await self._write(case)

    async def issue_ticket(self, case: Case, purpose: str, seconds: float) -> tuple[str, Case]:
        ticket = secrets.token_urlsafe(32)
        mark = _hash(ticket)
        record = json.dumps(
            {"case": case.id, "purpose": purpose, "ends": self._clock.now() + seconds}).encode()
        sealed = self._ring.seal(_TICKET, mark, record)
        lasts = round((seconds + _AFTERLIFE) * 1000)
        return ticket, await self._write(replace(case, ticket=mark), mark, sealed, lasts)

    async def by_ticket(self, ticket: str) -> Ticketed | None:
        mark = _hash(ticket)
        sealed = await self._store.do("GET", keys.ticket(mark))
        record = self._ring.open(_TICKET, mark, sealed) if sealed else None
        if record is None:
            return None
        found = json.loads(record)
        case = await self.read(found["case"])
        return Ticketed(case, found["purpose"], found["ends"]) if case and case.ticket == mark else None

    async def forget(self, case: Case) -> None:
        await self._store.many([
            ("DEL", keys.case(case.id)), ("SREM", keys.cases_of(case.account), case.id),
            ("DEL", keys.ticket(case.ticket))])

    async def others_of(self, account_id: str, but: str) -> Sequence[Case]:
        index = keys.cases_of(account_id)
        ids = sorted(one.decode() for one in await self._store.do("SMEMBERS", index))
        if not ids:
            return []
        records = await self._store.many([("HMGET", keys.case(one), "rev", "sealed") for one in ids])
        cases = {one: self._opened(one, *record) for one, record in zip(ids, records, strict=True)}
        if gone := [one for one, case in cases.items() if case is None]:
            await self._store.do("SREM", index, *gone)
        live = [case for case in cases.values() if case is not None and case.state not in CLOSED]
        return [case for case in live if case.account == account_id and case.id != but]

    async def _write(self, case: Case, mark: str = "", ticket: bytes = b"", ticket_ms: int = 0) -> Case:
        written = replace(case, rev=case.rev + 1)
        places = [keys.case(case.id), keys.cases_of(case.account)]
        words: list[Part] = [
            case.rev, written.rev, secrets.token_hex(8),
            self._ring.seal(_CASE, case.id, json.dumps(written.to_json()).encode()),
            self._kept_ms, case.id, int(case.state not in CLOSED)]
        if mark:
            places.append(keys.ticket(mark))
            words += [ticket, ticket_ms]
        if not await self._store.call(_WRITE, places, words):
            raise Conflict("case")
        return written

    def _opened(self, case_id: str, rev: bytes | None, sealed: bytes | None) -> Case | None:
        if rev is None or sealed is None:
            return None
        plain = self._ring.open(_CASE, case_id, sealed)
        try:
            case = Case.from_json(json.loads(plain)) if plain is not None else None
        except (TypeError, KeyError, ValueError):
            case = None
        if case is None or case.id != case_id or str(case.rev).encode() != rev:
            _log.error("case.rejected", case=case_id)
            return None
        return case


def _hash(ticket: str) -> str:
    return sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()
