"""The audit trail of every way a request can end: all fields, ids instead of names, nothing anybody typed (U1-U3)."""

import json
import re
from typing import Any

import pytest

from bot.audit import FIELDS
from bot.directory import demo
from bot.serving.desk import Desk
from tests.journeys.conftest import Visit
from tests.journeys.stage import GOOD, KARI, WRONG, Visitor, link_of, mailed_code, records
from tests.support.clock import SteppedClock
from tests.support.people import code_for

TYPED = ("kari.nordmann", "Kari", "example.no", "Sommer", "plantetord", *WRONG)


async def _done(desk: Desk, visit: Visit, clock: SteppedClock) -> Visitor:
    kari = await visit(desk)
    await kari.reset(clock, GOOD)
    return kari


async def _refused(desk: Desk, visit: Visit, clock: SteppedClock) -> Visitor:
    kari = await visit(desk)
    page = await kari.page(await kari.proven(clock))
    await desk.kept.accounts.mark(KARI, enabled=False)
    await kari.submit(page, GOOD)
    return kari


async def _history(desk: Desk, visit: Visit, clock: SteppedClock) -> Visitor:
    await _done(desk, visit, clock)
    kari = await visit(desk)
    page = await kari.page(await kari.proven(clock))
    page = await kari.submit(page, GOOD)
    assert page.status == 422
    assert "Dette passordet har du hatt før" in page.text
    await kari.submit(page, f"{GOOD} nytt")
    return kari


async def _cancelled(desk: Desk, visit: Visit, clock: SteppedClock) -> Visitor:
    kari = await visit(desk)
    await kari.proven(clock)
    await kari.ask("avbryt")
    return kari


async def _expired(desk: Desk, visit: Visit, clock: SteppedClock) -> Visitor:
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    clock.advance(1000)
    await kari.ask(await code_for(desk, "kari.nordmann"))
    return kari


async def _dead(desk: Desk, visit: Visit, clock: SteppedClock) -> Visitor:
    kari = await visit(desk)
    await kari.fail("kari.nordmann")
    return kari


async def _limited(desk: Desk, visit: Visit, clock: SteppedClock) -> Visitor:
    kari = await visit(desk)
    for number in range(6):
        await kari.start(f"plantetord{number}")
        await kari.ask("avbryt")
    return kari


async def _unknown(desk: Desk, visit: Visit, clock: SteppedClock) -> Visitor:
    kari = await visit(desk)
    await kari.start("plantetord@example.no")
    await kari.ask(WRONG[0])
    await kari.ask("passordet mitt er Sommer2026!")
    return kari


async def _superseded(desk: Desk, visit: Visit, clock: SteppedClock) -> Visitor:
    kari = await visit(desk)
    await kari.proven(clock)
    await _done(desk, visit, clock)
    return kari


OK, NOT_DONE = "ok", "not_done"
PROVEN = [("opened", OK, ""), ("proof", OK, "totp"), ("proof", OK, "email_code")]
DONE = [*PROVEN, ("intent", "pending", ""), ("outcome", "done", ""), ("sessions_ended", "done", "")]
STORIES: dict[str, tuple[Any, list[tuple[str, str, str]]]] = {
    "done": (_done, DONE),
    "refused": (_refused, [*PROVEN, ("outcome", "refused", "contact_it")]),
    "a password had before": (_history, [
        *DONE, *PROVEN, ("intent", "pending", ""), ("not_taken", NOT_DONE, "history"),
        ("outcome", "done", ""), ("sessions_ended", "done", "")]),
    "cancelled": (_cancelled, [*PROVEN, ("ended", NOT_DONE, "cancelled")]),
    "expired": (_expired, [("opened", OK, ""), ("ended", NOT_DONE, "expired")]),
    "wrong codes": (_dead, [
        ("opened", OK, ""), *[("proof", "wrong", "totp")] * 5, ("paused", "refused", "account_paused"),
        ("ended", NOT_DONE, "too_many_tries")]),
    "limited": (_limited, [
        *[("opened", "refused", "unknown"), ("ended", NOT_DONE, "cancelled")] * 5,
        ("limited", "refused", "targets_paused")]),
    "unknown": (_unknown, [("opened", "refused", "unknown"), ("proof", "wrong", "totp")]),
    "superseded": (_superseded, [
        *PROVEN, *PROVEN, ("intent", "pending", ""), ("outcome", "done", ""), ("ended", NOT_DONE, "superseded"),
        ("sessions_ended", "done", "")]),
}


