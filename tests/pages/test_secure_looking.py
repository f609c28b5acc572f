"""Opening the secure page: harmless, alike for all dead tickets, safe with hostile data."""

import re
from html import unescape

import pytest

from bot.journeys.protocol import End
from tests.pages.conftest import Open
from tests.pages.stage import COOKIE, TICKET, a_form, a_reset, content

HERE = {"Cookie": f"keyturn={COOKIE}"}


async def test_the_page_names_operation_masked_account_and_phrase(open_site: Open) -> None:
    """P3: what the person needs to see that this is the page of their own chat."""
    client = await open_site(a_reset())
    page = await client.get(f"/secure/{TICKET}", headers=HERE)
    html = await page.text()
    assert page.status == 200
    assert "<title>Velg nytt passord – Keyturn</title>" in html
    assert "ka•••@example.no" in html
    assert "grønn fjord lykt" in html
    assert 'lang="nb"' in html
    assert "Minst 15 tegn" in html
    assert "omtrent 5 minutter" in html


async def test_password_managers_find_their_fields(open_site: Open) -> None:
    """P9: the right autocomplete values; nothing forbids pasting; the user name is never posted (I6)."""
    client = await open_site(a_reset())
    html = await (await client.get(f"/secure/{TICKET}", headers=HERE)).text()
    password = re.search(r'<input class="input"[^>]*>', html)
    username = re.search(r'<input [^>]*autocomplete="username"[^>]*>', html)
    assert password
    assert 'autocomplete="new-password"' in password[0]
    assert "value=" not in password[0]
    assert "maxlength" not in password[0]
    assert username
    assert "name=" not in username[0]
    assert "onpaste" not in html


@pytest.mark.parametrize("ticket", [
    pytest.param("u" * 43, id="unknown"),
    pytest.param("short", id="too short"),
    pytest.param("t" * 300, id="too long"),
    pytest.param("t" * 42 + "%0A", id="line feed"),
    pytest.param("t" * 42 + "%C3%B8", id="not ASCII"),
    pytest.param("%3Cscript%3Ealert(1)%3C%2Fscript%3E", id="markup"),
])
async def test_tickets_that_open_nothing_look_alike(open_site: Open, ticket: str) -> None:
    """E3: unknown and malformed tickets give the same page as another browser's."""
    client = await open_site(a_reset())
    foreign = await client.get(f"/secure/{TICKET}", headers={"Cookie": "keyturn=" + "x" * 43})
    other = await client.get(f"/secure/{ticket}", headers=HERE)
    assert foreign.status == other.status == 404
    assert _same(await foreign.text()) == _same(await other.text())
    assert _same(str(sorted(foreign.headers.items()))) == _same(str(sorted(other.headers.items())))


@pytest.mark.parametrize("cookie", ["", "keyturn=", "keyturn=" + "x" * 300, "other=" + COOKIE])
async def test_without_the_chats_cookie_the_page_opens_nothing(open_site: Open, cookie: str) -> None:
    """P3: the browser that holds the chat, and no other; a malformed cookie is not even looked up."""
    reset = a_reset()
    client = await open_site(reset)
    page = await client.get(f"/secure/{TICKET}", headers={"Cookie": cookie} if cookie else {})
    assert page.status == 404
    assert "virker ikke lenger" in await page.text()
    assert not reset.passwords


async def test_head_is_harmless_and_tells_the_state(open_site: Open) -> None:
    """P2: scanners and previews change nothing; the waiting page asks this way."""
    reset = a_reset(End.CHECKING, used=True)
    client = await open_site(reset)
    answer = await client.head(f"/secure/{TICKET}", headers=HERE)
    assert answer.status == 200
    assert answer.headers["Keyturn-State"] == "checking"
    assert await answer.read() == b""
    assert reset.passwords == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
async def test_other_methods_are_refused(open_site: Open, method: str) -> None:
    reset = a_reset()
    client = await open_site(reset)
    answer = await client.request(method, f"/secure/{TICKET}", headers=HERE)
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}
    assert not reset.passwords


@pytest.mark.parametrize("path", [
    f"/secure/{TICKET}", f"/secure/{'u' * 43}", "/secure/x/y", "/demo", "/demo/none",
])
async def test_every_page_runs_its_own_files_only(open_site: Open, path: str) -> None:
    """P5: a strict policy with its own nonce, no third parties, nothing stored, errors included."""
    client = await open_site(a_reset())
    first = await client.get(path, headers=HERE)
    second = await client.get(path, headers=HERE)
    policy = first.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]{22,})'", policy)
    assert nonce
    assert nonce[1] not in second.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in first.headers
    html = await first.text()
    for tag in re.findall(r"<(?:script|link rel=\"stylesheet\")[^>]*>", html):
        assert f'nonce="{nonce[1]}"' in tag
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", html)
    assert "http://" not in html
    assert "https://" not in html


