"""A store that lost what it was told verifies nobody for a while, and so does one whose clock jumps (F5, F12, G1)."""

import os
from pathlib import Path

import pytest

from bot.audit import Head
from bot.clock import SharedClock
from bot.errors import StoreUnavailable, VerificationPaused
from bot.rules.limits import Limits
from bot.store import keys, shared_time
from bot.store.audit_trail import RedisAuditTrail
from bot.store.connection import Store
from bot.store.protocol import Attempt, Counted
from bot.store.sealed import KeyRing
from bot.store.shared_time import SharedTime
from bot.store.tries import RedisTries
from bot.store.trust import HOLD_SECONDS, Life, Trust
from bot.store.watch import Mark, MarkFile, Watch
from tests.faults.snapshot import Snapshot
from tests.support.clock import SteppedClock

VISITOR = Attempt("case-1", "kari", False, "web::kari-says", "203.0.113.1")


@pytest.fixture
def trust(store: Store, clock: SteppedClock) -> Trust:
    return Trust(store, clock)


@pytest.fixture
def tries(trust: Trust, clock: SteppedClock) -> RedisTries:
    return RedisTries(trust, Limits(), clock)


@pytest.fixture
def elsewhere(other_store: Store, clock: SteppedClock) -> RedisTries:
    """Another replica, with a memory of its own."""
    return RedisTries(Trust(other_store, clock), Limits(), clock)


async def refused(tries: RedisTries) -> None:
    """Nothing that a proof needs can be had."""
    with pytest.raises(VerificationPaused):
        await tries.count(VISITOR)
    with pytest.raises(VerificationPaused):
        await tries.paused(VISITOR)
    with pytest.raises(VerificationPaused):
        await tries.start("codes", "kari", False, [(3, 900)])
    with pytest.raises(VerificationPaused):
        await tries.target("web::x", "203.0.113.1", "kari")


class TestLostWrites:
    async def test_older_data_pauses_all_replicas_and_then_it_is_over(
            self, tries: RedisTries, elsewhere: RedisTries, trust: Trust, store: Store, clock: SteppedClock) -> None:
        """A restart from a snapshot: the tries since then are gone, and whoever counted them notices (V3, V7)."""
        await tries.count(VISITOR)
        await elsewhere.paused(VISITOR)
        old = await Snapshot.take(store)
        await tries.count(VISITOR)
        await old.put_back(store)
        await refused(tries)
        assert trust.why_paused() == "the store lost records"
        # The other one had seen no more than there is; it is told by the store.
        await refused(elsewhere)
        clock.advance(HOLD_SECONDS - 1)
        await refused(tries)
        await refused(elsewhere)
        clock.advance(1)
        assert isinstance(await tries.count(VISITOR), Counted)
        assert isinstance(await elsewhere.count(VISITOR), Counted)
        assert trust.why_paused() == ""

    async def test_a_wiped_store_pauses(
            self, tries: RedisTries, elsewhere: RedisTries, store: Store, clock: SteppedClock) -> None:
        """R-008; whoever comes first makes it one life again."""
        await tries.count(VISITOR)
        await elsewhere.count(VISITOR)
        await store.do("FLUSHDB")
        await refused(tries)
        await refused(elsewhere)
        clock.advance(HOLD_SECONDS)
        for one in (tries, elsewhere, tries):
            await one.count(VISITOR)

    async def test_a_store_somebody_else_began_anew_pauses(
            self, tries: RedisTries, elsewhere: RedisTries, store: Store, clock: SteppedClock) -> None:
        """A new replica that knows nothing may be the first in a wiped store."""
        await tries.count(VISITOR)
        await store.do("FLUSHDB")
        for _ in range(3):
            await elsewhere.paused(VISITOR)
        await refused(tries)
        await refused(elsewhere)
        clock.advance(HOLD_SECONDS)
        for one in (tries, elsewhere, tries):
            await one.count(VISITOR)

    async def test_a_proof_whose_end_is_lost_is_refused(
            self, tries: RedisTries, store: Store) -> None:
        """The store forgets between the count and the success: what was spent between is not believed."""
        counted = await tries.count(VISITOR)
        assert isinstance(counted, Counted)
        await store.do("FLUSHDB")
        with pytest.raises(VerificationPaused):
            await tries.succeeded(VISITOR, counted.token)

    async def test_it_is_told_once_even_if_that_fails_at_first(self, store: Store, clock: SteppedClock) -> None:
        """U1: the pause is in the trail, however late."""
        told: list[str] = []
        refusing = True

        async def tell(why: str) -> None:
            if refusing:
                raise StoreUnavailable
            told.append(why)

        trust = Trust(store, clock, tell)
        await trust.look()
        await store.do("FLUSHDB")
        with pytest.raises(StoreUnavailable):
            await trust.look()
        refusing = False
        for _ in range(3):
            await trust.look()
        assert told == ["the store lost what was counted in it"]

    async def test_records_missing_in_the_trail_pause_too(
            self, tries: RedisTries, elsewhere: RedisTries, trust: Trust) -> None:
        await tries.count(VISITOR)
        await trust.hold("number 5 is gone")
        await refused(tries)
        await refused(elsewhere)

    async def test_no_command_more_than_before(self, tries: RedisTries, store: Store) -> None:
        """The look at the store's memory is part of the step that counts."""
        await tries.count(VISITOR)
        await store.do("CONFIG", "RESETSTAT")
        await tries.count(VISITOR)
        said = (await store.do("INFO", "commandstats")).decode()
        assert "cmdstat_evalsha:calls=1," in said


