"""Requests in the store: sealed, one writer at a time, one living ticket (D1, F9, P1, P2, E3, limit 27)."""

import asyncio
from dataclasses import replace
from hashlib import sha256

import pytest

from bot.errors import Conflict
from bot.rules.case import Case, State
from bot.rules.limits import Limits
from bot.store import keys
from bot.store.cases import SealedCases
from bot.store.connection import Store
from bot.store.protocol import Ticketed
from bot.store.sealed import KeyRing
from tests.support.clock import SteppedClock
from tests.support.twice import TwiceStore


@pytest.fixture
def cases(store: Store, ring: KeyRing, clock: SteppedClock) -> SealedCases:
    return SealedCases(store, ring, Limits(), clock)


@pytest.fixture
def elsewhere(other_store: Store, ring: KeyRing, clock: SteppedClock) -> SealedCases:
    """The same cases on another replica."""
    return SealedCases(other_store, ring, Limits(), clock)


def a_case(case_id: str = "case-1", account: str = "kari") -> Case:
    return Case(
        id=case_id, operation="reset", lang="nb", account=account, speaker={"channel": "directline"},
        reference={"conversation": {"id": "c"}}, key="effect-1", phrase="blå elg",
        gates=("totp", "email_code"))


class TestWriting:
    async def test_what_was_saved_is_what_is_read(self, cases: SealedCases, elsewhere: SealedCases) -> None:
        opened = await cases.open(a_case())
        passed = await cases.save(opened.passed("totp", 5.5))
        assert passed.rev == opened.rev + 1
        assert await elsewhere.read("case-1") == passed

    async def test_there_is_no_case_nobody_opened(self, cases: SealedCases) -> None:
        assert await cases.read("case-1") is None

    async def test_a_case_is_opened_once(self, cases: SealedCases) -> None:
        await cases.open(a_case())
        with pytest.raises(Conflict):
            await cases.open(a_case())

    async def test_a_stale_rev_changes_nothing(self, cases: SealedCases) -> None:
        opened = await cases.open(a_case())
        saved = await cases.save(replace(opened, phrase="rød rev"))
        with pytest.raises(Conflict):
            await cases.save(replace(opened, phrase="grå gås"))
        assert await cases.read("case-1") == saved

    async def test_a_case_that_is_gone_does_not_come_back(self, cases: SealedCases, store: Store) -> None:
        """F5: a wiped store revives no grant."""
        opened = await cases.open(a_case())
        await store.do("FLUSHDB")
        with pytest.raises(Conflict):
            await cases.save(opened)

    async def test_of_sixteen_who_claim_at_once_one_wins(
            self, cases: SealedCases, elsewhere: SealedCases) -> None:
        """G3, F2."""
        opened = await cases.open(a_case())
        claims = [(cases, elsewhere)[n % 2].save(replace(opened, reason=str(n))) for n in range(16)]
        answers = await asyncio.gather(*claims, return_exceptions=True)
        winners = [one for one in answers if isinstance(one, Case)]
        assert len(winners) == 1
        assert all(isinstance(one, Conflict) for one in answers if one not in winners)
        assert await cases.read("case-1") == winners[0]

    async def test_a_write_that_is_sent_twice_is_one_write(
            self, redis_url: str, ring: KeyRing, clock: SteppedClock) -> None:
        """F6: the writer whose answer was lost has won all the same."""
        twice = TwiceStore.open(redis_url)
        cases = SealedCases(twice, ring, Limits(), clock)
        opened = await cases.open(a_case())
        _, ticketed = await cases.issue_ticket(opened, "reset", 300)
        assert await cases.read("case-1") == await cases.read("case-1") == ticketed
        with pytest.raises(Conflict):
            await cases.save(opened)
        await twice.close()

    async def test_it_is_kept_for_a_day(self, cases: SealedCases, store: Store) -> None:
        """Limit 27; finished ones too."""
        opened = await cases.open(a_case())
        assert 86_390_000 < await store.do("PTTL", keys.case("case-1")) <= 86_400_000
        await cases.save(opened.closed(State.ENDED, 1, "gave_up"))
        assert 86_390_000 < await store.do("PTTL", keys.case("case-1")) <= 86_400_000


