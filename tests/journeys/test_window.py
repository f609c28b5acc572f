"""The secure page as a window inside Teams: minted for whoever presses, known by its own page, closed with nothing
(P1-P5, P7, P8, I5, I6, C6)."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector

from bot.directory import demo
from bot.pages import bundle
from bot.pages.dialog import TEAMS_HOSTS
from bot.secret import Secret
from bot.serving.desk import Desk
from tests.journeys.conftest import InTeams, OpenHouse
from tests.journeys.stage import GOOD, JOHN, KARI, TeamsPerson, last, records, titles
from tests.journeys.test_owner import begin, proven, start, teams_person
from tests.support.clock import SteppedClock
from tests.support.connector import FakeConnector
from tests.support.identity import APP_ID, LocalIdentity
from tests.support.people import code_for, sign_in
from tests.support.tcp import free_port
from tests.support.tls import Certificate, make_certificate, tls_in_front
from tests.support.window import Window

PRESS = {"data": {"type": "task/fetch", "keyturn": {"do": "page"}}, "context": {"theme": "default"}}

OpenSecure = Callable[..., Awaitable[Desk]]


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@pytest.fixture
async def open_secure(
        open_house: OpenHouse, certificate: Certificate, tmp_path: Path) -> AsyncIterator[OpenSecure]:
    """A house that people reach by https, with the library that Teams' windows need."""
    teams = bundle.TEAMS
    bundle.keep(teams.folder(tmp_path), teams.packed({teams.script: b"// teams", teams.license: b"MIT"}))
    async with AsyncExitStack() as at_end:
        async def opened(**settings: str) -> Desk:
            port = free_port()
            desk = await open_house(KEYTURN_PUBLIC_URL=f"https://127.0.0.1:{port}", **settings)
            await at_end.enter_async_context(tls_in_front(certificate, port, desk.settings.port))
            return desk

        yield opened


@pytest.fixture
async def desk(open_secure: OpenSecure) -> Desk:
    return await open_secure()


@pytest.fixture
async def in_teams(open_house: OpenHouse, certificate: Certificate) -> AsyncIterator[InTeams]:
    connector = FakeConnector()
    await connector.server.start_server()
    async with ClientSession(connector=TCPConnector(ssl=certificate.trusting)) as session:
        yield lambda desk, **fields: TeamsPerson(desk, connector, session, **fields)
    await connector.close()


