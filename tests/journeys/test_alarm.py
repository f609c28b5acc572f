""""This wasn't me": by the owner in Teams, by the link of a mail, and by nobody else (O6, O7, V4, S-047, P1-P6)."""

import asyncio
import re

import pytest
from aiohttp import ClientSession

from bot.directory import demo
from bot.directory.demo_staff import STAFF
from bot.errors import DirectoryUnavailable
from bot.journeys.alarm import Stands
from bot.people import Speaker
from bot.rules.helpdesk import About, HelpCase
from bot.rules.holds import FROZEN
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.settings import DEMO_HELPDESK
from tests.journeys.conftest import InTeams, OpenHouse, Visit
from tests.journeys.stage import GOOD, JOHN, KARI, last, records, titles
from tests.journeys.test_owner import Browse, begin, browse, proven, teams_person
from tests.support.browser import Browser
from tests.support.clock import SteppedClock
from tests.support.people import mails_of, sign_in

__all__ = ["browse"]    # a fixture

LINK = re.compile(r"http\S+/alarm/([A-Za-z0-9_-]+)")


async def frozen(desk: Desk, account: str = KARI) -> bool:
    return [one.kind for one in await desk.kept.holds.of(account)] == [FROZEN]


async def urgent_cases(desk: Desk) -> list[tuple[About, bool]]:
    return [(one.about, one.urgent) for one in await desk.journeys.helpdesk.cases.open_ones(10)]


async def link_in_mail(desk: Desk, visit: Visit, clock: SteppedClock) -> str:
    """Of the notice about a reset in the web chat, to Kari."""
    kari = await visit(desk)
    await kari.reset(clock, GOOD)
    return newest_link((await mails_of(desk, "kari.nordmann"))[0].body)


def newest_link(body: str) -> str:
    found = LINK.search(body)
    assert found, body
    return found.group()


async def pressed(browser: Browser, link: str) -> str:
    page = await browser.open(link)
    assert page.status == 200, page.text
    return (await browser.submit(page)).text


async def test_the_owner_shuts_their_own_account_in_teams(
        desk: Desk, in_teams: InTeams, visit: Visit, clock: SteppedClock) -> None:
    """What is under way ends, sessions end, people and owner are told, and it is all on record (U1, O4, O6)."""
    visitor = await visit(desk)
    page = await visitor.page(await visitor.proven(clock))
    signed_in_at = clock.now()
    clock.advance(1)
    kari = in_teams(desk)
    assert "Skal jeg gjøre det?" in last(await kari.ask("Det var ikke meg!"))
    assert not await frozen(desk)
    said = last(await kari.ask("ja"))
    assert "Selvbetjeningen er sperret" in said
    assert "K-1001" in said
    assert await frozen(desk)
    assert await urgent_cases(desk) == [(About.NOT_ME, True)]
    assert not await desk.people.directory.session_valid(KARI, signed_in_at)
    assert (await visitor.submit(page, GOOD)).status == 404
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))
    assert "Selvbetjeningen er sperret for kontoen din" in [
        mail.subject for mail in await mails_of(desk, "kari.nordmann")]
    intent, = await records(desk, "freeze.intent")
    outcome, = await records(desk, "freeze.outcome")
    assert (intent["outcome"], outcome["outcome"], outcome["target"]) == ("pending", "done", KARI)
    assert await desk.kept.audit.verify() is None


