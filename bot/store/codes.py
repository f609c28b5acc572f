"""Keeps codes sent out of band: a keyed hash each, the newest only, spent in one step (V9, limit 12)."""

import secrets

from bot.clock import Clock
from bot.secret import Secret
from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.sealed import KeyRing

_PURPOSE = "code 1"

# KEYS: the code. ARGV: the record that was looked at, and who spends it. Only this very record is spent,
# so that a code issued meanwhile is left alone; a spender asking twice (its answer was lost) has it still.
_SPEND = Script("""
local stored = redis.call('GET', KEYS[1])
if stored == ARGV[2] then return 1 end
if stored ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
""")


class HashedCodes:
    """Implements Codes. What is stored, "ends:MAC" or "spent:...", is useless as input (A5)."""

    def __init__(self, store: Store, ring: KeyRing, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock

    async def issue(self, challenge: str, seconds: float, digits: int) -> Secret:
        code = f"{secrets.randbelow(10 ** digits):0{digits}}"
        ends = str(round((self._clock.now() + seconds) * 1000))
        mac = self._ring.mac(_PURPOSE, _bound(challenge, ends, code)).hex()
        await self._store.do("SET", keys.code(challenge), f"{ends}:{mac}", "PX", round(seconds * 1000))
        return Secret(code)

    async def spend(self, challenge: str, code: str) -> bool:
        stored: bytes | None = await self._store.do("GET", keys.code(challenge))
        if stored is None or not self._right(challenge, code, stored.decode("ascii", "replace")):
            return False
        spender = f"spent:{secrets.token_hex(16)}"
        return bool(await self._store.call(_SPEND, [keys.code(challenge)], [stored, spender]))

    async def kill(self, challenge: str) -> None:
        await self._store.do("DEL", keys.code(challenge))

    def _right(self, challenge: str, code: str, stored: str) -> bool:
        """Whether this is the code and its time has not run out; a spent record has no time and no MAC."""
        ends, _, mac = stored.partition(":")
        try:
            alive = self._clock.now() * 1000 < int(ends)
            return alive and self._ring.verify(_PURPOSE, _bound(challenge, ends, code), bytes.fromhex(mac))
        except ValueError:
            return False


def _bound(challenge: str, ends: str, code: str) -> bytes:
    """What the MAC covers: the end of the code's life cannot be moved, nor the code to another challenge."""
    return f"{len(challenge)}:{challenge}:{ends}:{code}".encode("utf-8", "surrogatepass")
