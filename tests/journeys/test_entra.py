"""Whole journeys with Entra ID as the home of accounts: said beforehand what cannot work, and the truth afterwards."""

from pathlib import Path

import pytest

from bot.directory.demo import TENANT
from bot.errors import SettingsError
from bot.people import Speaker
from bot.rules.helpdesk import About, HelpCase
from bot.serving.desk import Desk
from bot.settings import DEMO_HELPDESK
from tests.journeys.conftest import InTeams, OpenHouse, Visit
from tests.journeys.stage import JOHN, KARI, TeamsPerson, last, link_of, records, texts, titles
from tests.journeys.test_owner import EVA, INGRID, Browse, begin, browse, proven, teams_person
from tests.journeys.test_policy import put_in_force
from tests.support.browser import Browser
from tests.support.chat import SecurePage
from tests.support.clock import SteppedClock
from tests.support.graph import ALL_ROLES, Fault, GraphDouble
from tests.support.people import mails_of

__all__ = ["browse"]

STRONG = "Elgen drakk kald kakao i regn 7"
GUEST = "00000000-0000-0000-0000-000000000008"
OLD = "den gamle på lista"
FINANCE = "11111111-aaaa-4bbb-8ccc-0000000000f1"


@pytest.fixture
async def desk(double: GraphDouble, open_house: OpenHouse) -> Desk:
    return await open_house(**double.settings)


async def at_the_page(
        desk: Desk, person: TeamsPerson, browse: Browse, clock: SteppedClock) -> tuple[Browser, SecurePage]:
    browser = await browse(desk)
    return browser, await browser.go_on_here(await browser.open(
        link_of(await proven(person, clock, "forgot_password"))))


def said_to(person: TeamsPerson) -> str:
    return " ".join(str(one.get("text")) for one in person.connector.said)


async def outcomes(desk: Desk) -> list[tuple[object, object]]:
    return [(one["outcome"], one["reason"]) for one in await records(desk, "reset.outcome")]


