"""What the chat says of a case that is not where the conversation thinks it is (F1, V4, I5)."""

import asyncio
from dataclasses import replace

import pytest

from bot.journeys.answers import Page, Told
from bot.people import Speaker
from bot.rules.case import Case, State
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.store import keys
from tests.journeys.conftest import OpenHouse, Visit
from tests.journeys.stage import GOOD, WRONG, Visitor, last, link_of, mailed_code, records, texts
from tests.support.clock import SteppedClock
from tests.support.people import code_for, sign_in

UNKNOWN = "Jeg finner ikke igjen det vi holdt på med"
CHECKING = "Jeg holder på å finne ut om det gikk i orden"
CLAIMS = ("ikke endret", "Ingenting er endret")


async def case_of(desk: Desk) -> Case:
    """The newest case."""
    case = await desk.kept.cases.read(str((await records(desk, "reset.opened"))[-1]["correlation"]))
    assert case is not None
    return case


async def forget(desk: Desk) -> None:
    await desk.store.do("DEL", keys.case((await case_of(desk)).id))


@pytest.mark.parametrize("way", ["avbryt", "ferdig", "later", "new link", "hvor er siden?"])
async def test_without_its_record_nobody_knows_how_it_went(
        desk: Desk, visit: Visit, clock: SteppedClock, way: str) -> None:
    """The record is gone after the password was set elsewhere: the chat must not say that it was not."""
    kari = await visit(desk)
    await kari.proven(clock)
    if way == "new link":
        await kari.ask("hvor er siden?")
        clock.advance(5)
    await forget(desk)
    if way == "later":
        clock.advance(1200)
    said = await kari.hit("Gi meg en ny lenke") if way == "new link" else await kari.ask(
        "ferdig" if way == "later" else way)
    assert texts(said)[0].startswith(UNKNOWN)
    assert not [one for one in texts(said) if any(claim in one for claim in CLAIMS)]


async def test_without_its_record_a_code_proves_nothing(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """The same at a gate; afterwards one can start over."""
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    await forget(desk)
    assert last(await kari.ask("123456")).startswith(UNKNOWN)
    assert last(await kari.start("kari.nordmann")).startswith("Åpne godkjenningsappen")


@pytest.mark.parametrize("way", ["a code", "avbryt", "Send koden på nytt", "too late"])
async def test_a_claim_that_the_conversation_missed(
        desk: Desk, visit: Visit, clock: SteppedClock, way: str) -> None:
    """A crash between the link and the turn's end leaves the chat at a gate while the page acts (R-003)."""
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    clock.advance(30)
    await kari.ask(await code_for(desk, "kari.nordmann"))
    case = await case_of(desk)
    await desk.kept.cases.save(replace(case, state=State.CLAIMED, gates=(), claimed_at=clock.now()))
    await desk.kept.pending.add(case.id, clock.now() + 20)
    if way == "too late":
        clock.advance(1200)
    if way == "Send koden på nytt":
        said = await kari.hit(way)
    else:
        said = await kari.ask("avbryt" if way == "avbryt" else await mailed_code(desk))
    assert texts(said)[0].startswith(CHECKING), texts(said)
    assert not [one for one in texts(said) if any(claim in one for claim in CLAIMS)]
    clock.advance(60)
    await desk.journeys.settlement.sweep()
    assert (await kari.hear()).text.startswith("Noe avbrøt oss, og ingenting er endret")
    assert len(await records(desk, "reset.outcome")) == 1


async def test_a_reset_that_the_conversation_missed(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """The knock reaches a chat that still waits for a code, and it says what was done."""
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    case = await case_of(desk)
    case = await desk.kept.cases.save(replace(case, state=State.CLAIMED, gates=(), claimed_at=clock.now()))
    await desk.people.directory.set_password(case.account, Secret(GOOD), case.key)
    await desk.journeys.settlement.settle(case.id)
    assert (await kari.hear()).text.startswith("Passordet er byttet")
    assert await sign_in(desk, "kari.nordmann", Secret(GOOD))


async def test_links_asked_for_at_once_are_all_answered(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """P1, F9: who is overtaken looks again; the newest link opens, and nobody goes without an answer."""
    kari = await visit(desk)
    await kari.proven(clock)
    case = await case_of(desk)
    speaker = Speaker(**case.speaker)
    pages = await asyncio.gather(*[desk.journeys.forgot_password.page(case.id, speaker) for _ in range(8)])
    assert all(isinstance(one, Page) for one in pages)
    alive = [one for one in pages if isinstance(one, Page) and (await kari.page(one.url)).status == 200]
    assert len(alive) == 1


async def test_somebody_elses_case_tells_nothing(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """I5: neither that it goes on nor how it ended."""
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    case = await case_of(desk)
    stranger = replace(Speaker(**case.speaker), browser="another")
    told = await desk.journeys.forgot_password.challenge(case.id, stranger)
    assert told == Told("elsewhere")
    assert (await case_of(desk)).state is State.OPENED


async def test_a_pause_of_the_address_is_told_as_one(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """V4, limit 6: somebody behind the same address guessed; the account itself has no tries against it."""
    address = "10.200.0.9"
    kari = await visit(desk, address=address)
    page = await kari.page(await kari.proven(clock))
    for name in ("finnes.ikke", "ingen.her"):
        await (await visit(desk, address=address)).fail(name)
    page = await kari.submit(page, GOOD)
    assert "nettverket du er på" in page.text
    assert "på kontoen" not in page.text
    assert (await kari.hear()).text.startswith("Det har vært for mange forsøk herfra, og ingenting er endret")
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))


async def test_a_storm_is_told_as_one(open_house: OpenHouse, visit: Visit, clock: SteppedClock) -> None:
    """Limit 8: neither the account nor the person is to blame."""
    desk = await open_house(KEYTURN_LIMIT_GLOBAL_FAILURES_5MIN="5")
    kari = await visit(desk)
    page = await kari.page(await kari.proven(clock))
    waiting: Visitor = await visit(desk)
    await waiting.start("ola.hansen")
    guesser = await visit(desk)
    await guesser.start("finnes.ikke")
    for code in WRONG:
        await guesser.ask(code)
    page = await kari.submit(page, GOOD)
    assert "uvanlig mange forsøk akkurat nå" in page.text
    assert (await kari.hear()).text.startswith("Det er uvanlig mange forsøk akkurat nå")
    assert last(await waiting.ask(WRONG[0])).startswith("Det er uvanlig mange forsøk akkurat nå")
    assert link_of(kari.said)
