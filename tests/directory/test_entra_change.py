"""A known password changed in Entra ID as its owner: exchanged, shown once, and the truth after every fault
(graph.md section 3; O5, F2, F3, F7, D3, C3)."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channel.outbox import open_session
from bot.directory.demo import TENANT
from bot.directory.entra import Entra
from bot.directory.entra_change import CLOSED_SECONDS, REFUSED_BY_SERVICE, SIGN_ON
from bot.directory.entra_writes import BUSY, SETTLED_SECONDS
from bot.directory.graph import Graph
from bot.directory.graph_token import AppToken, Login, OnBehalf
from bot.directory.protocol import Applied, PasswordSet
from bot.errors import DirectoryUnavailable
from bot.rules.case import WhyNot, WhyRefused
from bot.rules.passwords import CURRENT_OR_NEW, WRONG_CURRENT
from bot.secret import Secret
from bot.store.connection import Store
from bot.store.effects import Effects
from tests.directory.conftest import KARI_ID, Pauses, kari
from tests.support.clock import SteppedClock
from tests.support.graph import Fault, GraphDouble
from tests.support.login import BOT_ID, BOT_SECRET, CHANGE

OLD, MINE = Secret(kari().password), Secret("Noe helt annet 4 naa")
YES = PasswordSet(Applied.YES)
ELSEWHERE = PasswordSet(Applied.NO, refused=WhyRefused.CHANGE_ELSEWHERE)
ASKS_MORE = PasswordSet(Applied.NO, refused=WhyRefused.CHANGE_ASKS_MORE)
PATH = "/me/changePassword"


@pytest.fixture
async def entra(double: GraphDouble, token: AppToken, store: Store, clock: SteppedClock,
                pauses: Pauses) -> AsyncIterator[Entra]:
    persons = OnBehalf(Login(double.url, TENANT, BOT_ID, double.url), Secret(BOT_SECRET))
    async with open_session() as session:
        yield Entra(Graph(session, token, double.url, clock, pauses), token, Effects(store), clock, TENANT,
                    persons=persons)


async def change(double: GraphDouble, entra: Entra, current: Secret = OLD, password: Secret = MINE,
                 **claims: Any) -> PasswordSet:
    return await entra.change_password(KARI_ID, current, password, "key", Secret(double.sign_on(KARI_ID, **claims)))


async def test_it_is_done_as_the_person_and_once(double: GraphDouble, entra: Entra) -> None:
    """F2; for the one permission, and with nothing that could be used again later: the double sees to it."""
    assert await change(double, entra) == YES
    assert double.users[KARI_ID].password == MINE.reveal()
    assert await change(double, entra, MINE, OLD) == YES
    assert double.users[KARI_ID].password == MINE.reveal()
    assert len(double.made("POST", PATH)) == 1
    assert await entra.outcome(KARI_ID, "key") is Applied.YES


async def test_nothing_of_it_is_kept(double: GraphDouble, entra: Entra, store: Store) -> None:
    """D3: neither what was signed on with, nor what it was exchanged for, in the store or in the process."""
    sign_on = double.sign_on(KARI_ID)
    assert await entra.change_password(KARI_ID, OLD, MINE, "key", Secret(sign_on)) == YES
    theirs = next(one for one, (person, _) in double.tokens.items() if person)
    for key in await store.do("KEYS", "*"):
        kept = await store.do("DUMP", key)
        assert sign_on.encode() not in kept
        assert theirs.encode() not in kept
    gc.collect()
    held = [one for one in gc.get_objects() if isinstance(one, Secret)]
    assert not [one for one in held if one.reveal() == theirs]


class TestWhoMay:
    def test_only_where_the_person_can_be_asked(self, entra: Entra) -> None:
        assert [entra.cannot("change", signs_on=one) for one in (True, False)] == [None, WhyNot.CHANGE_ELSEWHERE]
        assert entra.cannot("unlock", signs_on=True) is WhyNot.NO_UNLOCK

    async def test_without_consent_nobody_is_sent_there_for_a_while(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock) -> None:
        """AADSTS65001: known before anything is typed, and before the next person opens a page."""
        double.consented = ()
        sign_on = Secret(double.sign_on(KARI_ID))
        assert await entra.change_possible(KARI_ID, sign_on) is WhyRefused.CHANGE_ELSEWHERE
        assert entra.cannot("change", signs_on=True) is WhyNot.CHANGE_ELSEWHERE
        double.consented = (CHANGE,)
        clock.advance(CLOSED_SECONDS)
        assert entra.cannot("change", signs_on=True) is None
        assert await entra.change_possible(KARI_ID, sign_on) is None
        assert double.made("POST") == []

    @pytest.mark.parametrize(("code", "error", "wanted"), [
        (50076, "interaction_required", ASKS_MORE), (53003, "interaction_required", ASKS_MORE),
        (50158, "invalid_grant", ASKS_MORE), (999999, "interaction_required", ASKS_MORE),
        (50105, "invalid_grant", ELSEWHERE), (50013, "invalid_grant", ELSEWHERE),
        (7000215, "invalid_client", ELSEWHERE),
        (500133, "invalid_grant", PasswordSet(Applied.NO, (SIGN_ON,))),
        (90033, "temporarily_unavailable", PasswordSet(Applied.NO, (BUSY,)))])
    async def test_what_the_login_service_refuses_is_told_for_what_it_is(
            self, double: GraphDouble, entra: Entra, code: int, error: str, wanted: PasswordSet) -> None:
        """F7: one person's refusal closes the way for nobody else, and Graph hears of nothing."""
        double.refuses_exchange(code, error, times=2)
        assert await change(double, entra) == wanted
        sign_on = Secret(double.sign_on(KARI_ID))
        if wanted.broken == (BUSY,):
            with pytest.raises(DirectoryUnavailable):
                await entra.change_possible(KARI_ID, sign_on)
        else:
            assert await entra.change_possible(KARI_ID, sign_on) is wanted.refused
        assert entra.cannot("change", signs_on=True) is None
        assert double.made("POST") == []
        assert await change(double, entra) == YES

    @pytest.mark.parametrize("answer", [(200, {}), (200, []), (500, {}), (302, {}), (200, {"access_token": "a\nb"})])
    async def test_what_is_no_token_is_none(
            self, double: GraphDouble, entra: Entra, answer: tuple[int, Any]) -> None:
        double.exchange_answers = [answer]
        assert await change(double, entra) == PasswordSet(Applied.NO, (BUSY,))

    async def test_somebody_elses_token_is_shown_to_nobody(self, double: GraphDouble, entra: Entra) -> None:
        """I7: whatever the login service answers, it is the account of the case or nothing."""
        other = Secret(double.sign_on("11111111-aaaa-4bbb-8ccc-00000000000b"))
        assert await entra.change_password(KARI_ID, OLD, MINE, "key", other) == PasswordSet(Applied.NO, (BUSY,))
        assert double.made("POST") == []

    async def test_a_document_that_names_another_host_gets_nothing(self, double: GraphDouble, entra: Entra) -> None:
        """C3."""
        double.token_endpoint = "https://login.example.com/tenant/oauth2/v2.0/token"
        assert await change(double, entra) == PasswordSet(Applied.NO, (BUSY,))
        assert double.exchanges == []


