"""Counting tries: all windows in one step, cleared by time alone (V1-V4, limits 3-11, S-039 to S-048)."""

import asyncio
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.rules.limits import Limits
from bot.rules.lockout import way
from bot.rules.names import made_up
from bot.store import keys
from bot.store.connection import Store
from bot.store.protocol import Attempt, Counted, Exhausted
from bot.store.tries import RedisTries
from bot.store.trust import Trust
from tests.support.clock import SteppedClock
from tests.support.twice import TwiceStore

VISITOR = Attempt("case-1", "kari", False, "web::kari-says", "203.0.113.1")
OWNER = Attempt("case-2", "kari", True, "msteams:t:kari", "")


@pytest.fixture
def tries(store: Store, clock: SteppedClock) -> RedisTries:
    return RedisTries(Trust(store, clock), Limits(), clock)


@pytest.fixture
def elsewhere(other_store: Store, clock: SteppedClock) -> RedisTries:
    """The same counters on another replica."""
    return RedisTries(Trust(other_store, clock), Limits(), clock)


def visitor(number: int, account: str = "kari") -> Attempt:
    """A try of somebody new, from somewhere new, in a conversation of its own."""
    return Attempt(f"visit-{number}", account, False, f"web::{number}", f"198.51.100.{number}")


async def fail(tries: RedisTries, attempt: Attempt, times: int) -> None:
    for _ in range(times):
        assert isinstance(await tries.count(attempt), Counted)


class TestOneChallenge:
    async def test_five_tries_and_then_it_is_dead_for_ever(
            self, tries: RedisTries, clock: SteppedClock) -> None:
        """Limit 3."""
        remaining = [await tries.count(VISITOR) for _ in range(5)]
        assert [one.left for one in remaining if isinstance(one, Counted)] == [4, 3, 2, 1, 0]
        assert await tries.count(VISITOR) == Exhausted("challenge", 0)
        clock.advance(3600)
        assert await tries.count(VISITOR) == Exhausted("challenge", 0)

    async def test_a_success_takes_back_only_itself(self, tries: RedisTries) -> None:
        """V2: the four failures before it stay."""
        await fail(tries, VISITOR, 4)
        right = await tries.count(VISITOR)
        assert isinstance(right, Counted)
        await tries.succeeded(VISITOR, right.token)
        last = await tries.count(VISITOR)
        assert isinstance(last, Counted)
        assert last.left == 0
        assert await tries.count(VISITOR) == Exhausted("challenge", 0)

    @pytest.mark.parametrize("callers", [16, 40])
    async def test_of_many_at_once_exactly_five_are_counted(
            self, tries: RedisTries, elsewhere: RedisTries, callers: int) -> None:
        """V1, S-041: over two replicas."""
        answers = await asyncio.gather(*[(tries, elsewhere)[n % 2].count(VISITOR) for n in range(callers)])
        assert sorted(one.left for one in answers if isinstance(one, Counted)) == [0, 1, 2, 3, 4]


