"""The secure page and the demo desk in a real browser: accessible, by keyboard, with and without JavaScript.

Pictures of every page are left in the folder KEYTURN_SCREENSHOTS names, for people to look at.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, expect

from bot.journeys.protocol import End
from bot.pages.demo import DemoMail
from tests.browser.conftest import Tab
from tests.pages.stage import COOKIE, GOOD, TICKET, OneReset, SmallDesk, a_form, a_reset, build_app
from tests.support.clock import SteppedClock
from tests.support.tcp import free_port

STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# Colours do not depend on the width, nor the layout on the colours: these two cover both.
LOOKS = [pytest.param("light", 1100, id="light"), pytest.param("dark", 320, id="dark and narrow")]

Serve = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve(reset, desk)`: the address of the running pages."""
    runners = []

    async def start(reset: OneReset, desk: SmallDesk | None = None) -> str:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        runner = web.AppRunner(build_app(reset, SteppedClock(), address, desk))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        runners.append(runner)
        return address

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """`await open_page(address, path)`: that page in a browser of its own that holds the chat's cookie.

    `stepped`: its clock can be moved. What the browser complains of, as a file that the policy forbids, fails the test.
    """
    tabs: list[Tab] = []

    async def open_one(
            address: str, path: str = f"/secure/{TICKET}", stepped: bool = False, **options: Any) -> Page:
        context = await browser.new_context(
            **{"locale": "nb-NO", "timezone_id": "Europe/Oslo", "reduced_motion": "reduce"} | options)
        await context.add_cookies([{"name": "keyturn", "value": COOKIE, "url": address}])
        tab = Tab(await context.new_page())
        tabs.append(tab)
        if stepped:
            await tab.page.clock.install()
        await tab.page.goto(address + path)
        return tab.page

    yield open_one
    assert [problem for tab in tabs for problem in tab.unforgiven()] == []


async def accessible(page: Page, name: str) -> None:
    """No finding of axe, nothing wider than the window; leaves a picture."""
    if folder := os.environ.get("KEYTURN_SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)
    found = await Axe().run(page, options=STANDARD)
    assert found.violations_count == 0, found.generate_report()
    width = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "the page scrolls sideways"


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_the_form_is_accessible_in_all_its_states(
    serve: Serve, open_page: OpenPage, scheme: str, width: int,
) -> None:
    address = await serve(a_reset())
    page = await open_page(address, color_scheme=scheme, viewport={"width": width, "height": 720})
    await accessible(page, f"form-{scheme}-{width}")
    await page.fill("#password", "passord som er langt")
    await expect(page.locator('[data-rule="too_short"][data-state="kept"]')).to_be_visible()
    await page.click("#show")
    await accessible(page, f"form-typing-{scheme}-{width}")
    await page.click("#submit")
    await expect(page.locator("#problems")).to_be_focused()
    await accessible(page, f"form-again-{scheme}-{width}")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_results_and_dead_links_are_accessible(
    serve: Serve, open_page: OpenPage, scheme: str, width: int,
) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 720}}
    for end in End:
        page = await open_page(await serve(a_reset(end, used=True)), **options)
        await accessible(page, f"{end.value}-{scheme}-{width}")
    page = await open_page(await serve(a_reset()), f"/secure/{'u' * 43}?lang=en", **options)
    await accessible(page, f"gone-{scheme}-{width}")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_the_demo_desk_is_accessible_and_follows_phone_and_mailbox(
    serve: Serve, open_page: OpenPage, scheme: str, width: int,
) -> None:
    desk = SmallDesk([
        DemoMail(1_795_420_000, "kari@privat.example", "Engangskode", "Hei Kari,\n\nkoden din er 482 913.")])
    address = await serve(a_reset(), desk)
    page = await open_page(
        address, "/demo", color_scheme=scheme, viewport={"width": width, "height": 900},
        permissions=["clipboard-read", "clipboard-write"])
    await expect(page.locator(".mail")).to_have_count(1)
    desk.shown = ("555111", 29.0)
    desk.letters.append(DemoMail(
        1_795_420_060, "kari.nordmann@example.no", "Passordet ditt er byttet", "Var det ikke deg?\n<b>x</b>"))
    await expect(page.locator("#digits")).to_have_text("555 111")
    await expect(page.locator(".mail").first).to_contain_text("<b>x</b>")
    await expect(page.locator(".mail .to")).to_have_text(["Til: kari.nordmann@example.no", "Til: kari@privat.example"])
    await expect(page.locator(".mail time").last).to_contain_text("23. nov. 2026")
    first = [await page.locator(one).evaluate("it => it.getBoundingClientRect().top") for one in (".phone", ".people")]
    assert (first[0] < first[1]) == (width < 700)
    await page.click("#code")
    await expect(page.locator("#copied")).to_have_text("Koden er kopiert.")
    assert await page.evaluate("navigator.clipboard.readText()") == "555111"
    await page.click("#password summary")
    await expect(page.locator("#password code")).to_have_text("Fjellbris-Kaffe-41")
    await accessible(page, f"demo-{scheme}-{width}")


