"""Keys, pending operations, ratings, and what a store must be like."""

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import SettingsError, StoreUnavailable
from bot.store import keys
from bot.store.connection import Store
from bot.store.pending import RedisPending
from bot.store.ratings import GIVEN, NO, PERSON, STARTED, YES, Rating, Ratings
from bot.store.refusals import RedisRefusals
from bot.store.sealed import KeyRing
from bot.store.soundness import check, unsound
from bot.store.unanswered import MOST, UnansweredQuestions
from tests.support.clock import SteppedClock

BUILDERS: list[Callable[..., str]] = [
    one for name, one in inspect.getmembers(keys, inspect.isfunction)
    if one.__module__ == keys.__name__ and name not in ("digest", "turn")]
SOUND = {
    "redis_version": "7.2.4", "role": "master", "maxmemory": "0", "maxmemory_policy": "noeviction",
    "aof_enabled": "1"}


class TestKeys:
    def test_no_two_records_share_a_key(self) -> None:
        """Whatever texts come from outside: {, }, : and the lengths of parts do not matter."""
        hostile = ["", "a", "a:b", "}:state", "{c}", "a\x00", "ab", "\ud800", "1:a"]
        found = [
            builder(*texts) for builder in BUILDERS
            for texts in [[one, other] for one in hostile for other in hostile]
            if len(inspect.signature(builder).parameters) == 2]
        found += [
            builder(one) for builder in BUILDERS for one in hostile
            if len(inspect.signature(builder).parameters) == 1]
        found += [keys.turn(one, "")[1] for one in hostile]
        found += [keys.turn(one, other)[2] for one in hostile for other in hostile]
        assert len(found) == len(set(found)) > 100

    def test_all_keys_are_ours(self) -> None:
        texts = [one("x", *"y" * (len(inspect.signature(one).parameters) - 1)) for one in BUILDERS]
        fixed = [value for name, value in vars(keys).items() if name.isupper() and isinstance(value, str)]
        assert all(text.startswith("kt:") for text in texts + fixed)

    def test_a_turns_keys_share_a_slot(self) -> None:
        state, lease, seen, news = keys.turn("k", "1")
        assert (state, news) == (keys.conversation("k"), keys.news("k"))
        assert len({name[name.index("{"):name.index("}")] for name in (state, lease, seen, news)}) == 1


async def test_pending_operations_come_due(store: Store, other_store: Store) -> None:
    pending = RedisPending(store)
    await pending.add("a", 20)
    await pending.add("b", 10)
    await pending.add("c", 30)
    assert list(await RedisPending(other_store).take(20)) == ["b", "a"]
    await pending.add("a", 40)
    await pending.remove("b")
    await pending.remove("b")
    assert list(await pending.take(35)) == ["c"]
    assert await pending.count() == 2


async def test_what_is_taken_comes_due_again_later_and_later(store: Store, other_store: Store) -> None:
    """F1: no two replicas look at one case at once, and no case waits two minutes longer than it must."""
    pending, elsewhere = RedisPending(store), RedisPending(other_store)
    now = 1_800_000_000.0
    await pending.add("a", now)
    waits = []
    for _ in range(9):
        assert list(await pending.take(now)) == ["a"]
        assert list(await elsewhere.take(now)) == []
        waits.append(float(await store.do("ZSCORE", keys.PENDING, "a")) - now)
        now += waits[-1]
    assert waits == [5, 10, 20, 40, 80, 120, 120, 120, 120]
    await pending.remove("a")
    assert (await store.do("EXISTS", keys.PENDING, keys.PENDING_LOOKS)) == 0


async def test_all_may_be_taken_before_they_are_due(store: Store) -> None:
    pending = RedisPending(store)
    await pending.add("a", 1_800_000_000.0)
    assert list(await pending.take(10)) == []
    assert list(await pending.take(10, all_of_them=True)) == ["a"]


async def test_whatever_always_fails_does_not_stand_in_the_way(store: Store) -> None:
    """F1: a hundred hopeless cases, longest overdue, and one behind them that can be settled."""
    pending = RedisPending(store)
    for number in range(100):
        await pending.add(f"hopeless-{number}", 100)
    await pending.add("last", 200)
    assert "last" not in await pending.take(300)
    assert list(await pending.take(300)) == ["last"]


async def test_refusals_are_counted_by_window(store: Store, other_store: Store) -> None:
    """All replicas count together; a new window begins anew, and nothing of it is kept for ever."""
    one, other = RedisRefusals(store), RedisRefusals(other_store)
    assert [await one.count("a", 1, 60), await other.count("a", 1, 60), await one.count("b", 1, 60)] == [1, 2, 1]
    assert await other.count("a", 2, 60) == 1
    assert 0 < await store.do("TTL", keys.refusals("a")) <= 120


async def test_ratings_are_counted(store: Store, other_store: Store, clock: SteppedClock) -> None:
    """By all replicas together, for this month and the two before."""
    one, other = Ratings(store, clock), Ratings(other_store, clock)
    for what in (GIVEN, GIVEN, YES, NO, STARTED):
        one.note("faq_greeting", "nb", what)
    other.note("faq_greeting", "nb", YES)
    other.note("faq_greeting", "en", PERSON)
    assert await one.counts() == []
    for ratings in (one, other, one):
        await ratings.flush()
    counted = [Rating("faq_greeting", "en", 0, 0, person=1),
               Rating("faq_greeting", "nb", 2, 1, given=2, started=1)]
    assert await other.counts() == counted
    clock.advance(40 * 86400)
    assert await other.counts() == counted
    clock.advance(62 * 86400)
    assert await other.counts() == []