class TestOneAccount:
    async def test_five_in_fifteen_minutes_over_conversations_and_requesters(
            self, tries: RedisTries, clock: SteppedClock) -> None:
        """Limit 4, S-040."""
        begun = clock.now()
        for number in range(5):
            await fail(tries, visitor(number), 1)
            clock.advance(60)
        assert await tries.count(visitor(9)) == Exhausted("account", begun + 900, 4)
        clock.advance(600)
        await fail(tries, visitor(10), 1)

    async def test_a_paused_account_looks_like_any_other_to_a_visitor(self, tries: RedisTries) -> None:
        """E1, V3: `left` falls, the challenge dies, the requester meets limit 6 as with wrong codes."""
        for number in range(5):
            await fail(tries, visitor(number), 1)
        answers = [await tries.count(VISITOR) for _ in range(6)]
        assert [(one.whose, one.left) for one in answers if isinstance(one, Exhausted)] == [
            ("account", 4), ("account", 3), ("account", 2), ("account", 1), ("account", 0), ("challenge", 0)]
        second = replace(VISITOR, challenge="case-7")
        for _ in range(5):
            await tries.count(second)
        third = await tries.count(replace(VISITOR, challenge="case-8"))
        assert isinstance(third, Exhausted)
        assert third.whose == "requester"

    async def test_tries_refused_for_the_account_do_not_lengthen_its_pause(
            self, tries: RedisTries, clock: SteppedClock) -> None:
        for number in range(5):
            await fail(tries, visitor(number), 1)
        clock.advance(600)
        assert isinstance(await tries.count(visitor(8)), Exhausted)
        clock.advance(300)
        await fail(tries, visitor(9), 1)

    async def test_twenty_in_a_day(self, tries: RedisTries, clock: SteppedClock) -> None:
        """Limit 4, the day's window; it lasts until the first try is a day old."""
        begun = clock.now()
        for number in range(20):
            await fail(tries, visitor(number), 1)
            clock.advance(901)
        assert await tries.count(visitor(30)) == Exhausted("account", begun + 86400, 4)

    async def test_fifty_in_a_row_close_this_way_until_it_reopens_it(
            self, tries: RedisTries, clock: SteppedClock) -> None:
        """Limit 5: no time helps."""
        for number in range(50):
            await fail(tries, visitor(number), 1)
            clock.advance(7200)
        clock.advance(400 * 86400)
        assert await tries.count(visitor(60)) == Exhausted("account", 0, 4)
        await fail(tries, replace(OWNER, challenge="x"), 1)
        await tries.reopen("kari", owner=False)
        await fail(tries, visitor(61), 1)

    @pytest.mark.parametrize("owner", [False, True])
    async def test_no_time_ends_the_row_of_an_account(self, tries: RedisTries, store: Store, owner: bool) -> None:
        """Limit 5: the store keeps it for a thousand years from each failure."""
        await fail(tries, replace(VISITOR, owner=owner), 2)
        left = await store.do("PTTL", keys.tries("row", "kari", way(owner)))
        assert left > 999 * 365 * 86400 * 1000

    async def test_the_row_of_a_name_nobody_has_is_forgotten(self, tries: RedisTries, store: Store) -> None:
        """F6: anybody may make up names, and the store must not keep each of them for good."""
        await fail(tries, replace(VISITOR, account=made_up("abc")), 2)
        days = await store.do("PTTL", keys.tries("row", made_up("abc"), way(False))) / 86_400_000
        assert 399 < days <= 400

    async def test_names_nobody_has_are_counted_as_accounts_are(
            self, tries: RedisTries, clock: SteppedClock) -> None:
        """E1, E2: the same answers to 60 tries."""
        answers: list[tuple[object, ...]] = []
        for number in range(60):
            clock.advance(4400)
            both = visitor(number, "kari"), visitor(1000 + number, made_up("abc"))
            found = [await tries.count(one) for one in both]
            answers.append(tuple(one.left if isinstance(one, Counted) else one for one in found))
        assert all(kari == nobody for kari, nobody in answers)
        assert answers[-1] == (Exhausted("account", 0, 4),) * 2

    async def test_a_success_ends_the_row(self, tries: RedisTries, clock: SteppedClock) -> None:
        for number in range(49):
            await fail(tries, visitor(number), 1)
            clock.advance(7200)
        right = await tries.count(visitor(50))
        assert isinstance(right, Counted)
        await tries.succeeded(visitor(50), right.token)
        for number in range(60, 109):
            clock.advance(7200)
            await fail(tries, visitor(number), 1)

    async def test_what_was_not_looked_at_is_not_counted_and_ends_no_row(
            self, tries: RedisTries, clock: SteppedClock) -> None:
        """O5: the directory refused the new password before it said anything of the present one."""
        for number in range(50):
            unseen = await tries.count(visitor(99))
            assert isinstance(unseen, Counted)
            for _ in range(2):
                await tries.take_back(visitor(99), unseen.token)
            await fail(tries, visitor(number), 1)
            clock.advance(7200)
        assert await tries.count(visitor(60)) == Exhausted("account", 0, 4)

    async def test_a_token_taken_back_twice_ends_no_second_row(
            self, tries: RedisTries, clock: SteppedClock) -> None:
        right = await tries.count(visitor(0))
        assert isinstance(right, Counted)
        await tries.succeeded(visitor(0), right.token)
        for number in range(1, 51):
            clock.advance(7200)
            await fail(tries, visitor(number), 1)
        await tries.succeeded(visitor(0), right.token)
        clock.advance(7200)
        assert await tries.count(visitor(60)) == Exhausted("account", 0, 4)

    async def test_visitors_cannot_shut_out_the_owner_nor_the_owner_visitors(self, tries: RedisTries) -> None:
        """V4, S-047."""
        for number in range(5):
            await fail(tries, visitor(number), 1)
        await fail(tries, OWNER, 5)
        assert isinstance(await tries.count(visitor(9)), Exhausted)
        assert isinstance(await tries.count(replace(OWNER, challenge="case-3")), Exhausted)

    async def test_accounts_do_not_share_budgets(self, tries: RedisTries) -> None:
        for number in range(5):
            await fail(tries, visitor(number), 1)
        await fail(tries, visitor(9, "ola"), 1)