class TestTries:
    async def test_a_jump_ahead_and_back_empties_no_counter(self, tries: RedisTries, clock: SteppedClock) -> None:
        """What was counted is trimmed by number, never by a time that may be wrong (F12)."""
        for number in range(5):
            await tries.count(Attempt(f"c{number}", "kari", False, f"web::{number}", ""))
        clock.advance(2 * 86400)
        await tries.count(Attempt("later", "kari", False, "web::later", ""))
        clock.advance(-2 * 86400)
        paused = await tries.paused(VISITOR)
        assert paused is not None
        assert paused.whose == "account"


class TimedStore:
    """A store's time, set by hand; everything else is the real store's."""

    def __init__(self, store: Store, now: float) -> None:
        self._store = store
        self.now = now

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def time(self) -> float:
        return self.now


class Times:
    """A shared clock over a store's time and steady seconds, both set by hand."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steady = 1000.0
        monkeypatch.setattr("bot.clock.steady", lambda: self.steady)
        monkeypatch.setattr(shared_time, "steady", lambda: self.steady)
        self.store = TimedStore(store, 1_800_000_000.0)
        self.begin_again()

    def begin_again(self) -> None:
        """A process that starts now."""
        self.clock = SharedClock()
        self.trust = Trust(self.store, self.clock)      # type: ignore[arg-type]
        self.time = SharedTime(self.store, self.clock, self.trust)      # type: ignore[arg-type]

    def go_on(self, seconds: float) -> None:
        self.steady += seconds
        self.store.now += seconds

    async def follow(self, seconds: float = 15) -> None:
        self.go_on(seconds)
        await self.time.follow()


@pytest.fixture
def times(store: Store, monkeypatch: pytest.MonkeyPatch) -> Times:
    return Times(store, monkeypatch)


class TestTime:
    async def test_replicas_agree_with_the_store(self, times: Times) -> None:
        """A machine whose clock is an hour wrong still lives by the store's; a slow drift is followed (F12)."""
        times.clock.set(times.store.now - 3600)
        await times.time.begin()
        assert times.clock.now() == times.store.now
        times.store.now += 1
        await times.follow()
        assert times.clock.now() == times.store.now
        assert times.trust.why_paused() == ""

    async def test_a_jump_ahead_is_not_followed_at_once(self, times: Times) -> None:
        await times.time.begin()
        before = times.clock.now()
        times.store.now += 1000
        await times.follow()
        assert times.clock.now() == before + 15
        assert times.trust.why_paused() == "the store's clock jumped ahead"
        with pytest.raises(VerificationPaused):
            await RedisTries(times.trust, Limits(), times.clock).count(VISITOR)

    async def test_a_jump_that_is_taken_back_leaves_nothing(self, times: Times) -> None:
        await times.time.begin()
        times.store.now += 1000
        await times.follow()
        times.store.now -= 1000
        await times.follow()
        assert times.trust.why_paused() == ""
        assert times.clock.now() == times.store.now

    async def test_a_jump_is_followed_once_no_pause_can_be_left(self, times: Times) -> None:
        """And the wait begins anew whenever it jumps again."""
        await times.time.begin()
        times.store.now += 1000
        await times.follow()
        await times.follow(HOLD_SECONDS - 1)
        assert times.trust.why_paused()
        times.store.now += 50
        await times.follow()
        await times.follow(HOLD_SECONDS - 1)
        assert times.trust.why_paused()
        await times.follow(1)
        assert times.trust.why_paused() == ""
        assert times.clock.now() == times.store.now

    async def test_a_fall_back_gives_nothing_a_second_life(self, times: Times) -> None:
        """Followed only when the store's clock is past every end that was given before."""
        await times.time.begin()
        before = times.clock.now()
        times.store.now -= 1000
        await times.follow()
        assert times.clock.now() == before + 15
        assert times.trust.why_paused() == "the store's clock fell back"
        await times.follow(1000 + HOLD_SECONDS - 1)
        assert times.trust.why_paused()
        await times.follow(16)
        assert times.trust.why_paused() == ""
        assert times.clock.now() == times.store.now > before + HOLD_SECONDS

    async def test_a_start_behind_the_newest_time_verifies_nobody(self, times: Times) -> None:
        """An expired ticket stays expired over a restart with a clock that fell back (F5, E3)."""
        await times.time.begin()
        await times.trust.look()
        newest = times.clock.now()
        times.store.now -= 1000
        times.begin_again()
        await times.time.begin()
        assert times.clock.now() >= newest
        assert times.trust.why_paused() == "the store's clock fell back"
        await times.follow(1000 + HOLD_SECONDS)
        assert times.trust.why_paused() == ""

    async def test_the_folder_knows_the_newest_time_too(self, times: Times) -> None:
        await times.time.begin(times.store.now + 1000)
        assert times.trust.why_paused() == "the store's clock fell back"


