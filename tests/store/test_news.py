"""News that wait for a conversation's next turn: told, then gone; not told, then kept (F13, D1)."""

import pytest

from bot.delivery.protocol import News
from bot.rules.limits import Limits
from bot.store import keys
from bot.store.connection import Store
from bot.store.conversations import ConversationStorage, Turn
from bot.store.news import RedisNews
from bot.store.sealed import KeyRing

ANSWER = News("fetch_a_person.news.answer", {"number": "K-1001", "text": "kom innom"}, "kari", (("b", {"do": "x"}),))


@pytest.fixture
def news(store: Store, ring: KeyRing) -> RedisNews:
    return RedisNews(store, ring)


@pytest.fixture
def storage(store: Store, ring: KeyRing) -> ConversationStorage:
    return ConversationStorage(store, ring, Limits())


async def told(storage: ConversationStorage, activity: str, *, tell: bool = True) -> list[News]:
    async with storage.turn("here", activity) as turn:
        assert isinstance(turn, Turn)
        found, turn.told = list(turn.news), tell
        return found


async def test_news_come_with_the_turn_and_go_with_its_end(news: RedisNews, storage: ConversationStorage) -> None:
    await news.put("here", ANSWER, "1")
    await news.put("there", ANSWER, "1")
    assert await told(storage, "a") == [ANSWER]
    assert await told(storage, "b") == []
    assert await news.waiting("there") == 1


async def test_the_same_news_are_kept_once(news: RedisNews, storage: ConversationStorage) -> None:
    """Told or not: whoever repeats what they did after a crash tells nobody twice."""
    await news.put("here", ANSWER, "1")
    await news.put("here", ANSWER, "1")
    assert await told(storage, "a") == [ANSWER]
    await news.put("here", ANSWER, "1")
    assert await told(storage, "b") == []


async def test_a_turn_that_fails_or_cannot_tell_loses_nothing(news: RedisNews, storage: ConversationStorage) -> None:
    await news.put("here", ANSWER, "1")
    with pytest.raises(RuntimeError):
        async with storage.turn("here", "a"):
            raise RuntimeError
    assert await told(storage, "a", tell=False) == [ANSWER]
    assert await told(storage, "b") == [ANSWER]


async def test_what_comes_during_a_turn_waits_for_the_next(news: RedisNews, storage: ConversationStorage) -> None:
    await news.put("here", ANSWER, "1")
    later = News("later", {}, "kari")
    async with storage.turn("here", "a") as turn:
        assert isinstance(turn, Turn)
        await news.put("here", later, "2")
        turn.told = True
    assert await told(storage, "b") == [later]


async def test_news_are_sealed_and_bound_to_their_conversation(
        news: RedisNews, storage: ConversationStorage, store: Store) -> None:
    """D1: moved into another conversation they are dropped, and what is there reads on."""
    await news.put("there", ANSWER, "1")
    blob = (await store.do("LRANGE", keys.news("there"), 0, -1))[0]
    assert b"kom innom" not in blob
    await store.do("RPUSH", keys.news("here"), blob)
    await news.put("here", ANSWER, "1")
    assert await told(storage, "a") == [ANSWER]
    assert await news.waiting("here") == 0
