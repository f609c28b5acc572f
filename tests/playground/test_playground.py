"""Demo person Kari in the Microsoft 365 Agents Playground, a client that is not ours: what Keyturn sends is understood
there, and what it sends is understood here.

It knows no dialogs (task modules), so the secure page opens in a tab of its own, as where Teams sign-on is not set up.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from bot.clock import SharedClock
from bot.directory.demo_staff import STAFF
from bot.rules.helpdesk import HelpCase
from bot.secret import Secret
from bot.serving.desk import Desk
from tests.browser.conftest import DATA, FLAGS
from tests.playground.client import HOW_TO_GET_IT, playing, present
from tests.support.house import house
from tests.support.needs import missing, need_program
from tests.support.people import code_for, sign_in
from tests.support.tcp import free_port

PASSWORD = "elgen drakk kald kakao i regnvær"
SECONDS = 20


class Playground:
    """The window with Kari's chat."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context, self.page = context, page

    async def say(self, text: str) -> None:
        box = self.page.get_by_role("textbox").first
        await box.click()
        await self.page.keyboard.insert_text(text)
        await self.page.get_by_role("button", name="Send Message").click()

    async def sees(self, text: str) -> None:
        await self.page.get_by_role("paragraph").filter(has_text=text).last.wait_for(timeout=SECONDS * 1000)

    async def press(self, title: str) -> None:
        await self.page.get_by_role("button", name=title, exact=True).last.click()

    async def picture(self, name: str) -> None:
        """Keep what the screen shows, for people to look at."""
        if folder := os.environ.get("KEYTURN_SCREENSHOTS"):
            await self.page.screenshot(path=Path(folder) / f"playground-{name}.png")


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    if not present(DATA):
        missing(HOW_TO_GET_IT)
    async with house(redis_url, tmp_path, SharedClock()) as one:
        yield one


@pytest.fixture
async def kari(desk: Desk, tmp_path: Path) -> AsyncIterator[Playground]:
    chromium = need_program("chromium", "chromium (apt)")
    (tmp_path / "playground").mkdir()
    async with playing(DATA, desk.site.base_url, free_port(), tmp_path / "playground") as address, \
            async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = await browser.new_context(locale="nb-NO", viewport={"width": 1300, "height": 860})
        page = await context.new_page()
        # What it would fetch from elsewhere are fonts.
        await context.route(re.compile(r"^https://"), lambda route: route.abort())
        await page.goto(address)
        yield Playground(context, page)
        await browser.close()
    # A second program of its own may run it, which must not stay behind.
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        with suppress(aiohttp.ClientError):     # It may end in the middle of an answer.
            while True:
                await (await session.get(address)).read()
                await asyncio.sleep(0.05)


async def test_kari_asks_presses_and_hears_from_the_helpdesk(desk: Desk, kari: Playground) -> None:
    """Welcomed at the install, in the Playground's English (C8); a question, cards, an answer that comes by itself."""
    await kari.sees("Hi! I help with passwords")
    await kari.say("hva er kravene til passord?")
    await kari.sees("Sist kontrollert")
    await kari.picture("answer")
    await kari.press("Nei")
    await kari.sees("Det var synd.")

    await kari.say("jeg vil snakke med et menneske")
    await kari.press("Send en sak til brukerstøtte")
    await kari.sees("Hva gjelder det?")
    await kari.say("Skjermen på telefonen er knust")
    await kari.sees("Dette sender jeg til brukerstøtte")
    await kari.press("Send")
    await kari.sees("Saken er sendt")
    case, = await desk.journeys.helpdesk.open_ones()
    answered = await desk.journeys.helpdesk.answer(case.number, STAFF[-1], "Kom innom, så ordner vi det.")
    assert isinstance(answered, HelpCase)
    await kari.sees("Kom innom, så ordner vi det.")
    await kari.picture("helpdesk")


async def test_kari_resets_her_password(desk: Desk, kari: Playground) -> None:
    """One proof as herself (I4), the page in a tab that takes the link for its browser (P3), told by a knock (F13)."""
    await kari.sees("Hi! I help with passwords")
    await kari.say("jeg har glemt passordet")
    await kari.sees("Jeg hjelper deg gjerne")
    await kari.press("Lag nytt passord")
    await kari.sees("Åpne godkjenningsappen")
    await kari.say("111111")
    await kari.sees("Den koden virket ikke.")
    await kari.say(await code_for(desk, "kari.nordmann"))
    await kari.sees("Da vet jeg at det er deg.")
    await kari.picture("proven")
    async with kari.context.expect_page() as opening:
        await kari.page.get_by_role("link", name="Velg nytt passord").last.click()
    page = await opening.value
    await page.locator("main button").click()
    await page.get_by_label("Nytt passord").fill(PASSWORD)
    await page.locator("#submit").click()
    await expect(page.get_by_role("heading", name="Passordet er byttet")).to_be_visible()
    await kari.sees("Passordet er byttet, og du er logget av")
    await kari.picture("told")
    assert await sign_in(desk, "kari.nordmann", Secret(PASSWORD))
