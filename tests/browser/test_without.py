"""The chat page where something is missing: cookies, JavaScript, one of its files, an answer that was due."""

import json
from pathlib import Path

from playwright.async_api import Browser, Playwright

from tests.browser.conftest import FLAGS, Service, Tab
from tests.support.clock import SteppedClock
from tests.support.needs import need_program


async def test_with_cookies_blocked_questions_are_answered(
        playing: Playwright, service: Service, tmp_path: Path) -> None:
    """Blocked cookies take the tab's storage with them; what does not work without them is said at once (P3)."""
    preferences = tmp_path / "Default" / "Preferences"
    preferences.parent.mkdir()
    preferences.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    chromium = need_program("chromium", "chromium (apt)")
    context = await playing.chromium.launch_persistent_context(
        tmp_path, executable_path=chromium, args=FLAGS, locale="en-GB")
    try:
        tab = Tab(await context.new_page())
        await tab.open(service.url)
        await tab.page.get_by_text("Your browser doesn't accept cookies from here.").wait_for()
        await tab.say("hello")
        await tab.sees("echo: hello")
        assert await context.cookies() == []
        assert tab.problems == []
    finally:
        await context.close()


async def test_what_cannot_start_says_so_and_no_more(browser: Browser, service: Service) -> None:
    """Nobody is left before a page that goes on saying that it connects."""
    without = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await without.new_page()
    await page.goto(service.url)
    shown = await page.locator("main").inner_text()
    assert "The chat needs JavaScript." in shown
    assert "Connecting" not in shown
    await without.close()

    broken = await browser.new_context(locale="en-GB")
    page = await broken.new_page()
    await page.route("**/webchat.js", lambda route: route.abort())
    await page.goto(service.url)
    await page.get_by_text("The chat couldn't start.").wait_for()
    await broken.close()


async def test_one_refresh_that_fails_costs_nobody_their_chat(
        browser: Browser, service: Service, clock: SteppedClock) -> None:
    """A token lives for half an hour, and is asked anew early enough to be asked again."""
    context = await browser.new_context(locale="en-GB")
    tab = Tab(await context.new_page())
    await tab.page.clock.install()
    await tab.open(service.url)
    await tab.say("before")
    await tab.sees("echo: before")
    refresh = "**/tokens/refresh"
    await tab.page.route(refresh, lambda route: route.abort(), times=1)
    clock.advance(601)
    async with tab.page.expect_request(refresh):
        await tab.page.clock.fast_forward(601_000)
    clock.advance(601)
    async with tab.page.expect_response(refresh):
        await tab.page.clock.fast_forward(601_000)
    clock.advance(601)
    await tab.say("after")
    await tab.sees("echo: after")
    assert await tab.page.get_by_text("echo: before").count()
    await context.close()