@pytest.mark.parametrize("story", STORIES)
async def test_every_end_is_recorded(desk: Desk, visit: Visit, clock: SteppedClock, story: str) -> None:
    """U1, U2, U3, S-099: these records in this order; complete; free of what was typed; the chain is whole."""
    play, expected = STORIES[story]
    visitor = await play(desk, visit, clock)
    trail = await records(desk)
    assert [(str(one["event"]).removeprefix("reset."), one["outcome"], one["reason"]) for one in trail] == expected
    for number, record in enumerate(trail, 1):
        _complete(record, number, desk)
        assert not [typed for typed in TYPED if typed in json.dumps(record)]
    assert f"directline::{visitor.user}" in {one["actor"] for one in trail}
    for case in {str(one["correlation"]) for one in trail if one["event"] == "reset.intent"}:
        # From the intent on, one key names the operation (F2).
        assert len({one["key"] for one in trail if one["correlation"] == case}) == 1
    assert await desk.kept.audit.verify() is None


def _complete(record: dict[str, Any], number: int, desk: Desk) -> None:
    assert list(record) == list(FIELDS)
    assert record["seq"] == number
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["time"])
    assert record["operation"] == "reset"
    assert re.fullmatch(r"10\.\d+\.\d+\.\d+", record["source"])
    assert record["replica"] == desk.replica
    assert record["correlation"]
    assert len(record["hash"]) == len(record["prev"]) == 64
    limited = record["event"] == "reset.limited"
    assert limited or record["key"]
    target = record["target"]
    assert target in {one.account.id for one in demo.PEOPLE} or target.startswith("x-") or (limited and not target)
    assert set(record["proofs"]) <= {"totp", "email_code"}
    if record["event"] in ("reset.intent", "reset.outcome", "reset.sessions_ended"):
        assert record["proofs"] == ["totp", "email_code"]
    if record["event"] in ("reset.intent", "reset.outcome") and target == KARI:
        assert record["tenant"] == demo.TENANT


async def test_refusals_do_not_fill_the_trail(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """N1, U1: the first, the tenth and so on of those alike; from one network, by however many visitors."""
    clock.advance(300 - clock.now() % 300)      # so that no window ends in between
    for number in range(5):
        await (await visit(desk, address=f"2001:db8::{number}")).start(f"plantetord{number}")
    before = len(await records(desk))
    for visitor in [await visit(desk, address=f"2001:db8::a:{number}") for number in range(3)]:
        for number in range(4):
            await visitor.start(f"annetord{number}")
    limited = await records(desk, "reset.limited")
    assert [one["reason"] for one in limited] == ["targets_paused", "targets_paused, 10 times"]
    assert len(await records(desk)) == before + 2
    clock.advance(300)
    await (await visit(desk, address="2001:db8::b")).start("annetord")
    await (await visit(desk, address="2001:db8:0:1::b")).start("plantetord0")
    assert [one["reason"] for one in await records(desk, "reset.limited")][2:] == ["targets_paused"]
    assert len(await records(desk, "reset.opened")) == 6
    assert await desk.kept.audit.verify() is None


@pytest.mark.parametrize(("name", "reason"), [
    ("plantetord", "unknown"), ("ola.hansen", "starts"), ("kari.nordmann", "starts"), ("ingrid.admin", "starts")])
async def test_starts_that_cannot_succeed_do_not_fill_the_trail(
        desk: Desk, visit: Visit, clock: SteppedClock, name: str, reason: str) -> None:
    """N1: begun and stopped again and again, by one visitor or by many, for an account that is not served now."""
    clock.advance(300 - clock.now() % 300)
    for _ in range(3):
        visitor = await visit(desk, address="10.250.0.1")
        for _ in range(5):
            await visitor.start(name)
            await visitor.ask("avbryt")
    refused = [one["reason"] for one in await records(desk, "reset.opened") if one["outcome"] == "refused"]
    assert [one for one in refused if str(one).startswith(reason)] == [reason, f"{reason}, 10 times"]
    assert len(await records(desk)) < 20


async def test_what_was_changed_afterwards_is_found(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """U3: the verifier names the record."""
    await _done(desk, visit, clock)
    stream = "kt:{audit}:records"
    fields = (await desk.store.do("XRANGE", stream, "4-0", "4-0"))[0][1]
    await desk.store.do("XDEL", stream, "4-0")
    assert fields
    broken = await desk.kept.audit.verify()
    assert broken is not None
    assert broken.seq == 4


async def test_codes_sent_again_leave_one_story(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """U2: one correlation for all records of a request, whatever detours it took."""
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    await kari.ask(await code_for(desk, "kari.nordmann"))
    await kari.hit("Send koden på nytt")
    await kari.ask("hva er kravene til passord?")
    page = await kari.page(link_of(await kari.ask(await mailed_code(desk))))
    await kari.submit(page, GOOD)
    assert len({one["correlation"] for one in await records(desk)}) == 1
