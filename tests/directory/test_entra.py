"""Entra ID: what an account can and cannot have done, and the truth after every fault (F3, F4, F7, I8, E2)."""

import asyncio
from typing import Any

import pytest

from bot.directory.entra import Entra
from bot.directory.entra_change import REFUSED_BY_SERVICE
from bot.directory.entra_writes import BUSY, SETTLED_SECONDS
from bot.directory.graph_token import AppToken
from bot.directory.protocol import Applied, PasswordSet
from bot.errors import DirectoryRefused, DirectoryUnavailable
from bot.rules.case import WhyNot, WhyRefused
from bot.secret import Secret
from bot.store.connection import Store
from bot.store.effects import Effects
from tests.directory.conftest import KARI_ID, Pauses, kari
from tests.support.clock import SteppedClock
from tests.support.graph import ALL_ROLES, USER_ADMINISTRATOR, Fault, GraphDouble, GraphUser

MINE = Secret("Noe helt annet 4 naa")
OTHER_ID = "11111111-aaaa-4bbb-8ccc-00000000000b"
YES, NO, UNKNOWN = PasswordSet(Applied.YES), PasswordSet(Applied.NO), PasswordSet(Applied.UNKNOWN)
CONTACT_IT = PasswordSet(Applied.NO, refused=WhyRefused.CONTACT_IT)
THROTTLED = Fault(429, "1", code="TooManyRequests")


async def read(entra: Entra) -> Any:
    found = await entra.read(KARI_ID)
    assert found is not None
    return found


class TestAccount:
    @pytest.mark.parametrize(("fields", "wanted"), [
        ({"accountEnabled": False}, {"enabled": False}), ({"accountEnabled": None}, {"enabled": False}),
        ({"userType": "Guest"}, {"guest": True}), ({"upn": "k_x.no#EXT#@example.no"}, {"guest": True}),
        ({"roles": (USER_ADMINISTRATOR,)}, {"protected": True}),
        ({"onPremisesSyncEnabled": True}, {"obstacle": WhyNot.SYNCED}),
        ({"onPremisesSyncEnabled": False}, {"obstacle": None}),
        ({"preferredLanguage": "en-US"}, {"language": "en-US"}), ({"preferredLanguage": None}, {"language": ""}),
        ({"preferredLanguage": "x" * 99}, {"language": "x" * 35}),
        ({"displayName": None}, {"display_name": "kari.nordmann@example.no"}),
        ({"mail": None, "otherMails": ["kari@privat.example.no", "a@b\r\nBcc: c@d.no", 7, "kari@privat.example.no"]},
         {"notice_addresses": ("kari@privat.example.no",)}),
        ({"displayName": "<script>\r\n[x](http://y)"}, {"display_name": "<script> [x](http://y)"})])
    async def test_what_graph_says_is_what_is_known(
            self, double: GraphDouble, entra: Entra, fields: dict[str, Any], wanted: dict[str, Any]) -> None:
        """I3, I8, O6; a hostile name stays data: who shows it, encodes it (N2)."""
        double.change(KARI_ID, **fields)
        found = await read(entra)
        assert {name: getattr(found, name) for name in wanted} == wanted

    async def test_whose_domain_is_federated_is_told(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock) -> None:
        double.domains["example.no"] = "Federated"
        assert (await read(entra)).obstacle is WhyNot.FEDERATED
        assert len(double.made("GET", "/domains")) == 1
        await read(entra)
        clock.advance(3601)
        await read(entra)
        assert len(double.made("GET", "/domains")) == 2

    async def test_what_was_known_of_domains_holds_while_they_cannot_be_read(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock) -> None:
        """Before anything is known nobody is served on a guess (G1)."""
        double.domains["example.no"] = "Federated"
        double.plan("GET", "/domains", Fault(500))
        with pytest.raises(DirectoryUnavailable):
            await entra.read(KARI_ID)
        assert (await read(entra)).obstacle is WhyNot.FEDERATED
        clock.advance(3601)
        double.plan("GET", "/domains", Fault(500))
        assert (await read(entra)).obstacle is WhyNot.FEDERATED
        double.domains["example.no"] = "Managed"
        clock.advance(61)
        assert (await read(entra)).obstacle is None

    async def test_domains_that_may_not_be_seen_are_no_obstacle(self, double: GraphDouble, entra: Entra) -> None:
        double.granted = tuple(one for one in ALL_ROLES if one != "Domain.Read.All")
        assert (await read(entra)).obstacle is None

    async def test_a_missing_permission_is_known_before_anything_is_tried(
            self, double: GraphDouble, entra: Entra) -> None:
        double.granted = ("User.Read.All",)
        assert (await read(entra)).obstacle is WhyNot.NOT_ABLE
        assert double.made("PATCH") == []

    async def test_a_token_that_tells_nothing_is_no_obstacle(self, double: GraphDouble, entra: Entra) -> None:
        double.unreadable_tokens = True
        assert (await read(entra)).obstacle is None

    async def test_listed_accounts_are_protected(self, double: GraphDouble, entra: Entra) -> None:
        """I8: break-glass and service accounts, which hold no role."""
        double.add(GraphUser(OTHER_ID, "nodkonto@example.no"))
        found = await entra.find("nodkonto@example.no")
        assert found is not None
        assert found.protected

    async def test_without_permission_to_read_nobody_is_served(self, double: GraphDouble, entra: Entra) -> None:
        double.granted = ("User-PasswordProfile.ReadWrite.All",)
        with pytest.raises(DirectoryUnavailable):
            await entra.read(KARI_ID)
        with pytest.raises(DirectoryUnavailable):
            await entra.find("kari.nordmann")

    async def test_roles_that_are_not_there_yet_are_not_taken_for_none(
            self, double: GraphDouble, entra: Entra) -> None:
        """G1: the user is replicated, and what would protect it is not."""
        double.plan("GET", "directoryRole", Fault(404, code="Request_ResourceNotFound"))
        with pytest.raises(DirectoryUnavailable):
            await entra.read(KARI_ID)

    @pytest.mark.parametrize("answer", ["[]", "{", "x" * (1 << 20) + "x", '"text"'])
    async def test_an_answer_of_another_shape_is_none(
            self, double: GraphDouble, entra: Entra, answer: str) -> None:
        double.plan("GET", KARI_ID, Fault(200, raw=answer))
        with pytest.raises(DirectoryUnavailable):
            await entra.read(KARI_ID)

    async def test_a_glance_asks_once_a_minute(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock) -> None:
        """The checklist is looked at with every key that is pressed; what decides is read anew (G2)."""
        for _ in range(20):
            assert await entra.glance(KARI_ID) is not None
        assert len(double.made("GET", KARI_ID)) == 1
        double.change(KARI_ID, accountEnabled=False)
        assert not (await read(entra)).enabled
        glanced = await entra.glance(KARI_ID)
        assert glanced is not None
        assert not glanced.enabled
        clock.advance(61)
        await entra.glance(KARI_ID)
        assert len(double.made("GET", KARI_ID)) == 3