async def test_a_login_service_that_hangs_holds_up_nothing_else(double: GraphDouble, entra: Entra) -> None:
    """F6, F15: what else needs a thread, such as judging a password, has one."""
    double.answering.clear()
    sign_on = Secret(double.sign_on(KARI_ID))
    waiting = [asyncio.create_task(entra.change_possible(KARI_ID, sign_on)) for _ in range(40)]
    try:
        async with asyncio.timeout(10):
            await double.exchanging.acquire()
        async with asyncio.timeout(2):
            assert await asyncio.to_thread(int, "7") == 7
    finally:
        for one in waiting:
            one.cancel()
        double.answering.set()
        await asyncio.gather(*waiting, return_exceptions=True)


class TestRefusals:
    @pytest.mark.parametrize(("text", "wanted"), [
        ("Invalid request.", CURRENT_OR_NEW), ("The specified current password is wrong.", WRONG_CURRENT)])
    async def test_a_wrong_present_password_may_be_typed_again(
            self, double: GraphDouble, entra: Entra, text: str, wanted: str) -> None:
        """O5; Graph's text is not published, so it is told as what it can be."""
        double.wrong_current = text
        assert await change(double, entra, Secret("gal")) == PasswordSet(Applied.NO, (wanted,))
        assert await change(double, entra) == YES

    async def test_too_simple_says_nothing_of_the_present_one(self, double: GraphDouble, entra: Entra) -> None:
        """O5: nobody knows in which order they are looked at, so it is no proof."""
        double.too_simple.add("Contoso12345678!")
        for current in (OLD, Secret("gal")):
            answer = await change(double, entra, current, Secret("Contoso12345678!"))
            assert answer == PasswordSet(Applied.NO, (REFUSED_BY_SERVICE,))
            assert not answer.proven
        assert await change(double, entra) == YES

    @pytest.mark.parametrize(("fault", "wanted"), [
        (Fault(403, code="Authorization_RequestDenied", message="Insufficient privileges"), ELSEWHERE),
        (Fault(403, code="accessDenied", message="A fresh MFA is needed"), ASKS_MORE),
        (Fault(401, code="InvalidAuthenticationToken"), ASKS_MORE),
        (Fault(404, code="Request_ResourceNotFound"), ELSEWHERE),
        (Fault(400, code="Request_BadRequest", message="on-premises mastered Directory Sync objects"), ELSEWHERE)])
    async def test_what_cannot_be_mended_closes_the_key(
            self, double: GraphDouble, entra: Entra, fault: Fault, wanted: PasswordSet) -> None:
        """F7: there is another page for it, and here it is never tried again."""
        double.plan("POST", PATH, fault)
        assert await change(double, entra) == wanted
        assert await change(double, entra) == PasswordSet(Applied.NO)
        assert len(double.made("POST", PATH)) == 1
        assert double.users[KARI_ID].password == OLD.reveal()

    @pytest.mark.parametrize("fault", [Fault(429, "30"), Fault(409, code="Conflict")])
    async def test_what_was_not_taken_may_be_tried_again(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock, fault: Fault) -> None:
        double.plan("POST", PATH, fault)
        assert await change(double, entra) == PasswordSet(Applied.NO, (BUSY,))
        clock.advance(31)
        assert await change(double, entra) == YES


class TestAmbiguous:
    """F3, R-018: never sent again; the account tells what became of it."""

    @pytest.mark.parametrize("fault", [Fault(0, acts=True), Fault(500, acts=True), Fault(504, acts=True)])
    async def test_applied_and_not_answered(self, double: GraphDouble, entra: Entra, fault: Fault) -> None:
        double.plan("POST", PATH, fault)
        with pytest.raises(DirectoryUnavailable):
            await change(double, entra)
        assert (await change(double, entra)).applied is Applied.UNKNOWN
        assert await entra.outcome(KARI_ID, "key") is Applied.YES
        assert len(double.made("POST", PATH)) == 1

    async def test_not_applied_and_not_answered(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock) -> None:
        double.plan("POST", PATH, Fault(503))
        with pytest.raises(DirectoryUnavailable):
            await change(double, entra)
        assert await entra.outcome(KARI_ID, "key") is Applied.UNKNOWN
        clock.advance(SETTLED_SECONDS)
        assert await entra.outcome(KARI_ID, "key") is Applied.NO
        assert await change(double, entra) == PasswordSet(Applied.NO)
        assert len(double.made("POST", PATH)) == 1
