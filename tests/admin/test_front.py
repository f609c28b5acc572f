"""Who gets into the admin pages, and how long they stay (U4, P4-P7, V1, V3, V7, S-101)."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.rules.staff import IDLE_SECONDS, LONGEST_SECONDS, SET_UP_SECONDS, Staff
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.site import Site
from bot.store.staff import StaffRecord
from bot.store.staff_sessions import StaffSessions
from bot.verification.totp import current_code, new_seed
from tests.admin.conftest import Browser, records
from tests.support.clock import SteppedClock

SignedIn = Callable[[str], Any]
PASSWORD = "Fjellvegen-regner-bort-4417"


async def test_the_way_in(desk: Desk, browser: Browser) -> None:
    """Password and code open the start page; a new cookie comes with it, and both ways are recorded (U1)."""
    before = (await browser.open("/admin/sign-in")).headers["Set-Cookie"]
    inside = await browser.sign_in("john.smith")
    assert inside.status == 303
    assert inside.headers["Location"] == "/admin"
    cookie = inside.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert cookie.partition(";")[0] != before.partition(";")[0]     # a session is never fixed beforehand
    page = await browser.open("/admin")
    assert page.status == 200
    assert "Hello, John Smith!" in page.text        # the person's own language
    assert await records(desk, "staff.sign_in") == [{
        "event": "staff.sign_in", "actor": "staff:demo-john.smith", "target": "staff:demo-john.smith",
        "proofs": ["password", "totp"], "outcome": "ok"}]


async def test_the_start_page_says_what_waits(desk: Desk, signed_in: SignedIn) -> None:
    """Cases and questions by their number, and the way to an account begins there."""
    browser = await signed_in("john.smith")
    for _ in range(2):
        await desk.kept.unanswered.note("en", "where is …", "")
    await desk.kept.unanswered.note("en", "who is …", "")
    page = await browser.open("/admin")
    assert re.findall(r'<a href="(/admin/[a-z]+)">(\d+)</a>', page.text) == [
        ("/admin/cases", "0"), ("/admin/cases", "0")]
    theirs = await (await signed_in("mona.ute")).open("/admin")     # an administrator's (see test_questions)
    assert '<a href="/admin/questions">2</a>' in theirs.text
    found = await browser.post("/admin/accounts", token=page.token, name="kari.nordmann@example.no")
    assert found.status == 303


@pytest.mark.parametrize(("name", "password", "code"), [
    ("john.smith", "wrong", ""), ("john.smith", "", "000000"), ("nobody.here", "x", "000000"), ("!?", "x", "1")])
async def test_what_did_not_fit_is_not_told(desk: Desk, browser: Browser, name: str, password: str, code: str) -> None:
    """The page is the same to the byte whatever was wrong, but for its nonce, and nobody is inside."""
    answer = await browser.sign_in(name, password=password, code=code)
    other = await browser.sign_in("somebody.else", password="also wrong", code="123")
    assert answer.status == other.status == 422
    assert re.sub(r'nonce="[^"]+"', "", answer.text) == re.sub(r'nonce="[^"]+"', "", other.text)
    assert (await browser.open("/admin")).headers["Location"] == "/admin/sign-in"
    assert [one["outcome"] for one in await records(desk, "staff.sign_in")] == ["wrong", "wrong"]
    assert "somebody" not in str([one async for one in desk.kept.audit.export()])    # people type passwords there (D3)


async def test_a_code_counts_once(browser: Browser, desk: Desk, clock: SteppedClock) -> None:
    """V7: not in another browser either, until the next step."""
    assert (await browser.sign_in("john.smith")).status == 303
    async with Browser(desk) as other:
        assert (await other.sign_in("john.smith")).status == 422
        clock.advance(30)
        assert (await other.sign_in("john.smith")).status == 303


async def test_after_five_wrong_tries_the_right_one_reads_the_same(
        browser: Browser, desk: Desk, clock: SteppedClock) -> None:
    """V3, limit 4: and a quarter of an hour later it opens again; the pause is recorded once (U1)."""
    for _ in range(5):
        last = await browser.sign_in("john.smith", password="wrong")
    paused = await browser.sign_in("john.smith")
    again = await browser.sign_in("john.smith")
    assert [last.status, paused.status, again.status] == [422, 422, 422]
    assert len([one for one in await records(desk, "staff.sign_in") if one["outcome"] == "refused"]) == 1
    assert (await browser.sign_in("mona.ute")).status == 303    # nobody else is shut out
    clock.advance(901)
    assert (await browser.sign_in("john.smith")).status == 303


async def test_colleagues_do_not_spend_each_others_tries(desk: Desk, browser: Browser, clock: SteppedClock) -> None:
    """Limit 6 of an address is for browsers nobody knows; where a person signed in before, they get in (V4)."""
    async with Browser(desk) as stranger:
        assert (await browser.sign_in("john.smith")).status == 303
        await browser.post("/admin/sign-out", token=(await browser.open("/admin")).token)
        for number in range(10):
            clock.advance(2)
            assert (await stranger.sign_in(f"x.{number}", password="z", code="1")).status == 422
        assert (await stranger.sign_in("mona.ute")).status == 422       # the right code even
        for _ in range(6):
            clock.advance(2)
            assert (await stranger.sign_in("john.smith", password="z", code="1")).status == 422
        clock.advance(30)
        assert (await browser.sign_in("john.smith")).status == 303
        assert (await browser.sign_in("mona.ute")).status == 422        # she has not been there before


async def test_a_known_browser_has_limits_too(desk: Desk, browser: Browser, clock: SteppedClock) -> None:
    """Limit 4: five wrong tries there, and it is known no more once its person is set up anew (A4)."""
    assert (await browser.sign_in("john.smith")).status == 303
    for _ in range(5):
        clock.advance(30)
        assert (await browser.sign_in("john.smith", password="wrong")).status == 422
    clock.advance(30)
    assert (await browser.sign_in("john.smith")).status == 422
    clock.advance(901)
    assert (await browser.sign_in("john.smith")).status == 303
    known = next(one.value for one in browser.jar if one.key == "keyturn-admin-known")
    sessions = StaffSessions(desk.store, desk.kept.trust, desk.kept.it, desk.clock)
    assert await sessions.known_in(sha256(known.encode()).hexdigest()) == "demo-john.smith"
    token = (await desk.kept.it.issue_set_up("demo-john.smith", new_seed())).reveal()
    assert await desk.kept.it.bind_set_up(token, "a browser")
    assert await desk.kept.it.finish_set_up(token, "a browser", await desk.people.hashes.hash(Secret(PASSWORD)))
    assert await sessions.known_in(sha256(known.encode()).hexdigest()) == ""


async def test_a_copied_mark_dies_with_the_next_sign_in(desk: Desk, browser: Browser, clock: SteppedClock) -> None:
    assert (await browser.sign_in("john.smith")).status == 303
    copied = next(one.value for one in browser.jar if one.key == "keyturn-admin-known")
    clock.advance(30)
    assert (await browser.sign_in("john.smith")).status == 303
    sessions = StaffSessions(desk.store, desk.kept.trust, desk.kept.it, desk.clock)
    assert await sessions.known_in(sha256(copied.encode()).hexdigest()) == ""


async def test_nobody_hammers(browser: Browser) -> None:
    """Ten at once, then the address waits before anything is hashed (N1)."""
    found = [(await browser.sign_in("x.y", password="z", code="1")).status for _ in range(12)]
    assert found == [422] * 10 + [429] * 2


@pytest.mark.parametrize(("step", "times"), [(IDLE_SECONDS, 1), (IDLE_SECONDS - 60, LONGEST_SECONDS // 840 + 1)])
async def test_sessions_end(signed_in: SignedIn, clock: SteppedClock, step: int, times: int) -> None:
    """A quarter of an hour unused, or eight hours whatever was done."""
    browser = await signed_in("mona.ute")
    for _ in range(times - 1):
        assert (await browser.open("/admin")).status == 200
        clock.advance(step)
    clock.advance(step)
    assert (await browser.open("/admin")).status == 303


async def test_signing_out(signed_in: SignedIn, desk: Desk) -> None:
    """The cookie that was copied before is worth nothing after."""
    browser = await signed_in("mona.ute")
    token = (await browser.open("/admin")).token
    copied = next(one.value for one in browser.jar if one.key == "keyturn-admin")
    assert (await browser.post("/admin/sign-out", token=token)).headers["Location"] == "/admin/sign-in?over=signed_out"
    async with Browser(desk) as thief:
        assert (await thief.open("/admin", Cookie=f"keyturn-admin={copied}")).status == 303
    assert [one["actor"] for one in await records(desk, "staff.sign_out")] == ["staff:demo-mona.ute"]


async def test_somebody_removed_is_out_at_once(signed_in: SignedIn, desk: Desk) -> None:
    browser = await signed_in("mona.ute")
    assert await desk.kept.it.remove("demo-mona.ute")
    assert (await browser.open("/admin")).status == 303


async def test_the_store_and_the_trail_hold_no_secrets(signed_in: SignedIn, desk: Desk) -> None:
    """D1, D3: neither cookie nor password nor seed."""
    browser = await signed_in("mona.ute")
    cookie = next(one.value for one in browser.jar if one.key == "keyturn-admin")
    record = await desk.kept.it.read("demo-mona.ute")
    assert record is not None
    assert record.seed is not None
    assert record.initial is not None
    dump = b""
    for key in await desk.store.do("KEYS", "*"):
        kind = (await desk.store.do("TYPE", key)).decode()
        read = {"hash": ("HGETALL", key), "stream": ("XRANGE", key, "-", "+"), "string": ("GET", key)}.get(kind)
        dump += key + (repr(await desk.store.do(*read)).encode() if read else b"")
    for secret in (cookie, record.seed.reveal(), record.initial.reveal(), record.password_hash):
        assert secret.encode() not in dump


# -- set-up -------------------------------------------------------------------------------------------

async def invited(desk: Desk) -> str:
    """The path of a set-up link for somebody new."""
    await desk.kept.it.put(StaffRecord(Staff("new", "siri.ny", "Siri Ny", "nb", "helpdesk", "some-account")))
    return f"/admin/set-up/{(await desk.kept.it.issue_set_up('new', new_seed())).reveal()}"


async def test_setting_up(desk: Desk, browser: Browser, clock: SteppedClock) -> None:
    """The link shows nothing secret until it is this browser's; a weak password and a wrong code can be mended."""
    path = await invited(desk)
    start = await browser.open(path)
    assert start.status == 200
    assert "<svg viewBox" not in start.text
    assert (await browser.post(f"{path}/here", token=start.token)).headers["Location"] == path
    form = await browser.open(path)
    seed = re.search(r'class="seed">([A-Z2-7 ]+)<', form.text)
    assert seed
    code = current_code(Secret(seed[1].replace(" ", "")), clock.now())
    weak = await browser.post(path, token=form.token, password="kort", code=code)
    assert (weak.status, "Velg et annet passord" in weak.text) == (422, True)
    wrong = await browser.post(path, token=form.token, password=PASSWORD, code="000000")
    assert (wrong.status, "Koden stemte ikke" in wrong.text) == (422, True)
    done = await browser.post(path, token=form.token, password=PASSWORD, code=code)
    assert done.headers["Location"] == "/admin"
    assert "Hei, Siri Ny!" in (await browser.open("/admin")).text
    assert (await browser.open(path)).status == 404
    assert [one["outcome"] for one in await records(desk, "staff.set_up")] == ["begun", "done"]
    async with Browser(desk) as other:
        assert (await other.sign_in("siri.ny", password=PASSWORD, code=code)).status == 422     # spent (V7)
        clock.advance(30)
        code = current_code(Secret(seed[1].replace(" ", "")), clock.now())
        assert (await other.sign_in("siri.ny", password=PASSWORD, code=code)).status == 303