HOSTILE = [
    pytest.param("<script>alert(1)</script>", id="markup"),
    pytest.param("\"><img src=x onerror=alert(1)>", id="attribute"),
    pytest.param("{{ 7 * 7 }}{% raw %}", id="template"),
    pytest.param("**fet** [lenke](https://example.org)", id="markdown"),
    pytest.param("\u202egro.elpmaxe\u202c \u2066x", id="right to left"),
    pytest.param("{account}{0.__class__}", id="places"),
]


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_names_and_phrases_stay_text(open_site: Open, hostile: str) -> None:
    """N2 and S-080: whatever the directory holds is shown as the characters it is."""
    client = await open_site(a_reset(form=a_form(account=hostile, phrase=hostile)))
    html = await (await client.get(f"/secure/{TICKET}", headers=HERE)).text()
    escaped = hostile.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    assert html.count(f"<bdi>{escaped}</bdi>") == 2
    assert "<script>" not in html
    assert "<img" not in html
    assert "49" not in re.sub(r"nonce|[\w-]{22,}", "", html)


async def test_the_page_speaks_the_chats_language_and_can_switch(open_site: Open) -> None:
    client = await open_site(a_reset(form=a_form("en")))
    html = await (await client.get(f"/secure/{TICKET}", headers={**HERE, "Accept-Language": "nb"})).text()
    assert "Choose a new password" in html
    html = await (await client.get(f"/secure/{TICKET}?lang=nb", headers=HERE)).text()
    assert "Velg nytt passord" in html
    html = await (await client.get(f"/secure/{TICKET}?lang=%3Cx%3E", headers=HERE)).text()
    assert "Choose a new password" in html


@pytest.mark.parametrize(("asked", "title"), [
    pytest.param({"Accept-Language": "en-GB,en;q=0.9,nb;q=0.4"}, "This link no longer works", id="English"),
    pytest.param({"Accept-Language": "no,en;q=0.9"}, "Denne lenken virker ikke lenger", id="no means nb"),
    pytest.param({"Accept-Language": "nn-NO,en;q=0.9"}, "Denne lenken virker ikke lenger", id="nn means nb"),
    pytest.param({"Accept-Language": "de,fr;q=0.5"}, "Denne lenken virker ikke lenger", id="neither"),
    pytest.param({"Accept-Language": ";;;,q=," * 5000}, "Denne lenken virker ikke lenger", id="nonsense"),
    pytest.param({"Cookie": "lang=en", "Accept-Language": "nb"}, "This link no longer works", id="cookie"),
])
async def test_a_dead_link_speaks_the_browsers_language(
    open_site: Open, asked: dict[str, str], title: str,
) -> None:
    client = await open_site(a_reset())
    headers = {name: value[:7000] for name, value in asked.items()}
    assert f"<title>{title}" in await (await client.get(f"/secure/{'u' * 43}", headers=headers)).text()


@pytest.mark.parametrize("lang", ["nb", "en"])
@pytest.mark.parametrize("end", list(End))
async def test_a_settled_request_shows_its_end_again_and_again(open_site: Open, lang: str, end: End) -> None:
    """P2: the result is shown however often it is asked for; the title says it first."""
    client = await open_site(a_reset(end, form=a_form(lang), used=True))
    for _ in range(2):
        page = await client.get(f"/secure/{TICKET}", headers=HERE)
        html = await page.text()
        assert page.status == 200
        assert f"<title>{content().say(lang, f'pages.reset.{end.value}.title')} – " in unescape(html)
        assert "<form" not in html


async def test_a_refusal_says_why_in_known_words_only(open_site: Open) -> None:
    """A reason the content has no words for is told in general words, not as a key."""
    client = await open_site(a_reset(End.REFUSED, reason="something_new", used=True))
    html = await (await client.get(f"/secure/{TICKET}", headers=HERE)).text()
    assert "something_new" not in html
    assert "Ingenting er endret" in html


def _same(text: str) -> str:
    """Without the nonce, which differs on every page, and the date."""
    return re.sub(r"nonce[=-][\"']?[\w-]+|'Date', '[^']+'", "", text)