class TestRequesterSourceEverybody:
    @pytest.mark.parametrize(("whose", "same"), [
        ("requester", {"requester": "web::same"}), ("source", {"source": "203.0.113.7"})])
    async def test_ten_in_five_minutes_and_fifty_in_an_hour(
            self, tries: RedisTries, clock: SteppedClock, whose: str, same: dict[str, Any]) -> None:
        """Limit 6."""
        begun = clock.now()
        for number in range(50):
            if number and number % 10 == 0:
                refused = await tries.count(replace(visitor(900, "a-900"), **same))
                assert refused == Exhausted(whose, begun + number // 10 * 300)
                clock.advance(300)
            await fail(tries, replace(visitor(number, f"a-{number}"), **same), 1)
        clock.advance(300)
        assert await tries.count(replace(visitor(901, "a-901"), **same)) == Exhausted(whose, begun + 3600)

    async def test_an_unknown_source_is_not_counted(self, tries: RedisTries) -> None:
        for number in range(30):
            await fail(tries, replace(visitor(number, f"a-{number}"), source=""), 1)

    async def test_everybody_together(self, store: Store, clock: SteppedClock) -> None:
        """Limit 8: visitors are paused, signed-in owners are not (V4, F15)."""
        tries = RedisTries(Trust(store, clock), Limits(global_failures_5min=20), clock)
        for number in range(20):
            await fail(tries, visitor(number, f"a-{number}"), 1)
        assert await tries.count(visitor(30, "a-30")) == Exhausted("global", clock.now() + 300)
        await fail(tries, OWNER, 1)
        clock.advance(300)
        await fail(tries, visitor(31, "a-31"), 1)

    async def test_an_exhausted_try_is_counted_nowhere(self, tries: RedisTries) -> None:
        """V3: a requester at their limit does not use up an account's tries."""
        for number in range(10):
            await fail(tries, replace(visitor(number, f"a-{number}"), requester="web::same"), 1)
        for number in range(20, 40):
            assert isinstance(await tries.count(replace(visitor(number), requester="web::same")), Exhausted)
        await fail(tries, replace(visitor(50), challenge="new"), 5)


class TestPaused:
    async def test_looking_counts_nothing(self, tries: RedisTries) -> None:
        for _ in range(20):
            assert await tries.paused(VISITOR) is None
        await fail(tries, VISITOR, 5)

    async def test_it_says_what_a_try_would_hear(self, tries: RedisTries, clock: SteppedClock) -> None:
        """V4: asked again right before the effect."""
        for number in range(5):
            await fail(tries, visitor(number), 1)
        assert await tries.paused(visitor(9)) == Exhausted("account", clock.now() + 900)

    async def test_without_challenge_and_account_it_asks_for_the_requester_alone(
            self, tries: RedisTries) -> None:
        await fail(tries, VISITOR, 5)
        nobody = replace(VISITOR, challenge="", account="")
        assert await tries.paused(nobody) is None
        await fail(tries, replace(VISITOR, challenge="case-2", account="ola"), 5)
        refused = await tries.paused(nobody)
        assert refused is not None
        assert refused.whose == "requester"


class TestStarts:
    WINDOWS = ((3, 900.0), (10, 86400.0))

    async def test_each_window_binds_and_refused_starts_do_not_count(
            self, tries: RedisTries, clock: SteppedClock) -> None:
        """Limit 11: 3 in 15 minutes, 10 in a day."""
        begun = clock.now()
        for batch in range(3):
            assert [await tries.start("codes", "kari", False, self.WINDOWS) for _ in range(3)] == [0, 0, 0]
            assert await tries.start("codes", "kari", False, self.WINDOWS) == begun + (batch + 1) * 900
            clock.advance(900)
        assert await tries.start("codes", "kari", False, self.WINDOWS) == 0
        assert await tries.start("codes", "kari", False, self.WINDOWS) == begun + 86400

    async def test_kinds_accounts_and_ways_have_budgets_of_their_own(self, tries: RedisTries) -> None:
        one = ((1, 900.0),)
        assert await tries.start("codes", "kari", False, one) == 0
        assert await tries.start("codes", "kari", False, one) > 0
        assert await tries.start("codes", "kari", True, one) == 0
        assert await tries.start("codes", "ola", False, one) == 0
        assert await tries.start("resets", "kari", False, one) == 0

    async def test_what_was_not_done_after_all_counts_no_longer(self, tries: RedisTries) -> None:
        """Limit 9 is about completed resets; the same one asked about twice is one."""
        two = "reset_done", "kari", True, ((2, 86400.0),)
        assert [await tries.start(*two, once=one) for one in ("a", "a", "b", "a")] == [0, 0, 0, 0]
        assert await tries.start(*two, once="c") > 0
        for one in ("b", "c", "never counted"):
            await tries.not_done("reset_done", "kari", True, one)
        assert await tries.start(*two, once="c") == 0
        assert await tries.start(*two, once="b") > 0

    async def test_of_sixteen_at_once_as_many_pass_as_may(
            self, tries: RedisTries, elsewhere: RedisTries) -> None:
        answers = await asyncio.gather(
            *[(tries, elsewhere)[n % 2].start("codes", "kari", False, self.WINDOWS) for n in range(16)])
        assert answers.count(0) == 3


class TestTargets:
    async def test_five_accounts_a_day_for_a_requester(self, tries: RedisTries, clock: SteppedClock) -> None:
        """Limit 7, S-042; the same account again is no new one."""
        for _ in range(3):
            assert [await tries.target("r", "", f"a-{n}") for n in range(5)] == [0] * 5
        assert await tries.target("r", "", "a-5") == clock.now() + 86400
        assert await tries.target("r", "", "a-0") == 0
        clock.advance(86400)
        assert await tries.target("r", "", "a-5") == 0

    async def test_naming_one_again_keeps_it_named(self, tries: RedisTries, clock: SteppedClock) -> None:
        """Five in any day, not five since the first."""
        for number in range(5):
            await tries.target("r", "", f"a-{number}")
        clock.advance(80000)
        await tries.target("r", "", "a-0")
        clock.advance(6400)
        assert [await tries.target("r", "", f"b-{n}") for n in range(5)] == [0, 0, 0, 0, clock.now() + 80000]

    async def test_five_accounts_a_day_for_a_source(self, tries: RedisTries) -> None:
        for number in range(5):
            assert await tries.target(f"r-{number}", "203.0.113.7", f"a-{number}") == 0
        assert await tries.target("r-9", "203.0.113.7", "a-9") > 0
        assert await tries.target("r-9", "", "a-9") == 0


async def test_counters_outlive_a_restart_of_the_process(redis_url: str, clock: SteppedClock) -> None:
    """V2."""
    for _ in range(2):
        store = Store.open(redis_url)
        tries = RedisTries(Trust(store, clock), Limits(), clock)
        answer = [await tries.count(VISITOR) for _ in range(4)][-1]
        await store.close()
    assert answer == Exhausted("challenge", 0)


async def test_a_try_that_is_sent_twice_counts_once(redis_url: str, clock: SteppedClock) -> None:
    """F6: the connection may break between the counting and its answer."""
    store = TwiceStore.open(redis_url)
    tries = RedisTries(Trust(store, clock), Limits(anonymous_failures_in_a_row=7), clock)
    answers = [await tries.count(VISITOR) for _ in range(6)]
    assert [one.left for one in answers] == [4, 3, 2, 1, 0, 0]
    clock.advance(900)
    await fail(tries, replace(VISITOR, challenge="case-9"), 2)
    clock.advance(900)
    assert await tries.count(visitor(1)) == Exhausted("account", 0, 4)
    starts = [await tries.start("codes", "kari", False, ((2, 900.0),)) for _ in range(3)]
    assert starts == [0, 0, clock.now() + 900]
    await store.close()


async def test_a_clock_set_back_revives_no_tries(tries: RedisTries, clock: SteppedClock) -> None:
    """F5, F12."""
    await fail(tries, VISITOR, 5)
    clock.advance(-1800)
    again = await tries.count(replace(VISITOR, challenge="case-2", requester="other", source=""))
    assert isinstance(again, Exhausted)


class Model:
    """What RedisTries should do, said plainly: lists of times."""

    def __init__(self) -> None:
        self.times: dict[tuple[str, ...], list[float]] = defaultdict(list)
        self.row: dict[tuple[str, bool], int] = defaultdict(int)

    def count(self, attempt: Attempt, now: float) -> str:
        theirs = (attempt.account, str(attempt.owner))
        rules = [("challenge", attempt.challenge, 5, 86400), ("requester", attempt.requester, 10, 300),
                 ("requester", attempt.requester, 50, 3600)]
        if attempt.source and not attempt.owner:
            rules += [("source", attempt.source, 10, 300), ("source", attempt.source, 50, 3600)]
        for whose, name, most, seconds in rules:
            if self.recent((whose, name), now, seconds) >= most:
                return whose
        paused = (self.recent(("account", *theirs), now, 900) >= 5
                  or self.recent(("account", *theirs), now, 86400) >= 20
                  or self.row[attempt.account, attempt.owner] >= 50)
        for whose in ("challenge", "requester", "source"):
            self.times[whose, getattr(attempt, whose)].append(now)
        if paused:
            return "account"
        self.times["account", *theirs].append(now)
        self.row[attempt.account, attempt.owner] += 1
        return ""

    def take_back(self, attempt: Attempt, when: float) -> None:
        for key in (("challenge", attempt.challenge), ("requester", attempt.requester),
                    ("source", attempt.source), ("account", attempt.account, str(attempt.owner))):
            self.times[key].remove(when)
        self.row[attempt.account, attempt.owner] = 0

    def recent(self, key: tuple[str, ...], now: float, seconds: float) -> int:
        return sum(one > now - seconds for one in self.times[key])


STEPS = st.lists(
    st.tuples(
        st.builds(
            Attempt, challenge=st.sampled_from(["c1", "c2", "c3", "c4"]), account=st.sampled_from(["a", "b"]),
            owner=st.booleans(), requester=st.sampled_from(["r", "s"]), source=st.sampled_from(["", "x"])),
        st.booleans(),
        st.sampled_from([0, 1, 60, 300, 899, 901, 4000])),
    max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_any_history_ends_as_in_the_plain_model(
        store: Store, steps: list[tuple[Attempt, bool, int]]) -> None:
    await store.do("FLUSHDB")
    clock = SteppedClock()
    tries, model = RedisTries(Trust(store, clock), Limits(), clock), Model()
    for attempt, right, wait in steps:
        expected = model.count(attempt, clock.now())
        answer = await tries.count(attempt)
        assert expected == (answer.whose if isinstance(answer, Exhausted) else "")
        if right and isinstance(answer, Counted):
            await tries.succeeded(attempt, answer.token)
            model.take_back(attempt, clock.now())
        clock.advance(wait)
