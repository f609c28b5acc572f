"""Temporary Access Passes: two gates, shown once, off by default; and none that nobody knows of is left behind."""

import re

import pytest

from bot.serving.desk import Desk
from tests.journeys.conftest import InTeams, OpenHouse, Visit
from tests.journeys.stage import JOHN, KARI, TeamsPerson, last, link_of, mailed_code, records, titles
from tests.journeys.test_owner import INGRID, Browse, begin, browse, proven, teams_person
from tests.journeys.test_policy import put_in_force
from tests.support.browser import Browser
from tests.support.chat import SecurePage
from tests.support.clock import SteppedClock
from tests.support.graph import ALL_ROLES, Fault, GraphDouble
from tests.support.people import code_for, mails_of

__all__ = ["browse"]

ALLOWED = "\n".join(
    f'[{way}.gates]\ntemporary_pass = ["app_or_recovery_code", "email_code"]' for way in ("teams", "web_chat"))
NAME = "Få et midlertidig tilgangspass"
CODE = re.compile(r"<li><code>(.*?)</code>")


@pytest.fixture
async def desk(double: GraphDouble, open_house: OpenHouse) -> Desk:
    desk = await open_house(**double.settings)
    await put_in_force(desk, ALLOWED)
    return desk


async def at_the_page(
        desk: Desk, person: TeamsPerson, browse: Browse, clock: SteppedClock) -> tuple[Browser, SecurePage]:
    """Both gates passed, the page open in a browser."""
    await proven(person, clock, "temporary_pass")
    said = await person.ask(await mailed_code(desk))
    browser = await browse(desk)
    return browser, await browser.go_on_here(await browser.open(link_of(said)))


async def outcomes(desk: Desk) -> list[tuple[object, object]]:
    return [(one["outcome"], one["reason"]) for one in await records(desk, "temporary_pass.outcome")]