async def test_afterwards_nothing_can_be_begun_and_the_owner_sees_why(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """G2; only IT opens it again."""
    kari = in_teams(desk)
    await kari.ask("det var ikke meg")
    await kari.ask("ja")
    assert "sperret" in last(await begin(kari, "forgot_password"))
    assert "sperret" in last(await kari.ask("hva har jeg registrert på meg?"))
    await kari.ask("det var ikke meg")
    assert "allerede sperret" in last(await kari.ask("ja"))
    assert len(await records(desk, "freeze.outcome")) == 1
    assert len(await urgent_cases(desk)) == 1
    await desk.kept.holds.lift(KARI, FROZEN)
    assert "sperret" not in last(await begin(kari, "forgot_password"))


@pytest.mark.parametrize("answer", ["nei", "avbryt"])
async def test_without_a_yes_nothing_is_shut(desk: Desk, in_teams: InTeams, answer: str) -> None:
    kari = in_teams(desk)
    await kari.ask("det var ikke meg")
    assert "sperrer" not in last(await kari.ask(answer))
    assert not await frozen(desk)
    assert not await records(desk)


async def test_in_the_middle_of_something_the_alarm_comes_first(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    kari = in_teams(desk)
    await proven(kari, clock, "forgot_password")
    assert "Skal jeg gjøre det?" in last(await kari.ask("det var ikke meg"))
    await kari.ask("ja, sperr kontoen", value={"keyturn": {"do": "freeze"}})
    assert await frozen(desk)


async def test_a_button_of_another_moment_shuts_nothing(desk: Desk, in_teams: InTeams) -> None:
    """I6: the confirming press counts only where it was asked for."""
    kari = in_teams(desk)
    await kari.ask("x", value={"keyturn": {"do": "freeze", "account": JOHN}})
    assert not await frozen(desk)
    assert not await frozen(desk, JOHN)


async def test_a_visitor_shuts_nobody_out(desk: Desk, visit: Visit) -> None:
    """V4, S-047: whatever name they give; they are shown the mail's link and people."""
    visitor = await visit(desk)
    said = await visitor.ask("det var ikke meg")
    assert "bruk lenken" in last(said)
    assert "Send en sak til brukerstøtte" in titles(said)
    for value in ("not_me", "freeze"):
        await visitor.ask("ja", value={"keyturn": {"do": value}})
    await visitor.ask("sperr kontoen min")
    assert await desk.kept.holds.held() == []
    assert not await records(desk, "freeze.intent")


async def test_in_a_group_chat_it_is_for_two(desk: Desk, in_teams: InTeams) -> None:
    """I4."""
    kari = in_teams(desk, conversation={
        "conversationType": "groupChat", "tenantId": desk_tenant(), "id": "19:group", "isGroup": True})
    assert "privat chat" in last(await kari.ask("det var ikke meg"))
    assert await desk.kept.holds.held() == []


def desk_tenant() -> str:
    from bot.directory import demo  # noqa: PLC0415

    return demo.TENANT


async def test_the_link_of_a_mail_shuts_the_account(
        desk: Desk, visit: Visit, browse: Browse, clock: SteppedClock) -> None:
    """The page names the account masked, and its result stands however often it is looked at (P2)."""
    link = await link_in_mail(desk, visit, clock)
    browser = await browse(desk)
    page = await browser.open(link)
    assert "Var det ikke deg?" in page.text
    assert "ka•••" in page.text
    assert "kari.nordmann" not in page.text
    done = await browser.submit(page)
    assert "Selvbetjeningen er sperret" in done.text
    assert "K-1001" in done.text
    assert await frozen(desk)
    assert await urgent_cases(desk) == [(About.NOT_ME, True)]
    outcome, = await records(desk, "freeze.outcome")
    assert (outcome["actor"].split(":")[0], outcome["proofs"]) == ("mail", ["mail_link"])  # type: ignore[attr-defined]
    again = await browser.submit(page)
    assert "Selvbetjeningen er sperret" in again.text
    assert len(await records(desk, "freeze.outcome")) == 1


async def test_looking_at_the_link_does_nothing(
        desk: Desk, visit: Visit, browse: Browse, clock: SteppedClock) -> None:
    """P2, S-069: scanners open it, by GET and HEAD, as often as they like."""
    link = await link_in_mail(desk, visit, clock)
    before = len(await records(desk))
    scanner = await browse(desk)
    for _ in range(3):
        assert (await scanner.open(link)).status == 200
        async with scanner._session.head(link) as answer:
            assert answer.status == 200
    assert not await frozen(desk)
    assert len(await records(desk)) == before
    assert "Selvbetjeningen er sperret" in await pressed(await browse(desk), link)


async def test_only_the_pages_own_form_counts(
        desk: Desk, visit: Visit, browse: Browse, clock: SteppedClock) -> None:
    """P4, S-072: no token, another browser's, another site's."""
    link = await link_in_mail(desk, visit, clock)
    mine, other = await browse(desk), await browse(desk)
    page, foreign = await mine.open(link), await other.open(link)
    page.fields["token"], own = foreign.fields["token"], page.fields["token"]
    assert (await mine.submit(page)).status == 403
    async with mine._session.post(link, data={"token": own}, headers={"Origin": "https://evil.example"}) as answer:
        assert answer.status == 403
    async with mine._session.post(link, data={"token": own, "account": JOHN}) as answer:
        assert answer.status == 400
    async with mine._session.put(link) as answer:
        assert answer.status == 405
    assert not await frozen(desk)


async def test_dead_links_look_alike(desk: Desk, visit: Visit, browse: Browse, clock: SteppedClock) -> None:
    """E3; a week later the link is over, and it never opens a secure page."""
    link = await link_in_mail(desk, visit, clock)
    token = link.rpartition("/")[2]
    browser = await browse(desk)
    page = await browser.open(link)
    base = desk.site.base_url
    assert (await browser.open(f"{base}/secure/{token}")).status == 404
    clock.advance(7 * 86400)
    texts = {(await browser.open(one)).text for one in (link, f"{base}/alarm/{'x' * 43}", f"{base}/alarm/short")}
    assert len(texts) == 1
    assert (await browser.submit(page)).status == 404
    assert not await frozen(desk)


async def test_headers_of_the_page(desk: Desk, visit: Visit, browse: Browse, clock: SteppedClock) -> None:
    """P5, S-074: also where there is nothing."""
    browser = await browse(desk)
    for link in (await link_in_mail(desk, visit, clock), f"{desk.site.base_url}/alarm/{'x' * 43}"):
        async with browser._session.get(link) as answer:
            headers = answer.headers
            assert headers["Cache-Control"] == "no-store"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


async def test_sixteen_presses_over_two_replicas_are_one(
        open_house: OpenHouse, visit: Visit, browse: Browse, clock: SteppedClock) -> None:
    """F2, G3."""
    one, other = await open_house(), await open_house()
    link = await link_in_mail(one, visit, clock)
    token = link.rpartition("/")[2]
    answers = await asyncio.gather(*[
        desk.journeys.alarm.press(token, "10.0.0.1") for desk in (one, other) for _ in range(8)])
    assert {answer.stands for answer in answers if answer} <= {Stands.FROZEN, Stands.CHECKING, Stands.ALREADY}
    assert all(answers)
    while await one.journeys.settlement.sweep(orphaned=True):
        pass
    assert await frozen(one)
    assert len(await records(one, "freeze.intent")) == 1
    assert len(await records(one, "freeze.outcome")) == 1
    assert len(await urgent_cases(one)) == 1
    notices = [mail for mail in await mails_of(one, "kari.nordmann") if "sperret" in mail.subject]
    assert len(notices) == len({mail.to for mail in notices}) == 2      # one to each of her addresses


async def test_a_used_link_shuts_nothing_again_after_the_thaw(
        desk: Desk, visit: Visit, browse: Browse, clock: SteppedClock) -> None:
    """P1, P2: the second press shows the first result; IT's thaw stands."""
    link = await link_in_mail(desk, visit, clock)
    browser = await browse(desk)
    page = await browser.open(link)
    await browser.submit(page)
    await desk.kept.holds.lift(KARI, FROZEN)
    assert "Selvbetjeningen er sperret" in (await browser.submit(page)).text
    assert not await frozen(desk)


async def test_links_are_nowhere_in_the_store_or_the_trail(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """D1, D3: only hashes; the mail waits sealed."""
    token = (await link_in_mail(desk, visit, clock)).rpartition("/")[2].encode()
    for key in await desk.store.do("KEYS", "*"):
        assert token not in key
        kind = (await desk.store.do("TYPE", key)).decode()
        dumped = await desk.store.do("DUMP", key) if kind != "none" else b""
        assert token not in (dumped or b"")
    assert token.decode() not in str(await records(desk))


async def test_the_last_events_in_words(
        desk: Desk, in_teams: InTeams, visit: Visit, browse: Browse, clock: SteppedClock) -> None:
    """For the owner alone, newest first, in local time; no address of anybody is in it."""
    kari = in_teams(desk)
    assert "ikke notert noe" in last(await kari.ask("siste hendelser"))
    visitor = await visit(desk)
    await visitor.reset(clock, GOOD)
    clock.advance(86400)
    await proven(kari, clock, "forgot_password")
    await kari.ask("avbryt")
    said = await kari.ask("x", value={"keyturn": {"do": "events"}})
    lines = last(said).splitlines()
    assert lines[1].startswith("- i dag kl. ")
    assert "det ble avsluttet uten endringer i Teams" in lines[1]
    assert lines[2].startswith("- i går kl. ")
    assert lines[2].strip().endswith("Passordet ble laget på nytt i nettchatten")
    assert "10." not in last(said)
    assert "Det var ikke meg" in titles(said)
    assert "Vis siste hendelser" in titles(await kari.ask("hva har jeg registrert på meg?"))
    assert "bare til den som eier" in last(await (await visit(desk)).ask("siste hendelser"))
    john = teams_person(in_teams, desk, JOHN, "John Smith")
    assert "ikke notert noe" in last(await john.ask("siste hendelser"))


@pytest.mark.parametrize(("lang", "words", "chat"), [
    ("nb", "fra e-posten", "chatten"), ("en", "from the e-mail", "the chat")])
async def test_errors_below_alarm_speak_of_the_mail(
        desk: Desk, lang: str, words: str, chat: str) -> None:
    """C4: who comes from a mail knows of no chat."""
    token = "x" * 43
    async with ClientSession(desk.site.base_url) as session:
        for method, path, status in (("GET", "x/y", 404), ("PUT", "x", 405), ("POST", token, 403)):
            async with session.request(method, f"/alarm/{path}?lang={lang}") as answer:
                text = await answer.text()
                assert answer.status == status, path
                assert words in text, path
                assert chat not in text.replace(desk.content.say(lang, "pages.never_in_chat"), ""), path


async def test_a_directory_that_is_away_is_told_in_the_alarms_own_words(
        desk: Desk, visit: Visit, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """G1: the person hears what to do instead."""
    async def away(*_: object) -> None:
        raise DirectoryUnavailable

    link = await link_in_mail(desk, visit, clock)
    with monkeypatch.context() as patched:
        patched.setattr(type(desk.people.directory), "read", away)
        async with ClientSession() as session, session.get(f"{link}?lang=nb") as answer:
            assert answer.status == 503
            assert "ring brukerstøtte med en gang" in await answer.text()


async def test_an_alarm_from_a_mail_is_answered_by_mail(desk: Desk) -> None:
    """There is no chat: staff read how to reach the owner, the page says how they will hear, and they do (F13, O6)."""
    token = await desk.journeys.alarm.links.issue(KARI, "nb")
    async with ClientSession() as session, session.get(f"{desk.site.base_url}/alarm/{token}") as answer:
        assert "svarer deg på e-post eller ringer" in await answer.text()
    pressed = await desk.journeys.alarm.press(token, "10.0.0.1")
    assert pressed is not None
    async with ClientSession() as session, session.get(f"{desk.site.base_url}/alarm/{token}") as answer:
        assert "svarer på e-post til adressene vi har til deg" in await answer.text()
    await mails_of(desk, "ingrid.admin")
    letter, = await desk.kept.mailbox.read(DEMO_HELPDESK)
    assert "svaret går på e-post til eieren" in letter.body
    assert "Ikke pålogget" in letter.body
    case = await desk.journeys.helpdesk.answer(pressed.number, STAFF[0], "Vi har sett på det. Bytt passord nå.")
    assert isinstance(case, HelpCase)
    mail, = (one for one in await mails_of(desk, "kari.nordmann")
             if one.subject == f"Svar fra brukerstøtte i sak {pressed.number}")
    assert "Bytt passord nå." in mail.body
    owner = Speaker("msteams", demo.TENANT, "a:1", "29:kari", KARI)
    assert [one.number for one in await desk.journeys.fetch_a_person.of(owner)] == [pressed.number]
    await desk.journeys.helpdesk.close(pressed.number, STAFF[0])
    assert f"Sak {pressed.number} er lukket" in [one.subject for one in await mails_of(desk, "kari.nordmann")]
