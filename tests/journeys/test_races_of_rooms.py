"""Sixteen at once over two houses: one address, one app, one who thaws, one alarm (F2, G3, V7)."""

import asyncio
import re

from bot.directory.demo_staff import STAFF
from bot.journeys.helping import Became
from bot.rules.helping import Act
from bot.rules.holds import FROZEN, PAUSED, Hold
from bot.rules.registered import EMAIL_CODE, TOTP
from bot.rules.staff import HELPDESK, Staff
from bot.serving.desk import Desk
from bot.verification.totp import current_code
from tests.journeys.conftest import InTeams, OpenHouse
from tests.journeys.stage import KARI, records
from tests.journeys.test_owner import Browse, browse
from tests.journeys.test_register import asked, mails_with_addresses, newest, opened, seed_on, stepped_up
from tests.support.browser import Browser
from tests.support.chat import SecurePage
from tests.support.clock import SteppedClock
from tests.support.people import code_for

__all__ = ["browse"]    # a fixture

CALLERS = 16


def at(page: SecurePage, here: Desk, there: Desk) -> SecurePage:
    return SecurePage(page.url.replace(here.site.base_url, there.site.base_url), page.status, page.html)


async def submit(browser: Browser, page: SecurePage, desk: Desk, **typed: str) -> int:
    headers = {"Origin": desk.site.base_url, "Sec-Fetch-Site": "same-origin"}
    form = {"token": page.fields["token"], **typed}
    async with browser._session.post(page.url, data=form, headers=headers) as answer:
        await answer.read()
        return answer.status


async def test_the_first_code_of_a_new_app(
        open_house: OpenHouse, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """A1, F2, V7: one app, one outcome, and the code that confirmed it confirms nothing else."""
    here, there = await open_house(), await open_house()
    kari = in_teams(here)
    browser, page = await opened(browse, here, await stepped_up(kari, clock))
    code = current_code(seed_on(page), clock.now())
    statuses = await asyncio.gather(*[
        submit(browser, at(page, here, desk), desk, code=code, label=str(number))
        for number, desk in enumerate([here, there] * (CALLERS // 2))])
    assert set(statuses) <= {200, 429}
    assert len((await there.kept.enrolments.read(KARI)).of_kind(TOTP)) == 2
    assert [one["outcome"] for one in await records(here, "register_app.outcome")] == ["done"]
    assert len(await records(here, "register_app.intent")) == 1
    new = (await there.kept.enrolments.read(KARI)).of_kind(TOTP)[-1]
    assert new.seed is not None
    assert not await there.kept.enrolments.spend_step(new.id, int(clock.now()) // 30)


async def test_the_mailed_code_of_a_new_address(
        open_house: OpenHouse, in_teams: InTeams, clock: SteppedClock) -> None:
    """V9, F2: it proves the address once, whichever house it comes to; the address is registered once."""
    here, there = await open_house(), await open_house()
    kari = in_teams(here)
    await asked(kari, "register_mail")
    await kari.ask("kari.ny@annen.example.com")
    clock.advance(30)
    await kari.ask(await code_for(here, "kari.nordmann"))
    await mails_with_addresses(here)
    code = re.search(r"\b\d{6}\b", (await newest(here, "kari.ny@annen.example.com")).body)
    assert code
    case, = [one for one in await here.kept.cases.others_of(KARI, but="") if one.operation == "register_mail"]
    spent = await asyncio.gather(*[
        kari.post(kari.activity(code.group()), desk) for desk in [here, there] * (CALLERS // 2)])
    assert spent.count(200) >= 1
    mail, = (await here.kept.enrolments.read(KARI)).of_kind(EMAIL_CODE)
    assert mail.address == "kari.ny@annen.example.com"
    assert [one["outcome"] for one in await records(here, "register_mail.outcome")] == ["done"]
    assert len([one for one in await records(here, "register_mail.proof")
                if (one["outcome"], one["reason"]) == ("ok", "new_address")]) == 1
    assert (await here.kept.enrolments.read(KARI)).rev == (await there.kept.enrolments.read(KARI)).rev
    assert case.id in {one["correlation"] for one in await records(here, "register_mail.outcome")}


async def test_who_resumes_and_who_thaws(open_house: OpenHouse) -> None:
    """O7, U1: sixteen of IT want the same; one did it, the others are told that it was so, and the trail says who."""
    here, there = await open_house(), await open_house()
    team = [Staff(f"s{number}", f"s{number}", f"S {number}", "nb", HELPDESK, f"a{number}") for number in range(CALLERS)]
    for act, kind in ((Act.RESUME, PAUSED), (Act.THAW, FROZEN)):
        await here.kept.holds.put(Hold(KARI, kind, "somebody", here.clock.now()))
        results = await asyncio.gather(*[
            (here, there)[number % 2].journeys.helping.wish("f" * 24, act, one, KARI, "Sak 7", "")
            for number, one in enumerate(team)])
        assert sorted(one.became for one in results) == [Became.ALREADY] * 15 + [Became.DONE]
        winner = next(one for one, result in zip(team, results, strict=True) if result.became == Became.DONE)
        done = [one["actor"] for one in await records(here, f"staff.{act}") if one["outcome"] == "done"]
        assert done == [winner.actor]
        assert not await there.kept.holds.of(KARI)


async def test_one_alarm_of_its_owner_pressed_everywhere(open_house: OpenHouse, in_teams: InTeams) -> None:
    """C6, F2: delivered again under other ids and to another replica, it is one freeze and one helpdesk case."""
    here, there = await open_house(), await open_house()
    kari = in_teams(here)
    await kari.ask("det var ikke meg")
    statuses = await asyncio.gather(*[
        kari.post(kari.activity("ja"), desk) for desk in [here, there] * (CALLERS // 2)])
    assert statuses.count(200) >= 1
    assert [one.kind for one in await here.kept.holds.of(KARI)] == [FROZEN]
    assert len(await records(here, "freeze.outcome")) == 1
    assert len(await here.journeys.helpdesk.open_ones()) == 1


async def test_two_who_confirm_and_one_who_declines(open_house: OpenHouse) -> None:
    """O7, G3: what waits for a second person ends once, whoever presses what."""
    here, there = await open_house(), await open_house()
    mona, other = STAFF
    ingrid = "00000000-0000-0000-0000-000000000004"
    assert (await here.journeys.helping.wish("f" * 24, Act.PAUSE, mona, ingrid, "Sak 7", "")).became == Became.ASKED
    request, = await there.journeys.helping.forms.waiting()
    presses = [press for desk in (here, there)
               for press in (desk.journeys.helping.confirm, desk.journeys.helping.decline)]
    await asyncio.gather(*[one(request.id, other, "") for one in presses * 4])
    ends = [one["outcome"] for one in await records(here, "staff.pause") if one["outcome"] in ("done", "declined")]
    assert len(ends) == 1
    assert bool(await here.kept.holds.of(ingrid)) is (ends == ["done"])
    assert not await here.journeys.helping.forms.waiting()