class TestMark:
    async def test_a_store_wiped_between_two_runs_is_found_out(
            self, store: Store, ring: KeyRing, tmp_path: Path) -> None:
        """The data folder remembers how far the store had come (F5, U3)."""
        watch, _, trail = made(store, ring, tmp_path)
        await trail.append({"event": "x"})
        await watch.begin()
        again, trust, _ = made(store, ring, tmp_path)
        await again.begin()
        assert trust.why_paused() == ""
        await store.do("FLUSHDB")
        again, trust, trail = made(store, ring, tmp_path)
        await again.begin()
        assert trust.why_paused() == "the store lost records"
        assert "audit.lost" in [one["event"] async for one in trail.export()]

    async def test_another_store_has_another_mark(self, tmp_path: Path) -> None:
        MarkFile(tmp_path, "redis://one").write(Mark(Life("a", 1, 2.0), Head(3, "b")))
        assert MarkFile(tmp_path, "redis://one").read() == Mark(Life("a", 1, 2.0), Head(3, "b"))
        assert MarkFile(tmp_path, "redis://two").read() is None

    async def test_two_that_mark_at_once_leave_a_whole_mark(
            self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Processes that share a data folder: half a mark would agree with no store."""
        first, second = (Mark(Life("a", count, 2.0), Head(3, "b")) for count in (1, 2))
        sync = os.fsync

        def meanwhile(file: int) -> None:
            sync(file)
            monkeypatch.setattr(os, "fsync", sync)
            MarkFile(tmp_path, "redis://one").write(second)

        monkeypatch.setattr(os, "fsync", meanwhile)
        MarkFile(tmp_path, "redis://one").write(first)
        assert MarkFile(tmp_path, "redis://one").read() == first
        assert len(list(tmp_path.iterdir())) == 1

    @pytest.mark.parametrize("damaged", [b"{", b"", b"[]", b"\xff\xfe\x80"])
    async def test_a_mark_that_cannot_be_read_agrees_with_no_store(
            self, store: Store, ring: KeyRing, tmp_path: Path, damaged: bytes) -> None:
        """G1: what cannot be known is not believed."""
        await store.do("HSET", keys.LIFE, "id", "a", "count", 5)
        watch, trust, _ = made(store, ring, tmp_path)
        MarkFile(tmp_path, "").path.write_bytes(damaged)
        await watch.begin()
        assert trust.why_paused() == "the store lost records"


def made(store: Store, ring: KeyRing, folder: Path) -> tuple[Watch, Trust, RedisAuditTrail]:
    """What a process starts with."""
    clock = SharedClock()
    trust = Trust(store, clock)
    trail = RedisAuditTrail(store, ring, clock, "one", trust.hold)
    return Watch(SharedTime(store, clock, trust), trust, trail, MarkFile(folder, "")), trust, trail