@pytest.fixture
async def kari(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> TeamsPerson:
    """She has proven who she is, and the page for a new password is hers to open."""
    kari = in_teams(desk)
    await proven(kari, clock, "forgot_password")
    return kari


@pytest.fixture
async def windows(certificate: Certificate) -> AsyncIterator[Callable[[Desk], Awaitable[Window]]]:
    async with AsyncExitStack() as at_end:
        async def opened(desk: Desk) -> Window:
            return await at_end.enter_async_context(Window(desk.site.base_url, certificate))

        yield opened


Windows = Callable[[Desk], Awaitable[Window]]


async def pressed(person: TeamsPerson, value: Any = PRESS) -> str:
    """The address that Teams is told to open."""
    status, answer = await person.invoke("task/fetch", value)
    assert status == 200
    assert answer["task"]["type"] == "continue", answer
    return str(answer["task"]["value"]["url"])


async def nothing(person: TeamsPerson, value: Any = PRESS, **fields: Any) -> str:
    """What a press was told instead of an address."""
    status, answer = await person.invoke("task/fetch", value, **fields)
    assert (status, answer["task"]["type"]) == (200, "message"), answer
    return str(answer["task"]["value"])


async def test_a_reset_in_a_window(
        desk: Desk, in_teams: InTeams, windows: Windows, clock: SteppedClock) -> None:
    """From the press to the new password without a link in the chat, without a cookie (P3, P7)."""
    kari = in_teams(desk)
    said = await proven(kari, clock, "forgot_password")
    assert "Lenken" not in last(said)
    button = said[-1].button("Velg nytt passord")
    assert (button["type"], button["value"]["type"]) == ("invoke", "task/fetch")
    status, answer = await kari.invoke("task/fetch", PRESS)
    task = answer["task"]["value"]
    assert (status, task["title"], task["url"]) == (200, "Velg nytt passord", task["fallbackUrl"])
    assert task["url"].startswith(f"{desk.site.base_url}/secure/")

    window = await windows(desk)
    page = await window.open(task["url"])
    assert window.framers() == list(TEAMS_HOSTS)
    assert "Set-Cookie" not in window.headers
    page = await window.begin(page)
    assert window.framers() == list(TEAMS_HOSTS)
    assert page.password_field == "password"
    rules = await window.check(page, "kort")
    assert any(not one["kept"] for one in rules["rules"])
    again = await window.send(page, password="kort")
    assert (again.status, again.password_field) == (422, "password")
    assert window.framers() == list(TEAMS_HOSTS)
    done = await window.send(again, password=GOOD)
    assert "Passordet er byttet" in done.text
    assert 'data-closes="soon"' in done.html
    assert await sign_in(desk, "kari.nordmann", Secret(GOOD))
    assert any("Passordet er byttet" in str(one.get("text")) for one in kari.connector.said)
    repeated = await window.send(again, password=GOOD)      # F2
    assert "Passordet er byttet" in repeated.text
    assert len(await records(desk, "reset.outcome")) == 1


async def test_each_press_mints_anew_and_the_old_window_is_dead(
        desk: Desk, kari: TeamsPerson, windows: Windows) -> None:
    """P1, C6: pressed again, or the press delivered again under another id."""
    first, second = await pressed(kari), await pressed(kari)
    assert first != second
    window = await windows(desk)
    assert (await window.open(first)).status == 404
    assert (await window.begin(await window.open(second))).password_field


async def test_the_same_press_delivered_again_does_nothing(desk: Desk, kari: TeamsPerson, windows: Windows) -> None:
    """C6: the ticket of the first delivery lives on."""
    one = {"id": "f-1"}
    _, answer = await kari.invoke("task/fetch", PRESS, **one)
    status, second = await kari.invoke("task/fetch", PRESS, **one)
    assert (status, second["task"]["type"]) == (200, "message")
    window = await windows(desk)
    assert (await window.begin(await window.open(answer["task"]["value"]["url"]))).password_field


async def test_the_window_belongs_to_its_own_page(desk: Desk, kari: TeamsPerson, windows: Windows) -> None:
    """P2, P3, S-069, S-070: looking takes nothing; once it began, the address opens nothing, nor a made-up seat."""
    url = await pressed(kari)
    mine, thief = await windows(desk), await windows(desk)
    for _ in range(3):
        seen = await thief.open(url)
        assert (seen.status, seen.password_field) == (200, "")
    page = await mine.begin(await mine.open(url))
    assert (await thief.open(url)).status == 404
    assert (await thief.begin(seen)).status == 404
    forged = page.fields | {"seat": "x" * 43}
    page.fields, kept = forged, page.fields
    assert (await thief.send(page, password=GOOD)).status == 403
    page.fields = kept
    assert "Passordet er byttet" in (await mine.send(page, password=GOOD)).text


async def test_a_seat_opens_no_page_of_the_browser_and_the_other_way_round(
        desk: Desk, kari: TeamsPerson, windows: Windows) -> None:
    """P3, P5: what is taken by a window is dead as a plain link, which is framed by nobody."""
    url = await pressed(kari)
    window = await windows(desk)
    plain = await window.open(url.removesuffix("/teams"))
    assert plain.status == 200
    assert window.framers() == ["'none'"]
    await window.begin(await window.open(url))
    assert (await window.open(url.removesuffix("/teams"))).status == 404


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://teams.microsoft.com", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"}])
async def test_another_sites_post_begins_nothing(
        desk: Desk, kari: TeamsPerson, windows: Windows, headers: dict[str, str], certificate: Certificate) -> None:
    """P4: not even Teams' own."""
    page = await (await windows(desk)).open(await pressed(kari))
    async with ClientSession(connector=TCPConnector(ssl=certificate.trusting)) as session, session.post(
            page.url, data=page.fields, headers=headers) as answer:
        assert answer.status == 403
    assert (await (await windows(desk)).begin(page)).password_field


@pytest.mark.parametrize("value", [
    None, {}, [], "x", {"data": None}, {"data": {"type": "task/fetch"}},
    {"data": {"keyturn": {"do": "page", "account": JOHN, "case": "someone-elses", "purpose": "register_app"}}},
    {"data": json.loads("[" * 50 + "]" * 50)}, {"data": {"keyturn": {"do": "x" * 100_000}}}], ids=repr)
async def test_what_the_press_says_decides_nothing(
        desk: Desk, in_teams: InTeams, clock: SteppedClock, value: Any) -> None:
    """I6: the page is that of the conversation, whatever the card says; without one there is none."""
    kari = in_teams(desk)
    assert (await nothing(kari, value)).startswith("Den knappen hører til noe")
    await proven(kari, clock, "forgot_password")
    await pressed(kari, value)
    opened = await records(desk, "reset.opened")
    assert [one["target"] for one in opened] == [KARI]


async def test_a_page_is_opened_only_where_the_conversation_has_come_to_it(
        desk: Desk, in_teams: InTeams, windows: Windows, clock: SteppedClock) -> None:
    """I6, S-025: before the proof there is the page for other codes, and no other."""
    kari = in_teams(desk)
    await begin(kari, "forgot_password")
    page = await (window := await windows(desk)).begin(await window.open(await pressed(kari)))
    assert (page.password_field, "gjenopprettingskode" in page.text) == ("", True)
    clock.advance(30)
    await kari.ask(await code_for(desk, "kari.nordmann"))
    assert (await window.begin(await window.open(await pressed(kari)))).password_field
    await kari.ask("avbryt")
    assert (await nothing(kari)).startswith("Den knappen hører til noe")


async def test_another_code_in_a_window(desk: Desk, in_teams: InTeams, windows: Windows) -> None:
    """G4, V1: the other page that there is counts for the same case."""
    kari = in_teams(desk)
    await begin(kari, "forgot_password")
    said = await kari.ask("Jeg har ikke telefonen", value={"keyturn": {"do": "recovery"}})
    assert "Lenken" not in last(said)
    assert said[-1].button("Bruk en gjenopprettingskode")["type"] == "invoke"
    window = await windows(desk)
    page = await window.begin(await window.open(await pressed(kari)))
    wrong = await window.send(page, code="AAAA-BBBB-CCCC-DDDD")
    assert wrong.status == 422
    assert [one["reason"] for one in await records(desk, "reset.proof")] == ["totp"]


async def test_other_peoples_presses_open_nothing(desk: Desk, kari: TeamsPerson) -> None:
    """I3-I5, S-018, S-019: not of another person, not of a guest, not in a group, not in another chat."""
    john = {"from": {"id": "29:john", "name": "John", "aadObjectId": JOHN}}
    guest = {"from": {"id": "29:kari", "aadObjectId": KARI, "userRole": "guest"}}
    group = {"conversation": {
        "conversationType": "groupChat", "isGroup": True, "tenantId": demo.TENANT, "id": kari.conversation}}
    other = {"conversation": {"conversationType": "personal", "tenantId": demo.TENANT, "id": "a:other"}}
    for fields in (john, group, other):
        assert (await nothing(kari, **fields)).startswith("Den knappen hører til noe")
    assert await nothing(kari, **guest)
    assert len(await records(desk, "reset.opened")) == 1


@pytest.mark.parametrize("value", [
    None, {"data": {"do": "grant", "case": "x"}}, {"data": {"password": "hemmelig"}}, [], "x"], ids=repr)
async def test_what_a_window_sends_back_is_looked_at_by_nobody(desk: Desk, kari: TeamsPerson, value: Any) -> None:
    """I6, P8: acknowledged with nothing; the conversation waits as before."""
    said, known = len(kari.connector.said), await records(desk)
    assert await kari.invoke("task/submit", value) == (200, None)
    assert len(kari.connector.said) == said
    assert await records(desk) == known
    await pressed(kari)


async def test_who_asks_for_another_way_gets_a_link(kari: TeamsPerson, clock: SteppedClock) -> None:
    """The window may not open where the person is."""
    clock.advance(5)
    said = await kari.ask("Gi meg en ny lenke", value={"keyturn": {"do": "new_link"}})
    assert said[-1].button("Velg nytt passord")["type"] == "openUrl"


async def test_too_late_a_press_says_so_and_ends_the_conversation(kari: TeamsPerson, clock: SteppedClock) -> None:
    """V10, F1: in the window and in the chat, once."""
    clock.advance(3600)
    before = len(kari.connector.said)
    assert (await nothing(kari)).startswith("Det gikk for lang tid")
    assert [str(one["text"])[:22] for one in kari.connector.said[before:]] == ["Det gikk for lang tid,"]
    assert (await nothing(kari)).startswith("Den knappen hører til noe")


async def test_codes_shown_once_stay_until_their_reader_closes_them(
        desk: Desk, in_teams: InTeams, windows: Windows, clock: SteppedClock) -> None:
    """A5, P9."""
    kari = in_teams(desk)
    await kari.ask("start", value=start("recovery_codes"))
    clock.advance(30)
    await kari.ask(await code_for(desk, "kari.nordmann"))
    window = await windows(desk)
    page = await window.begin(await window.open(await pressed(kari)))
    codes = await window.send(page, make="1")
    assert 'id="codes"' in codes.html
    assert 'data-closes="later"' in codes.html
    assert 'id="codes"' not in (await window.send(page, make="1")).html


class TestSignedOn:
    """P3: whoever is at the page has to be signed on there as the person of the conversation."""

    @pytest.fixture
    async def identity(self, clock: SteppedClock) -> AsyncIterator[LocalIdentity]:
        identity = LocalIdentity(clock)
        await identity.server.start_server()
        yield identity
        await identity.server.close()

    @pytest.fixture
    async def desk(self, open_secure: OpenSecure, identity: LocalIdentity) -> Desk:
        return await open_secure(
            KEYTURN_TEAMS_SIGN_ON="true", KEYTURN_LOGIN_URL=identity.url, MicrosoftAppId=APP_ID,
            MicrosoftAppPassword="s3cret", KEYTURN_OPENID_METADATA_URL=identity.metadata_url,
            KEYTURN_TENANTS=demo.TENANT)

    @pytest.fixture
    async def kari(self, desk: Desk, identity: LocalIdentity, certificate: Certificate) -> AsyncIterator[TeamsPerson]:
        connector = FakeConnector()
        await connector.server.start_server()
        token = identity.token(connector.service_url)
        async with ClientSession(
                connector=TCPConnector(ssl=certificate.trusting), headers={"Authorization": f"Bearer {token}"}) as one:
            yield TeamsPerson(desk, connector, one)
        await connector.close()

    async def test_the_person_of_the_conversation_is_let_in(
            self, desk: Desk, kari: TeamsPerson, windows: Windows, clock: SteppedClock,
            identity: LocalIdentity) -> None:
        await proven(kari, clock, "forgot_password")
        window = await windows(desk)
        page = await window.open(await pressed(kari))
        page = await window.begin(page, identity.sign_on(demo.TENANT, KARI))
        assert "Passordet er byttet" in (await window.send(page, password=GOOD)).text

    async def test_nobody_else_is_and_the_person_still_may(
            self, desk: Desk, kari: TeamsPerson, windows: Windows, clock: SteppedClock,
            identity: LocalIdentity) -> None:
        await proven(kari, clock, "forgot_password")
        window = await windows(desk)
        page = await window.open(await pressed(kari))
        other = "00000000-0000-0000-0000-0000000000ff"
        for person in ((demo.TENANT, JOHN), (other, KARI)):
            assert (await window.begin(page, identity.sign_on(*person))).status == 404
        assert (await window.begin(page, identity.sign_on(demo.TENANT, KARI))).password_field

    @pytest.mark.parametrize("claims", [
        {"aud": "api://botid-other"}, {"aud": None}, {"iss": "https://sts.windows.net/x/"}, {"iss": None},
        {"exp": 1}, {"exp": None}, {"nbf": None}, {"nbf": 4e9}, {"oid": None}, {"oid": 7}, {"tid": None},
        {"ver": "1.0"}, {"scp": None}, {"scp": "User.Read"}, {"scp": None, "roles": ["access_as_user"]}], ids=repr)
    async def test_what_cannot_be_believed_is_refused(
            self, desk: Desk, kari: TeamsPerson, windows: Windows, clock: SteppedClock, identity: LocalIdentity,
            claims: dict[str, Any]) -> None:
        """Foreign audience or issuer, out of date, an app's own, one of another version."""
        await proven(kari, clock, "forgot_password")
        window = await windows(desk)
        page = await window.open(await pressed(kari))
        refused = await window.begin(page, identity.sign_on(demo.TENANT, KARI, **claims))
        assert (refused.status, "Vi fikk ikke bekreftet" in refused.text) == (403, True)
        assert window.framers() == list(TEAMS_HOSTS)

    async def test_forged_signatures_are_refused(
            self, desk: Desk, kari: TeamsPerson, windows: Windows, clock: SteppedClock,
            identity: LocalIdentity) -> None:
        await proven(kari, clock, "forgot_password")
        window = await windows(desk)
        page = await window.open(await pressed(kari))
        good = identity.sign_on(demo.TENANT, KARI)
        unsigned = f"{good.rpartition('.')[0]}."
        for token in ("", "x", "a.b.c", unsigned, good[:-4] + "AAAA", identity.sign_on(demo.TENANT, KARI, number=2),
                      identity.token("https://x.example/"), "æ" * 50, "a" * 7000):
            assert (await window.begin(page, token)).status == 403
        assert (await window.begin(page, good)).password_field

    async def test_there_is_no_link_beside_the_window(
            self, desk: Desk, kari: TeamsPerson, windows: Windows, clock: SteppedClock) -> None:
        """Neither by asking, nor by taking the way into Teams off the address."""
        await proven(kari, clock, "forgot_password")
        clock.advance(5)
        said = await kari.ask("Gi meg en ny lenke", value={"keyturn": {"do": "new_link"}})
        assert said[-1].button("Velg nytt passord")["type"] == "invoke"
        assert "openUrl" not in json.dumps(kari.connector.said)
        window = await windows(desk)
        assert (await window.open((await pressed(kari)).removesuffix("/teams"))).status == 404


async def test_without_https_there_is_a_link(open_house: OpenHouse, in_teams: InTeams, clock: SteppedClock) -> None:
    """Teams shows nothing inside itself but https; the Playground shows no windows at all. Asked for, it is minted."""
    desk = await open_house()
    kari = teams_person(in_teams, desk, KARI)
    said = await proven(kari, clock, "forgot_password")
    assert said[-1].button("Velg nytt passord")["type"] == "openUrl"
    assert (await pressed(kari)).startswith("http://127.0.0.1")
    assert titles(said)
