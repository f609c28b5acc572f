"""The main job in a real browser: chat in one window, phone and mailbox in another, the page in a third."""

import re
import time

from playwright.async_api import Browser, BrowserContext, Page, expect

from bot.serving.desk import Desk
from tests.browser.conftest import Tab

PASSWORD = {"nb": "elgen drakk kald kakao i regnvær", "en": "seventeen purple umbrellas waltz"}


class Window:
    """One person's browser: chat, demo desk and secure page."""

    def __init__(self, context: BrowserContext, url: str, chat: Tab, demo: Page) -> None:
        self.context, self.url, self.chat, self.demo = context, url, chat, demo

    @classmethod
    async def open(cls, browser: Browser, desk: Desk, person: str, **options: object) -> "Window":
        context = await browser.new_context(**options)      # type: ignore[arg-type]  # playwright's own options
        chat = Tab(await context.new_page())
        await chat.open(desk.site.base_url)
        demo = await context.new_page()
        await demo.goto(f"{desk.site.base_url}/demo?person={person}")
        return cls(context, desk.site.base_url, chat, demo)

    async def press(self, title: str) -> None:
        await self.chat.press(self.chat.page.get_by_role("button", name=title, exact=True).last)

    async def phone(self) -> str:
        """The code on the phone, once it has some seconds left."""
        if time.time() % 30 > 26:
            await self.demo.wait_for_function("(before) => Date.now() / 1000 % 30 < 20")
        digits = re.sub(r"\D", "", await self.demo.locator("[data-code]").first.inner_text())
        assert re.fullmatch(r"\d{6}", digits), digits
        return digits

    async def mailed_code(self, subject: str) -> str:
        await self.demo.get_by_text(subject).first.wait_for()
        body = await self.demo.locator("main").inner_text()
        found = re.search(rf"{re.escape(subject)}[\s\S]*?\b(\d{{6}})\b", body)
        assert found, body
        return found.group(1)


async def test_a_newcomer_resets_a_password_in_norwegian(browser: Browser, desk: Desk) -> None:
    """Ask, press, two proofs, a weak password, a good one, and the chat tells the end by itself."""
    window = await Window.open(browser, desk, "00000000-0000-0000-0000-000000000001", locale="nb-NO",
                               viewport={"width": 1100, "height": 820})
    chat = window.chat
    await chat.sees("Jeg hjelper deg med passord")
    await chat.say("Hei, jeg har glemt passordet mitt")
    await chat.sees("Jeg hjelper deg gjerne med å lage et nytt passord")
    await chat.picture("journey-1-answer")
    await window.press("Lag nytt passord")
    await chat.sees("Hvilken konto gjelder det?")
    await chat.say("kari.nordmann@example.no")
    await chat.sees("Åpne godkjenningsappen")
    await chat.say(await window.phone())
    await chat.sees("Takk, den stemte")
    await chat.say(await window.mailed_code("Koden din til chatten"))
    await chat.sees("Da vet jeg at det er deg")
    await chat.picture("journey-2-proven")
    async with window.context.expect_page() as opening:
        await chat.press(chat.page.get_by_role("link", name=re.compile("Velg nytt passord")).last)
    page = await opening.value
    await page.wait_for_load_state()
    phrase = await page.locator(".phrase").inner_text()
    await chat.sees(phrase)
    await page.get_by_label("Nytt passord").fill("kort")
    await page.locator("[data-rule=too_short][data-state=open]").wait_for()
    await Tab(page).picture("journey-3-page")
    await page.get_by_label("Nytt passord").fill(PASSWORD["nb"])
    await page.locator("[data-rule=too_short][data-state=kept]").wait_for()
    await Tab(page).picture("journey-4-page-kept")
    await page.locator("#submit").click()
    await page.get_by_role("heading", name="Passordet er byttet").wait_for()
    await Tab(page).picture("journey-5-done")
    await chat.sees("Passordet er byttet, og du er logget av")
    # What is used up looks like it, also to who loads the page anew.
    spent = chat.page.get_by_role("button", name="Velg nytt passord")
    await expect(spent).to_be_disabled()
    await expect(chat.page.get_by_role("link", name=re.compile("Velg nytt passord"))).to_have_count(0)
    await chat.picture("journey-6-told")
    await window.demo.get_by_text("Passordet ditt er byttet").first.wait_for()
    await Tab(window.demo).picture("journey-7-demo")
    assert not chat.problems
    await window.context.close()


async def test_a_newcomer_resets_a_password_on_a_phone_in_english(browser: Browser, desk: Desk) -> None:
    """The same on a small dark screen in English."""
    window = await Window.open(
        browser, desk, "00000000-0000-0000-0000-000000000002", locale="en-GB", color_scheme="dark",
        viewport={"width": 375, "height": 740}, has_touch=True)
    chat = window.chat
    await chat.sees("I help with passwords")
    await chat.say("i forgot my password")
    await chat.sees("gladly help you set a new password")
    await window.press("Set a new password")
    await chat.sees("Which account is it?")
    await chat.say("john.smith")
    await chat.sees("Open the authenticator app")
    await chat.say(await window.phone())
    await chat.sees("Thanks, that matched")
    await chat.say(await window.mailed_code("Your code for the chat"))
    await chat.sees("Open the secure page and choose")
    await chat.picture("journey-phone-proven")
    async with window.context.expect_page() as opening:
        await chat.press(chat.page.get_by_role("link", name=re.compile("Choose a new password")).last)
    page = await opening.value
    await page.get_by_label("New password").fill(PASSWORD["en"])
    await Tab(page).picture("journey-phone-page")
    await page.locator("#submit").click()
    await page.get_by_role("heading", name="changed").first.wait_for()
    await chat.sees("Your password has been changed")
    await chat.picture("journey-phone-told")
    assert not chat.problems
    await window.context.close()