async def test_a_link_belongs_to_one_browser(desk: Desk, browser: Browser) -> None:
    """P3: a forwarded link, an old one and a made-up one look alike (E3)."""
    path = await invited(desk)
    await browser.post(f"{path}/here", token=(await browser.open(path)).token)
    async with Browser(desk) as other:
        token = (await other.open("/admin/sign-in")).token
        for answer in (await other.open(path), await other.post(f"{path}/here", token=token),
                       await other.post(path, token=token, password=PASSWORD, code="123456"),
                       await other.open("/admin/set-up/made-up")):
            assert answer.status == 404
            assert "Denne lenken virker ikke" in answer.text


async def test_links_end(desk: Desk, browser: Browser, clock: SteppedClock) -> None:
    """A newer link kills the older one, and half an hour the newest."""
    first = await invited(desk)
    second = await invited(desk)
    assert [(await browser.open(path)).status for path in (first, second)] == [404, 200]
    clock.advance(SET_UP_SECONDS)
    assert (await browser.open(second)).status == 404


async def test_setting_up_anew_ends_what_was(signed_in: SignedIn, desk: Desk, clock: SteppedClock) -> None:
    """A lost phone: the old sessions die with the old seed."""
    browser = await signed_in("mona.ute")
    token = (await desk.kept.it.issue_set_up("demo-mona.ute", new_seed())).reveal()
    assert await desk.kept.it.bind_set_up(token, "a browser")
    assert await desk.kept.it.finish_set_up(token, "a browser", await desk.people.hashes.hash(Secret(PASSWORD)))
    assert (await browser.open("/admin")).status == 303


