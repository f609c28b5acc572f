"""Submitting the secure page: only the person's own, once, exactly as typed."""

import asyncio
from urllib.parse import quote_plus

import pytest
from aiohttp import ClientResponse

from bot.journeys.protocol import End, RuleState
from tests.pages.conftest import Client, Open
from tests.pages.stage import COOKIE, GOOD, TICKET, OneReset, a_form, a_reset, token_in
from tests.support.clock import SteppedClock

FORM = "application/x-www-form-urlencoded"
HERE = {"Cookie": f"keyturn={COOKIE}"}
URL = f"/secure/{TICKET}"


async def token_of(client: Client) -> str:
    return token_in(await (await client.get(URL, headers=HERE)).text())


async def post(client: Client, body: bytes | str, /, **headers: str) -> ClientResponse:
    """A post with these headers (underscores for hyphens), not following redirects."""
    given = {"Content-Type": FORM} | HERE | {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(URL, data=body, headers=given, allow_redirects=False)


async def body_with(client: Client, password: str) -> str:
    return f"token={await token_of(client)}&password={quote_plus(password)}"


async def test_a_good_password_is_set_once_and_the_end_is_shown_by_get(open_site: Open) -> None:
    """P2, P9: after the redirect neither a reload nor the history sends the password again."""
    reset = a_reset()
    client = await open_site(reset)
    body = await body_with(client, GOOD)
    for _ in range(3):
        answer = await post(client, body)
        assert answer.status == 303
        assert answer.headers["Location"] == URL
        assert answer.headers["Cache-Control"] == "no-store"
        html = await (await client.get(answer.headers["Location"], headers=HERE)).text()
        assert "Passordet er byttet" in html
        assert GOOD not in html
    assert reset.passwords == [GOOD]


async def test_the_redirect_keeps_the_chosen_language_and_goes_nowhere_else(open_site: Open) -> None:
    """P6: no redirect to anything a client supplies."""
    client = await open_site(a_reset())
    body = await body_with(client, GOOD)
    hostile = "?lang=//example.org&next=https://example.org"
    for asked, where in (("?lang=en", f"{URL}?lang=en"), (hostile, URL)):
        answer = await client.post(
            URL + asked, data=body, headers={"Content-Type": FORM} | HERE, allow_redirects=False)
        assert answer.headers["Location"] == where


@pytest.mark.parametrize("password", [
    pytest.param("  to blanke foran og bak  ", id="blanks at the ends"),
    pytest.param("pluss+prosent%20&er=lik;semi", id="characters of the encoding"),
    pytest.param("blåbærsyltetøy på skive", id="norwegian"),
    pytest.param("e\u0301 og \u00e9 er to ting her", id="two forms of one letter"),
    pytest.param("hest batteri 🐴 stift sko", id="beyond the basic plane"),
    pytest.param("nul\x00tegn midt i ordet", id="control character"),
    pytest.param("x" * 256, id="256 characters"),
])
async def test_passwords_arrive_exactly_as_typed(open_site: Open, password: str) -> None:
    """N3: never trimmed, folded, normalised or cut; what the rules say of them is theirs."""
    reset = a_reset()
    client = await open_site(reset)
    await post(client, await body_with(client, password))
    assert reset.passwords == [password]


@pytest.mark.parametrize("bad", ["%FF%FEabcdefghijklmno", "%ED%A0%80abcdefghijk", "%C0%AFabcdefghijklmno"])
async def test_bytes_that_are_no_text_are_refused_with_a_reason(open_site: Open, bad: str) -> None:
    """N3: invalid UTF-8 and lone surrogates are not repaired behind the person's back."""
    reset = a_reset()
    client = await open_site(reset)
    answer = await post(client, f"token={await token_of(client)}&password={bad}")
    assert answer.status == 422
    assert "ikke er et gyldig tegn" in await answer.text()
    assert reset.passwords == []


async def test_a_refused_password_is_asked_for_again_and_never_sent_back(open_site: Open) -> None:
    """F7, P9: the reasons on top, the field empty, and the next try works."""
    reset = a_reset()
    client = await open_site(reset)
    answer = await post(client, await body_with(client, "Passord-nordmann"))
    html = await answer.text()
    assert answer.status == 422
    assert "<title>Noe må rettes: Velg nytt passord" in html
    assert 'role="alert"' in html
    assert "inneholder navnet ditt" in html
    assert "lett å gjette" in html
    assert "Passord-nordmann" not in html
    assert not reset.used
    assert (await post(client, f"token={token_in(html)}&password={quote_plus(GOOD)}")).status == 303


@pytest.mark.parametrize(("rule", "words"), [
    (RuleState("history", kept=False), "har du hatt før"),
    (RuleState("too_short", kept=False), "minst 15 tegn"),
    (RuleState("of_the_directory_alone", kept=False), "Organisasjonen godtar ikke"),
])
async def test_what_only_the_directory_knows_is_told(
    open_site: Open, rule: RuleState, words: str,
) -> None:
    reset = a_reset()
    reset.broken_later = (rule,)
    client = await open_site(reset)
    assert words in await (await post(client, await body_with(client, GOOD))).text()


@pytest.mark.parametrize(("origin", "site", "allowed"), [
    pytest.param("own", "same-origin", True, id="our page"),
    pytest.param("null", "same-origin", True, id="our page under no-referrer"),
    pytest.param("own", None, True, id="older browser"),
    pytest.param(None, None, True, id="neither: the token decides"),
    pytest.param("own", "none", True, id="reload"),
    pytest.param("null", None, False, id="sandboxed frame"),
    pytest.param("null", "none", False, id="null without our page"),
    pytest.param("null", "cross-site", False, id="sandboxed frame, newer"),
    pytest.param("https://example.org", None, False, id="other site"),
    pytest.param("https://example.org", "same-origin", False, id="contradiction"),
    pytest.param("own", "cross-site", False, id="contradiction the other way"),
    pytest.param("own", "same-site", False, id="sibling domain"),
    pytest.param(None, "cross-site", False, id="other site without origin"),
    pytest.param("own/", None, False, id="almost ours"),
    pytest.param("own.example.org", None, False, id="ours as a prefix"),
])
async def test_only_our_own_page_may_submit(open_site: Open, origin: str, site: str, allowed: bool) -> None:
    """P4: Origin and Sec-Fetch-Site; even with a right token another maker changes nothing."""
    reset = a_reset()
    client = await open_site(reset)
    own = str(client.make_url("")).rstrip("/")
    headers = {}
    if origin is not None:
        headers["Origin"] = origin.replace("own", own)
    if site is not None:
        headers["Sec_Fetch_Site"] = site
    answer = await post(client, await body_with(client, GOOD), **headers)
    assert answer.status == (303 if allowed else 403)
    assert reset.passwords == ([GOOD] if allowed else [])


async def test_the_token_belongs_to_ticket_and_browser(open_site: Open) -> None:
    """P4: no token, an empty or another one: nothing is looked up and nothing changes."""
    reset = a_reset()
    client = await open_site(reset)
    token = await token_of(client)
    looks = reset.looks
    for wrong in ("", "x", token[:-1], token + "A", token.swapcase(), "%00", "%C3%B8" * 43):
        answer = await post(client, f"token={wrong}&password={quote_plus(GOOD)}")
        assert answer.status == 403
        assert "Ingenting" in (await answer.text()) or "ingenting" in (await answer.text())
    other = await post(client, f"token={token}&password={quote_plus(GOOD)}", Cookie="keyturn=" + "x" * 43)
    assert other.status == 403
    unknown = await client.post(
        f"/secure/{'u' * 43}", data=f"token={token}&password=x", headers={"Content-Type": FORM} | HERE)
    assert unknown.status == 403
    assert reset.passwords == []
    assert reset.looks == looks


async def test_without_the_cookie_a_submit_meets_the_same_page_as_a_dead_link(open_site: Open) -> None:
    """E3, P3: input at the page proves nothing for somebody else's conversation."""
    reset = a_reset()
    client = await open_site(reset)
    body = await body_with(client, GOOD)
    answer = await client.post(URL, data=body, headers={"Content-Type": FORM})
    assert answer.status == 404
    assert reset.passwords == []


@pytest.mark.parametrize(("kind", "extra"), [
    ("application/json", {}),
    ("text/plain", {}),
    ("multipart/form-data; boundary=x", {}),
    (f"{FORM}; charset=iso-8859-1", {}),
    (f"{FORM}; charset=utf-16", {}),
    ("", {}),
    (FORM, {"Content_Encoding": "gzip"}),
    (FORM, {"Content_Encoding": "br"}),
])
async def test_one_plain_content_type_is_taken(open_site: Open, kind: str, extra: dict[str, str]) -> None:
    """P4, N1."""
    reset = a_reset()
    client = await open_site(reset)
    answer = await post(client, await body_with(client, GOOD), Content_Type=kind, **extra)
    assert answer.status in (400, 415)
    assert reset.passwords == []


async def test_a_charset_of_utf_8_is_fine(open_site: Open) -> None:
    client = await open_site(a_reset())
    answer = await post(client, await body_with(client, GOOD), Content_Type=f"{FORM}; charset=UTF-8")
    assert answer.status == 303


@pytest.mark.parametrize("shape", [
    pytest.param("{ok}&password=x", id="password twice"),
    pytest.param("{ok}&token=x", id="token twice"),
    pytest.param("{ok}&account=ingrid.admin", id="unknown field"),
    pytest.param("{ok}&username=ingrid.admin", id="somebody else's name"),
    pytest.param("{ok}&p%61ssword=x", id="password twice, disguised"),
    pytest.param("token={token}", id="no password"),
    pytest.param("password=abc", id="no token"),
    pytest.param("{ok}&", id="empty part"),
    pytest.param("{ok}%zz", id="broken escape"),
    pytest.param("{ok}%", id="half an escape"),
    pytest.param("", id="nothing"),
    pytest.param("&".join(f"a{n}=1" for n in range(2000)), id="very many"),
    pytest.param("token={token}&password=abcø", id="raw bytes that are not ASCII"),
])
async def test_fields_come_once_each_and_no_others(open_site: Open, shape: str) -> None:
    """P4: one value per field; what no page of ours sends is refused, not interpreted."""
    reset = a_reset()
    client = await open_site(reset)
    token = await token_of(client)
    body = shape.format(ok=f"token={token}&password={quote_plus(GOOD)}", token=token)
    answer = await post(client, body.encode())
    assert answer.status in (400, 413)
    assert reset.passwords == []


async def test_a_body_is_read_to_its_cap_and_no_further(open_site: Open) -> None:
    """Limit 22, with and without a length told beforehand."""
    reset = a_reset()
    client = await open_site(reset)
    token = await token_of(client)
    big = f"token={token}&password=" + "x" * 9000
    assert (await post(client, big)).status == 413

    async def in_pieces() -> object:
        for _ in range(9):
            yield b"x" * 1000

    answer = await client.post(
        URL, data=in_pieces(), headers={"Content-Type": FORM} | HERE, allow_redirects=False)
    assert answer.status == 413
    assert reset.passwords == []


async def test_a_body_that_never_ends_is_given_up(open_site: Open) -> None:
    """Limit 24: one second in this test; other people are answered meanwhile."""
    reset = a_reset()
    client = await open_site(reset)
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write((
        f"POST {URL} HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\nCookie: keyturn={COOKIE}\r\n"
        f"Content-Type: {FORM}\r\nContent-Length: 100\r\n\r\ntoken=").encode())
    await writer.drain()
    assert (await client.get(URL, headers=HERE)).status == 200
    assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()
    assert reset.passwords == []


async def test_somebody_who_hammers_is_slowed_down(open_site: Open, clock: SteppedClock) -> None:
    """N1: tries that the rules refuse cost work too."""
    reset = a_reset()
    client = await open_site(reset)
    body = await body_with(client, "kort")
    assert [(await post(client, body)).status for _ in range(7)] == [422] * 5 + [429] * 2
    clock.advance(1)
    assert (await post(client, body)).status == 422


@pytest.mark.parametrize("end", [End.REFUSED, End.CHECKING])
async def test_other_ends_are_told_truthfully(open_site: Open, end: End) -> None:
    """F1: not done for certain, or not known yet; the page of each says so."""
    client = await open_site(a_reset(end, form=a_form("en")))
    answer = await post(client, await body_with(client, GOOD))
    html = await (await client.get(answer.headers["Location"], headers=HERE)).text()
    assert ("Your password has not been changed" in html) == (end is End.REFUSED)
    assert ("re checking whether your password was changed" in html) == (end is End.CHECKING)


class Failing(OneReset):
    """A store that is away when the form comes in."""

    async def finish(self, *_: object) -> None:
        raise RuntimeError(f"the password {GOOD} went wrong")


async def test_a_failure_is_a_friendly_page_that_tells_nothing_of_it(
    open_site: Open, capsys: pytest.CaptureFixture[str],
) -> None:
    """C4, D3, F14: no trace, no password, neither on the page nor in the log; the next request works."""
    whole = a_reset(form=a_form("en"))
    client = await open_site(Failing(whole.end, whole.form))
    answer = await post(client, await body_with(client, GOOD))
    html = await answer.text()
    assert answer.status == 500
    assert "Noe gikk galt hos oss" in html
    assert "RuntimeError" not in html
    assert "Content-Security-Policy" in answer.headers
    told = capsys.readouterr()
    assert GOOD not in html + told.out + told.err
    assert (await client.get(URL, headers=HERE)).status == 200
