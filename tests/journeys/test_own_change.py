"""A known password changed in Entra ID from a window inside Teams, as the person who is signed on there; where that
cannot be, Microsoft's page, said as early as it is known (P3, O5, F1-F3, F7, D3, I7)."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, TCPConnector

from bot.serving.desk import Desk
from tests.journeys.conftest import OpenHouse, Visit
from tests.journeys.stage import JOHN, KARI, TeamsPerson, heard, last, records, titles
from tests.journeys.test_owner import begin, start
from tests.journeys.test_window import OpenSecure, Windows, certificate, nothing, open_secure, pressed, windows
from tests.support.chat import SecurePage
from tests.support.clock import SteppedClock
from tests.support.connector import FakeConnector
from tests.support.graph import Fault, GraphDouble
from tests.support.identity import LocalIdentity
from tests.support.login import ALL_ROLES, CHANGE
from tests.support.people import mails_of
from tests.support.tls import Certificate
from tests.support.window import Window

__all__ = ["certificate", "open_secure", "windows"]

InTeams = tuple[FakeConnector, ClientSession]

OLD, STRONG, OTHER = "den gamle på lista", "Elgen drakk kald kakao i regn 7", "Tre blaa sykler og en kano 4"
OFFICIAL = ["Åpne Microsofts side", "Lag nytt passord", "Snakk med et menneske"]
PATH = "/me/changePassword"


@pytest.fixture
async def identity(clock: SteppedClock) -> AsyncIterator[LocalIdentity]:
    identity = LocalIdentity(clock)
    await identity.server.start_server()
    yield identity
    await identity.server.close()


@pytest.fixture
async def desk(open_secure: OpenSecure, double: GraphDouble, identity: LocalIdentity) -> Desk:
    return await open_secure(**double.with_sign_on, KEYTURN_OPENID_METADATA_URL=identity.metadata_url)


@pytest.fixture
async def session(desk: Desk, identity: LocalIdentity, certificate: Certificate) -> AsyncIterator[InTeams]:
    connector = FakeConnector()
    await connector.server.start_server()
    token = identity.token(connector.service_url)
    async with ClientSession(
            connector=TCPConnector(ssl=certificate.trusting), headers={"Authorization": f"Bearer {token}"}) as one:
        yield connector, one
    await connector.close()


@pytest.fixture
def kari(desk: Desk, session: InTeams) -> TeamsPerson:
    return TeamsPerson(desk, *session)


@pytest.fixture
async def window(desk: Desk, windows: Windows) -> Window:
    return await windows(desk)


async def opened(person: TeamsPerson, window: Window, double: GraphDouble, who: str = KARI) -> SecurePage:
    """The page as it is when its window has opened."""
    await begin(person, "change_password")
    return await window.begin(await window.open(await pressed(person)), double.sign_on(who))


async def typed(window: Window, page: SecurePage, double: GraphDouble, current: str = OLD, password: str = STRONG,
                sign_on: str | None = None) -> SecurePage:
    """What the page's own script and the person put into it, who takes a second for it."""
    assert page.fields["sign_on"] == ""
    assert isinstance(double.clock, SteppedClock)
    double.clock.advance(1)
    return await window.send(page, current=current, password=password,
                             sign_on=double.sign_on(KARI) if sign_on is None else sign_on)


def told(person: TeamsPerson) -> str:
    return str(person.connector.said[-1]["text"])


def offered(person: TeamsPerson) -> list[str]:
    return titles([heard(person.connector.said[-1])])


async def outcomes(desk: Desk) -> list[tuple[object, object]]:
    return [(one["outcome"], one["reason"]) for one in await records(desk, "change.outcome")]


async def test_a_change_without_leaving_teams(
        desk: Desk, double: GraphDouble, kari: TeamsPerson, window: Window, clock: SteppedClock,
        capfd: pytest.CaptureFixture[str]) -> None:
    """From the first word to Graph: two slips mended on the same page (F7, O5), sessions ended, the owner told (O6)."""
    said = await kari.ask("jeg vil bytte passord")
    assert ("kan du bytte det her" in last(said), "Bytt passordet mitt" in titles(said)) == (True, True)
    said = await begin(kari, "change_password")
    assert last(said).startswith("Åpne den sikre siden. Der skriver du passordet du har nå")
    page = await window.begin(await window.open(await pressed(kari)), double.sign_on(KARI))
    wrong = await typed(window, page, double, current="gal")
    assert (wrong.status, "Microsoft sa nei" in wrong.text, "Forsøk igjen: 4" in wrong.text) == (422, True, True)
    double.too_simple.add(OTHER)
    simple = await typed(window, wrong, double, password=OTHER)
    assert (simple.status, "Microsoft godtok ikke passordet" in simple.text) == (422, True)
    assert "Passordet er byttet" in (await typed(window, simple, double)).text
    user = double.users[KARI]
    assert (user.password, user.sessions_from) == (STRONG, clock.now())
    assert told(kari).startswith("Passordet er byttet")
    assert await outcomes(desk) == [("done", "")]
    assert any("byttet" in one.subject for one in await mails_of(desk, "kari.nordmann"))
    # D3: nothing secret in the trail, the log or the store, and no token was asked for that lives on.
    logged = "".join(capfd.readouterr()) + str(await records(desk))
    secrets = [OLD, STRONG, OTHER, double.sign_on(KARI), *(one["assertion"] for one in double.exchanges),
               *(token for token, (person, _) in double.tokens.items() if person)]
    assert not [one for one in secrets if one in logged]
    kept = [await desk.store.do("DUMP", key) for key in await desk.store.do("KEYS", "*")]
    assert not [one for one in secrets if any(one.encode() in (value or b"") for value in kept)]