class TestTampering:
    """D1: whatever was altered, swapped or comes from elsewhere is no case."""

    async def test_nothing_of_it_can_be_read_in_the_store(self, cases: SealedCases, store: Store) -> None:
        """S-093."""
        ticket, _ = await cases.issue_ticket(await cases.open(a_case(account="kari-id")), "reset", 300)
        held = b""
        for key in await store.do("KEYS", "*"):
            kind = await store.do("TYPE", key)
            read = {b"hash": ("HGETALL", key), b"string": ("GET", key), b"set": ("SMEMBERS", key)}[kind]
            answer = await store.do(*read)
            held += key + (b"".join(answer) if isinstance(answer, list) else answer)
        for secret in (ticket, "kari-id", "blå elg", "effect-1", "directline"):
            assert secret.encode() not in held

    async def test_an_altered_case(self, cases: SealedCases, store: Store) -> None:
        await cases.open(a_case())
        sealed = bytearray(await store.do("HGET", keys.case("case-1"), "sealed"))
        sealed[-1] ^= 1
        await store.do("HSET", keys.case("case-1"), "sealed", bytes(sealed))
        assert await cases.read("case-1") is None

    async def test_another_case_in_its_place(self, cases: SealedCases, store: Store) -> None:
        await cases.open(a_case())
        await cases.open(a_case("case-2"))
        await store.do("COPY", keys.case("case-2"), keys.case("case-1"), "REPLACE")
        assert await cases.read("case-1") is None

    async def test_an_older_version_under_the_present_rev(self, cases: SealedCases, store: Store) -> None:
        opened = await cases.open(a_case())
        old = await store.do("HGET", keys.case("case-1"), "sealed")
        await cases.save(opened.passed("totp", 5))
        await store.do("HSET", keys.case("case-1"), "sealed", old)
        assert await cases.read("case-1") is None

    @pytest.mark.parametrize("plain", [
        b"not json", b"[]", b"{}", b'{"id": "case-1", "power": 9}', b'{"gates": 3, "proofs": []}'])
    async def test_a_shape_this_version_does_not_know(
            self, cases: SealedCases, store: Store, ring: KeyRing, plain: bytes) -> None:
        """F10."""
        await store.do("HSET", keys.case("case-1"), "rev", 1, "sealed", ring.seal("case 1", "case-1", plain))
        assert await cases.read("case-1") is None


class TestTickets:
    async def test_the_newest_ticket_leads_to_its_case_and_says_when_it_ends(
            self, cases: SealedCases, clock: SteppedClock) -> None:
        ticket, case = await cases.issue_ticket(await cases.open(a_case()), "reset", 300)
        assert len(ticket) >= 43
        assert await cases.by_ticket(ticket) == Ticketed(case, "reset", clock.now() + 300)

    async def test_only_its_hash_is_stored(self, cases: SealedCases) -> None:
        ticket, case = await cases.issue_ticket(await cases.open(a_case()), "reset", 300)
        assert case.ticket == sha256(ticket.encode()).hexdigest()
        assert await cases.by_ticket(case.ticket) is None

    async def test_a_new_ticket_kills_the_old(self, cases: SealedCases) -> None:
        """P1, S-078."""
        old, case = await cases.issue_ticket(await cases.open(a_case()), "reset", 300)
        new, case = await cases.issue_ticket(case, "reset", 300)
        assert await cases.by_ticket(old) is None
        assert await cases.by_ticket(new) is not None

    @pytest.mark.parametrize("ticket", ["", "x", "../case", "\ud800", "å" * 9000])
    async def test_any_other_text_leads_nowhere(self, cases: SealedCases, ticket: str) -> None:
        """E3."""
        await cases.issue_ticket(await cases.open(a_case()), "reset", 300)
        assert await cases.by_ticket(ticket) is None

    async def test_a_double_submit_after_its_end_finds_the_first_result(
            self, cases: SealedCases, store: Store) -> None:
        """P2: the record outlives the ticket by fifteen minutes, and then it is gone."""
        ticket, case = await cases.issue_ticket(await cases.open(a_case()), "reset", 300)
        done = await cases.save(case.closed(State.DONE, 5))
        found = await cases.by_ticket(ticket)
        assert found is not None
        assert found.case == done
        assert 1_190_000 < await store.do("PTTL", keys.ticket(case.ticket)) <= 1_200_000

    async def test_of_two_tickets_issued_at_once_one_exists(
            self, cases: SealedCases, elsewhere: SealedCases) -> None:
        opened = await cases.open(a_case())
        answers = await asyncio.gather(
            cases.issue_ticket(opened, "reset", 300), elsewhere.issue_ticket(opened, "reset", 300),
            return_exceptions=True)
        assert sum(isinstance(one, Conflict) for one in answers) == 1

    async def test_a_ticket_moved_to_another_name_is_none(self, cases: SealedCases, store: Store) -> None:
        """D1: whoever can write to the store cannot make a ticket they know."""
        _, case = await cases.issue_ticket(await cases.open(a_case()), "reset", 300)
        own = sha256(b"mine").hexdigest()
        await store.do("COPY", keys.ticket(case.ticket), keys.ticket(own))
        assert await cases.by_ticket("mine") is None


class TestOthers:
    async def test_the_unfinished_cases_of_the_account_but_this_one(self, cases: SealedCases) -> None:
        """I5, O4."""
        mine = await cases.open(a_case("mine"))
        opened = await cases.open(a_case("opened"))
        claimed = await cases.save(replace(await cases.open(a_case("claimed")), state=State.CLAIMED))
        await cases.save((await cases.open(a_case("ended"))).closed(State.ENDED, 5))
        await cases.open(a_case("other", "ola"))
        assert list(await cases.others_of("kari", but=mine.id)) == [claimed, opened]
        assert list(await cases.others_of("nobody", but="")) == []

    async def test_a_case_that_is_gone_leaves_the_list(self, cases: SealedCases, store: Store) -> None:
        await cases.open(a_case())
        await store.do("DEL", keys.case("case-1"))
        assert list(await cases.others_of("kari", but="")) == []
        assert await store.do("EXISTS", keys.cases_of("kari")) == 0
