"""The secure page inside Teams, in a real browser with Teams' own library: framed by its hosts and nobody else, without
third-party cookies, closed with nothing (P3, P5, P7, P8).

Teams itself cannot run here: a page at its address answers the library as its contract says.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, FrameLocator, Page, Playwright, expect

from bot.clock import SharedClock
from bot.directory import demo
from bot.pages import bundle
from bot.rules.registered import TOTP
from bot.serving.desk import Desk
from bot.verification.totp import current_code
from tests.browser.conftest import DATA, FLAGS, need_bundle
from tests.browser.test_secure import LOOKS, accessible
from tests.support.graph import GraphDouble, graph_double
from tests.support.house import house
from tests.support.identity import APP_ID, LocalIdentity
from tests.support.needs import need_program
from tests.support.tcp import free_port
from tests.support.teams_chat import TeamsChat
from tests.support.tls import Certificate, make_certificate, tls_in_front

KARI, JOHN = demo.PEOPLE[0].account.id, demo.PEOPLE[1].account.id
TEAMS = "https://teams.microsoft.com/v2/"
STRONG = "Elgen drakk kald kakao i regn 7"
GOOD = "elgen drakk kald kakao i regnvær"
RUNTIME = {"apiVersion": 2, "hostVersionsInfo": {}, "isLegacyTeams": False,
           "supports": {"dialog": {"url": {}}, "authentication": {}}}
HOST = """<!doctype html><html lang="nb"><title>Teams</title>
<meta name="viewport" content="width=device-width"><main><h1>Teams</h1>
<iframe title="Keyturn" src="%s" width="%d" height="800"
  sandbox="allow-scripts allow-same-origin allow-forms allow-popups"></iframe></main>
<script>
  const facts = %s;
  window.heard = [];
  addEventListener("message", ({ data, origin, source }) => {
    if (!data || !data.func) return;
    window.heard.push({ func: data.func, args: data.args, origin });
    const answers = {
      "initialize": () => ["task", "web", JSON.stringify(facts.runtime), "2.0.1"],
      "authentication.getAuthToken": () => facts.token ? [true, facts.token] : [false, "consent_required"],
    };
    if (answers[data.func]) source.postMessage({ id: data.id, uuid: data.uuid, args: answers[data.func]() }, origin);
  });
</script>"""


@pytest.fixture
async def browser(playing: Playwright) -> AsyncIterator[Browser]:
    """One that lets a page of the internet, which Teams' is to it, show one of this machine."""
    path = need_program("chromium", "chromium (apt)")
    one = await playing.chromium.launch(
        executable_path=path, args=[*FLAGS, "--disable-features=LocalNetworkAccessChecks"])
    yield one
    await one.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@pytest.fixture
async def identity() -> AsyncIterator[LocalIdentity]:
    identity = LocalIdentity(SharedClock())
    await identity.server.start_server()
    yield identity
    await identity.server.close()


@pytest.fixture
async def open_desk(redis_url: str, certificate: Certificate, identity: LocalIdentity) -> AsyncIterator[Any]:
    need_bundle(bundle.TEAMS)
    async with AsyncExitStack() as at_end:
        async def opened(**settings: str) -> tuple[Desk, TeamsChat]:
            port = free_port()
            extra = {"KEYTURN_PUBLIC_URL": f"https://127.0.0.1:{port}", "KEYTURN_LOGIN_URL": identity.url,
                     "KEYTURN_OPENID_METADATA_URL": identity.metadata_url, **settings}
            desk = await at_end.enter_async_context(house(redis_url, DATA, SharedClock(), extra))
            await at_end.enter_async_context(tls_in_front(certificate, port, desk.settings.port))
            chat = TeamsChat(f"http://127.0.0.1:{desk.settings.port}", "kari.nordmann")
            await chat.connector.server.start_server()
            at_end.push_async_callback(chat.close)
            if desk.settings.app_id:
                token = identity.token(chat.connector.service_url)
                chat.session.headers["Authorization"] = f"Bearer {token}"
            return desk, chat

        yield opened


async def page_for(desk: Desk, chat: TeamsChat) -> str:
    """The address of Kari's page for a new password."""
    app, = (await desk.kept.enrolments.read(KARI)).of_kind(TOTP)
    assert app.seed is not None
    start = {"keyturn": {"do": "start", "journey": "forgot_password"}}
    assert await chat.post({"type": "message", "text": "x", "value": start}) == 200
    assert await chat.post({"type": "message", "text": current_code(app.seed, desk.clock.now())}) == 200
    status, answer = await chat.posted({"type": "invoke", "name": "task/fetch", "value": {"data": {}}})
    assert status == 200
    return str(answer["task"]["value"]["url"])


async def in_teams(browser: Browser, url: str, *, token: str = "", width: int = 600,
                   host: str = TEAMS, **options: Any) -> tuple[Page, FrameLocator]:
    """The page as Teams shows it."""
    context = await browser.new_context(locale="nb-NO", ignore_https_errors=True, reduced_motion="reduce", **options)
    facts = json.dumps({"runtime": RUNTIME, "token": token})
    await context.route(f"{host}**", lambda route: route.fulfill(
        content_type="text/html", body=HOST % (url, width, facts)))
    page = await context.new_page()
    await page.goto(host)
    return page, page.frame_locator("iframe")


