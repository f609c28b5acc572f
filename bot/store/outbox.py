"""The durable queue of mails: each is sent, tried again for a day, or kept as undeliverable (F8)."""

import asyncio
import json
import secrets
from dataclasses import dataclass, replace

import structlog

from bot.clock import Clock
from bot.delivery.protocol import Mail
from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.sealed import KeyRing

_log = structlog.get_logger(__name__)

_PURPOSE = "mail"
_LEASE_SECONDS = 60.0
_GIVE_UP_SECONDS = 24 * 3600.0
"""How long a mail is tried [limit 20]."""
_ONCE_SECONDS = 7 * 24 * 3600
_DEAD_KEPT = 1000
_DEAD_SECONDS = 30 * 24 * 3600
"""After the last one of them died."""

# Items: a hash of sealed mails by id. Due: the ids, by the time from which they may be claimed.

_PUT = Script("""
if redis.call('SET', KEYS[3], ARGV[1], 'NX', 'EX', ARGV[4]) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
end
return 1
""")

# ARGV: now, the time until which the claim holds.
_CLAIM = Script("""
local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if not first[1] then return {} end
if tonumber(first[2]) > tonumber(ARGV[1]) then return {first[2]} end
redis.call('ZADD', KEYS[2], ARGV[2], first[1])
return {first[1], redis.call('HGET', KEYS[1], first[1])}
""")

# ARGV: id, the time until which the caller's claim holds, then for a new try its time and the sealed mail,
# or for the dead the sealed mail, how many are kept and for how many seconds. Whoever lost the claim changes nothing.
_SETTLE = """
local claimed = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not claimed or tonumber(claimed) ~= tonumber(ARGV[2]) then return 0 end
"""
_AGAIN = Script(_SETTLE + """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
return 1
""")
_BURY = Script(_SETTLE + """
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('LPUSH', KEYS[3], ARGV[1] .. ARGV[3])
redis.call('LTRIM', KEYS[3], 0, ARGV[4] - 1)
redis.call('EXPIRE', KEYS[3], ARGV[5])
return 1
""")

# A mail that was sent is gone even if the claim was lost meanwhile.
_DONE = Script("""
redis.call('HDEL', KEYS[1], ARGV[1])
return redis.call('ZREM', KEYS[2], ARGV[1])
""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that this worker may carry out until `until`."""

    id: str
    mail: Mail
    tries: int      # failed ones so far
    since: float    # when it was queued
    until: float


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is due for so many seconds."""

    seconds: float


class RedisOutbox:
    """Put by journeys, emptied by a MailWorker of any replica; addresses and facts are sealed (D1)."""

    def __init__(self, store: Store, ring: KeyRing, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock
        self._news = asyncio.Event()

    async def put(self, mail: Mail, once: str) -> None:
        """Queue a mail; a second one with the same `once`, within a week, is dropped."""
        now, name = self._clock.now(), secrets.token_hex(16)
        await self._store.call(
            _PUT, [keys.MAIL_ITEMS, keys.MAIL_DUE, keys.mail_once(once)],
            [name, self._sealed(Claimed(name, mail, 0, now, 0)), now, _ONCE_SECONDS])
        self.wake()

    async def claim(self) -> Claimed | Idle:
        """The mail that is due longest; nobody else is offered it until its claim is settled or runs out."""
        now = self._clock.now()
        until = now + _LEASE_SECONDS
        found = await self._store.call(_CLAIM, [keys.MAIL_ITEMS, keys.MAIL_DUE], [now, until])
        if len(found) < 2:
            return Idle(max(0.0, float(found[0]) - now) if found else _LEASE_SECONDS)
        name, blob = found[0].decode(), found[1]
        claimed = self._opened(name, blob or b"", until)
        if claimed is None:
            _log.error("mail.unreadable")
            await self._bury(name, until, blob or b"")
            return Idle(0.0)
        return claimed

    async def done(self, claimed: Claimed) -> None:
        """It was carried out."""
        await self._store.call(_DONE, [keys.MAIL_ITEMS, keys.MAIL_DUE], [claimed.id])

    async def again(self, claimed: Claimed) -> bool:
        """It failed for now: try again later, ever less often; False when it has been tried for a day."""
        now = self._clock.now()
        if now - claimed.since >= _GIVE_UP_SECONDS:
            await self.bury(claimed)
            return False
        failed = replace(claimed, tries=claimed.tries + 1)
        due = now + min(3600.0, 15.0 * 2 ** min(claimed.tries, 10))
        await self._store.call(
            _AGAIN, [keys.MAIL_ITEMS, keys.MAIL_DUE],
            [claimed.id, claimed.until, min(due, claimed.since + _GIVE_UP_SECONDS), self._sealed(failed)])
        return True

    async def bury(self, claimed: Claimed) -> None:
        """It can never be delivered: keep it among the dead ones: the newest thousand of them, for a month."""
        await self._bury(claimed.id, claimed.until, self._sealed(claimed))

    async def counts(self) -> tuple[int, int]:
        """How many mails wait, and how many are dead."""
        waiting, dead = await self._store.many([("ZCARD", keys.MAIL_DUE), ("LLEN", keys.MAIL_DEAD)])
        return waiting, dead

    async def dead(self) -> list[Claimed]:
        """The undeliverable mails, newest first."""
        found = await self._store.do("LRANGE", keys.MAIL_DEAD, 0, -1)
        opened = [self._opened(one[:32].decode("ascii", "replace"), one[32:], 0) for one in found]
        return [one for one in opened if one is not None]

    async def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until this process puts a mail in."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass
        self._news.clear()

    def wake(self) -> None:
        """End everybody's `wait`."""
        self._news.set()

    async def _bury(self, name: str, until: float, blob: bytes) -> None:
        await self._store.call(
            _BURY, [keys.MAIL_ITEMS, keys.MAIL_DUE, keys.MAIL_DEAD], [name, until, blob, _DEAD_KEPT, _DEAD_SECONDS])

    def _sealed(self, one: Claimed) -> bytes:
        mail = one.mail
        text = json.dumps([1, mail.to, mail.lang, mail.key, dict(mail.facts), one.tries, one.since])
        return self._ring.seal(_PURPOSE, one.id, text.encode())

    def _opened(self, name: str, blob: bytes, until: float) -> Claimed | None:
        data = self._ring.open(_PURPOSE, name, blob)
        if data is None:
            return None
        version, *rest = json.loads(data)
        if version != 1:
            return None
        to, lang, key, facts, tries, since = rest
        return Claimed(name, Mail(to, lang, key, facts), tries, since, until)
