"""Keeps what accounts have registered, sealed and bound to the owner, and spent time steps (D1, V7)."""

import json
import secrets

import structlog

from bot.secret import Secret
from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.protocol import Enrolment
from bot.store.sealed import KeyRing

_log = structlog.get_logger(__name__)

_PURPOSE = "enrolment 1"

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


class SealedEnrolments:
    """Implements Enrolments; nothing here expires. A tampered record reads as no enrolment at all."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring

    async def read(self, account_id: str) -> Enrolment | None:
        sealed = await self._store.do("GET", keys.enrolment(account_id))
        if sealed is None:
            return None
        plain = self._ring.open(_PURPOSE, account_id, sealed)
        if plain is None:
            _log.error("enrolment.rejected", account=account_id)
            return None
        found = json.loads(plain)
        seed = found["seed"]
        return Enrolment(Secret(seed) if seed else None, found["totp_id"], found["mail"], found["since"])

    async def write(self, account_id: str, enrolment: Enrolment) -> None:
        seed = enrolment.totp_seed.reveal() if enrolment.totp_seed else None
        found = {"seed": seed, "totp_id": enrolment.totp_id, "mail": enrolment.mail, "since": enrolment.since}
        sealed = self._ring.seal(_PURPOSE, account_id, json.dumps(found).encode())
        await self._store.do("SET", keys.enrolment(account_id), sealed)

    async def spend_step(self, totp_id: str, step: int) -> bool:
        return bool(await self._store.call(_SPEND, [keys.totp_step(totp_id)], [step, secrets.token_hex(8)]))
