"""Keeps the one-time code that IT gave a person for registering: a keyed hash, the newest only, good once (A2, O7)."""

import json
import secrets
from dataclasses import asdict, dataclass

from bot.clock import Clock
from bot.rules.codes import RECOVERY_ALPHABET, RECOVERY_CHARACTERS
from bot.secret import Secret
from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.protocol import PendingCode
from bot.store.sealed import KeyRing
from bot.store.trust import Trust, trusted

_PURPOSE = "one-time code 1"
_GROUP = 4

# KEYS: the account's code. ARGV: the record, its milliseconds. In the count of what a store must remember: one
# that forgot it would have the code before it back.
_ISSUE = trusted("""
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
""")

# KEYS: the account's code. ARGV: the record that was looked at, and who spends it. Only this very record is spent,
# so that a code issued meanwhile is left alone; a spender asking twice (its answer was lost) has it still.
_SPEND = trusted("""
local stored = redis.call('GET', KEYS[1])
if stored == ARGV[2] then return 1 end
if stored ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
""")

# KEYS: the account's code. ARGV: the record that was looked at.
_KILL = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
""")


class HashedOneTimeCodes:
    """Implements OneTimeCodes. What is stored is useless as input (A5).

    All but `pending` and `kill` may raise VerificationPaused: a store that forgot something might have a spent
    code back (F5).
    """

    def __init__(self, store: Store, trust: Trust, ring: KeyRing, clock: Clock) -> None:
        self._store = store
        self._trust = trust
        self._ring = ring
        self._clock = clock

    async def issue(self, account_id: str, by: str, seconds: float, wish: str = "") -> Secret:
        code = "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_CHARACTERS))
        now = self._clock.now()
        ends = round((now + seconds) * 1000)
        record = _Record(by, now, ends, self._ring.mac(_PURPOSE, _bound(account_id, ends, code)).hex(), wish)
        await self._trust.call(
            _ISSUE, [keys.one_time_code(account_id)], [json.dumps(asdict(record)), round(seconds * 1000)])
        return Secret("-".join(code[at:at + _GROUP] for at in range(0, RECOVERY_CHARACTERS, _GROUP)))

    async def spend(self, account_id: str, code: str) -> bool:
        stored: bytes | None = await self._store.do("GET", keys.one_time_code(account_id))
        found = self._alive(stored)
        if found is None or not self._ring.verify(
                _PURPOSE, _bound(account_id, found.ends, code), bytes.fromhex(found.mac)):
            return False
        assert stored is not None
        spender = json.dumps({"spent": secrets.token_hex(16)})
        return bool(await self._trust.call(_SPEND, [keys.one_time_code(account_id)], [stored, spender]))

    async def pending(self, account_id: str) -> PendingCode | None:
        found = self._alive(await self._store.do("GET", keys.one_time_code(account_id)))
        return PendingCode(found.by, found.since, found.ends / 1000, found.wish) if found else None

    async def kill(self, account_id: str, wish: str) -> bool:
        stored: bytes | None = await self._store.do("GET", keys.one_time_code(account_id))
        found = self._alive(stored)
        if stored is None or found is None or found.wish != wish:
            return False
        return bool(await self._store.call(_KILL, [keys.one_time_code(account_id)], [stored]))

    def _alive(self, stored: bytes | None) -> "_Record | None":
        """The record, if its time has not run out; one that is spent has no time."""
        try:
            found = _Record(**json.loads(stored or b""))
        except (TypeError, ValueError):
            return None
        return found if self._clock.now() * 1000 < found.ends else None


@dataclass(frozen=True, slots=True)
class _Record:
    """`ends` in milliseconds since 1970."""

    by: str
    since: float
    ends: int
    mac: str
    wish: str = ""


def _bound(account_id: str, ends: int, code: str) -> bytes:
    """What the MAC covers: the end of the code's life cannot be moved, nor the code to another account."""
    return f"{len(account_id)}:{account_id}:{ends}:{code}".encode("utf-8", "surrogatepass")
