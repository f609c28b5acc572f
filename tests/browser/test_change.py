"""A password changed in a real browser: by a wrong present one, a weak new one and then two good ones (O3, O5, P9).

Pictures of every page are left in the folder KEYTURN_SCREENSHOTS names, for people to look at.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.clock import SharedClock
from bot.directory import demo
from bot.secret import Secret
from bot.serving.desk import Desk
from tests.browser.conftest import Tab
from tests.browser.test_secure import accessible
from tests.support.house import house
from tests.support.people import sign_in
from tests.support.teams_chat import TeamsChat

# Who, in which language, on which screen; then the labels of the two fields and what the pages and the chat say.
PEOPLE = [
    ("kari.nordmann", "nb-NO", 1100, "Passordet du har nå", "Nytt passord", "Passordet du har nå, stemmer ikke",
     "elgen drakk kald kakao i regnvær", "Passordet er byttet", "Passordet er byttet, og du er logget av"),
    ("john.smith", "en-GB", 375, "Current password", "New password", "That isn't your current password",
     "moose drank cold cocoa in the rain", "Your password has been changed", "Your password has been changed, and you"),
]


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with house(redis_url, tmp_path, SharedClock()) as one:
        yield one


@pytest.mark.parametrize(
    ("name", "locale", "width", "current", "new", "wrong", "password", "done", "told"), PEOPLE, ids=["nb", "en"])
async def test_the_owner_changes_a_password(
        browser: Browser, desk: Desk, name: str, locale: str, width: int, current: str, new: str, wrong: str,
        password: str, done: str, told: str) -> None:
    account = next(one.account for one in demo.PEOPLE if one.account.username.startswith(f"{name}@"))
    present = await desk.kept.accounts.initial_password(account.id)
    assert present is not None
    async with TeamsChat(desk.site.base_url, name, locale) as chat:
        start = {"keyturn": {"do": "start", "journey": "change_password"}}
        assert await chat.post({"type": "message", "text": "x", "value": start}) == 200
        await chat.fetch()
        link = str(next(one["value"] for one in chat.said[-1].buttons if one["type"] == "openUrl"))

        context = await browser.new_context(
            locale=locale, reduced_motion="reduce", viewport={"width": width, "height": 900})
        tab = Tab(await context.new_page())
        page = tab.page
        await page.goto(link)
        await page.locator("main button").click()
        await expect(page.get_by_label(current, exact=True)).to_have_attribute("autocomplete", "current-password")
        await expect(page.get_by_label(new, exact=True)).to_have_attribute("autocomplete", "new-password")
        await accessible(page, f"change-{locale}")

        await page.get_by_label(current, exact=True).fill("not the one at all")
        await page.get_by_label(new, exact=True).fill(password)
        await page.locator("#submit").click()
        await expect(page.get_by_role("alert")).to_contain_text(wrong)
        await expect(page.get_by_label(current, exact=True)).to_have_value("")
        await accessible(page, f"change-wrong-{locale}")

        await page.get_by_label(current, exact=True).fill(present.reveal())
        await page.get_by_label(new, exact=True).fill("kort")
        await page.locator("[data-rule=too_short][data-state=open]").wait_for()
        await page.get_by_label(new, exact=True).fill(password)
        await page.locator("[data-rule=too_short][data-state=kept]").wait_for()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name=done, exact=True)).to_be_visible()
        await accessible(page, f"change-done-{locale}")
        assert tab.unforgiven() == []
        await context.close()

        await chat.fetch()
        assert chat.said[-1].text.startswith(told)
    assert await sign_in(desk, name, Secret(password))
    assert not await sign_in(desk, name, present)