class TestFind:
    async def test_by_the_mail_address(self, double: GraphDouble, entra: Entra) -> None:
        double.change(KARI_ID, mail="Kari@Example.com")
        found = await entra.find("kari@example.com")
        assert found is not None
        assert found.id == KARI_ID

    async def test_an_apostrophe_is_part_of_a_name(self, double: GraphDouble, entra: Entra) -> None:
        """N2: doubled for OData, and then quoted for the address."""
        double.add(GraphUser(OTHER_ID, "pat.o'neil@example.no"))
        for typed in ("pat.o'neil@example.no", "pat.o'neil"):
            found = await entra.find(typed)
            assert found is not None
            assert found.id == OTHER_ID

    async def test_two_accounts_with_one_name_find_neither(self, double: GraphDouble, entra: Entra) -> None:
        """I7, S-032: one's user name is the other's mail address; and a first part of two."""
        double.add(GraphUser(OTHER_ID, "kari.nordmann@example.com", {"mail": "kari.nordmann@example.no"}))
        assert await entra.find("kari.nordmann@example.no") is None
        assert await entra.find("kari.nordmann") is None
        assert await entra.find("kari.nordmann@example.com") is not None

    @pytest.mark.parametrize("other", ["k\u00e5ri.nordmann@example.no", "kari.nordmann2@example.no"])
    async def test_what_the_service_finds_alike_is_somebody_else(
            self, double: GraphDouble, entra: Entra, other: str) -> None:
        """I7, S-030: its comparison may ignore accents; ours does not."""
        double.users.clear()
        double.add(GraphUser(OTHER_ID, other, {"mail": None}))
        assert await entra.find("kari.nordmann@example.no") is None
        assert await entra.find("kari.nordmann") is None

    @pytest.mark.parametrize("typed", ["kari.nordmann@example.no", "finnes.ikke@example.no", "kari.nordmann", "*"])
    async def test_nobody_is_asked_for_as_often_as_somebody(
            self, double: GraphDouble, entra: Entra, typed: str) -> None:
        """E2."""
        await read(entra)
        before = len(double.calls)
        await entra.find(typed)
        assert [one.method for one in double.calls[before:]] == ["GET", "GET"]

    @pytest.mark.parametrize("account_id", [KARI_ID, OTHER_ID, "x-0123"])
    async def test_a_made_up_id_is_read_as_a_real_one(
            self, double: GraphDouble, entra: Entra, account_id: str) -> None:
        """E2."""
        await read(entra)
        before = len(double.calls)
        await entra.read(account_id)
        assert len(double.calls) - before == 2