async def test_ratings_wait_for_the_store(clock: SteppedClock, store: Store, tmp_path: Path) -> None:
    """What could not be written stays counted, and nothing is counted twice."""
    away = Ratings(Store.open(f"unix://{tmp_path}/nowhere"), clock)
    away.note("faq_greeting", "nb", YES)
    with pytest.raises(StoreUnavailable):
        await away.flush()
    away._store = store
    await away.flush()
    await away.flush()
    assert await away.counts() == [Rating("faq_greeting", "nb", 1, 0)]


DAY = 86400


class TestUnanswered:
    @pytest.fixture
    def questions(self, store: Store, ring: KeyRing, clock: SteppedClock) -> UnansweredQuestions:
        return UnansweredQuestions(store, ring, clock, 14 * DAY)

    async def test_asked_again_is_one(self, questions: UnansweredQuestions, clock: SteppedClock) -> None:
        """The most asked comes first; another language is another question."""
        for _ in range(3):
            clock.advance(60)
            await questions.note("nb", "hvor er …", "lost-phone")
        await questions.note("en", "hvor er …", "")
        [often, once] = await questions.all()
        assert (often.lang, often.text, often.near, often.count) == ("nb", "hvor er …", "lost-phone", 3)
        assert often.last == pytest.approx(clock.now(), abs=0.01)
        assert (once.lang, once.count) == ("en", 1)
        assert await questions.read(often.id) == often

    async def test_gone_after_its_time(self, questions: UnansweredQuestions, clock: SteppedClock, store: Store) -> None:
        await questions.note("nb", "hvor er …", "")
        assert 0 < await store.do("TTL", keys.unanswered((await questions.all())[0].id)) <= 14 * DAY
        clock.advance(14 * DAY)
        assert await questions.all() == []

    async def test_what_is_settled_stays_away(self, questions: UnansweredQuestions) -> None:
        """Also when it is asked again: the people who keep the content have seen it."""
        await questions.note("nb", "hvor er …", "")
        [one] = await questions.all()
        assert [await questions.settle(one.id), await questions.settle(one.id)] == [True, False]
        await questions.note("nb", "hvor er …", "")
        assert await questions.all() == []

    async def test_a_flood_keeps_the_newest(
            self, questions: UnansweredQuestions, clock: SteppedClock, store: Store) -> None:
        for number in range(MOST + 20):
            clock.advance(1)
            await questions.note("nb", f"number {number}", "")
        found = {one.text for one in await questions.all()}
        assert found == {f"number {number}" for number in range(20, MOST + 20)}

    async def test_sealed(self, questions: UnansweredQuestions, store: Store) -> None:
        """D1: neither in keys nor in values; what was changed in the store is not shown."""
        await questions.note("nb", "hvor er banken", "")
        [one] = await questions.all()
        dump = repr(await store.do("KEYS", "*")) + repr(await store.do("HGETALL", keys.unanswered(one.id)))
        assert "banken" not in dump
        await questions.note("nb", "noe annet", "")
        other = next(found for found in await questions.all() if found.id != one.id)
        sealed = await store.do("HGET", keys.unanswered(other.id), "sealed")
        await store.do("HSET", keys.unanswered(one.id), "sealed", sealed)
        assert [found.id for found in await questions.all()] == [other.id]


class TestSoundness:
    @pytest.mark.parametrize(("change", "syncs", "word"), [
        ({}, "everysec", ""),
        ({"maxmemory": "100000"}, "everysec", ""),
        ({"maxmemory_policy": "allkeys-lru"}, "everysec", ""),
        ({}, "always", ""),
        ({}, "", ""),
        ({}, "no", "appendfsync"),
        ({"redis_version": "6.0.16"}, "everysec", "6.2"),
        ({"redis_version": "5.0"}, "everysec", "6.2"),
        ({"redis_version": "10.0.1"}, "everysec", ""),
        ({"maxmemory": "1", "maxmemory_policy": "volatile-ttl"}, "everysec", "noeviction"),
        ({"aof_enabled": "0"}, "everysec", "appendonly"),
        ({"role": "slave"}, "everysec", "master"),
        ({"cluster_enabled": "1"}, "everysec", "Cluster"),
    ])
    def test_what_a_store_must_be_like(self, change: dict[str, str], syncs: str, word: str) -> None:
        """Unsafe store settings stop start-up, each with one line (F5)."""
        why = unsound(SOUND | change, syncs)
        assert word in why
        assert bool(why) is bool(word)

    def test_a_server_that_says_nothing_is_refused(self) -> None:
        assert unsound({}, "everysec")

    async def test_our_own_server_is_sound(self, store: Store) -> None:
        await check(store)

    @pytest.mark.parametrize(("setting", "value", "sound"), [
        ("appendonly", "no", "yes"),
        ("appendfsync", "no", "everysec"),
    ])
    async def test_one_that_forgets_is_not(self, store: Store, setting: str, value: str, sound: str) -> None:
        """Not even one that writes snapshots: what was spent after the last one would be good again (F5)."""
        await store.do("CONFIG", "SET", "save", "60 1")
        await store.do("CONFIG", "SET", setting, value)
        try:
            with pytest.raises(SettingsError, match=f"set {setting} {sound}"):
                await check(store)
        finally:
            await store.do("CONFIG", "SET", setting, sound)
            await store.do("CONFIG", "SET", "save", "")