async def test_a_reset_in_teams(
        desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """From the first word to the new password in Graph, sessions ended, the owner told (V8, O4, O6)."""
    kari = in_teams(desk)
    browser, page = await at_the_page(desk, kari, browse, clock)
    assert "ikke æ, ø eller å" in page.text
    assert "Passordet er byttet" in (await browser.submit(page, password=STRONG)).text
    user = double.users[KARI]
    assert (user.password, user.force_change) == (STRONG, False)
    assert user.sessions_from == clock.now()
    assert "Passordet er byttet" in said_to(kari)
    assert await outcomes(desk) == [("done", "")]
    assert any("byttet" in mail.subject for mail in await mails_of(desk, "kari.nordmann"))
    assert len(double.made("PATCH")) == 1
    assert not [one for one in await records(desk) if STRONG in str(one)]


async def test_a_reset_in_the_web_chat(
        desk: Desk, double: GraphDouble, visit: Visit, clock: SteppedClock) -> None:
    """Named by the visitor, proven twice (V8)."""
    kari = await visit(desk)
    page = await kari.reset(clock, STRONG)
    assert "Passordet er byttet" in page.text
    assert double.users[KARI].password == STRONG
    assert (await kari.hear()).text.startswith("Passordet er byttet")


async def test_letters_that_the_service_has_not_are_refused_on_the_page(
        desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """N3, O3: before anything is sent."""
    browser, page = await at_the_page(desk, in_teams(desk), browse, clock)
    page = await browser.submit(page, password="Elgen drakk kald kakao i regnvær 7")
    assert "Unngå æ, ø og å" in page.text
    assert double.made("PATCH") == []


class TestFaults:
    @pytest.mark.parametrize("fault", [Fault(504, acts=True), Fault(0, acts=True)], ids=["504", "cut"])
    async def test_applied_and_not_answered(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock,
            fault: Fault) -> None:
        """F1-F3, R-018: read back at once, told as done, done once."""
        kari = in_teams(desk)
        browser, page = await at_the_page(desk, kari, browse, clock)
        double.plan("PATCH", KARI, fault)
        assert "Passordet er byttet" in (await browser.submit(page, password=STRONG)).text
        assert "Passordet er byttet" in said_to(kari)
        assert len(double.made("PATCH")) == 1
        assert await outcomes(desk) == [("done", "")]

    async def test_applied_and_not_to_be_seen_yet(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
        """F1: a replica is behind, so nobody says anything that is not known; the sweeper finds out."""
        kari = in_teams(desk)
        browser, page = await at_the_page(desk, kari, browse, clock)
        double.lag = 2
        double.plan("PATCH", KARI, Fault(504, acts=True))
        assert "Vi sjekker om passordet ble byttet" in (await browser.submit(page, password=STRONG)).text
        assert await outcomes(desk) == []
        for _ in range(3):
            clock.advance(25)
            await desk.journeys.settlement.sweep()
        assert await outcomes(desk) == [("done", "")]
        assert "Passordet er byttet" in said_to(kari)
        assert "Passordet er byttet" in (await browser.open(page.url)).text
        assert len(double.made("PATCH")) == 1

    async def test_not_applied_and_not_answered(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
        """F1: no within five minutes, and nothing happens afterwards."""
        kari = in_teams(desk)
        browser, page = await at_the_page(desk, kari, browse, clock)
        double.plan("PATCH", KARI, Fault(500))
        assert "Vi sjekker om passordet ble byttet" in (await browser.submit(page, password=STRONG)).text
        begun = clock.now()
        while not await outcomes(desk):
            clock.advance(5)
            await desk.journeys.settlement.sweep()
            assert clock.now() < begun + 300
        assert await outcomes(desk) == [("refused", "interrupted")]
        assert "ingenting er endret" in said_to(kari)
        await browser.submit(page, password=STRONG)
        assert double.users[KARI].password == OLD
        assert len(double.made("PATCH")) == 1

    async def test_another_replica_finds_out_what_became_of_it(
            self, desk: Desk, double: GraphDouble, open_house: OpenHouse, in_teams: InTeams, browse: Browse,
            clock: SteppedClock) -> None:
        """R-005: the one that asked is told nothing, and the other one reads it off the account."""
        kari = in_teams(desk)
        browser, page = await at_the_page(desk, kari, browse, clock)
        double.lag = 1
        double.plan("PATCH", KARI, Fault(0, acts=True))
        await browser.submit(page, password=STRONG)
        other = await open_house(**double.settings)
        clock.advance(25)
        await other.journeys.settlement.sweep()
        assert await outcomes(desk) == [("done", "")]
        assert double.users[KARI].sessions_from == clock.now()

    @pytest.mark.parametrize(("fault", "said"), [
        (Fault(400, code="Request_BadRequest", message="does not comply with password complexity requirements"),
         "Microsoft godtok ikke passordet"), (Fault(429, "30"), "har det travelt akkurat nå")])
    async def test_what_can_be_mended_is_mended_on_the_same_page(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock,
            fault: Fault, said: str) -> None:
        """F7, R-016, R-019: the same ticket, the same key, one reset."""
        browser, page = await at_the_page(desk, in_teams(desk), browse, clock)
        double.plan("PATCH", KARI, fault)
        again = await browser.submit(page, password=STRONG)
        assert said in again.text
        assert again.password_field
        clock.advance(40)
        assert "Passordet er byttet" in (await browser.submit(again, password=STRONG + "!")).text
        assert double.users[KARI].password == STRONG + "!"

    async def test_a_role_that_is_missing_is_told_as_it_is(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
        """F7: starting over would not help, so nobody is told to."""
        double.holds_role = False
        kari = in_teams(desk)
        browser, page = await at_the_page(desk, kari, browse, clock)
        assert "Passordet er ikke byttet" in (await browser.submit(page, password=STRONG)).text
        assert await outcomes(desk) == [("refused", "contact_it")]
        assert "Kontakt brukerstøtte" in said_to(kari)

    async def test_sessions_that_are_not_ended_at_once_are_ended_later(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
        """F4, R-022: the password is set, and the rest is finished by the sweeper."""
        browser, page = await at_the_page(desk, in_teams(desk), browse, clock)
        double.plan("POST", "revokeSignInSessions", Fault(503, "60"))
        assert "Passordet er byttet" in (await browser.submit(page, password=STRONG)).text
        assert double.users[KARI].sessions_from == 0
        clock.advance(90)
        await desk.journeys.settlement.sweep()
        assert double.users[KARI].sessions_from == clock.now()
        assert [one["outcome"] for one in await records(desk, "reset.sessions_ended")] == ["failed", "done"]

    async def test_sessions_that_may_not_be_ended_are_on_record_and_left_alone(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
        """F4, F7: permanent, so it is not asked for again."""
        double.granted = tuple(one for one in ALL_ROLES if one != "User.RevokeSessions.All")
        browser, page = await at_the_page(desk, in_teams(desk), browse, clock)
        assert "Passordet er byttet" in (await browser.submit(page, password=STRONG)).text
        clock.advance(90)
        await desk.journeys.settlement.sweep()
        assert len(double.made("POST")) == 1
        assert [one["outcome"] for one in await records(desk, "reset.sessions_ended")] == ["failed"]
        assert await desk.kept.pending.count() == 0

    async def test_disabled_while_the_page_is_open(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
        """S-029, G2: looked at again right before the effect."""
        browser, page = await at_the_page(desk, in_teams(desk), browse, clock)
        double.change(KARI, accountEnabled=False)
        assert "Passordet er ikke byttet" in (await browser.submit(page, password=STRONG)).text
        assert double.made("PATCH") == []


class TestBeforehand:
    @pytest.mark.parametrize(("change", "said"), [
        ({"onPremisesSyncEnabled": True}, "hører til organisasjonens eget nettverk"),
        ({"accountEnabled": False}, "slått av"), ({"userType": "Guest"}, "gjest her"),
        ({"roles": ("a role",)}, "bare IT som kan endre")])
    async def test_what_an_account_cannot_have_is_said_before_the_first_proof(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, change: dict[str, object], said: str) -> None:
        double.change(KARI, **change)
        answer = await begin(in_teams(desk), "forgot_password")
        assert said in last(answer)
        assert "Snakk med et menneske" in titles(answer)
        assert ("Åpne Microsofts side" in titles(answer)) is ("onPremisesSyncEnabled" in change)

    @pytest.mark.parametrize(("object_id", "said"), [
        (INGRID, "bare IT som kan endre"), (EVA, "slått av"),
        ("00000000-0000-0000-0000-000000000099", "finner ikke kontoen din")])
    async def test_the_demo_people_are_who_they_are(
            self, desk: Desk, in_teams: InTeams, object_id: str, said: str) -> None:
        assert said in last(await begin(teams_person(in_teams, desk, object_id), "forgot_password"))

    async def test_another_service_that_signs_them_in(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        double.domains["example.no"] = "Federated"
        assert "en annen tjeneste" in last(await begin(in_teams(desk), "forgot_password"))

    async def test_a_permission_that_is_missing(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        double.granted = ("User.Read.All",)
        assert "ikke fått lov" in last(await begin(in_teams(desk), "forgot_password"))

    @pytest.mark.parametrize(("journey", "said", "buttons"), [
        ("unlock_account", "åpner seg av seg selv", ["Lag nytt passord", "Snakk med et menneske"]),
        ("change_password", "på Microsofts egen side",
         ["Åpne Microsofts side", "Lag nytt passord", "Snakk med et menneske"])])
    async def test_what_graph_has_no_call_for_is_said_with_what_helps(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, visit: Visit, journey: str, said: str,
            buttons: list[str]) -> None:
        """To owner and visitor alike, and to the visitor before an account is named: it depends on none (E1)."""
        answer = await begin(in_teams(desk), journey)
        assert said in last(answer)
        assert titles(answer) == buttons
        visitor = await visit(desk)
        again = await visitor.ask("start", value={"keyturn": {"do": "start", "journey": journey}})
        assert last(again) == last(answer)
        assert double.made("PATCH") == []

    async def test_a_service_that_is_away_is_no_oracle(
            self, desk: Desk, double: GraphDouble, visit: Visit) -> None:
        """E1: the same for every name."""
        said = []
        for name in ("kari.nordmann", "finnes.ikke"):
            double.plan("GET", "/users", *[Fault(500)])
            said.append(texts(await (await visit(desk)).start(name)))
        assert said[0] == said[1]
        assert "systemet der kontoene ligger" in said[0][-1]


async def test_people_are_fetched_while_the_directory_is_away(desk: Desk, double: GraphDouble) -> None:
    """G1: a case is opened and told all the same; the helpdesk gets the account's id instead of its name."""
    double.plan("GET", KARI, *[Fault(500)] * 3)
    kari = Speaker("msteams", TENANT, "a:1", "29:kari", KARI)
    case = await desk.journeys.fetch_a_person.open(kari, "nb", {}, About.CHAT, [], "Jeg kommer ikke inn.", once="1")
    assert isinstance(case, HelpCase)
    assert await desk.journeys.helpdesk.account_of(case) == ""
    mail, = [one for one in await mails_of(desk, "ingrid.admin") if one.to == DEMO_HELPDESK]
    assert f"{KARI}, pålogget" in mail.body
    double._planned.clear()
    assert await desk.journeys.helpdesk.account_of(case) == "kari.nordmann@example.no"


@pytest.mark.parametrize("change", [
    {"onPremisesSyncEnabled": True}, {"accountEnabled": False}, {"userType": "Guest"}, {"roles": ("a role",)}])
async def test_a_visitor_hears_of_it_only_after_both_proofs(
        desk: Desk, double: GraphDouble, visit: Visit, clock: SteppedClock, change: dict[str, object]) -> None:
    """E1, E3: the same road, and at its end somebody who can help."""
    double.change(KARI, **change)
    kari = await visit(desk)
    assert last(await kari.start("kari.nordmann")).startswith("Åpne godkjenningsappen")
    with pytest.raises(AssertionError, match="Dette kan jeg ikke gjøre for denne kontoen"):
        await kari.prove(clock)
    assert double.made("PATCH") == []


class TestAtTheBeginning:
    """F7: before there is anything to prove, the service may be slow or away."""

    async def test_a_short_wait_goes_unnoticed(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        double.plan("GET", KARI, Fault(429, "0.1"), Fault(503))
        assert last(await begin(in_teams(desk), "forgot_password")).startswith("Åpne godkjenningsappen")

    async def test_a_long_one_is_said_and_the_next_try_works(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, clock: SteppedClock) -> None:
        kari = in_teams(desk)
        double.plan("GET", KARI, Fault(429, "120"))
        assert "systemet der kontoene ligger" in last(await begin(kari, "forgot_password"))
        before = len(double.calls)
        assert "systemet der kontoene ligger" in last(await begin(kari, "forgot_password"))
        assert len(double.calls) == before
        clock.advance(121)
        assert last(await begin(kari, "forgot_password")).startswith("Åpne godkjenningsappen")

    async def test_questions_are_answered_all_the_same(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        """G1."""
        double.plan("GET", KARI, *[Fault(500)] * 6)
        assert "Sist kontrollert" in last(await in_teams(desk).ask("hvilke krav stilles til passordet?"))


class TestGroups:
    """Who is in the policy's groups, Graph tells; what holds for them is what holds with any directory."""

    async def test_a_name_that_is_no_object_id_stops_the_start(
            self, double: GraphDouble, open_house: OpenHouse, tmp_path: Path) -> None:
        """G1: nobody could be in it, so what is stricter for it would hold for nobody."""
        policy = tmp_path / "policy.toml"
        policy.write_text("[groups.finance]\noff = [\"unlock\"]\n")
        with pytest.raises(SettingsError, match="Entra ID knows a group by its object id"):
            await open_house(**double.settings, KEYTURN_POLICY=str(policy))

    async def test_what_is_off_for_a_group_is_off_for_its_members(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        double.change(KARI, groups=(FINANCE,))
        await put_in_force(desk, f'[groups.{FINANCE}]\noff = ["reset"]')
        assert "kan jeg dessverre ikke gjøre her" in last(await begin(in_teams(desk), "forgot_password"))
        john = teams_person(in_teams, desk, JOHN, "John Smith")
        assert last(await begin(john, "forgot_password")).startswith("Åpne godkjenningsappen")

    async def test_whoever_comes_into_the_group_meanwhile_is_under_its_rules(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
        """G2."""
        await put_in_force(desk, f'[groups.{FINANCE}.gates]\nreset = ["app", "email_code"]')
        kari = in_teams(desk)
        browser, page = await at_the_page(desk, kari, browse, clock)
        double.change(KARI, groups=(FINANCE,))
        assert "Reglene ble endret" in (await browser.submit(page, password=STRONG)).text
        assert double.made("PATCH") == []

    async def test_without_the_permission_nobody_is_served(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        """G1."""
        double.granted = tuple(one for one in ALL_ROLES if one != "GroupMember.Read.All")
        await put_in_force(desk, f'[groups.{FINANCE}]\noff = ["reset"]')
        assert "systemet der kontoene ligger" in last(await begin(in_teams(desk), "forgot_password"))

    async def test_a_policy_without_groups_asks_nothing(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        await begin(in_teams(desk), "forgot_password")
        assert double.made("POST") == []


class TestStatus:
    async def test_without_permission_nothing_of_microsofts_is_shown(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        double.granted = ALL_ROLES[:4]
        said = last(await in_teams(desk).ask("hva har jeg registrert?"))
        assert "Dette har du registrert hos meg" in said
        assert "Microsoft" not in said

    async def test_without_the_licence_what_is_known_is_shown(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        double.licensed = False
        said = last(await in_teams(desk).ask("hva har jeg registrert?"))
        assert "Telefon: +47 •••78" in said
        assert "Microsofts side" not in said

    async def test_what_cannot_be_read_holds_up_nothing(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        """F7."""
        double.plan("GET", "/authentication/methods", Fault(500))
        double.plan("GET", f"userRegistrationDetails/{KARI}", Fault(200, raw="no json"))
        said = last(await in_teams(desk).ask("hva har jeg registrert?"))
        assert "Alt er på plass" in said
        assert "Microsoft" not in said

    async def test_names_of_phones_are_only_text(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        """N2, S-085: whoever registers an app names it as they like."""
        double.change(KARI, methods=(
            {"@odata.type": "microsoftAuthenticatorAuthenticationMethod",
             "displayName": "[Klikk her](https://evil.example) <img src=x> **nå**\n# " + "x" * 500},
            {"@odata.type": "phoneAuthenticationMethod", "phoneNumber": "[x](http://evil.example) 1"},
            {"@odata.type": "emailAuthenticationMethod", "emailAddress": "kari@[x](http://evil.example)"},
            {"@odata.type": "fido2AuthenticationMethod", "displayName": None},
            {"@odata.type": "somethingOfNextYear", "displayName": "?"}))
        said = last(await in_teams(desk).ask("hva har jeg registrert?"))
        there = said.partition("Hos Microsoft har du registrert dette:")[2].partition("Du kan også")[0]
        assert [line.strip() for line in there.strip().splitlines()] == [
            "- Microsoft Authenticator: Klikk her https evil example i", "- Telefon: •••",
            "- E-post: ka•••@x.http.evil.example", "- Passnøkkel"]
