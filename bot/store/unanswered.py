"""Questions that the bot could not answer, without who asked, for as long as a limit says; sealed as chats are (D1)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.clock import Clock
from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.sealed import KeyRing

MOST = 500
"""Different questions kept at most: the newest."""
_SETTLED_SECONDS = 90 * 86400
"""For so long a question that IT is done with does not come back; only its keyed digest is there meanwhile."""

_PURPOSE = "unanswered 1"
_log = structlog.get_logger(__name__)

# KEYS: the list, the question, that it is settled. ARGV: id, sealed, now in ms, ms it is kept, how many are kept. A
# question that is asked again is the same one; a flood of others pushes out the oldest and nothing else.
_NOTE = Script("""
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
redis.call('HSETNX', KEYS[2], 'first', ARGV[3])
redis.call('HSET', KEYS[2], 'sealed', ARGV[2])
redis.call('HINCRBY', KEYS[2], 'count', 1)
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('ZADD', KEYS[1], 'GT', ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3] - ARGV[4])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[5] - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
""")

# KEYS: as above. ARGV: id, seconds.
_SETTLE = Script("""
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('SET', KEYS[3], '1', 'EX', ARGV[2])
return redis.call('DEL', KEYS[2])
""")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """`text` has gaps where people were; `near` is the topic that was nearest, "" for none. Times are s since 1970."""

    id: str
    lang: str
    text: str
    near: str
    count: int
    last: float


class UnansweredQuestions:
    def __init__(self, store: Store, ring: KeyRing, clock: Clock, kept_seconds: int) -> None:
        self._store, self._ring, self._clock = store, ring, clock
        self.kept_seconds = kept_seconds

    async def note(self, lang: str, text: str, near: str) -> None:
        """Count one more time that this was asked. `text` holds nothing personal (see `rules.unanswered`)."""
        name = self._ring.pseudonym("unanswered", f"{lang} {text}")
        sealed = self._ring.seal(_PURPOSE, name, json.dumps([lang, text, near]).encode())
        await self._store.call(_NOTE, self._keys(name), [
            name, sealed, round(self._clock.now() * 1000), self.kept_seconds * 1000, MOST])

    async def all(self) -> Sequence[Unanswered]:
        """The most asked first, then the newest."""
        oldest = (self._clock.now() - self.kept_seconds) * 1000
        flat = await self._store.do("ZRANGEBYSCORE", keys.UNANSWERED, f"({oldest:.0f}", "+inf", "WITHSCORES")
        last = {name.decode(): int(float(at)) / 1000 for name, at in zip(flat[::2], flat[1::2], strict=True)}
        replies = await self._store.many([("HMGET", keys.unanswered(name), "sealed", "count") for name in last]) \
            if last else []
        found = [self._opened(name, sealed, count, last[name])
                 for name, (sealed, count) in zip(last, replies, strict=True)]
        return sorted((one for one in found if one), key=lambda one: (-one.count, -one.last))

    async def read(self, name: str) -> Unanswered | None:
        return next((one for one in await self.all() if one.id == name), None)

    async def settle(self, name: str) -> bool:
        """Take it off the list, and keep it off; False if it was not there."""
        return bool(await self._store.call(_SETTLE, self._keys(name), [name, _SETTLED_SECONDS]))

    def _keys(self, name: str) -> list[str]:
        return [keys.UNANSWERED, keys.unanswered(name), keys.unanswered_settled(name)]

    def _opened(self, name: str, sealed: bytes | None, count: bytes | None, last: float) -> Unanswered | None:
        if sealed is None or count is None:
            return None
        plain = self._ring.open(_PURPOSE, name, sealed)
        if plain is None:
            _log.error("unanswered.rejected")
            return None
        lang, text, near = json.loads(plain)
        return Unanswered(name, lang, text, near, int(count), last)
