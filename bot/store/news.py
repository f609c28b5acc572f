"""News that wait for a conversation's next turn, sealed; they leave in the step that ends the turn (F13)."""

import json

import structlog

from bot.delivery.protocol import News
from bot.store import keys
from bot.store.connection import Script, Store
from bot.store.sealed import KeyRing

_log = structlog.get_logger(__name__)

_PURPOSE = "news 1"
_KEPT = 14 * 86400

# KEYS: the mark of this piece of news, the conversation's news. ARGV: the sealed news, the seconds both are kept.
_PUT = Script("""
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
""")


class RedisNews:
    """Implements delivery.protocol.NewsStand. Turns read and remove them: see `conversations`."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring

    async def put(self, place: str, news: News, once: str) -> None:
        text = json.dumps([news.key, dict(news.facts), news.who, [[key, dict(value)] for key, value in news.buttons]])
        blob = self._ring.seal(_PURPOSE, place, text.encode())
        await self._store.call(_PUT, [keys.news_once(place, once), keys.news(place)], [blob, _KEPT])

    async def waiting(self, place: str) -> int:
        """How many have not been told."""
        return int(await self._store.do("LLEN", keys.news(place)))


def opened(ring: KeyRing, place: str, blob: bytes) -> News | None:
    """None for what was altered or is another conversation's (D1)."""
    data = ring.open(_PURPOSE, place, blob)
    if data is None:
        _log.error("news.rejected")
        return None
    key, facts, who, buttons = json.loads(data)
    return News(key, facts, who, tuple((name, value) for name, value in buttons))
