"""Keeps what accounts have registered, sealed and bound to the owner, and what of it was spent (D1, V7, A5)."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.errors import Conflict
from bot.rules.registered import NOTHING, Enrolment, Method, RecoverySet
from bot.secret import Secret
from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.sealed import KeyRing

_log = structlog.get_logger(__name__)

_PURPOSE = "enrolment 2"
_EFFECT_SECONDS = 7 * 24 * 3600     # longer than the case it belongs to can live (limit 27)

# KEYS: the last accepted step, which never expires. ARGV: the step, and who spends it: the same spender
# asking twice (its answer was lost) has it still.
_SPEND = Script("""
local mine = ARGV[1] .. ':' .. ARGV[2]
local last = redis.call('GET', KEYS[1])
if last == mine then return 1 end
if last and tonumber(string.match(last, '^%d+')) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], mine)
return 1
""")

# KEYS: the spent codes of a set. ARGV: the code's hash, and who spends it.
_SPEND_CODE = Script("""
local spent = redis.call('HGET', KEYS[1], ARGV[1])
if spent then return spent == ARGV[2] and 1 or 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
""")

# KEYS: the record, the effect. ARGV: the rev that must be stored (0: none), the new rev, the sealed record,
# '1' if the effect is to be marked, its seconds. Answers -1 for a rev that is not the stored one.
_CHANGE = Script("""
if ARGV[4] == '1' then
  local effect = redis.call('GET', KEYS[2])
  if effect then return tonumber(effect) end
end
if (redis.call('HGET', KEYS[1], 'rev') or '0') ~= ARGV[1] then return -1 end
redis.call('HSET', KEYS[1], 'rev', ARGV[2], 'sealed', ARGV[3])
if ARGV[4] == '1' then redis.call('SET', KEYS[2], '1', 'EX', ARGV[5]) end
return 1
""")

# KEYS: the effect. ARGV: seconds. Asking for a change that has not happened closes its key (F3).
_SETTLE = Script("""
redis.call('SET', KEYS[1], '0', 'NX', 'EX', ARGV[1])
return tonumber(redis.call('GET', KEYS[1]))
""")


class SealedEnrolments:
    """Implements Enrolments; records do not expire. A tampered record reads as nothing registered at all."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring

    async def read(self, account_id: str) -> Enrolment:
        rev, sealed = await self._store.do("HMGET", keys.enrolment(account_id), "rev", "sealed")
        if sealed is None:
            return NOTHING
        plain = self._ring.open(_PURPOSE, account_id, sealed)
        try:
            found = _from_json(json.loads(plain)) if plain is not None else None
        except (KeyError, TypeError, ValueError):
            found = None
        if found is None or str(found.rev).encode() != rev:
            _log.error("enrolment.rejected", account=account_id)
            # With the stored rev it can be registered anew, and nothing that was in it counts (D1).
            return replace(NOTHING, rev=int(rev or 0))
        return found

    async def change(self, account_id: str, enrolment: Enrolment, key: str = "") -> bool:
        written = replace(enrolment, rev=enrolment.rev + 1)
        sealed = self._ring.seal(_PURPOSE, account_id, json.dumps(_to_json(written)).encode())
        answer = await self._store.call(
            _CHANGE, [keys.enrolment(account_id), keys.enrolment_effect(account_id, key)],
            [enrolment.rev, written.rev, sealed, int(bool(key)), _EFFECT_SECONDS])
        if answer == -1:
            raise Conflict("enrolment")
        return bool(answer)

    async def outcome(self, account_id: str, key: str) -> bool:
        return bool(await self._store.call(_SETTLE, [keys.enrolment_effect(account_id, key)], [_EFFECT_SECONDS]))

    async def spend_step(self, method_id: str, step: int) -> bool:
        return bool(await self._store.call(_SPEND, [keys.totp_step(method_id)], [step, secrets.token_hex(8)]))

    async def spend_code(self, set_id: str, code_hash: str) -> bool:
        return bool(await self._store.call(
            _SPEND_CODE, [keys.recovery_spent(set_id)], [code_hash, secrets.token_hex(8)]))

    async def spent_codes(self, set_id: str) -> frozenset[str]:
        return frozenset(one.decode() for one in await self._store.do("HKEYS", keys.recovery_spent(set_id)))

    async def note_use(self, account_id: str, method_id: str, at: float) -> None:
        await self._store.do("HSET", keys.last_used(account_id), method_id, repr(at))

    async def last_used(self, account_id: str) -> Mapping[str, float]:
        flat = await self._store.do("HGETALL", keys.last_used(account_id))
        return {name.decode(): float(at) for name, at in zip(flat[::2], flat[1::2], strict=True)}


def _to_json(enrolment: Enrolment) -> dict[str, Any]:
    recovery = enrolment.recovery
    return {
        "methods": [
            {"id": one.id, "kind": one.kind, "label": one.label, "since": one.since, "backed": one.backed,
             "seed": one.seed.reveal() if one.seed else None, "address": one.address}
            for one in enrolment.methods],
        "recovery": recovery and {
            "id": recovery.id, "since": recovery.since, "backed": recovery.backed, "salt": recovery.salt,
            "hashes": list(recovery.hashes)},
        "confirmed_at": enrolment.confirmed_at, "rev": enrolment.rev}


def _from_json(found: Mapping[str, Any]) -> Enrolment:
    recovery = found["recovery"]
    return Enrolment(
        tuple(Method(**{**one, "seed": Secret(one["seed"]) if one["seed"] else None}) for one in found["methods"]),
        RecoverySet(**{**recovery, "hashes": tuple(recovery["hashes"])}) if recovery else None,
        found["confirmed_at"], found["rev"])