class TestRefusals:
    async def test_a_password_the_service_does_not_want_is_mended_with_the_same_key(
            self, double: GraphDouble, entra: Entra) -> None:
        """F7, R-019."""
        double.too_simple.add("Contoso12345678!")
        answer = await entra.set_password(KARI_ID, Secret("Contoso12345678!"), "key")
        assert answer == PasswordSet(Applied.NO, (REFUSED_BY_SERVICE,))
        assert await entra.set_password(KARI_ID, MINE, "key") == YES
        assert double.users[KARI_ID].password == MINE.reveal()

    @pytest.mark.parametrize("change", [
        {"roles": (USER_ADMINISTRATOR,)}, {"onPremisesSyncEnabled": True}, {"userType": "Guest"}])
    async def test_what_cannot_be_mended_closes_the_key(
            self, double: GraphDouble, entra: Entra, change: dict[str, Any]) -> None:
        """F7: not tried again, and never later either."""
        double.change(KARI_ID, **change)
        assert await entra.set_password(KARI_ID, MINE, "key") == CONTACT_IT
        assert len(double.made("PATCH")) == 1
        double.users[KARI_ID] = kari()
        assert await entra.set_password(KARI_ID, MINE, "key") == NO
        assert await entra.outcome(KARI_ID, "key") is Applied.NO

    async def test_a_role_that_is_missing_is_no_interruption(self, double: GraphDouble, entra: Entra) -> None:
        double.holds_role = False
        assert await entra.set_password(KARI_ID, MINE, "key") == CONTACT_IT

    async def test_a_conflict_may_be_tried_again(self, double: GraphDouble, entra: Entra) -> None:
        double.plan("PATCH", KARI_ID, Fault(409, code="Conflict"))
        assert await entra.set_password(KARI_ID, MINE, "key") == PasswordSet(Applied.NO, (BUSY,))
        assert await entra.set_password(KARI_ID, MINE, "key") == YES

    @pytest.mark.parametrize("force", [False, True])
    async def test_whether_it_has_to_be_replaced_is_always_said(
            self, double: GraphDouble, entra: Entra, force: bool) -> None:
        """The service's default is not clear, so nothing is left to it."""
        entra._force_change = force
        await entra.set_password(KARI_ID, MINE, "key")
        assert double.users[KARI_ID].force_change is force

    def test_what_graph_has_no_call_for_is_said_at_once(self, entra: Entra) -> None:
        assert [entra.cannot(one) for one in ("reset", "change", "unlock", "recovery_codes")] == [
            None, WhyNot.CHANGE_ELSEWHERE, WhyNot.NO_UNLOCK, None]

    async def test_nothing_is_done_by_calls_that_graph_has_not(self, double: GraphDouble, entra: Entra) -> None:
        assert await entra.change_password(KARI_ID, Secret("old"), MINE, "key", Secret("token")) == PasswordSet(
            Applied.NO, refused=WhyRefused.CHANGE_ELSEWHERE)
        assert await entra.unlock(KARI_ID, "key") is Applied.NO
        assert double.calls == []

    async def test_revoking_without_permission_is_not_tried_again(
            self, double: GraphDouble, entra: Entra) -> None:
        """F4, F7."""
        double.granted = ("User.Read.All", "User-PasswordProfile.ReadWrite.All")
        with pytest.raises(DirectoryRefused):
            await entra.revoke_sessions(KARI_ID)
        assert len(double.made("POST")) == 1