# -- what a stranger meets ----------------------------------------------------------------------------

def routes(desk: Desk) -> list[tuple[str, str]]:
    """Every route of the admin listener."""
    app = desk.admin_application(Site.of(desk.admin_url))
    return [(one.method, one.resource.canonical) for one in app.router.routes() if one.resource]


async def test_nothing_opens_without_a_session(desk: Desk, browser: Browser) -> None:
    """S-101: every route but the way in; what has no session learns nothing of what there is."""
    inside = [(method, path) for method, path in routes(desk)
              if path.startswith("/admin") and not path.startswith(("/admin/sign-in", "/admin/set-up"))]
    assert len(inside) >= 3
    for method, path in [*inside, ("GET", "/admin/not/there")]:
        answer = await browser.open(path.replace("{", "").replace("}", ""), method)
        assert answer.status == (401 if method == "POST" else 303), (method, path)


async def test_every_answer_has_the_headers(desk: Desk, browser: Browser) -> None:
    """P5, on errors too."""
    for path in ("/admin", "/admin/sign-in", "/admin/set-up/x", "/metrics", "/nowhere", "/"):
        for method in ("GET", "POST", "DELETE"):
            answer = await browser.open(path, method)
            assert answer.status < 500
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert "Server" not in answer.headers


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
async def test_other_sites_post_nothing(signed_in: SignedIn, headers: dict[str, str]) -> None:
    """P4, with the right token even."""
    browser = await signed_in("mona.ute")
    token = (await browser.open("/admin")).token
    assert (await browser.post("/admin/sign-out", headers=headers, token=token)).status == 403
    assert (await browser.open("/admin")).status == 200


