"""The mailbox of development mode: mails go nowhere, the demo desk shows them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.clock import Clock
from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.sealed import KeyRing

_PURPOSE = "mailbox"
_KEPT = 50
_SECONDS = 7 * 24 * 3600

_ADD = Script("""
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
return redis.call('EXPIRE', KEYS[1], ARGV[3])
""")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that was delivered; `at` is in seconds since 1970."""

    at: float
    subject: str
    body: str


class Mailbox:
    """A Postman that keeps the newest 50 mails to each address, for a week."""

    def __init__(self, store: Store, ring: KeyRing, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock

    async def carry(self, to: str, subject: str, body: str) -> None:
        text = json.dumps([self._clock.now(), subject, body])
        blob = self._ring.seal(_PURPOSE, to.casefold(), text.encode())
        await self._store.call(_ADD, [keys.mailbox(to)], [blob, _KEPT, _SECONDS])

    async def read(self, address: str) -> Sequence[Letter]:
        """What came to an address, newest first."""
        blobs = await self._store.do("LRANGE", keys.mailbox(address), 0, -1)
        opened = [self._ring.open(_PURPOSE, address.casefold(), blob) for blob in blobs]
        return [Letter(*json.loads(data)) for data in opened if data is not None]
