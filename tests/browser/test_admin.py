"""The helpdesk's whole walk in a real browser: accessible in both looks, from signing in to a confirmed exception.

Pictures of every page are left in the folder KEYTURN_SCREENSHOTS names, for people to look at.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from bot.clock import SharedClock
from bot.directory.demo_staff import shown_staff
from bot.serving.desk import Desk
from bot.store.ratings import GIVEN, NO, STARTED, YES
from bot.verification.totp import new_seed
from tests.browser.conftest import Tab
from tests.browser.test_secure import LOOKS, accessible
from tests.support.chat import Chat
from tests.support.house import house
from tests.support.tcp import free_port

PASSWORD = "Fjellvegen-regner-bort-4417"


@pytest.fixture
async def admin_desk(redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    extra = {"KEYTURN_ADMIN_PORT": str(free_port())}
    async with house(redis_url, tmp_path, SharedClock(), extra) as one:
        yield one


async def come_in(browser: Browser, desk: Desk, name: str, scheme: str, width: int) -> Tab:
    shown = {one.name: one for one in await shown_staff(desk.kept.it, desk.clock)}[name]
    context = await browser.new_context(
        locale="nb-NO", reduced_motion="reduce", color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 800})
    tab = Tab(await context.new_page())
    await tab.page.goto(f"{desk.admin_url}/admin")
    if name == "mona.ute":
        await accessible(tab.page, f"admin-sign-in-{scheme}")
    await tab.page.locator("#name").fill(name)
    await tab.page.locator("#password").fill(shown.password)
    await tab.page.locator("#code").fill(shown.code)
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("navigation").nth(1)).to_be_visible()
    return tab


async def account(page: Page, name: str) -> None:
    await page.get_by_role("link", name="Kontoer").or_(page.get_by_role("link", name="Accounts")).click()
    await page.locator("#name").fill(name)
    await page.keyboard.press("Enter")
    await heading(page, "Slik står det til")


async def heading(page: Page, text: str) -> None:
    """Wait for the page that has it."""
    await expect(page.get_by_role("heading", name=text).first).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_the_walk(browser: Browser, admin_desk: Desk, scheme: str, width: int) -> None:
    """Pause Kari; ask for an exception for Ingrid, and have it confirmed; set up anew. No page has a finding."""
    mona = await come_in(browser, admin_desk, "mona.ute", scheme, width)
    page = mona.page
    await page.goto(f"{admin_desk.settings.base_url}/demo")
    await expect(page.get_by_role("heading", name="IT-folk")).to_be_visible()
    await accessible(page, f"admin-demo-{scheme}")
    await page.goto(f"{admin_desk.admin_url}/admin")
    await accessible(page, f"admin-start-{scheme}")
    await account(page, "kari.nordmann@example.no")
    await accessible(page, f"admin-account-{scheme}")
    await page.get_by_role("link", name="Sett selvbetjeningen på pause").click()
    await heading(page, "Sett selvbetjeningen på pause")
    await accessible(page, f"admin-act-{scheme}")
    await page.locator("#reason").fill("Sak 4412: hun ringte selv")
    await page.get_by_role("button", name="Gå videre").click()
    await heading(page, "Stemmer dette?")
    await accessible(page, f"admin-confirm-{scheme}")
    await page.get_by_role("button", name="Sett selvbetjeningen på pause").click()
    await expect(page.get_by_text("Det er gjort")).to_be_visible()
    await accessible(page, f"admin-result-{scheme}")
    await page.get_by_role("link", name="Tilbake til kontoen").click()
    await heading(page, "Slik står det til")
    await accessible(page, f"admin-account-held-{scheme}")

    await account(page, "ingrid.admin@example.no")
    await page.get_by_role("link", name="Sett selvbetjeningen på pause").click()
    await heading(page, "Sett selvbetjeningen på pause")
    await accessible(page, f"admin-act-two-{scheme}")
    await page.locator("#reason").fill("Kontoen skal ikke brukes i ferien")
    await page.get_by_role("button", name="Gå videre").click()
    await page.get_by_role("button", name="Be en kollega godkjenne").click()
    await expect(page.get_by_text("En kollega må godkjenne")).to_be_visible()

    await account(page, "ola.hansen@example.no")
    await page.get_by_role("link", name="Lag en engangskode").click()
    await page.locator("#reason").fill("Ny telefon, sett i skranken")
    await page.get_by_role("button", name="Gå videre").click()
    await page.get_by_role("button", name="Lag en engangskode").click()
    await heading(page, "Engangskoden")
    await accessible(page, f"admin-code-{scheme}")

    john = await come_in(browser, admin_desk, "john.smith", scheme, width)
    await accessible(john.page, f"admin-start-waiting-{scheme}")
    await john.page.get_by_role("link", name="Pause self-service").click()
    await heading(john.page, "Confirm a change")
    await accessible(john.page, f"admin-request-{scheme}")
    await john.page.get_by_role("button", name="Confirm and do it").click()
    await expect(john.page.get_by_text("It's done")).to_be_visible()
    await john.page.get_by_role("button", name="Sign out").click()
    await expect(john.page.locator("#code")).to_be_visible()

    token = (await admin_desk.kept.it.issue_set_up("demo-john.smith", new_seed())).reveal()
    await john.page.goto(f"{admin_desk.admin_url}/admin/set-up/{token}")
    await accessible(john.page, f"admin-set-up-start-{scheme}")
    await john.page.locator("main button").click()
    await expect(john.page.locator(".qr")).to_be_visible()
    await accessible(john.page, f"admin-set-up-{scheme}")
    await john.page.locator("#password").fill(PASSWORD)
    await john.page.locator("#code").fill("000000")
    await john.page.keyboard.press("Enter")
    await expect(john.page.get_by_role("alert")).to_be_visible()
    await accessible(john.page, f"admin-set-up-wrong-{scheme}")

    await admin_desk.kept.trust.hold("a test of the page")
    await page.goto(f"{admin_desk.admin_url}/admin/cases")
    await expect(page.locator(".notice-warn")).to_be_visible()
    await accessible(page, f"admin-pause-{scheme}")
    assert [one for tab in (mona, john) for one in tab.unforgiven()] == []
    for tab in (mona, john):
        await tab.page.context.close()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_a_case_is_answered(browser: Browser, admin_desk: Desk, scheme: str, width: int) -> None:
    """From the list to the answer and the end, and whoever asked reads it in the chat."""
    async with Chat(admin_desk.site.base_url) as chat:
        await chat.hear()
        for value in ({"do": "start", "journey": "fetch_a_person"}, {"do": "help_skip"}, {"do": "help_urgent"}):
            await chat.say("trykk", value={"keyturn": value})
        await chat.quiet()
        mona = await come_in(browser, admin_desk, "mona.ute", scheme, width)
        page = mona.page
        await page.get_by_role("link", name="Saker").click()
        await heading(page, "Åpne saker")
        await accessible(page, f"admin-cases-{scheme}")
        await page.get_by_role("link", name="K-1001").click()
        await heading(page, "Sak K-1001")
        await accessible(page, f"admin-case-{scheme}")
        await page.get_by_label("Svar").fill("Kom innom skranken, så ser vi på det.")
        await page.get_by_role("button", name="Send svaret").click()
        await expect(page.locator(".said")).to_have_text("Kom innom skranken, så ser vi på det.")
        await accessible(page, f"admin-case-answered-{scheme}")
        assert "Kom innom skranken" in (await chat.hear()).text
        await page.get_by_role("button", name="Lukk saken").click()
        await expect(page.get_by_text("Saken er lukket.")).to_be_visible()
        await accessible(page, f"admin-case-closed-{scheme}")
    assert mona.unforgiven() == []
    await page.context.close()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_the_people_who_keep_the_content(browser: Browser, admin_desk: Desk, scheme: str, width: int) -> None:
    """By keyboard alone: a question that was asked in vain is added to a topic, another one dismissed."""
    for lang, text, near in (("nb", "får ikke åpnet … i teams", "lost-phone"), ("nb", "hvor er …", "")):
        await admin_desk.kept.unanswered.note(lang, text, near)
    for what in (GIVEN, YES, NO, STARTED):
        admin_desk.kept.ratings.note("lost-phone", "nb", what)
    await admin_desk.kept.ratings.flush()
    mona = await come_in(browser, admin_desk, "mona.ute", scheme, width)
    page = mona.page
    await press(page, page.get_by_role("navigation").get_by_role("link", name="Spørsmål"))
    await heading(page, "Spørsmål uten svar")
    await accessible(page, f"admin-questions-{scheme}")
    await expect(page.locator("time").first).not_to_contain_text("UTC")
    await press(page, page.get_by_role("link", name="Legg til i et emne får ikke åpnet"))
    await heading(page, "Legg til i et emne")
    await accessible(page, f"admin-question-{scheme}")
    await press(page, page.get_by_role("button", name="Legg til"))
    await expect(page.get_by_role("alert")).to_contain_text("Bytt ut «…»")
    await accessible(page, f"admin-question-wrong-{scheme}")
    await page.get_by_label("Slik kan noen spørre").fill("får ikke åpnet appen i teams")
    await press(page, page.get_by_role("button", name="Legg til"))
    await expect(page.get_by_role("status")).to_contain_text("Lagt til.")
    await accessible(page, f"admin-question-added-{scheme}")
    await press(page, page.get_by_role("button", name="Fjern fra listen hvor er"))
    await expect(page.get_by_role("status")).to_contain_text("Fjernet fra listen.")
    await expect(page.get_by_text("Her er det tomt")).to_be_visible()
    await press(page, page.get_by_role("link", name="Formuleringer dere har lagt til"))
    await expect(page.get_by_text("får ikke åpnet appen i teams").first).to_be_visible()
    await accessible(page, f"admin-phrases-{scheme}")
    await press(page, page.get_by_role("navigation").get_by_role("link", name="Svar"))
    await heading(page, "Slik går det med svarene")
    await accessible(page, f"admin-answers-{scheme}")
    cells = page.get_by_role("row", name="Mistet eller byttet mobil").get_by_role("cell")
    assert [await cells.nth(at).inner_text() for at in (0, 2, 3, 4)] == ["1", "1", "1", "1"]
    assert mona.unforgiven() == []
    await page.context.close()


async def press(page: Page, target: Locator) -> None:
    """Go there by the tab key, and press Enter; fails for what the keyboard does not reach."""
    element = await target.element_handle()
    assert element is not None
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await element.evaluate("one => one === document.activeElement"):
            async with page.expect_navigation():
                await page.keyboard.press("Enter")
            return
    raise AssertionError("the keyboard does not get there")
