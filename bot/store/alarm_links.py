"""The links "this wasn't me" in mails: sealed, found by the hash of what stands in them, used once (P1, D1)."""

import json
import secrets
from hashlib import sha256
from typing import Any

from bot.clock import Clock
from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.protocol import AlarmLink
from bot.store.sealed import KeyRing

_PURPOSE = "alarm link 1"
LINK_SECONDS = 7 * 86400
"""How long a mail may lie unread before its link is dead."""

# KEYS: the link, if it is still there.
_USE = Script("""
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HSET', KEYS[1], 'used', '1')
""")
_MAKE = Script("""
redis.call('HSET', KEYS[1], 'link', ARGV[1])
return redis.call('EXPIRE', KEYS[1], ARGV[2])
""")


class AlarmLinks:
    """Implements protocol.AlarmLinks."""

    def __init__(self, store: Store, ring: KeyRing, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock

    async def issue(self, account: str, lang: str) -> str:
        token = secrets.token_urlsafe(32)
        ends = self._clock.now() + LINK_SECONDS
        await self._store.call(
            _MAKE, [keys.alarm_link(_hash(token))], [self._sealed(token, [account, lang, ends]), LINK_SECONDS])
        return token

    async def read(self, token: str) -> AlarmLink | None:
        link, used = await self._store.do("HMGET", keys.alarm_link(_hash(token)), "link", "used")
        found = self._opened(token, link)
        if found is None:
            return None
        account, lang, ends = found
        if self._clock.now() >= ends:
            return None
        return AlarmLink(account, lang, bool(used))

    async def use(self, token: str) -> None:
        await self._store.call(_USE, [keys.alarm_link(_hash(token))])

    def _sealed(self, token: str, words: list[Any]) -> bytes:
        return self._ring.seal(_PURPOSE, _hash(token), json.dumps(words).encode())

    def _opened(self, token: str, blob: bytes | None) -> list[Any] | None:
        plain = self._ring.open(_PURPOSE, _hash(token), blob) if blob else None
        return None if plain is None else list(json.loads(plain))


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
