"""Sixteen callers, one winner; over two houses on one store (G3, F2, V1, V3, P2).

Over two real processes: `tests/faults/test_races_of_processes.py`.
"""

import asyncio

import pytest

from bot.rules.registered import TOTP
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.store import keys
from tests.journeys.conftest import OpenHouse, Visit
from tests.journeys.stage import GOOD, KARI, Visitor, last, records, texts
from tests.support.chat import SecurePage
from tests.support.clock import SteppedClock
from tests.support.house import content
from tests.support.people import code_for, mails_of, sign_in

CALLERS = 16
ROOMY = {"KEYTURN_LIMIT_RESET_STARTS_24H": "100"}


def _at(page: SecurePage, here: Desk, there: Desk) -> SecurePage:
    """The same page by another replica."""
    return SecurePage(page.url.replace(here.site.base_url, there.site.base_url), page.status, page.html)


async def test_one_form_sent_sixteen_times(open_house: OpenHouse, visit: Visit, clock: SteppedClock) -> None:
    """F2, S-067, R-046: set once, one intent, one outcome; who looks afterwards sees the one result."""
    here, there = await open_house(), await open_house()
    kari = await visit(here)
    page = await kari.page(await kari.proven(clock))
    before = await here.kept.accounts.credentials(KARI)
    answers = await asyncio.gather(*[
        _submit(kari, _at(page, here, desk), desk, GOOD) for desk in [here, there] * (CALLERS // 2)])
    assert {one.status for one in answers} <= {200, 429}     # Too fast for one page: nothing was done.
    assert sum(one.status == 200 for one in answers) >= 2
    later = [await kari.page(_at(page, here, desk).url) for desk in (here, there)]
    assert all("Passordet er byttet" in one.text for one in later)
    said = [one.text for one in answers if one.status == 200]
    assert all("Passordet er byttet" in one or "Vi sjekker om passordet" in one for one in said)

    after = await here.kept.accounts.credentials(KARI)
    assert before is not None
    assert after is not None
    assert after.version == before.version + 1
    assert await sign_in(here, "kari.nordmann", Secret(GOOD))
    assert len(await records(here, "reset.intent")) == len(await records(here, "reset.outcome")) == 1
    assert len(await records(here, "reset.sessions_ended")) == 1
    notices = [one for one in await mails_of(here, "kari.nordmann") if one.subject == "Passordet ditt er byttet"]
    assert len(notices) == 2    # One to each address.
    assert texts(await kari.quiet())[-1].startswith("Passordet er byttet")
    assert await here.kept.audit.verify() is None


async def _submit(kari: Visitor, page: SecurePage, desk: Desk, password: str) -> SecurePage:
    form = page.fields | {page.password_field: password}
    headers = {"Origin": desk.site.base_url, "Sec-Fetch-Site": "same-origin"}
    async with kari.session.post(page.url, data=form, headers=headers) as answer:
        return SecurePage(page.url, answer.status, await answer.text())


async def test_a_second_submit_shows_the_first_result(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """P2: also with another password, and after the link's time."""
    kari = await visit(desk)
    page = await kari.page(await kari.proven(clock))
    assert "Passordet er byttet" in (await kari.submit(page, GOOD)).text
    assert "Passordet er byttet" in (await kari.submit(page, "et helt annet og langt passord")).text
    clock.advance(400)
    assert "Passordet er byttet" in (await kari.submit(page, GOOD)).text
    assert await sign_in(desk, "kari.nordmann", Secret(GOOD))


async def test_sixteen_guessers_have_five_tries(
        open_house: OpenHouse, visit: Visit, clock: SteppedClock) -> None:
    """V1, S-041: of all wrong codes at once five are looked at; then a right one is refused, unspent, alike (V3)."""
    here, there = await open_house(**ROOMY), await open_house(**ROOMY)
    guessers = await asyncio.gather(*[visit((here, there)[number % 2]) for number in range(CALLERS)])
    await asyncio.gather(*[one.start("kari.nordmann") for one in guessers])
    said = await asyncio.gather(*[one.ask("111111") for one in guessers])
    assert {tuple(texts(one)) for one in said} == {(
        content().say("nb", "case.wrong_for_visitor.more", left=4),)}
    assert await here.store.do("ZCARD", keys.tries("account", KARI, "anonymous")) == 5

    kari = await visit(here)
    await kari.start("kari.nordmann")
    right = await kari.ask(await code_for(here, "kari.nordmann"))
    assert texts(right) == texts(said[0])
    app, = (await here.kept.enrolments.read(KARI)).of_kind(TOTP)
    assert await here.store.do("EXISTS", keys.totp_step(app.id)) == 0     # Not consumed.
    clock.advance(901)
    late = await visit(there)
    await late.start("kari.nordmann")
    assert last(await late.ask(await code_for(here, "kari.nordmann"))).startswith("Takk, den stemte")


async def test_one_code_sent_to_two_houses(open_house: OpenHouse, visit: Visit, clock: SteppedClock) -> None:
    """G3, F9: the same code said four times at once passes one gate once; the next gate sees the others as wrong."""
    here, there = await open_house(), await open_house()
    kari = await visit(here)
    await kari.start("kari.nordmann")
    clock.advance(30)
    code = await code_for(here, "kari.nordmann")
    url = f"/v3/directline/conversations/{kari.conversation}/activities"
    message = {"type": "message", "from": {"id": "me"}, "text": code}

    async def say(desk: Desk) -> int:
        headers = {"Authorization": f"Bearer {kari.token}"}
        async with kari.session.post(desk.site.base_url + url, json=message, headers=headers) as answer:
            return answer.status

    assert await asyncio.gather(*[say(desk) for desk in (here, there) * 2]) == [200] * 4
    said = texts(await kari.quiet())
    assert sum(one.startswith("Takk, den stemte") for one in said) == 1
    assert len(await records(here, "reset.proof")) == 4      # One right, three wrong ones at the next gate.
    assert [one["outcome"] for one in await records(here, "reset.proof")].count("ok") == 1


@pytest.mark.parametrize("head_start", [0.0, 0.01, 0.03, 0.06, 0.1, 0.15])
async def test_cancel_in_the_chat_while_the_page_is_sent(
        desk: Desk, visit: Visit, clock: SteppedClock, head_start: float) -> None:
    """F1: whoever is first, password, page, chat and trail tell one truth."""
    kari = await visit(desk)
    page = await kari.page(await kari.proven(clock))

    async def cancel() -> None:
        await asyncio.sleep(head_start)     # the race
        await kari.say("avbryt")

    answer, _ = await asyncio.gather(kari.submit(page, GOOD), cancel())
    changed = await sign_in(desk, "kari.nordmann", Secret(GOOD))
    said = [one.text for one in kari.said] + texts(await kari.quiet())
    assert any(one.startswith("Passordet er byttet, og") for one in said) is changed
    assert any(one.startswith("Da stopper vi her") for one in said) is not changed
    assert ("Passordet er byttet" in answer.text) is changed
    assert answer.status == (200 if changed else 404)
    clock.advance(60)
    await desk.journeys.settlement.sweep()
    ends = [one["outcome"] for one in await records(desk) if one["event"] in ("reset.outcome", "reset.ended")]
    assert ends[-1] == ("done" if changed else "not_done") or ends == ["not_done", "ended"]
    assert await desk.kept.pending.count() == 0
