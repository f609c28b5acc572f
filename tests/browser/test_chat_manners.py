"""How the chat behaves under people's hands: focus, old buttons, narrow screens, languages, secrets on the screen."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from bot.serving.desk import Desk
from tests.browser.conftest import Open, Service, Tab
from tests.browser.test_web_chat import violations

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def button(tab: Tab, name: str) -> Any:
    return tab.said.get_by_role("button", name=name, exact=True)


async def asked(opened: Open, *texts: str, **options: Any) -> Tab:
    """A tab in English in which these were said, each answered."""
    tab: Tab = await opened(**{"locale": "en", **options})
    await expect(tab.said).to_have_count(1)     # the greeting, which is counted below
    for text in texts:
        before = await tab.said.count()
        await tab.say(text)
        await expect(tab.said.nth(before + 1)).to_be_visible()
    return tab


async def test_the_box_has_the_focus_from_the_start(opened: Open) -> None:
    tab = await opened(locale="en")
    await expect(tab.box).to_be_focused()


async def test_on_a_touch_screen_no_keyboard_pops_up(opened: Open) -> None:
    tab = await asked(opened, **PHONE)
    await expect(tab.page.locator("#over")).to_be_visible()
    await expect(tab.box).not_to_be_focused()
    await tab.say("answer")
    await button(tab, "Steps").wait_for()
    # A box that cannot be written to when it gets the focus brings no keyboard.
    await tab.box.evaluate("it => { it.blur(); it.onfocus = () => { it.dataset.silent = it.readOnly; }; }")
    await tab.rest()
    await button(tab, "Steps").tap()
    await tab.sees("echo: Steps")
    await expect(tab.box).to_be_focused()
    await expect(tab.box).to_have_attribute("data-silent", "true")
    await expect(tab.box).to_be_editable()


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
async def test_after_a_press_one_can_type(opened: Open, service: Service, by: str) -> None:
    """What is typed next goes to the box, and Enter sends it instead of pressing again."""
    tab = await asked(opened, "answer")
    if by == "mouse":
        await tab.press(button(tab, "Steps"))
    else:
        await button(tab, "Steps").focus()
        await tab.page.keyboard.press("Enter")
    await tab.sees("echo: Steps")
    await expect(tab.box).to_be_focused()
    await tab.page.keyboard.type("and now")
    await tab.page.keyboard.press("Enter")
    await tab.sees("echo: and now")
    assert [one.text for one, _ in service.echo.turns if one.type == "message"] == ["answer", "Steps", "and now"]
    assert service.echo.turns[-2][0].value == {"keyturn": {"do": "steps", "topic": "Steps"}}


async def test_a_link_button_leads_out_and_back_to_the_box(opened: Open) -> None:
    """The page opens in a tab that cannot reach back; the focus waits in the box."""
    tab = await asked(opened, "page")
    await tab.page.context.route("**/secure/abc", lambda route: route.fulfill(body="the page"))
    link = tab.said.get_by_role("link", name="The secure page (opens in a new tab)")
    async with tab.page.context.expect_page() as opening:
        await tab.press(link)
    page = await opening.value
    assert await page.evaluate("window.opener") is None
    await expect(tab.box).to_be_focused()


async def test_a_double_click_is_one_press(opened: Open, service: Service) -> None:
    tab = await asked(opened, "answer")
    await tab.rest()
    await button(tab, "Begin").dblclick()
    await tab.sees("echo: Begin")
    await tab.say("after")
    await tab.sees("echo: after")
    assert [one.text for one, _ in service.echo.turns if one.type == "message"] == ["answer", "Begin", "after"]


async def test_buttons_of_a_moment_die_with_it(opened: Open) -> None:
    """Newer buttons end older ones of the same flow, also after a reload; topics can be pressed any time."""
    tab = await asked(opened, "answer", "flow")
    for name in ("Yes, it did", "No"):
        await expect(button(tab, name)).to_be_disabled()
    for name in ("Begin", "Steps", "For admins", "Another topic", "Resend", "Cancel"):
        await expect(button(tab, name)).to_be_enabled()
    await tab.press(button(tab, "Resend"))
    await tab.sees("echo: Resend")
    for name in ("Resend", "Cancel"):       # The answer brought no others.
        await expect(button(tab, name)).to_be_enabled()
    await tab.say("flow")
    await expect(button(tab, "Resend")).to_have_count(2)
    await tab.press(button(tab, "Cancel").last)
    await tab.sees("echo: Cancel")
    await tab.picture("old-buttons")
    for _ in ("now", "after a reload"):
        await expect(button(tab, "Resend").first).to_be_disabled()
        await expect(button(tab, "Resend").first).to_have_attribute("aria-pressed", "true")
        await expect(button(tab, "Resend").last).to_be_disabled()
        await expect(button(tab, "Cancel").last).to_be_disabled()
        await expect(button(tab, "Cancel").last).to_have_attribute("aria-pressed", "true")
        await expect(button(tab, "Steps")).to_be_enabled()
        assert await violations(tab) == []
        await tab.page.reload()
        await tab.sees("echo: Cancel")


async def test_a_new_link_ends_the_old_one(opened: Open) -> None:
    tab = await asked(opened, "page", "flow", "page")
    await expect(tab.said.get_by_role("link", name=re.compile("The secure page"))).to_have_count(1)
    await expect(button(tab, "The secure page")).to_be_disabled()


async def test_what_matters_most_looks_so(opened: Open) -> None:
    """One primary button below its answer, on no ground of its own; the question small, on one line."""
    tab = await asked(opened, "answer")
    style = "(it, name) => getComputedStyle(it)[name]"
    filled = [await button(tab, name).evaluate(style, "backgroundColor")
              for name in ("Begin", "Steps", "For admins", "Yes, it did")]
    assert filled[0] not in filled[1:]
    ground = "it => getComputedStyle(it.closest('.webchat__bubble__content')).backgroundColor"
    assert await button(tab, "Begin").evaluate(ground) == "rgba(0, 0, 0, 0)"
    await tab.rest()
    answer = await tab.said.filter(has_text="An answer.").bounding_box()
    begin, yes, no, ask = [await one.bounding_box() for one in (
        button(tab, "Begin"), button(tab, "Yes, it did"), button(tab, "No"), tab.said.get_by_text("Did that help?"))]
    assert begin["y"] - answer["y"] - answer["height"] <= 16
    assert yes["y"] == no["y"] <= ask["y"] <= yes["y"] + yes["height"]
    assert yes["height"] < begin["height"]


async def test_a_phone_shows_the_answer_and_how_to_go_on(opened: Open) -> None:
    """One line above the chat; a long answer from its beginning, and a way to its end."""
    tab = await asked(opened, "long answer", **PHONE)
    header = await tab.page.locator("header.top").bounding_box()
    assert header["height"] <= 64
    await expect(tab.said.get_by_text("The beginning.")).to_be_in_viewport()
    await expect(button(tab, "The button at the end")).not_to_be_in_viewport()
    await tab.picture("phone-long")
    await tab.page.get_by_role("button", name="More below").tap()
    await expect(button(tab, "The button at the end")).to_be_in_viewport()
    for name in ("Privacy", "Start over"):
        place = await tab.page.get_by_role("button", name=name).bounding_box()
        assert min(place["width"], place["height"]) >= 44
    assert await violations(tab) == []


async def test_much_enlarged_the_chat_has_the_screen(opened: Open) -> None:
    """WCAG 1.4.10: at 320 x 256 the header scrolls away and the chat keeps its room."""
    tab = await asked(opened, "answer", viewport={"width": 320, "height": 256})
    transcript = await tab.page.locator(".webchat__basic-transcript").bounding_box()
    assert transcript["height"] >= 180
    assert await tab.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await tab.page.evaluate("document.documentElement.scrollHeight > innerHeight")
    await tab.picture("enlarged")


async def test_by_keyboard_in_a_message_the_way_out_is_shown(opened: Open) -> None:
    """A hint, a ring that nothing cuts off, and Escape twice to the box."""
    tab = await asked(opened, "answer")
    await button(tab, "Steps").focus()
    await tab.page.keyboard.press("Tab")
    message = button(tab, "Steps")
    hint = "it => getComputedStyle(it.closest('.message'), '::after').content"
    assert await message.evaluate(hint) == '"Esc: back"'
    cut = await button(tab, "For admins").evaluate("""it => {
        const found = [];
        for (let one = it.parentElement; !one.classList.contains('message'); one = one.parentElement)
            if (getComputedStyle(one).overflow !== 'visible') found.push(one.className);
        return found;
    }""")
    assert cut == []
    await tab.picture("keyboard-hint")
    await tab.page.keyboard.press("Escape")
    await tab.page.keyboard.press("Escape")
    await expect(tab.box).to_be_focused()


async def test_names_and_landmarks(opened: Open) -> None:
    """The skip link lands in the box, whose label tells; one h1, inside a landmark."""
    tab = await asked(opened, "answer")
    await tab.page.locator(".skip").focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("textbox", name="Write to Password help")).to_be_focused()
    headings = "[...document.querySelectorAll('h1')].map(it => !!it.closest('header, main'))"
    assert await tab.page.evaluate(headings) == [True]
    assert await tab.page.locator("main [role=complementary]").count() == 0


async def test_the_page_follows_the_conversations_language(opened: Open) -> None:
    """Heading, html lang and box change; the conversation and a draft stay; older words keep their language."""
    tab = await opened(locale="nb")
    await tab.sees("Hei! Hva kan jeg hjelpe med?")
    await tab.say("norsk")
    await tab.sees("På norsk")
    await tab.say("english")
    await tab.box.fill("half a dra")
    await tab.sees("In English")
    await expect(tab.page.locator("html")).to_have_attribute("lang", "en")
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Password help")
    await expect(tab.box).to_have_attribute("placeholder", "Type your message")
    await expect(tab.box).to_have_value("half a dra")
    lang = "it => it.closest('.message').lang"
    assert await tab.said.filter(has_text="På norsk").evaluate(lang) == "nb"
    assert await tab.said.filter(has_text="In English").evaluate(lang) == ""
    await tab.page.reload()
    await tab.sees("In English")
    await expect(tab.page.locator("html")).to_have_attribute("lang", "en")
    await tab.page.get_by_role("button", name="Privacy").click()
    await tab.sees("echo: Privacy")
    assert tab.problems == []


async def test_the_language_link_keeps_a_draft(opened: Open) -> None:
    tab = await opened(locale="nb")
    await tab.say("hei")
    await tab.sees("echo: hei")
    await tab.box.fill("halvveis")
    await tab.page.get_by_role("link", name="English").click()
    await tab.sees("event keyturn.language: en")
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Password help")
    await expect(tab.box).to_have_value("halvveis")
    await expect(tab.page.get_by_role("link", name="Norsk")).to_be_visible()


async def test_a_typed_password_leaves_the_screen(browser: Browser, desk: Desk) -> None:
    """D4: at once, not only after a reload."""
    context = await browser.new_context(locale="nb-NO")
    tab = Tab(await context.new_page())
    await tab.open(desk.site.base_url)
    await tab.say("Hemmelig!Passord99x")
    await tab.sees("Det der kan se ut som et passord")
    await expect(tab.page.locator(".message").filter(has_text="Hemmelig!")).to_have_count(0)
    await expect(tab.said.filter(has_text="•••")).to_have_count(1)
    await tab.quiet()
    assert "Hemmelig!" not in await tab.page.content()
    await context.close()


async def test_lines_stay_lines(browser: Browser, desk: Desk) -> None:
    """A message of two lines is shown as two, like an answer's."""
    context = await browser.new_context(locale="en-GB")
    tab = Tab(await context.new_page())
    await tab.open(desk.site.base_url)
    await tab.sees("I help with passwords")
    assert await tab.said.filter(has_text="I help with passwords").first.locator("br").count() == 1
    await context.close()