async def said(page: Page) -> list[dict[str, Any]]:
    return list(await page.evaluate("window.heard"))


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_a_reset_without_leaving_teams(
        browser: Browser, open_desk: Any, scheme: str, width: int) -> None:
    """It opens by itself, works without cookies, and closes with nothing; the password never goes to Teams."""
    desk, chat = await open_desk()
    url = await page_for(desk, chat)
    page, frame = await in_teams(
        browser, url, width=width, color_scheme=scheme, viewport={"width": width + 60, "height": 900})
    await expect(frame.locator("#password")).to_be_visible()
    assert await page.context.cookies() == []
    await frame.locator("#password").fill("kort")
    await expect(frame.locator('[data-rule="too_short"][data-state="open"]')).to_be_visible()
    await frame.locator("#password").press("Enter")
    await expect(frame.locator("#problems")).to_be_visible()
    await accessible(page, f"teams-window-{scheme}")
    await frame.locator("#password").fill(GOOD)
    await frame.locator("#password").press("Enter")
    await expect(frame.get_by_role("heading", name="Passordet er byttet")).to_be_visible()
    await expect(frame.get_by_role("button", name="Lukk")).to_be_visible()
    await accessible(page, f"teams-window-done-{scheme}")
    await frame.get_by_role("button", name="Lukk").click()
    await page.wait_for_function("window.heard.some(one => one.func === 'tasks.completeTask')")
    told = await said(page)
    done = next(one for one in told if one["func"] == "tasks.completeTask")
    assert [one for one in done["args"] if one] == []
    assert "elgen" not in json.dumps(told)
    assert await page.context.cookies() == []
    await page.context.close()


async def test_it_closes_by_itself_when_all_is_done(browser: Browser, open_desk: Any) -> None:
    desk, chat = await open_desk()
    page, frame = await in_teams(browser, await page_for(desk, chat))
    await frame.locator("#password").fill(GOOD)
    await page.clock.install()
    await frame.locator("#password").press("Enter")
    await expect(frame.get_by_role("button", name="Lukk")).to_be_visible()
    await page.clock.fast_forward(10_000)
    await page.wait_for_function("window.heard.some(one => one.func === 'tasks.completeTask')")
    await page.context.close()


async def test_another_site_shows_nothing_of_it(browser: Browser, open_desk: Any) -> None:
    """P5, S-073: only Teams' hosts may show it; the plain page nobody may."""
    desk, chat = await open_desk()
    url = await page_for(desk, chat)
    for address, host in ((url, "https://evil.example/"), (url, "https://teams.microsoft.com.evil.example/"),
                          (url.removesuffix("/teams"), TEAMS)):
        page, frame = await in_teams(browser, address, host=host)
        await page.wait_for_load_state()
        assert await frame.locator("#main").count() == 0
        await page.context.close()


class TestSignedOn:
    @pytest.fixture
    async def double(self) -> AsyncIterator[GraphDouble]:
        async with graph_double(SharedClock()) as double:
            double.add_demo_people()
            yield double

    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"KEYTURN_TEAMS_SIGN_ON": "true", "MicrosoftAppId": APP_ID, "MicrosoftAppPassword": "x",
                "KEYTURN_TENANTS": demo.TENANT}

    async def test_the_person_is_let_in_without_a_press_and_changes_a_password_as_themselves(
            self, browser: Browser, open_desk: Any, double: GraphDouble) -> None:
        """P3, D3: by the library's own call, anew with every submit; of what is typed Teams hears nothing (P8)."""
        _, chat = await open_desk(**double.with_sign_on)
        start = {"keyturn": {"do": "start", "journey": "change_password"}}
        assert await chat.post({"type": "message", "text": "x", "value": start}) == 200
        _, answer = await chat.posted({"type": "invoke", "name": "task/fetch", "value": {"data": {}}})
        page, frame = await in_teams(browser, answer["task"]["value"]["url"], token=double.sign_on(KARI))
        for current, told in (
                ("gal", "Passordet ble ikke byttet"), (double.users[KARI].password, "Passordet er byttet")):
            await expect(frame.locator("[name=sign_on]")).not_to_have_value("")
            await frame.locator("#current").fill(current)
            await frame.locator("#password").fill(STRONG)
            await frame.locator("#password").press("Enter")
            await expect(frame.get_by_role("heading", name=told)).to_be_visible()
            await accessible(page, f"teams-window-change-{current == 'gal'}")
        assert double.users[KARI].password == STRONG
        heard = await said(page)
        assert len([one for one in heard if one["func"] == "authentication.getAuthToken"]) == 3
        assert "Elgen" not in json.dumps(heard)
        await page.context.close()

    async def test_somebody_else_is_not(
            self, browser: Browser, open_desk: Any, identity: LocalIdentity, settings: dict[str, str]) -> None:
        desk, chat = await open_desk(**settings)
        page, frame = await in_teams(
            browser, await page_for(desk, chat), token=identity.sign_on(demo.TENANT, JOHN))
        await expect(frame.get_by_role("heading", name="Dette vinduet virker ikke lenger")).to_be_visible()
        await expect(frame.get_by_role("button", name="Lukk")).to_be_visible()
        await accessible(page, "teams-window-gone")
        await page.context.close()

    async def test_where_teams_does_not_say_who_it_is(
            self, browser: Browser, open_desk: Any, settings: dict[str, str]) -> None:
        """The person may try once more, and is told what to do."""
        desk, chat = await open_desk(**settings)
        page, frame = await in_teams(browser, await page_for(desk, chat))
        await frame.get_by_role("button", name="Fortsett").click()
        await expect(frame.get_by_role("heading", name="Vi fikk ikke bekreftet at det er deg")).to_be_visible()
        await accessible(page, "teams-window-not-signed-on")
        await frame.get_by_role("link", name="Prøv igjen").click()
        await expect(frame.get_by_role("button", name="Fortsett")).to_be_visible()
        await page.context.close()
