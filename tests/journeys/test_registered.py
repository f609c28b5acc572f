"""What the owner has registered: shown on asking, and recovery codes made anew (A2, A4, A5, E3, limits 16 and 18)."""

import re
from dataclasses import replace

import pytest

from bot.rules.registered import TOTP
from bot.serving.desk import Desk
from tests.journeys.conftest import InTeams, Visit
from tests.journeys.stage import JOHN, KARI, TeamsPerson, heard, last, link_of, records, titles
from tests.journeys.test_owner import OLA, Browse, begin, browse, codes_for, proven, teams_person
from tests.journeys.test_register import with_code_from_it
from tests.support.chat import SecurePage
from tests.support.clock import SteppedClock
from tests.support.people import code_for, mails_of

__all__ = ["browse"]    # a fixture

CODE = re.compile(r"<code>([0-9A-Z-]{19})</code>")


async def asked(person: TeamsPerson) -> str:
    return last(await person.ask("hva har jeg registrert på meg?"))


async def test_the_owner_sees_methods_dates_and_that_all_is_well(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    kari = in_teams(desk)
    said = await asked(kari)
    assert "Godkjenningsapp, siden" in said
    assert "Alt er på plass" in said
    assert "sist brukt" not in said
    assert "kari@privat" not in said        # masked, also for the owner (E3)
    assert "Lag gjenopprettingskoder" in titles(await kari.ask("hva har jeg registrert på meg?"))
    await proven(kari, clock, "forgot_password")
    await kari.ask("avbryt")
    assert "sist brukt" in await asked(kari)


async def test_what_is_missing_is_said(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    assert "ikke registrert noe" in await asked(teams_person(in_teams, desk, OLA, "Ola Hansen"))
    found = await desk.kept.enrolments.read(JOHN)
    app, = found.of_kind(TOTP)
    bare = replace(found, recovery=None)
    await desk.kept.enrolments.change(JOHN, bare.having(replace(app, since=clock.now(), backed=False)))
    said = await asked(teams_person(in_teams, desk, JOHN, "John Smith"))
    assert "gjelder ikke ennå" in said
    assert "til å lage nytt passord fra" in said


async def test_a_visitor_is_shown_nothing(desk: Desk, visit: Visit) -> None:
    """E1, E3: the general answer, whatever name is given with the question."""
    visitor = await visit(desk)
    said = last(await visitor.ask("hva har jeg registrert på meg?"))
    assert "siden" not in said or "Sist kontrollert" in said
    assert "Godkjenningsapp, siden" not in said


async def made(page: SecurePage) -> list[str]:
    return CODE.findall(page.html)


async def test_ten_codes_are_made_and_shown_once(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """A5, G4, O6: on the page and nowhere else; the second submit and every look after it show none."""
    kari = in_teams(desk)
    link = link_of(await proven(kari, clock, "recovery_codes"))
    browser = await browse(desk)
    page = await browser.go_on_here(await browser.open(link))
    shown = await browser.submit(page, make="1")
    codes = await made(shown)
    assert len(set(codes)) == 10
    again = await browser.submit(page, make="1")
    assert await made(again) == []
    assert "Kodene er vist" in again.text
    assert await made(await browser.open(link)) == []
    everything = str([one.get("text") for one in kari.connector.said]) + str(await records(desk))
    assert not [one for one in codes if one in everything]
    assert "Nye gjenopprettingskoder" in [mail.subject for mail in await mails_of(desk, "kari.nordmann")]
    assert "Gjenopprettingskoder: 10 igjen" in await asked(kari)
    outcome, = await records(desk, "recovery_codes.outcome")
    assert (outcome["outcome"], outcome["proofs"]) == ("done", ["totp"])


async def test_new_codes_end_the_old_ones_and_what_was_proven_with_them(
        desk: Desk, in_teams: InTeams, browse: Browse, visit: Visit, clock: SteppedClock) -> None:
    """A4, A5: also in a reset that is under way."""
    old = await codes_for(desk, KARI, clock.now())
    visitor = await visit(desk)
    await visitor.start("kari.nordmann")
    page = await visitor.page(link_of(await visitor.hit("Jeg har ikke telefonen")))
    headers = {"Origin": desk.site.base_url}
    async with visitor.session.post(
            page.url, data={"token": page.fields["token"], "code": old[0].reveal()}, headers=headers) as answer:
        assert "Koden stemte" in await answer.text()
    kari = in_teams(desk)
    browser = await browse(desk)
    mine = await browser.go_on_here(await browser.open(link_of(await proven(kari, clock, "recovery_codes"))))
    assert len(await made(await browser.submit(mine, make="1"))) == 10
    await visitor.hear()
    later = await visit(desk)
    await later.start("kari.nordmann")
    page = await later.page(link_of(await later.hit("Jeg har ikke telefonen")))
    async with later.session.post(
            page.url, data={"token": page.fields["token"], "code": old[1].reveal()}, headers=headers) as answer:
        assert "Den koden" in await answer.text()


async def test_an_old_proof_makes_no_codes(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """Limit 16: five minutes; the link itself would still be good."""
    kari = in_teams(desk)
    before = (await desk.kept.enrolments.read(KARI)).recovery
    link = link_of(await proven(kari, clock, "recovery_codes"))
    clock.advance(200)
    said = await kari.ask("ny lenke", value={"keyturn": {"do": "new_link"}})
    link = link_of(said) if said and any(one.buttons for one in said) else link
    browser = await browse(desk)
    page = await browser.go_on_here(await browser.open(link))
    clock.advance(101)
    refused = await browser.submit(page, make="1")
    assert await made(refused) == []
    assert "Ingen nye koder" in refused.text
    assert (await desk.kept.enrolments.read(KARI)).recovery == before


async def test_without_a_registered_method_only_a_code_from_it_steps_up_and_the_new_codes_wait(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """A2, A3, limit 17: a running Teams session alone is never enough, and what IT vouches for counts a day later."""
    ola = teams_person(in_teams, desk, OLA, "Ola Hansen")
    assert "engangskode fra IT" in last(await begin(ola, "recovery_codes"))
    code = (await desk.kept.one_time_codes.issue(OLA, "it:ingrid", 1800)).reveal()
    assert "Koden stemte" in (await with_code_from_it(desk, ola, browse, code)).text
    codes = await made(await shown_in(browse, desk, link_of([heard(ola.connector.said[-1])])))
    assert len(codes) == 10
    assert "går det en tid før de nye virker" in heard(ola.connector.said[-1]).text
    assert "Gjenopprettingskoder: 10 igjen (gjelder ikke ennå)" in await asked(ola)
    assert "så nytt at det ikke gjelder ennå" in last(await begin(ola, "forgot_password"))
    clock.advance(86400)
    await begin(ola, "forgot_password")
    assert "Koden stemte" in (await with_code_from_it(desk, ola, browse, codes[0])).text


async def test_whoever_lost_everything_makes_codes_with_one_from_it(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """A2, A5: an IT code does at the step-up of somebody who has an app, too; then also these codes wait."""
    old = await codes_for(desk, KARI, clock.now())
    kari = in_teams(desk)
    await begin(kari, "recovery_codes")
    code = (await desk.kept.one_time_codes.issue(KARI, "it:ingrid", 1800)).reveal()
    assert "Koden stemte" in (await with_code_from_it(desk, kari, browse, code)).text
    assert len(await made(await shown_in(browse, desk, link_of([heard(kari.connector.said[-1])])))) == 10
    made_now = (await desk.kept.enrolments.read(KARI)).recovery
    assert made_now is not None
    assert not made_now.backed
    await begin(kari, "forgot_password")
    assert "Den koden virket ikke" in (await with_code_from_it(desk, kari, browse, old[0].reveal())).text


async def shown_in(browse: Browse, desk: Desk, link: str) -> SecurePage:
    """The page in answer to the press that makes the codes."""
    browser = await browse(desk)
    return await browser.submit(await browser.go_on_here(await browser.open(link)), make="1")


async def test_a_visitor_cannot_make_any(desk: Desk, visit: Visit) -> None:
    """V8: no registration by anonymous visitors."""
    visitor = await visit(desk)
    said = await visitor.ask("", value={"keyturn": {"do": "start", "journey": "recovery_codes"}})
    assert "kan jeg ikke gjøre her" in last(said)
    assert not await records(desk)


@pytest.mark.parametrize("typed", ["111111", "kari"])
async def test_the_step_up_is_a_real_proof(desk: Desk, in_teams: InTeams, clock: SteppedClock, typed: str) -> None:
    kari = in_teams(desk)
    await begin(kari, "recovery_codes")
    assert not [one for message in await kari.ask(typed) for one in message.buttons if one["type"] == "openUrl"]
    clock.advance(30)
    assert link_of(await kari.ask(await code_for(desk, "kari.nordmann")))
