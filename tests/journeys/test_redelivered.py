"""Teams delivers again what was not answered in time, later under another id: what comes twice is done once (C6)."""

from collections import Counter

import pytest

from bot.secret import Secret
from bot.serving.desk import Desk
from tests.journeys.conftest import InTeams
from tests.journeys.stage import GOOD, TeamsPerson, heard, link_of, records
from tests.journeys.test_owner import Browse, browse, start, teams_person
from tests.support.clock import SteppedClock
from tests.support.people import code_for, mails_of, sign_in

__all__ = ["browse"]    # a fixture

PER = "00000000-0000-0000-0000-000000000005"


class Twice:
    """Somebody of whom everything arrives again under another id, after it was answered."""

    def __init__(self, person: TeamsPerson) -> None:
        self.person = person

    async def ask(self, text: str, **fields: object) -> None:
        for _ in range(2):
            await self.person.ask(text, **fields)


async def kinds(desk: Desk) -> Counter[tuple[object, object]]:
    return Counter((one["event"], one["outcome"]) for one in await records(desk))


async def test_a_reset_of_which_everything_comes_twice(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """One request, one proof, one password, one mail; the code that came again is no wrong try."""
    kari = Twice(in_teams(desk))
    await kari.ask("jeg har glemt passordet")
    await kari.ask("start", value=start("forgot_password"))
    clock.advance(30)
    code = await code_for(desk, "kari.nordmann")
    await kari.ask(code)
    clock.advance(5)
    await kari.ask("Gi meg en ny lenke", value={"keyturn": {"do": "new_link"}})
    link = link_of([heard(one) for one in kari.person.connector.said if one["type"] == "message"])
    browser = await browse(desk)
    page = await browser.go_on_here(await browser.open(link))
    assert "Passordet er byttet" in (await browser.submit(page, password=GOOD)).text
    for again in ("jeg har glemt passordet", code):
        await kari.ask(again)
    assert await sign_in(desk, "kari.nordmann", Secret(GOOD))
    counted = await kinds(desk)
    assert counted["reset.outcome", "done"] == 1
    assert counted["reset.opened", "ok"] == 1
    assert counted["reset.proof", "ok"] == 1
    assert not [one for one in counted if one[0] == "reset.proof" and one[1] != "ok"]
    told = Counter(one.to for one in await mails_of(desk, "kari.nordmann") if "byttet" in one.subject)
    assert set(told.values()) == {1}


async def test_an_unlock_of_which_everything_comes_twice(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    per = Twice(teams_person(in_teams, desk, PER, "Per Laast"))
    await per.ask("start", value=start("unlock_account"))
    clock.advance(30)
    await per.ask(await code_for(desk, "per.laast"))
    counted = await kinds(desk)
    assert counted["unlock.outcome", "done"] == 1
    assert counted["unlock.proof", "ok"] == 1
    assert not [one for one in counted if one[0] == "unlock.proof" and one[1] != "ok"]


@pytest.mark.parametrize("last", ["help_send", "help_urgent"])
async def test_a_case_of_which_everything_comes_twice(desk: Desk, in_teams: InTeams, last: str) -> None:
    kari = Twice(in_teams(desk))
    await kari.ask("start", value=start("fetch_a_person"))
    await kari.ask("Skjermen er knust")
    await kari.ask("Send", value={"keyturn": {"do": last}})
    case, = await desk.journeys.helpdesk.open_ones()
    assert str(case.thread).count("Skjermen er knust") == 1