async def test_in_english_it_says_the_same(
        desk: Desk, double: GraphDouble, session: InTeams, certificate: Certificate) -> None:
    john = TeamsPerson(desk, *session, **{
        "from": {"id": "29:john", "name": "John Smith", "aadObjectId": JOHN}, "locale": "en-GB"})
    async with Window(desk.site.base_url, certificate, "en-GB") as window:
        page = await opened(john, window, double, JOHN)
        wrong = await typed(window, page, double, current="wrong", sign_on=double.sign_on(JOHN))
        assert "Microsoft said no, but not why." in wrong.text
        double.refuses_exchange(53003, "interaction_required")
        refused = await typed(window, wrong, double, sign_on=double.sign_on(JOHN))
    assert "Your organization wants you to confirm who you are once more" in refused.text
    assert "Your organization wants you to confirm who you are once more" in told(john)
    assert "Open Microsoft's page" in offered(john)
    assert await outcomes(desk) == [("refused", "change_asks_more")]


class TestBeforeAnythingIsTyped:
    async def test_without_consent_it_is_said_when_the_window_opens_and_then_in_the_chat(
            self, desk: Desk, double: GraphDouble, kari: TeamsPerson, window: Window) -> None:
        """AADSTS65001: the first person learns it from the window, the next ones are not sent there."""
        double.consented = ()
        page = await opened(kari, window, double)
        assert (page.password_field, "på Microsofts egen side går det" in page.text) == ("", True)
        assert "Bytt det på Microsofts egen side" in told(kari)
        assert offered(kari) == OFFICIAL
        answer = await kari.ask("jeg vil bytte passord")
        assert ("bytter du på Microsofts egen side" in last(answer), "Bytt passordet mitt" in titles(answer)) == (
            True, False)
        again = await begin(kari, "change_password")
        assert "på Microsofts egen side" in last(again)
        assert titles(again) == OFFICIAL
        assert await nothing(kari)
        assert double.made("POST", PATH) == []
        assert await outcomes(desk) == [("refused", "change_elsewhere")]

    async def test_more_proof_than_a_window_can_ask_for(
            self, double: GraphDouble, kari: TeamsPerson, window: Window) -> None:
        """AADSTS50076 is this person's, now: it closes the way for nobody, nor for them another time."""
        double.refuses_exchange(50076, "interaction_required")
        page = await opened(kari, window, double)
        assert (page.password_field, "bekrefter hvem du er en gang til" in page.text) == ("", True)
        assert offered(kari) == OFFICIAL
        assert (await opened(kari, window, double)).password_field

    async def test_what_cannot_be_known_is_asked_again_with_what_is_typed(
            self, double: GraphDouble, kari: TeamsPerson, window: Window) -> None:
        """F7: a login service that is away is no reason to send anybody away."""
        double.exchange_answers = [(503, {})] * 2
        page = await opened(kari, window, double)
        busy = await typed(window, page, double)
        assert (busy.status, "har det travelt akkurat nå" in busy.text) == (422, True)
        assert "Passordet er byttet" in (await typed(window, busy, double)).text


