"""The chat page as people meet it: by mouse, by keyboard, on a phone, through reloads and restarts."""

import asyncio
import json
import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.browser.conftest import Open, Service, Tab
from tests.support.clock import SteppedClock

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
GREETING = {"nb": "Hei! Hva kan jeg hjelpe med?", "en": "Hello! What can I help with?"}


async def violations(tab: Tab) -> list[Any]:
    """What axe finds, without the minor ones."""
    await tab.quiet()
    found = await Axe().run(tab.page, options=AXE)
    return [(one["id"], one["impact"], [node["html"][:200] + str(node["any"])[:400] for node in one["nodes"]])
            for one in found.response["violations"] if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("lang", ["nb", "en"])
async def test_the_page_greets_and_answers(opened: Open, lang: str) -> None:
    """In the browser's language, without a word on the console, and so without a broken policy (P5)."""
    tab = await opened(locale={"nb": "nb-NO", "en": "en-GB"}[lang])
    await tab.sees(GREETING[lang])
    await tab.say("hello there")
    await tab.sees("echo: hello there")
    await tab.picture(f"chat-{lang}")
    assert await tab.page.locator("html").get_attribute("lang") == lang
    assert tab.problems == []


async def test_cards_and_links(opened: Open, service: Service) -> None:
    """A card's answer arrives; a link opens a new tab that cannot reach back."""
    tab = await opened(locale="en")
    await tab.sees(GREETING["en"])
    await tab.say("card")
    await tab.said.get_by_label("Note").fill("a note")
    await tab.picture("card")
    await tab.press(tab.said.get_by_role("button", name="Send it"))
    await tab.sees("a note")
    assert service.echo.turns[-1][0].value == {"kind": "note", "note": "a note"}
    await tab.say("link")
    link = tab.said.get_by_role("link", name=re.compile("the page"))
    assert await link.get_attribute("target") == "_blank"
    assert "noopener" in (await link.get_attribute("rel") or "")
    assert tab.problems == []


async def test_a_suggested_action_is_pressed(opened: Open) -> None:
    """Buttons under the greeting say what they say."""
    tab = await opened(locale="en")
    await tab.suggested.filter(has_text="I forgot my password").click()
    await tab.sees("echo: I forgot my password")


async def test_a_reload_shows_what_was_said(opened: Open, service: Service) -> None:
    """The conversation goes on after a reload; nobody is greeted twice."""
    tab = await opened()
    await tab.say("before")
    await tab.sees("echo: before")
    await tab.page.reload()
    await tab.sees("echo: before")
    await tab.say("after")
    await tab.sees("echo: after")
    assert [one.type for one, _ in service.echo.turns] == ["conversationUpdate", "message", "message"]
    assert len({speaker.conversation for _, speaker in service.echo.turns}) == 1


async def test_the_language_is_switched(opened: Open, service: Service) -> None:
    """The page, Web Chat and the bot change language; the conversation stays."""
    tab = await opened()
    await tab.say("hei")
    await tab.sees("echo: hei")
    await tab.page.get_by_role("link", name="English").click()
    await tab.sees("echo: hei")
    await tab.sees("event keyturn.language: en")
    assert await tab.page.get_by_role("heading", level=1).inner_text() == "Password help"
    assert await tab.box.get_attribute("placeholder") == "Type your message"
    await tab.say("hi")
    await tab.sees("echo: hi")
    assert service.echo.turns[-1][0].locale == "en-US"
    assert len({speaker.conversation for _, speaker in service.echo.turns}) == 1


async def test_a_restart_is_lived_through(opened: Open, service: Service) -> None:
    """While the server is away the page says so; what is sent meanwhile arrives once (R-029)."""
    tab = await opened()
    await tab.say("before")
    await tab.sees("echo: before")
    await service.stop()
    away = tab.page.get_by_text("Mistet forbindelsen")
    await away.wait_for()
    await tab.say("meanwhile")
    await tab.picture("away")
    await service.start()
    await tab.sees("echo: meanwhile", seconds=8)
    await away.wait_for(state="hidden")
    assert await tab.said.filter(has_text="echo: meanwhile").count() == 1
    assert [one.text for one, _ in service.echo.turns if one.type == "message"] == ["before", "meanwhile"]
    assert tab.unforgiven() == []


async def test_too_many_messages_at_once_all_arrive(opened: Open, service: Service, clock: SteppedClock) -> None:
    """N1: told to be slower (429), the page keeps what was said and sends it again; the person notices a pause."""
    tab = await opened()
    refused = asyncio.Event()
    tab.page.on("response", lambda answer: refused.set() if answer.status == 429 else None)
    for number in range(32):
        await tab.say(f"number {number:02}")
    async with asyncio.timeout(20):
        await refused.wait()
    assert not await tab.page.get_by_text("Mistet forbindelsen").is_visible()
    clock.advance(60)
    for number in (0, 30, 31):
        await tab.sees(f"echo: number {number:02}", seconds=20)
    heard = [one.text for one, _ in service.echo.turns if one.type == "message"]
    assert sorted(heard) == [f"number {number:02}" for number in range(32)]
    assert tab.unforgiven() == []


async def test_an_expired_chat_begins_anew(opened: Open, service: Service, store: Any) -> None:
    """When the conversation is gone, a new one starts, and the page says so."""
    tab = await opened()
    await tab.say("before")
    await tab.sees("echo: before")
    await store.do("FLUSHDB")
    await tab.page.reload()
    await tab.page.get_by_text("Den forrige samtalen var utløpt").wait_for()
    await tab.sees(GREETING["nb"])
    assert await tab.page.get_by_text("echo: before").count() == 0
    assert len({speaker.conversation for _, speaker in service.echo.turns}) == 2


async def test_starting_over(opened: Open, service: Service, store: Any) -> None:
    """The person ends the chat: nothing of it is left, here or in the store."""
    tab = await opened(locale="en")
    tab.page.on("dialog", lambda dialog: dialog.accept())
    await tab.say("before")
    await tab.sees("echo: before")
    await tab.page.get_by_role("button", name="Start over").click()
    await tab.page.get_by_text("echo: before").first.wait_for(state="detached")
    await tab.sees(GREETING["en"])
    assert [one.type for one, _ in service.echo.turns][2:] == ["endOfConversation", "conversationUpdate"]
    assert len([key for key in await store.do("KEYS", "*") if key.endswith(b":log")]) == 1


async def test_the_privacy_question(opened: Open) -> None:
    """One press asks the bot about privacy."""
    tab = await opened(locale="en")
    await tab.page.get_by_role("button", name="Privacy").click()
    await tab.sees("echo: Privacy")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(opened: Open, scheme: str) -> None:
    """WCAG 2.2 A and AA, contrast of Web Chat's parts included, in light and in dark."""
    tab = await opened(color_scheme=scheme, locale="en")
    await tab.sees(GREETING["en"])
    assert await violations(tab) == []
    await tab.say("card")
    await tab.said.get_by_label("Note").wait_for()
    await tab.say("link")
    await tab.said.get_by_role("link", name=re.compile("the page")).wait_for()
    await tab.picture(f"desktop-{scheme}")
    assert await violations(tab) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_narrow_phone(opened: Open, scheme: str) -> None:
    """At 320 x 568 nothing scrolls sideways, and the box to type in is on the screen (WCAG 1.4.10)."""
    tab = await opened(viewport={"width": 320, "height": 568}, color_scheme=scheme, locale="nb")
    await tab.sees(GREETING["nb"])
    await tab.picture(f"phone-{scheme}-start")
    title = tab.page.locator("h1")
    assert await title.evaluate("one => one.scrollWidth <= one.clientWidth")   # else it lies over the link beside it
    await tab.say("et-langt-ord-" * 12)
    await tab.sees("echo: et-langt")
    await tab.say("card")
    await tab.said.get_by_label("Note").wait_for()
    await tab.picture(f"phone-{scheme}")
    wide = "[document.documentElement.scrollWidth, document.body.scrollWidth]"
    assert max(await tab.page.evaluate(wide)) <= 320
    place = await tab.box.bounding_box()
    assert place["y"] + place["height"] <= 568
    assert await violations(tab) == []


async def test_by_keyboard_alone(opened: Open) -> None:
    """Skip link first, then everything in reach; a message is written and sent, a suggestion pressed."""
    tab = await opened(locale="en")
    await tab.sees(GREETING["en"])
    await tab.suggested.first.wait_for()
    keyboard = tab.page.keyboard
    focused = "document.activeElement.innerText || document.activeElement.getAttribute('placeholder') || ''"
    await tab.page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    reached: list[str] = []
    for _ in range(16):
        await keyboard.press("Tab")
        reached.append((await tab.page.evaluate(focused)).strip())
        if reached[-1] == "Type your message":
            break
    assert reached[0] == "Skip to the content"
    assert {"Norsk", "Privacy", "Start over", "I forgot my password", "Type your message"} <= set(reached)
    await keyboard.type("typed")
    await keyboard.press("Enter")
    await tab.sees("echo: typed")
    await tab.picture("keyboard")


async def test_colours_follow_the_system(opened: Open) -> None:
    """Switching to dark while the chat is open changes Web Chat as well."""
    tab = await opened(color_scheme="light", locale="en")
    await tab.say("hi")
    await tab.sees("echo: hi")
    bubble = tab.page.locator(".webchat__bubble__content").last
    colour = "element => getComputedStyle(element).backgroundColor"
    before = await bubble.evaluate(colour)
    await tab.page.emulate_media(color_scheme="dark")
    await tab.page.wait_for_function(
        "before => getComputedStyle([...document.querySelectorAll('.webchat__bubble__content')].pop())"
        ".backgroundColor !== before", arg=before)
    await tab.sees("echo: hi")


async def test_the_stock_client_works_too(opened: Open) -> None:
    """Web Chat's own Direct Line connection, as on anybody's page, meets the same service (design §4)."""
    tab = await opened(locale="en")
    await tab.page.evaluate("""async () => {
        const answer = await fetch('/v3/directline/tokens/generate', {method: 'POST'});
        const {token} = await answer.json();
        const place = document.createElement('div');
        place.id = 'stock';
        place.style.height = '400px';
        document.body.replaceChildren(place);
        const domain = location.origin + '/v3/directline';
        const nonce = document.getElementById('styles').nonce;
        const directLine = WebChat.createDirectLine({token, domain});
        WebChat.renderWebChat({directLine, nonce, locale: 'en-US'}, place);
    }""")
    await tab.sees(GREETING["en"])
    await tab.say("from stock")
    await tab.sees("echo: from stock")


async def test_nothing_secret_lies_about(opened: Open) -> None:
    """The tab keeps a token that only this browser can use; the cookie is out of scripts' reach (P7)."""
    tab = await opened()
    await tab.sees(GREETING["nb"])
    assert await tab.page.evaluate("document.cookie") == ""
    assert await tab.page.evaluate("localStorage.length") == 0
    kept = json.loads(await tab.page.evaluate("sessionStorage.getItem('keyturn.chat')"))
    assert set(kept) == {"token", "conversationId", "lang"}
    cookies = {one["name"]: one for one in await tab.page.context.cookies()}
    assert (cookies["keyturn"]["httpOnly"], cookies["keyturn"]["sameSite"]) == (True, "Lax")
    stolen = await tab.page.request.fetch(
        tab.page.url + f"v3/directline/conversations/{kept['conversationId']}/activities",
        headers={"Authorization": f"Bearer {kept['token']}", "Cookie": "keyturn=another"})
    assert stolen.status == 403
