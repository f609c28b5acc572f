"""How a sign-in at the admin pages ends, what it says then, and what a store that forgot revives (U4, F5, P6)."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.directory.demo_staff import STAFF
from bot.rules.staff import IDLE_SECONDS
from bot.serving.desk import Desk
from bot.store.trust import HOLD_SECONDS
from bot.verification.totp import new_seed
from tests.admin.conftest import Browser
from tests.faults.snapshot import Snapshot
from tests.support.clock import SteppedClock

SignedIn = Callable[[str], Any]


async def at_the_door(browser: Browser, path: str) -> str:
    """What the page to sign in at says to whoever was sent there from this path."""
    away = await browser.open(path)
    assert away.status == 303
    page = await browser.open(away.headers["Location"])
    return " ".join(re.findall(r'(?s)<div class="notice[^>]*>(.*?)</div>', page.text))


async def sign_in(browser: Browser, clock: SteppedClock, name: str) -> str:
    """Where it leads."""
    clock.advance(30)
    went = await browser.sign_in(name)
    assert went.status == 303
    return went.headers["Location"]


@pytest.mark.parametrize(("how", "told"), [
    ("idle", "et kvarter"), ("signed out", "Du har logget"), ("set up again", "satt opp på nytt")])
async def test_it_says_why_and_leads_back(
        desk: Desk, signed_in: SignedIn, clock: SteppedClock, how: str, told: str) -> None:
    """In words, in every tab; and who signs in again goes on where they were."""
    browser = await signed_in("mona.ute")
    token = (await browser.open("/admin")).token
    if how == "idle":
        clock.advance(IDLE_SECONDS)
    elif how == "signed out":
        kept = {one.key: one.value for one in browser.jar}
        await browser.post("/admin/sign-out", token=token)
        browser.jar.update_cookies(kept)    # another tab, that was slower
    else:
        it = desk.kept.it
        await it.put((await it.named("mona.ute")).__class__(STAFF[0], "a hash", new_seed(), "another"))
    for _ in range(2):
        assert told in await at_the_door(browser, "/admin/cases/K-1001")
    late = await browser.post("/admin/cases/K-1002/close", token=token)
    assert late.status == 401
    assert told in late.text
    if how != "set up again":
        assert await sign_in(browser, clock, "mona.ute") == "/admin/cases/K-1002"
        assert "K-1002" not in str([one.value for one in browser.jar])      # once


@pytest.mark.parametrize("place", [
    "https://evil.example", "//evil.example", "/admin//evil.example", "/admin/../secure/x", "/adminx", "/demo",
    "/admin/a?b", "/admin/%2e%2e", "/admin/a\\b", "/admin/" + "a" * 200])
async def test_it_leads_to_no_place_but_ours(
        desk: Desk, browser: Browser, clock: SteppedClock, place: str) -> None:
    """P6, S-075: whatever a client sends."""
    browser.jar.update_cookies({"keyturn-admin-place": place})
    assert await sign_in(browser, clock, "mona.ute") == "/admin"


async def test_a_store_that_forgot_lets_nobody_of_it_in_until_somebody_looked(
        desk: Desk, browser: Browser, signed_in: SignedIn, clock: SteppedClock) -> None:
    """F5: who was removed, a sign-in that was ended, a link that was used: none of them comes back with old data."""
    mona, john = await signed_in("mona.ute"), await signed_in("john.smith")
    link = f"/admin/set-up/{(await desk.kept.it.issue_set_up(STAFF[0].id, new_seed())).reveal()}"
    kept = {one.key: one.value for one in mona.jar}
    old = await Snapshot.take(desk.store)
    await desk.journeys.staffing.remove(STAFF[1], "cli")
    await mona.post("/admin/sign-out", token=(await mona.open("/admin")).token)
    assert (await john.open("/admin")).status == 303
    await old.put_back(desk.store)
    assert await desk.kept.it.read(STAFF[1].id)      # revived
    clock.advance(1)
    mona.jar.update_cookies(kept)
    for wait in (0, HOLD_SECONDS):      # the pause for everybody else is over by then; this one is not
        clock.advance(wait)
        for one in (mona, john):
            assert "app.py staff list" in await at_the_door(one, "/admin")
            assert (await one.sign_in("mona.ute")).status == 503
        assert (await browser.open(link)).status == 404
    clock.advance(1)
    await desk.journeys.staffing.remove(STAFF[1], "cli")
    await desk.kept.trust.end("somebody looked")
    for one in (mona, john):
        assert (await one.open("/admin")).status == 303
    assert (await browser.open(link)).status == 404
    assert await sign_in(mona, clock, "mona.ute") == "/admin"
    assert (await mona.open("/admin")).status == 200
    clock.advance(30)
    async with Browser(desk) as other:
        assert (await other.sign_in("john.smith", password="x", code="123456")).status == 422