class TestWhoItIs:
    async def test_only_the_persons_own_sign_on_changes_anything(
            self, desk: Desk, double: GraphDouble, kari: TeamsPerson, window: Window) -> None:
        """P3, I7: it is asked for with every submit, so that nothing of it has to be kept (D3)."""
        page = await opened(kari, window, double)
        exchanged = len(double.exchanges)
        for missing in ("", "x.y.z", double.sign_on(KARI, exp=1), double.sign_on(KARI, aud="somebody-else")):
            page = await typed(window, page, double, sign_on=missing)
            assert (page.status, "Vi fikk ikke bekreftet fra Teams" in page.text) == (422, True)
            assert "aria-invalid" not in page.html      # nothing that was typed is wrong
        for other in (double.sign_on(JOHN), double.sign_on(KARI, tenant="00000000-0000-0000-0000-0000000000ff")):
            assert (await typed(window, page, double, sign_on=other)).status == 404
        assert len(double.exchanges) == exchanged
        double.refuses_exchange(500133)
        page = await typed(window, page, double)
        assert "Vi fikk ikke bekreftet fra Teams" in page.text
        # None of that was a try of the present password.
        assert (await desk.kept.tries.budgets(KARI, owner=True))[0].used == 0
        assert "Passordet er byttet" in (await typed(window, page, double)).text

    async def test_guessing_ends_and_is_no_oracle(
            self, desk: Desk, double: GraphDouble, kari: TeamsPerson, window: Window) -> None:
        """O5, V3, limits 3 and 4: a refusal of the new password clears nothing, and a pause tries nothing more."""
        double.too_simple.add(OTHER)
        page = await opened(kari, window, double)
        for left in (4, 3, 2, 1):
            page = await typed(window, page, double, current="gal")
            assert f"Forsøk igjen: {left}" in page.text
            page = await typed(window, page, double, current="gal", password=OTHER)
            assert "Microsoft godtok ikke passordet" in page.text
        page = await typed(window, page, double, current="gal")
        assert "skrevet feil for mange ganger" in page.text
        assert await outcomes(desk) == [("refused", "too_many_tries")]
        asked = len(double.made("POST", PATH))
        await begin(kari, "change_password")
        assert await nothing(kari)
        assert len(double.made("POST", PATH)) == asked
        assert double.users[KARI].password == OLD


class TestAfterwards:
    @pytest.mark.parametrize("fault", [Fault(504, acts=True), Fault(0, acts=True)], ids=["504", "cut"])
    async def test_applied_and_not_answered(
            self, desk: Desk, double: GraphDouble, kari: TeamsPerson, window: Window, fault: Fault) -> None:
        """F1-F3, R-018: read back at once, told as done, done once."""
        page = await opened(kari, window, double)
        double.plan("POST", PATH, fault)
        assert "Passordet er byttet" in (await typed(window, page, double)).text
        assert "Passordet er byttet" in (await typed(window, page, double)).text
        assert told(kari).startswith("Passordet er byttet")
        assert len(double.made("POST", PATH)) == 1
        assert await outcomes(desk) == [("done", "")]

    async def test_what_graph_does_not_let_us_do_ends_at_microsofts_page(
            self, desk: Desk, double: GraphDouble, kari: TeamsPerson, window: Window) -> None:
        page = await opened(kari, window, double)
        double.plan("POST", PATH, Fault(403, code="Authorization_RequestDenied"))
        refused = await typed(window, page, double)
        assert "på Microsofts egen side går det" in refused.text
        assert offered(kari) == OFFICIAL
        assert double.users[KARI].password == OLD


async def test_what_the_app_may_not_do_the_person_may(
        double: GraphDouble, kari: TeamsPerson, window: Window) -> None:
    """O1: whoever wants Keyturn to change passwords and never to set them gives it no permission for that."""
    double.granted = tuple(one for one in ALL_ROLES if one != CHANGE)
    assert "ikke fått lov" in last(await begin(kari, "forgot_password"))
    page = await opened(kari, window, double)
    assert "Passordet er byttet" in (await typed(window, page, double)).text


@pytest.mark.parametrize(("change", "said"), [
    ({"onPremisesSyncEnabled": True}, "organisasjonens eget nettverk"), ({"userType": "Guest"}, "gjest her"),
    ({"roles": ("a role",)}, "bare IT som kan endre")])
async def test_who_cannot_have_it_is_told_as_ever(
        double: GraphDouble, kari: TeamsPerson, change: dict[str, object], said: str) -> None:
    """I3, I8: before a window is offered; nobody's sign-on is exchanged, an administrator's least of all."""
    double.change(KARI, **change)
    assert said in last(await begin(kari, "change_password"))
    assert await nothing(kari)
    assert double.exchanges == []


async def test_visitors_are_sent_to_microsofts_page(
        open_house: OpenHouse, double: GraphDouble, identity: LocalIdentity, visit: Visit) -> None:
    """E1: nobody is signed on there, and it is said before an account is named."""
    desk = await open_house(**double.with_sign_on, KEYTURN_OPENID_METADATA_URL=identity.metadata_url)
    visitor = await visit(desk)
    said = await visitor.ask("start", value=start("change_password"))
    assert "på Microsofts egen side" in last(said)
    assert titles(said) == OFFICIAL
