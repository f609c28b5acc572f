"""An authenticator app registered in a real browser: its QR code read off the screen by a real decoder (A1, P9).

Pictures of every page are left in the folder KEYTURN_SCREENSHOTS names, for people to look at.
"""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, expect

from bot.clock import SharedClock
from bot.directory import demo
from bot.rules.registered import TOTP
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.verification.totp import current_code, new_seed
from tests.browser.conftest import Tab
from tests.browser.test_secure import LOOKS, accessible
from tests.support.house import house
from tests.support.teams_chat import TeamsChat

KARI = demo.PEOPLE[0].account.id


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with house(redis_url, tmp_path, SharedClock()) as one:
        yield one


@pytest.fixture
async def kari(desk: Desk) -> AsyncIterator[TeamsChat]:
    chat = TeamsChat(desk.site.base_url, "kari.nordmann")
    await chat.begin()
    yield chat
    await chat.close()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_the_code_on_the_screen_is_the_app(
        browser: Browser, desk: Desk, kari: TeamsChat, scheme: str, width: int) -> None:
    """What a phone's camera sees gives the codes that the page takes; the key beside it is the same one."""
    old, = (await desk.kept.enrolments.read(KARI)).of_kind(TOTP)
    assert old.seed is not None
    for value in ({"do": "start", "journey": "register_method"}, {"do": "register", "chosen": "register_app"},
                  {"do": "register", "chosen": old.id}):
        assert await kari.post({"type": "message", "text": "x", "value": {"keyturn": value}}) == 200
    assert await kari.post({"type": "message", "text": current_code(old.seed, desk.clock.now())}) == 200
    await kari.fetch()
    link = str(next(one["value"] for one in kari.said[-1].buttons if one["type"] == "openUrl"))

    context = await browser.new_context(
        locale="nb-NO", reduced_motion="reduce", color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900})
    tab = Tab(await context.new_page())
    page = tab.page
    await page.goto(link)
    await page.locator("main button").click()
    await expect(page.locator("svg.qr")).to_be_visible()
    await accessible(page, f"register-app-{scheme}")

    seen = zxingcpp.read_barcodes(Image.open(BytesIO(await page.screenshot(full_page=True))))
    assert len(seen) == 1
    uri = urlsplit(seen[0].text)
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/Keyturn:kari.nordmann%40example.no")
    facts = parse_qs(uri.query)
    assert facts["issuer"] == ["Keyturn"]
    seed = Secret(facts["secret"][0])
    await page.locator("details.key summary").click()
    assert (await page.locator("details.key code").inner_text()).replace(" ", "") == seed.reveal()
    await accessible(page, f"register-app-key-{scheme}")

    await page.locator("#code").fill(current_code(new_seed(), desk.clock.now()))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    await accessible(page, f"register-app-wrong-{scheme}")
    await page.locator("#code").fill(current_code(seed, desk.clock.now()))
    await page.locator("#label").fill("Jobbtelefonen")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Appen er registrert")).to_be_visible()
    await accessible(page, f"register-app-done-{scheme}")
    assert tab.unforgiven() == []
    new, = (await desk.kept.enrolments.read(KARI)).of_kind(TOTP)
    assert new.seed is not None
    assert (new.seed.reveal(), new.label) == (seed.reveal(), "Jobbtelefonen")