async def test_a_pass_is_shown_once_after_two_proofs(
        desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """V8, A5, G4, O6, D3: on the page and nowhere else, and the owner hears of it."""
    kari = in_teams(desk)
    browser, page = await at_the_page(desk, kari, browse, clock)
    assert double.pass_codes == []
    shown = await browser.submit(page, make="1")
    assert CODE.findall(shown.html) == double.pass_codes
    assert "Det virker i 60 minutter" in shown.text
    again = await browser.submit(page, make="1")
    assert "Passet er vist" in again.text
    assert len(double.pass_codes) == 1
    assert double.pass_codes[0] not in again.html + (await browser.open(page.url)).html
    everything = str(kari.connector.said) + str(await records(desk)) + str(await mails_of(desk, "kari.nordmann"))
    assert double.pass_codes[0] not in everything
    assert "Det er laget et midlertidig tilgangspass" in [
        mail.subject for mail in await mails_of(desk, "kari.nordmann")]
    assert "Tilgangspasset er laget" in everything
    assert await outcomes(desk) == [("done", "")]
    outcome, = await records(desk, "temporary_pass.outcome")
    assert outcome["proofs"] == ["totp", "email_code"]
    assert double.made("PATCH") == []


async def test_a_visitor_gets_one_by_the_same_two_proofs(
        desk: Desk, double: GraphDouble, visit: Visit, clock: SteppedClock) -> None:
    visitor = await visit(desk)
    said = await visitor.ask("hva er et midlertidig tilgangspass?")
    assert NAME in titles(said)
    await visitor.press(NAME)
    await visitor.ask("kari.nordmann")
    page = await visitor.page(await visitor.prove(clock))
    async with visitor.session.post(page.url, data={"token": page.fields["token"], "make": "1"},
                                    headers={"Origin": desk.site.base_url}) as answer:
        assert CODE.findall(await answer.text()) == double.pass_codes
    assert len(double.pass_codes) == 1


async def test_it_is_off_where_the_policy_does_not_name_it(
        desk: Desk, double: GraphDouble, in_teams: InTeams, visit: Visit) -> None:
    await put_in_force(desk, "")
    kari = in_teams(desk)
    assert NAME not in titles(await kari.ask("jeg har mistet telefonen"))
    assert "kan jeg ikke gjøre her" in last(await begin(kari, "temporary_pass"))
    visitor = await visit(desk)
    said = await visitor.ask("", value={"keyturn": {"do": "start", "journey": "temporary_pass"}})
    assert "kan jeg" in last(said)
    assert double.pass_codes == []


async def test_switched_off_while_the_page_is_open(
        desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """G2."""
    browser, page = await at_the_page(desk, in_teams(desk), browse, clock)
    await put_in_force(desk, "")
    assert "Reglene ble endret" in (await browser.submit(page, make="1")).text
    assert double.made("POST") == []


async def test_an_old_proof_makes_none(
        desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """Limit 16."""
    kari = in_teams(desk)
    browser, page = await at_the_page(desk, kari, browse, clock)
    clock.advance(299)
    said = await kari.ask("ny lenke", value={"keyturn": {"do": "new_link"}})
    page = await browser.go_on_here(await browser.open(link_of(said)))
    clock.advance(2)
    assert "Det gikk for lang tid" in (await browser.submit(page, make="1")).text
    assert double.pass_codes == []


async def test_an_account_that_is_synced_may_have_one(
        desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """It does not touch the password, so it does not matter where that lives."""
    double.change(KARI, onPremisesSyncEnabled=True)
    browser, page = await at_the_page(desk, in_teams(desk), browse, clock)
    assert len(CODE.findall((await browser.submit(page, make="1")).html)) == 1


class TestBeforehand:
    async def test_administrators_and_guests_are_told_before_the_first_proof(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        """I3, I8."""
        assert "bare IT som kan endre" in last(await begin(teams_person(in_teams, desk, INGRID), "temporary_pass"))
        double.change(KARI, userType="Guest")
        assert "gjest her" in last(await begin(in_teams(desk), "temporary_pass"))

    async def test_a_permission_that_is_missing_is_its_it_departments_move(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams) -> None:
        double.granted = tuple(one for one in ALL_ROLES if "TAP" not in one)
        said = last(await begin(in_teams(desk), "temporary_pass"))
        assert "ikke fått lov til å gi ut tilgangspass" in said
        assert last(await begin(in_teams(desk), "forgot_password")).startswith("Åpne godkjenningsappen")

    async def test_the_embedded_directory_has_none(self, open_house: OpenHouse, in_teams: InTeams) -> None:
        desk = await open_house()
        await put_in_force(desk, ALLOWED)
        assert "kan jeg dessverre ikke gjøre her" in last(await begin(in_teams(desk), "temporary_pass"))


class TestFaults:
    @pytest.mark.parametrize("fault", [Fault(504, acts=True), Fault(0, acts=True)], ids=["504", "cut"])
    async def test_one_that_nobody_was_shown_is_taken_back(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock,
            fault: Fault) -> None:
        """F1-F3: not known, then not done, and no pass is left for anybody to find."""
        kari = in_teams(desk)
        browser, page = await at_the_page(desk, kari, browse, clock)
        double.plan("POST", "temporaryAccessPassMethods", fault)
        assert "Vi sjekker om passet ble laget" in (await browser.submit(page, make="1")).text
        assert len(double.users[KARI].passes) == 1
        begun = clock.now()
        while not await outcomes(desk):
            clock.advance(5)
            await desk.journeys.settlement.sweep()
            assert clock.now() < begun + 300
        assert double.users[KARI].passes == ()
        assert await outcomes(desk) == [("refused", "interrupted")]
        assert "ingenting er endret" in str(kari.connector.said)
        assert len(double.pass_codes) == 1

    async def test_one_that_somebody_else_gave_before_is_left_alone(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
        browser, page = await at_the_page(desk, in_teams(desk), browse, clock)
        double.change(KARI, passes=({"id": "theirs", "createdDateTime": "2020-01-01T00:00:00Z"},))
        double.plan("POST", "temporaryAccessPassMethods", Fault(500))
        await browser.submit(page, make="1")
        clock.advance(120)
        await desk.journeys.settlement.sweep()
        assert await outcomes(desk) == [("refused", "interrupted")]
        assert [one["id"] for one in double.users[KARI].passes] == ["theirs"]

    async def test_one_that_the_organisation_lets_nobody_use_is_not_shown(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
        """Graph makes a pass for a person outside its policy all the same."""
        double.pass_reason = "DisabledByPolicy"
        browser, page = await at_the_page(desk, in_teams(desk), browse, clock)
        said = await browser.submit(page, make="1")
        assert CODE.findall(said.html) == []
        assert "Kontakt brukerstøtte" in said.text
        assert double.users[KARI].passes == ()
        assert await outcomes(desk) == [("refused", "contact_it")]

    @pytest.mark.parametrize(("fault", "reason"), [
        (Fault(403, code="accessDenied"), "contact_it"), (Fault(400, code="BadRequest"), "contact_it"),
        (Fault(429, "30"), "interrupted")])
    async def test_a_refusal_is_final(
            self, desk: Desk, double: GraphDouble, in_teams: InTeams, browse: Browse, clock: SteppedClock,
            fault: Fault, reason: str) -> None:
        """F7."""
        browser, page = await at_the_page(desk, in_teams(desk), browse, clock)
        double.plan("POST", "temporaryAccessPassMethods", fault)
        assert "Ingenting er endret" in (await browser.submit(page, make="1")).text
        clock.advance(40)
        await desk.journeys.settlement.sweep()
        assert await outcomes(desk) == [("refused", reason)]
        await browser.submit(page, make="1")
        assert double.pass_codes == []


async def test_others_are_asked_for_both_proofs_too(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """V8: a code from the app alone opens nothing."""
    john = teams_person(in_teams, desk, JOHN, "John Smith")
    await begin(john, "temporary_pass")
    clock.advance(30)
    said = await john.ask(await code_for(desk, "john.smith"))
    assert "e-post" in last(said)
    assert not [one for message in said for one in message.buttons if one["type"] == "openUrl"]
