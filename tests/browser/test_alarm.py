"""The page behind "this wasn't me", in a real browser: accessible, by keyboard, and without JavaScript (P2)."""

import pytest
from playwright.async_api import Browser, expect

from bot.rules.holds import FROZEN
from bot.serving.desk import Desk
from tests.browser.conftest import Tab
from tests.browser.test_secure import LOOKS, accessible
from tests.journeys.stage import JOHN, KARI


async def link(desk: Desk, account: str, lang: str) -> str:
    return f"{desk.site.base_url}/alarm/{await desk.journeys.records.links.issue(account, lang)}"


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_the_page_and_what_comes_of_it(browser: Browser, desk: Desk, scheme: str, width: int) -> None:
    """By keyboard alone; no finding of axe, nothing wider than a small phone."""
    await desk.kept.holds.lift(KARI, FROZEN)
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 720})  # type: ignore[arg-type]
    tab = Tab(await context.new_page())
    address = await link(desk, KARI, "nb")
    await tab.page.goto(address)
    await accessible(tab.page, f"alarm-{scheme}")
    await tab.page.goto(f"{address}?lang=en")
    await tab.page.get_by_role("button", name="Block self-service").focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("heading", name="Self-service is blocked")).to_be_visible()
    await accessible(tab.page, f"alarm-done-{scheme}")
    assert [one.kind for one in await desk.kept.holds.of(KARI)] == [FROZEN]
    await tab.page.reload()
    await expect(tab.page.get_by_role("heading", name="Self-service is blocked")).to_be_visible()
    await tab.page.goto(f"{desk.site.base_url}/alarm/{'x' * 43}")
    await accessible(tab.page, f"alarm-gone-{scheme}")
    assert tab.unforgiven() == []
    await context.close()


async def test_without_javascript(browser: Browser, desk: Desk) -> None:
    await desk.kept.holds.lift(JOHN, FROZEN)
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(await link(desk, JOHN, "nb"))
    await page.get_by_role("button", name="Sperr selvbetjeningen").click()
    await expect(page.get_by_role("heading", name="Selvbetjeningen er sperret")).to_be_visible()
    assert [one.kind for one in await desk.kept.holds.of(JOHN)] == [FROZEN]
    await context.close()