async def test_a_password_is_changed_by_keyboard_alone(serve: Serve, open_page: OpenPage) -> None:
    """Every stop is reached in reading order, the rules are said aloud as a count, Enter submits."""
    reset = a_reset()
    page = await open_page(await serve(reset))
    for stop in ("Gå til innholdet", "English"):
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == stop
    await page.keyboard.press("Tab")
    await expect(page.locator("#password")).to_be_focused()
    await page.keyboard.type("riktig hest")
    await expect(page.locator("#live")).to_have_text("Ett krav gjenstår.")
    await page.keyboard.type(" batteri stift")
    await expect(page.locator("#live")).to_have_text("Alle kravene er oppfylt.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.get_attribute("#password", "type") == "text"
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Passordet er byttet")
    assert reset.passwords == [GOOD]


async def test_without_javascript_the_server_checks(serve: Serve, open_page: OpenPage) -> None:
    reset = a_reset()
    page = await open_page(await serve(reset), java_script_enabled=False)
    assert not await page.is_visible("#show")
    await page.fill("#password", "kort")
    await page.click("#submit")
    await expect(page.locator("#problems")).to_contain_text("Bruk minst 15 tegn")
    await page.fill("#password", GOOD)
    await page.click("#submit")
    await expect(page.locator("h1")).to_have_text("Passordet er byttet")
    assert reset.passwords == ["kort", GOOD]


async def test_reloading_and_going_back_send_nothing_again(serve: Serve, open_page: OpenPage) -> None:
    """P2, P9, S-082: no password stays behind in the history, whether it was refused or set."""
    reset = a_reset()
    page = await open_page(await serve(reset))
    await page.fill("#password", "passord nordmann")
    await page.click("#submit")
    await expect(page.locator("#problems")).to_be_visible()
    await page.reload()
    await expect(page.locator("#problems")).to_have_count(0)
    await page.fill("#password", GOOD)
    await page.click("#submit")
    await expect(page.locator("h1")).to_have_text("Passordet er byttet")
    await page.reload()
    await expect(page.locator("h1")).to_have_text("Passordet er byttet")
    await page.go_back()
    await expect(page.locator("h1")).to_have_text("Passordet er byttet")
    assert await page.locator("#password").count() == 0
    assert reset.passwords == ["passord nordmann", GOOD]


async def test_a_double_click_submits_once(serve: Serve, open_page: OpenPage) -> None:
    """R-046; the button says what goes on."""
    reset = a_reset()
    page = await open_page(await serve(reset))
    posts = []
    page.on("request", lambda request: posts.append(request) if request.is_navigation_request() else None)
    await page.fill("#password", GOOD)
    await page.dblclick("#submit", no_wait_after=True)
    await expect(page.locator("h1")).to_have_text("Passordet er byttet")
    assert [request.method for request in posts] == ["POST", "GET"]
    assert reset.passwords == [GOOD]


async def test_pasting_and_showing_leave_the_password_as_it_is(serve: Serve, open_page: OpenPage) -> None:
    """P9, N3: pasted text arrives whole, blanks at its ends included, also while it is shown."""
    reset = a_reset()
    page = await open_page(await serve(reset), permissions=["clipboard-read", "clipboard-write"])
    pasted = "  Ægte blåbær & syltetøy 🐴 "
    await page.evaluate("text => navigator.clipboard.writeText(text)", pasted)
    await page.click("#show")
    await expect(page.locator("#show")).to_have_text("Skjul")
    await page.focus("#password")
    await page.keyboard.press("Control+V")
    assert await page.input_value("#password") == pasted
    await page.click("#submit")
    await expect(page.locator("h1")).to_have_text("Passordet er byttet")
    assert reset.passwords == [pasted]


async def test_when_the_time_is_up_the_field_is_gone(serve: Serve, open_page: OpenPage) -> None:
    """WCAG 2.2.1: told beforehand, and how to get a new link."""
    page = await open_page(await serve(a_reset(form=a_form(seconds=300.0))), stepped=True)
    await page.fill("#password", "noe halvferdig")
    await page.clock.fast_forward(300_000)
    await expect(page.locator("#over")).to_be_visible()
    assert await page.locator("#password").count() == 0
    assert (await page.title()).startswith("Denne lenken virker ikke lenger")


async def test_a_link_used_up_meanwhile_is_told_while_typing(serve: Serve, open_page: OpenPage) -> None:
    reset = a_reset()
    page = await open_page(await serve(reset))
    reset.used = True
    await page.fill("#password", "noe nytt")
    await expect(page.locator("#over")).to_be_visible()


async def test_the_waiting_page_finds_out_by_itself(serve: Serve, open_page: OpenPage) -> None:
    """F1: unknown is shown as unknown, until it is settled."""
    checking, done = a_reset(End.CHECKING, used=True), a_reset()
    page = await open_page(await serve(checking))
    await expect(page.locator("h1")).to_have_text("Vi sjekker om passordet ble byttet")
    checking.end = done.end
    await expect(page.locator("h1")).to_have_text("Passordet er byttet")


async def test_rules_seldom_broken_join_the_list_when_they_are(serve: Serve, open_page: OpenPage) -> None:
    page = await open_page(await serve(a_reset()))
    assert await page.locator('[data-rule="too_long"]').count() == 0
    await page.fill("#password", "x" * 400)
    await expect(page.locator('[data-rule="too_long"][data-state="open"]')).to_contain_text("Høyst 256 tegn")
    await page.fill("#password", GOOD)
    await expect(page.locator('[data-rule="too_long"][data-state="kept"]')).to_be_visible()
