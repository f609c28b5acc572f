"""What goes wrong inside Teams' window is told inside it: a page that Teams may not show would be empty (P5, C4)."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from aiohttp import ClientResponse

from bot.errors import DirectoryUnavailable, StoreUnavailable, VerificationPaused
from bot.journeys.protocol import Again, Ended, Fields, Form, Unbound
from bot.pages.dialog import TEAMS_HOSTS
from bot.people import SignedOn
from tests.pages.conftest import Client, Open
from tests.pages.stage import GOOD, TICKET, OneReset, a_reset, token_in

URL = f"/secure/{TICKET}/teams"
GONE, CLOSE = "Dette vinduet virker ikke lenger", "Lukk vinduet og trykk på knappen i chatten en gang til."


@dataclass
class InAWindow(OneReset):
    """Belongs to the page that begins with it; `trouble` is raised by the named calls."""

    holder: str = ""
    trouble: dict[str, Exception] = field(default_factory=dict)

    async def look(self, ticket: str, browser: str) -> Form | Ended | Unbound | None:    # type: ignore[override]
        self._maybe("look")
        if not browser:
            return None if self.holder or ticket != TICKET else Unbound("nb", "reset", "grønn fjord")
        return self.form if browser == self.holder else None

    async def bind(self, ticket: str, browser: str, person: SignedOn | None = None) -> bool:
        self._maybe("bind")
        self.holder = browser
        return True

    async def finish(
            self, ticket: str, browser: str, fields: Fields, person: SignedOn | None = None) -> Again | Ended | None:
        self._maybe("finish")
        return Again(self.form, ())

    def _maybe(self, call: str) -> None:
        if call in self.trouble:
            raise self.trouble[call]


@pytest.fixture
def reset() -> InAWindow:
    whole = a_reset()
    return InAWindow(whole.end, whole.form)


@pytest.fixture
async def window(open_site: Open, reset: InAWindow) -> Client:
    return await open_site(reset)


def ours(client: Client) -> dict[str, str]:
    return {"Origin": str(client.make_url("/")).rstrip("/"), "Sec-Fetch-Site": "same-origin", "Accept-Language": "nb"}


async def begun(client: Client) -> dict[str, str]:
    """The fields of the page's form, once it is open."""
    start = token_in(await (await client.get(URL)).text())
    html = await (await client.post(URL, data={"token": start, "begin": "1"}, headers=ours(client))).text()
    seat = re.search(r'name="seat" value="([\w-]+)"', html)
    assert seat
    return {"token": token_in(html), "seat": seat[1]}


async def told(answer: ClientResponse, status: int, title: str) -> None:
    """A whole page that Teams may show and nobody else, in words, with a way on; it says nothing of what failed."""
    html = await answer.text()
    assert (answer.status, title in html) == (status, True), (answer.status, html)
    assert f"frame-ancestors {' '.join(TEAMS_HOSTS)};" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for name, value in (("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"),
                        ("X-Content-Type-Options", "nosniff")):
        assert answer.headers[name] == value
    assert ("Retry-After" in answer.headers) == (status in (429, 503))
    assert 'id="close"' in html
    assert (CLOSE in html) == (title != GONE)
    assert "chatten en gang til" in html
    assert "hemmelig" not in html + str(answer.headers)
    assert "lenke" not in html


@pytest.mark.parametrize("ticket", ["x", "u" * 43, "%00" * 30, "a" * 200])
async def test_what_opens_nothing(window: Client, ticket: str) -> None:
    """E3: one page for all of them."""
    await told(await window.get(f"/secure/{ticket}/teams", headers=ours(window)), 404, GONE)


async def test_what_belongs_to_another_window(window: Client) -> None:
    await begun(window)
    await told(await window.get(URL, headers=ours(window)), 404, GONE)


Change = Callable[[dict[str, str]], bytes]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(("headers", "body", "status", "title"), [
    ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, urlencode, 403, "Dette kom ikke fra siden"),
    (FORM, lambda fields: urlencode(fields | {"token": "hemmelig"}), 403, "Dette kom ikke fra siden"),
    ({"Content-Type": "text/plain"}, urlencode, 415, "Vi skjønte ikke"),
    (FORM, lambda fields: urlencode({**fields, "seat": ""}), 400, "Vi skjønte ikke"),
    (FORM, lambda fields: urlencode({**fields, "hemmelig": "x"}), 400, "Vi skjønte ikke"),
    (FORM, lambda fields: urlencode(fields) + "&seat=x", 400, "Vi skjønte ikke"),
    (FORM, lambda fields: urlencode({**fields, "password": "x" * 9000}), 413, "Det var for langt")])
async def test_what_the_page_did_not_send(
        window: Client, headers: dict[str, str], body: Change, status: int, title: str) -> None:
    """P4: refused, and the page that is open goes on."""
    fields = await begun(window)
    headers = ours(window) | FORM | headers
    await told(await window.post(URL, data=body({**fields, "password": "x"}), headers=headers), status, title)
    again = await window.post(URL, data=fields, headers=ours(window))
    assert again.status == 200


async def test_what_is_sent_too_slowly(window: Client) -> None:
    """Limit 24."""
    over = asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield b"token="
        await over.wait()

    answer = await window.post(URL, data=half(), headers=ours(window) | FORM)
    over.set()
    await told(answer, 408, "Det tok for lang tid")


async def test_what_comes_too_fast(window: Client) -> None:
    fields = await begun(window)
    answers = [await window.post(URL, data=fields | {"password": GOOD}, headers=ours(window)) for _ in range(6)]
    assert {one.status for one in answers[:-1]} == {200}
    await told(answers[-1], 429, "Litt for fort")


@pytest.mark.parametrize(("trouble", "status", "title"), [
    (RuntimeError("hemmelig"), 500, "Noe gikk galt hos oss"),
    (StoreUnavailable("hemmelig"), 503, "Vi får ikke gjort dette akkurat nå"),
    (DirectoryUnavailable("hemmelig"), 503, "Vi får ikke gjort dette akkurat nå"),
    (VerificationPaused("hemmelig"), 503, "Vi får ikke gjort dette akkurat nå")], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("call", ["look", "bind", "finish"])
async def test_what_fails_on_our_side(
        window: Client, reset: InAWindow, capsys: pytest.CaptureFixture[str], call: str, trouble: Exception,
        status: int, title: str) -> None:
    """C4, F14, D3: neither the page nor the log has a word of it."""
    fields = await begun(window) if call == "finish" else {}
    start = token_in(await (await window.get(URL)).text()) if call == "bind" else ""
    reset.trouble[call] = trouble
    if call == "look":
        answer = await window.get(URL, headers=ours(window))
    elif call == "bind":
        answer = await window.post(URL, data={"token": start, "begin": "1"}, headers=ours(window))
    else:
        answer = await window.post(URL, data=fields | {"password": GOOD}, headers=ours(window))
    await told(answer, status, title)
    assert "hemmelig" not in "".join(capsys.readouterr())
    del reset.trouble[call]
    assert (await window.post(URL, data=fields, headers=ours(window)) if fields
            else await window.get(URL, headers=ours(window))).status == 200


async def test_in_english(window: Client) -> None:
    answer = await window.get("/secure/x/teams", headers={"Accept-Language": "en"})
    html = await answer.text()
    assert "This window no longer works" in html
    assert "press the button in the chat once more" in html