class TestThrottled:
    """F7, limit 26, R-016."""

    async def test_a_short_wait_is_kept_and_then_it_works(
            self, double: GraphDouble, entra: Entra, pauses: Pauses) -> None:
        double.plan("PATCH", KARI_ID, Fault(429, "2.128"), THROTTLED)
        assert await entra.set_password(KARI_ID, MINE, "key") == YES
        assert 2.128 <= pauses.seconds[0] <= 2.3
        assert len(double.made("PATCH")) == 3

    async def test_a_long_wait_is_told_instead(
            self, double: GraphDouble, entra: Entra, pauses: Pauses, clock: SteppedClock) -> None:
        """Until then nobody asks: the same page may try again later."""
        double.plan("PATCH", KARI_ID, Fault(429, "30"))
        assert await entra.set_password(KARI_ID, MINE, "key") == PasswordSet(Applied.NO, (BUSY,))
        assert pauses.seconds == []
        before = len(double.calls)
        with pytest.raises(DirectoryUnavailable):
            await entra.read(KARI_ID)
        assert len(double.calls) == before
        clock.advance(31)
        assert await entra.set_password(KARI_ID, MINE, "key") == YES

    async def test_it_gives_up_after_three_more_tries(
            self, double: GraphDouble, entra: Entra, pauses: Pauses) -> None:
        double.plan("PATCH", KARI_ID, *[THROTTLED] * 5)
        assert await entra.set_password(KARI_ID, MINE, "key") == PasswordSet(Applied.NO, (BUSY,))
        assert len(double.made("PATCH")) == 4
        assert sum(pauses.seconds) <= 5

    async def test_a_read_is_tried_again_when_the_service_is_away_for_a_moment(
            self, double: GraphDouble, entra: Entra) -> None:
        """R-017."""
        double.plan("GET", KARI_ID, Fault(503, raw="<html>gateway</html>"), Fault(504))
        await read(entra)
        assert len(double.made("GET", KARI_ID)) == 3