@pytest.mark.parametrize(("kind", "body", "status"), [
    ("application/x-www-form-urlencoded", "token=wrong", 403), ("application/x-www-form-urlencoded", "", 400),
    ("application/x-www-form-urlencoded", "token=a&token=b", 400), ("application/json", "{}", 415),
    ("application/x-www-form-urlencoded", "token=" + "a" * 70_000, 413)])
async def test_forms_that_are_none_of_ours(signed_in: SignedIn, kind: str, body: str, status: int) -> None:
    browser = await signed_in("mona.ute")
    answer = await browser.send("POST", "/admin/sign-out", body.encode(), {"Content-Type": kind})
    assert answer.status == status
    assert (await browser.open("/admin")).status == 200


async def test_another_browsers_token_is_refused(signed_in: SignedIn) -> None:
    """P4: a token belongs to one session."""
    mona, john = await signed_in("mona.ute"), await signed_in("john.smith")
    token = (await john.open("/admin")).token
    assert (await mona.post("/admin/sign-out", token=token)).status == 403


async def test_another_host_is_refused(browser: Browser) -> None:
    """P6."""
    assert (await browser.open("/admin/sign-in", Host="evil.example")).status == 421
    assert (await browser.open("/admin/sign-in", **{"X-Forwarded-Host": "evil.example"})).status == 421


async def test_the_public_listener_knows_nothing_of_it(desk: Desk) -> None:
    """U4: neither pages nor metrics."""
    async with ClientSession() as session:
        for path in ("/admin", "/admin/sign-in", "/metrics"):
            async with session.get(f"{desk.settings.base_url}{path}", allow_redirects=False) as answer:
                assert answer.status == 404


async def test_a_switch_of_language_stays(signed_in: SignedIn) -> None:
    browser = await signed_in("john.smith")
    assert "Hei, John Smith!" in (await browser.open("/admin?lang=nb")).text
    assert "Hei, John Smith!" in (await browser.open("/admin")).text