class TestAmbiguous:
    """F3, R-018: what was sent and not answered is never sent again; the account tells what became of it."""

    @pytest.mark.parametrize("fault", [
        Fault(0, acts=True), Fault(500, acts=True), Fault(503, acts=True), Fault(504, acts=True),
        Fault(502, acts=True, raw="<html>gateway</html>"), Fault(302, acts=True)],
        ids=["cut", "500", "503", "504", "gateway", "redirect"])
    async def test_applied_and_not_answered(self, double: GraphDouble, entra: Entra, fault: Fault) -> None:
        double.plan("PATCH", KARI_ID, fault)
        with pytest.raises(DirectoryUnavailable):
            await entra.set_password(KARI_ID, MINE, "key")
        assert await entra.set_password(KARI_ID, MINE, "key") == UNKNOWN
        assert await entra.outcome(KARI_ID, "key") is Applied.YES
        assert await entra.set_password(KARI_ID, MINE, "key") == YES
        assert len(double.made("PATCH")) == 1

    @pytest.mark.parametrize("fault", [Fault(0), Fault(500), Fault(503)], ids=["cut", "500", "503"])
    async def test_not_applied_and_not_answered(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock, fault: Fault) -> None:
        """Unknown as long as it may yet show, and then no for ever; within F1's five minutes."""
        double.plan("PATCH", KARI_ID, fault)
        with pytest.raises(DirectoryUnavailable):
            await entra.set_password(KARI_ID, MINE, "key")
        assert await entra.outcome(KARI_ID, "key") is Applied.UNKNOWN
        clock.advance(SETTLED_SECONDS - 1)
        assert await entra.outcome(KARI_ID, "key") is Applied.UNKNOWN
        clock.advance(1)
        assert await entra.outcome(KARI_ID, "key") is Applied.NO
        assert await entra.set_password(KARI_ID, MINE, "key") == NO
        assert len(double.made("PATCH")) == 1
        assert SETTLED_SECONDS < 300

    async def test_a_replica_that_is_behind_makes_nobody_believe_no(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock) -> None:
        """Reads may show the old state for minutes."""
        double.lag = 3
        double.plan("PATCH", KARI_ID, Fault(504, acts=True))
        with pytest.raises(DirectoryUnavailable):
            await entra.set_password(KARI_ID, MINE, "key")
        ends = []
        for _ in range(4):
            ends.append(await entra.outcome(KARI_ID, "key"))
            clock.advance(20)
        assert ends == [Applied.UNKNOWN] * 3 + [Applied.YES]

    async def test_the_caller_who_has_no_patience_left(self, double: GraphDouble, entra: Entra) -> None:
        """The call is cut short on our side: it is as unknown as any other."""
        double.plan("PATCH", KARI_ID, Fault(-1, acts=True))
        call = asyncio.create_task(entra.set_password(KARI_ID, MINE, "key"))
        await double.received("PATCH")
        call.cancel()
        await asyncio.wait([call])
        assert await entra.outcome(KARI_ID, "key") is Applied.YES

    async def test_a_change_long_after_is_somebody_elses(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock) -> None:
        """F1: ours did not happen, or does not hold any more."""
        double.plan("PATCH", KARI_ID, Fault(500))
        with pytest.raises(DirectoryUnavailable):
            await entra.set_password(KARI_ID, MINE, "key")
        clock.advance(200)
        double.change(KARI_ID, password="Satt av IT 77", changed=clock.now())
        assert await entra.outcome(KARI_ID, "key") is Applied.NO

    async def test_an_account_that_is_deleted_meanwhile(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock) -> None:
        double.plan("PATCH", KARI_ID, Fault(500))
        with pytest.raises(DirectoryUnavailable):
            await entra.set_password(KARI_ID, MINE, "key")
        double.users.clear()
        assert await entra.outcome(KARI_ID, "key") is Applied.UNKNOWN
        clock.advance(SETTLED_SECONDS)
        assert await entra.outcome(KARI_ID, "key") is Applied.NO

    async def test_a_process_that_stood_still_sends_nothing_late(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock) -> None:
        """NO is final: what was held up between record and call is not sent when everybody has given it up."""
        double.plan("PATCH", KARI_ID, THROTTLED)
        entra._graph._pause = lambda _: _stand_still(clock)
        assert await entra.set_password(KARI_ID, MINE, "key") == PasswordSet(Applied.NO, (BUSY,))
        assert len(double.made("PATCH")) == 1

    async def test_killed_between_record_and_call(
            self, double: GraphDouble, entra: Entra, store: Store, clock: SteppedClock) -> None:
        """R-004: nobody is left who knows whether it was sent."""
        other = Entra(entra._graph, entra._permissions, Effects(store), clock, "tenant")

        class KilledError(BaseException):
            pass

        async def kill(*_: object, **__: object) -> None:
            raise KilledError

        entra._graph.change = kill  # type: ignore[method-assign]
        with pytest.raises(KilledError):
            await entra.set_password(KARI_ID, MINE, "key")
        assert await other.outcome(KARI_ID, "key") is Applied.UNKNOWN
        clock.advance(SETTLED_SECONDS)
        assert await other.outcome(KARI_ID, "key") is Applied.NO

    async def test_a_service_that_cannot_be_reached_was_not_asked(
            self, double: GraphDouble, entra: Entra, clock: SteppedClock) -> None:
        """Nothing left this machine, so the key stays open and outcome says no at once."""
        await entra.read(KARI_ID)
        await double.server.close()
        with pytest.raises(DirectoryUnavailable):
            await entra.set_password(KARI_ID, MINE, "key")
        assert await entra._effects.close(KARI_ID, "key") is Applied.NO


async def _stand_still(clock: SteppedClock) -> None:
    clock.advance(60)


class TestToken:
    async def test_one_that_graph_does_not_take_is_replaced_once(
            self, double: GraphDouble, entra: Entra) -> None:
        await read(entra)
        double.revoke_tokens()
        assert await entra.set_password(KARI_ID, MINE, "key") == YES
        assert len(double.logins) == 2

    async def test_no_token_no_effect(self, double: GraphDouble, entra: Entra, token: AppToken) -> None:
        await read(entra)
        double.plan("PATCH", KARI_ID, Fault(401, code="InvalidAuthenticationToken"))
        double.secret = "another"
        assert await entra.set_password(KARI_ID, MINE, "key") == PasswordSet(Applied.NO, (BUSY,))
        assert double.users[KARI_ID] == kari()
