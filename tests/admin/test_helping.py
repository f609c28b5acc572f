"""What IT does for an account: once, with a reason, never for themselves, for protected ones by two (O7, I8, S-102)."""

import asyncio
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from bot.audit import entry
from bot.clock import utc
from bot.rules.codes import canonical_recovery_code
from bot.rules.helping import CONFIRM_SECONDS, Act, Request
from bot.rules.holds import FROZEN, PAUSED, Hold
from bot.rules.limits import DAY, QUARTER, Limits
from bot.serving.desk import Desk
from bot.store.helping import MINE, Begun
from bot.store.one_time_codes import HashedOneTimeCodes
from bot.store.protocol import Attempt, Counted, Exhausted
from tests.admin.conftest import Browser, Page, records
from tests.support.clock import SteppedClock
from tests.support.people import mails_of

KARI, JOHN, OLA, INGRID = (
    f"00000000-0000-0000-0000-0000000000{number}" for number in ("01", "02", "03", "04"))
SignedIn = Callable[[str], Any]


async def kinds(desk: Desk, account: str) -> list[str]:
    return [one.kind for one in await desk.kept.holds.of(account)]


async def ready(browser: Browser, act: str, account: str, reason: str = "Sak 4412") -> tuple[str, dict[str, str]]:
    """The last form before it is done: where it goes, and its fields."""
    path = f"/admin/accounts/{account}/{act}"
    asked = await browser.open(path)
    sure = await browser.post(path, token=asked.token, form="", reason=reason)
    assert sure.status == 200
    return path, sure.fields


async def done(browser: Browser, act: str, account: str, reason: str = "Sak 4412") -> Page:
    """The page a person sees in the end."""
    path, fields = await ready(browser, act, account, reason)
    went = await browser.post(path, **fields)
    assert went.status == 303
    return await browser.open(went.headers["Location"])


async def test_finding_an_account(signed_in: SignedIn, desk: Desk) -> None:
    """By its exact name only; what is shown holds no address and no secret, and looking is recorded."""
    browser = await signed_in("mona.ute")
    token = (await browser.open("/admin/accounts")).token
    for name in ("kari", "kari.nordman", "", "*", "kari.nordmann@example.no,x"):
        assert (await browser.post("/admin/accounts", token=token, name=name)).status == 404
    found = await browser.post("/admin/accounts", token=token, name="kari.nordmann@example.no")
    assert found.headers["Location"] == f"/admin/accounts/{KARI}"
    page = await browser.open(found.headers["Location"])
    assert "Kari Nordmann" in page.text
    assert "Godkjenningsapp" in page.text
    enrolment = await desk.kept.enrolments.read(KARI)
    assert all(one.seed is None or one.seed.reveal() not in page.text for one in enrolment.methods)
    assert "privat.example.no" not in page.text
    await browser.open(found.headers["Location"])
    looks = await records(desk, "staff.look")
    assert [(one["actor"], one["target"]) for one in looks] == [("staff:demo-mona.ute", KARI)]
    assert (await browser.open("/admin/accounts/nobody")).status == 404


async def test_pausing_and_resuming(signed_in: SignedIn, desk: Desk) -> None:
    """Done, recorded before and after, and the owner is told (U1, O6)."""
    browser = await signed_in("mona.ute")
    page = await done(browser, "pause", KARI, "Mistenkelig\r\nanrop\x00 <b>i dag</b>")
    assert "Det er gjort" in page.text
    assert await kinds(desk, KARI) == [PAUSED]
    said = await records(desk, "staff.pause")
    assert [one["outcome"] for one in said] == ["begun", "done"]
    assert said[0] == {**said[1], "outcome": "begun"}
    assert said[0]["actor"] == "staff:demo-mona.ute"
    assert said[0]["target"] == KARI
    assert said[0]["reason"] == "Mistenkelig anrop <b>i dag</b>"
    shown = (await browser.open(f"/admin/accounts/{KARI}")).text
    assert "Satt på pause" in shown
    assert "&lt;b&gt;i dag" in shown
    assert "<b>i dag" not in shown
    assert "Selvbetjeningen er satt på pause" in [one.subject for one in await mails_of(desk, "kari.nordmann")]
    await done(browser, "resume", KARI)
    assert await kinds(desk, KARI) == []
    assert "Slik var det fra før" in (await done(browser, "resume", KARI)).text
    subjects = [one.subject for one in await mails_of(desk, "kari.nordmann")]
    assert subjects.count("Selvbetjeningen er åpnet igjen") == 2      # at work, and at the private address
    assert await desk.kept.audit.verify() is None


async def test_thawing(signed_in: SignedIn, desk: Desk) -> None:
    """Only the owner's own alarm is lifted; what IT holds stays."""
    browser = await signed_in("john.smith")
    for kind in (FROZEN, PAUSED):
        await desk.kept.holds.put(Hold(KARI, kind, "test", desk.clock.now()))
    await done(browser, "thaw", KARI)
    assert await kinds(desk, KARI) == [PAUSED]


async def test_what_is_used_of_the_limits(signed_in: SignedIn, desk: Desk, clock: SteppedClock) -> None:
    """Limits 9 to 11: begun, done and sent, by the owner and by visitors; a full one says when it opens."""
    browser = await signed_in("mona.ute")
    quiet = (await browser.open(f"/admin/accounts/{KARI}")).text
    assert "tilbakestillinger" not in quiet
    limits = Limits()
    for owner, what, times, windows in (
            (True, "reset_start", 2, ((limits.reset_starts_24h, DAY),)),
            (False, "unlock_done", 3, ((limits.unlocks_24h, DAY),)),
            (True, "codes", 3, ((limits.codes_15min, QUARTER), (limits.codes_24h, DAY)))):
        for _ in range(times):
            assert not await desk.kept.tries.start(what, KARI, owner, windows)
    page = (await browser.open(f"/admin/accounts/{KARI}")).text
    rows = {row[0]: [" ".join(re.sub("<[^>]+>", "", one).split()) for one in row[1:]] for row in re.findall(
        r'<th role="rowheader" scope="row">([^<]+)</th>\s*<td[^>]*>(.*?)</td>\s*<td[^>]*>(.*?)</td>', page, re.DOTALL)}
    assert rows["Påbegynte tilbakestillinger siste døgn"] == ["2 av 5", "0 av 5"]
    opens = f"{utc(clock.now() + DAY):%d.%m.%Y %H:%M} UTC"
    assert rows["Fullførte opplåsinger siste døgn"] == ["0 av 3", f"3 av 3 – stengt til {opens}"]
    assert rows["Koder sendt på e-post siste kvarter"][0].startswith("3 av 3 – stengt til")
    assert rows["Koder sendt på e-post siste døgn"] == ["3 av 10", "0 av 10"]
    assert "Påbegynte passordbytter siste døgn" not in rows
    assert await desk.kept.tries.start("reset_start", KARI, True, ((3, DAY),)) == 0   # looking counts nothing


async def test_older_events(signed_in: SignedIn, desk: Desk) -> None:
    """Ten at first, fifty when asked, however long the trail is."""
    browser = await signed_in("mona.ute")
    for number in range(60):
        await desk.kept.audit.append(entry("reset.begun", target=KARI, outcome="ok", reason=f"number {number}."))
    first = await browser.open(f"/admin/accounts/{KARI}")
    assert first.text.count("number ") == 9    # and that somebody looked
    assert 'href="?events=all#events-title"' in first.text
    everything = await browser.open(f"/admin/accounts/{KARI}?events=all")
    assert everything.text.count("number ") == 49
    assert "Her er de siste 50." in everything.text


async def test_events_in_words(signed_in: SignedIn, desk: Desk) -> None:
    """What happened, how it ended and who did it; what has no words is shown by its name, and as text (N2)."""
    for event, actor, outcome, reason in (
            ("reset.opened", "directline:x", "refused", "starts"), ("unlock.outcome", f"msteams:{KARI}", "done", ""),
            ("staff.pause", "staff:demo-mona.ute", "done", "why"), ("new.thing", "<b>", "odd", "why")):
        await desk.kept.audit.append(entry(event, actor=actor, target=KARI, outcome=outcome, reason=reason))
    page = (await (await signed_in("john.smith")).open(f"/admin/accounts/{KARI}")).text
    rows = [[" ".join(re.sub("<[^>]+>", " ", one).split())
             for one in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
            for row in page.partition("Latest events")[2].split("<tr ")[2:]]
    assert [row[1:] for row in rows] == [
        ["Account viewed staff.look", "OK", "John Smith", ""],
        ["new.thing", "odd", "Something else", "why"],
        ["Pause self-service staff.pause", "Done", "Mona Ute", "why"],
        ["Unlock: finished unlock.outcome", "Done", "The owner in Teams", ""],
        ["New password: started reset.opened", "Refused", "Web chat", "Started too often today"]]


async def test_reopening_the_row(signed_in: SignedIn, desk: Desk, clock: SteppedClock) -> None:
    """Limit 5: what no time opens, IT does; and the page shows it first."""
    attempt = Attempt("", KARI, owner=False, requester="", source="")
    most = Limits().anonymous_failures_in_a_row
    for _ in range(most):
        assert isinstance(await desk.kept.tries.count(attempt), Counted)
        clock.advance(86400)
    spent = await desk.kept.tries.count(attempt)
    assert isinstance(spent, Exhausted)
    assert spent.until == 0
    browser = await signed_in("mona.ute")
    page = (await browser.open(f"/admin/accounts/{KARI}")).text
    assert f"{most} av {most}" in page
    assert "Nullstill forsøk på rad" in page
    await done(browser, "reopen", KARI)
    assert isinstance(await desk.kept.tries.count(attempt), Counted)


@pytest.mark.parametrize("reason", ["", "   ", "\u200b\n"])
async def test_no_reason_no_effect(signed_in: SignedIn, desk: Desk, reason: str) -> None:
    browser = await signed_in("mona.ute")
    path, fields = await ready(browser, "pause", KARI)
    assert (await browser.post(path, **{**fields, "reason": reason})).status == 422
    assert await kinds(desk, KARI) == []


async def test_sixteen_presses_are_one(signed_in: SignedIn, desk: Desk) -> None:
    """F2: a double click shows the first result; nothing is done twice, and nothing recorded twice."""
    browser = await signed_in("mona.ute")
    path, fields = await ready(browser, "pause", KARI)
    answers = await asyncio.gather(*[browser.post(path, **fields) for _ in range(16)])
    assert {one.status for one in answers} == {303}
    assert len({one.headers["Location"] for one in answers}) == 1
    assert "Det er gjort" in (await browser.open(answers[0].headers["Location"])).text
    assert [one["outcome"] for one in await records(desk, "staff.pause")] == ["begun", "done"]
    await done(browser, "resume", KARI)
    await browser.post(path, **fields)      # and sent once more later it does nothing
    assert await kinds(desk, KARI) == []


async def test_never_on_oneself(signed_in: SignedIn, desk: Desk) -> None:
    """O7: the page does not offer it, and the form does not do it."""
    browser = await signed_in("john.smith")
    assert "This is your own account" in (await browser.open(f"/admin/accounts/{JOHN}")).text
    page = await browser.open(f"/admin/accounts/{JOHN}/pause")
    assert "<textarea" not in page.text
    answer = await browser.post(f"/admin/accounts/{JOHN}/pause", token=page.token, form="f" * 24, reason="x")
    assert answer.status == 422
    assert await kinds(desk, JOHN) == []


async def test_a_protected_account_takes_two(signed_in: SignedIn, desk: Desk) -> None:
    """O7: the first person asks, and cannot confirm; the second confirms, once; self-service stays closed (I8)."""
    john, mona = await signed_in("john.smith"), await signed_in("mona.ute")
    page = await done(john, "pause", INGRID)
    assert "A colleague has to confirm" in page.text
    assert await kinds(desk, INGRID) == []
    listed = (await mona.open("/admin")).text
    path = listed.partition('href="/admin/requests/')[2].partition('"')[0]
    path = f"/admin/requests/{path}"
    own = await john.open(path)
    assert "It has to be someone other" in own.text
    refused = await john.post(f"{path}/confirm", token=own.token)
    assert refused.status == 409
    assert await kinds(desk, INGRID) == []
    form = await mona.open(path)
    assert "John Smith" in form.text
    answers = await asyncio.gather(*[mona.post(f"{path}/confirm", token=form.token) for _ in range(16)])
    assert {one.status for one in answers} == {200}
    assert "Det er gjort" in (await mona.post(f"{path}/confirm", token=form.token)).text
    assert await kinds(desk, INGRID) == [PAUSED]
    said = [(one["actor"].rpartition("-")[2], one["outcome"]) for one in await records(desk, "staff.pause")]
    assert said == [("john.smith", "asked"), ("john.smith", "refused"), ("mona.ute", "begun"), ("mona.ute", "done")]
    assert len({one["correlation"] for one in await records(desk, "staff.pause")}) == 1
    assert (await mona.open(path)).status == 404
    assert "<textarea" not in (await mona.open(f"/admin/accounts/{INGRID}/reopen")).text


async def test_nobody_confirms_for_themselves(signed_in: SignedIn, desk: Desk) -> None:
    """O7: John became protected meanwhile, and what a colleague asked for him waits for anybody but him."""
    await desk.kept.accounts.mark(JOHN, protected=True)
    john, mona = await signed_in("john.smith"), await signed_in("mona.ute")
    await done(mona, "pause", JOHN)
    waiting = (await desk.store.do("HKEYS", "kt:{staff}:requests"))[0].decode()
    page = await john.open(f"/admin/requests/{waiting}")
    assert "This is your own account" in page.text
    for press in ("confirm", "decline"):
        assert (await john.post(f"/admin/requests/{waiting}/{press}", token=page.token)).status == 409
    assert await kinds(desk, JOHN) == []
    assert (await mona.open(f"/admin/requests/{waiting}")).status == 200


async def test_requests_end(signed_in: SignedIn, desk: Desk, clock: SteppedClock) -> None:
    """After half an hour nobody confirms any more; a declined one is over at once."""
    john, mona = await signed_in("john.smith"), await signed_in("mona.ute")
    await done(john, "pause", INGRID)
    declined = (await desk.store.do("HKEYS", "kt:{staff}:requests"))[0].decode()
    token = (await mona.open(f"/admin/requests/{declined}")).token
    assert "avslått" in (await mona.post(f"/admin/requests/{declined}/decline", token=token)).text
    assert "avslått" in (await mona.post(f"/admin/requests/{declined}/confirm", token=token)).text
    await done(john, "pause", INGRID)
    late = (await desk.store.do("HKEYS", "kt:{staff}:requests"))[0].decode()
    clock.advance(CONFIRM_SECONDS // 3)
    await mona.open("/admin")
    clock.advance(CONFIRM_SECONDS // 3)
    await mona.open("/admin")
    clock.advance(CONFIRM_SECONDS // 3)
    assert (await mona.post(f"/admin/requests/{late}/confirm", token=token)).status == 409
    assert await kinds(desk, INGRID) == []


async def test_decided_again_before_the_effect(signed_in: SignedIn, desk: Desk) -> None:
    """G2: an account that became protected after the form was shown is not touched by one person."""
    browser = await signed_in("mona.ute")
    path, fields = await ready(browser, "pause", KARI)
    await desk.kept.accounts.mark(KARI, protected=True)
    await browser.post(path, **fields)
    assert await kinds(desk, KARI) == []
    assert [one["outcome"] for one in await records(desk, "staff.pause")] == ["asked"]


async def test_no_record_no_effect(signed_in: SignedIn, desk: Desk) -> None:
    """U1: with the trail broken, nothing is done, and the page says that it cannot be."""
    browser = await signed_in("mona.ute")
    path, fields = await ready(browser, "pause", KARI)
    await desk.store.do("RENAME", "kt:{audit}:records", "elsewhere")
    await desk.store.do("SET", "kt:{audit}:records", "in the way")
    assert (await browser.post(path, **fields)).status == 503
    assert await kinds(desk, KARI) == []


async def test_who_died_on_the_way_is_followed(signed_in: SignedIn, desk: Desk, clock: SteppedClock) -> None:
    """F1: the effect happened and its outcome was never written; a minute later the same form tells the truth."""
    browser = await signed_in("mona.ute")
    path, fields = await ready(browser, "pause", KARI)
    form = f"demo-mona.ute pause {KARI} {fields['form']}"
    wish = sha256(form.encode()).hexdigest()[:24]
    asked = Request(wish, Act.PAUSE, KARI, "demo-mona.ute", "", "Mona Ute", "Sak 7", clock.now())
    begun = Begun("wish", "demo-mona.ute", "staff:demo-mona.ute", "", clock.now(), asked)
    assert await desk.journeys.helping.forms.take(form, begun) == MINE
    await desk.kept.holds.put(Hold(KARI, PAUSED, "staff:demo-mona.ute", clock.now()), wish)
    went = await browser.post(path, **fields)
    assert "holder vi på med" in (await browser.open(went.headers["Location"])).text
    clock.advance(61)
    await browser.post(path, **fields)
    assert "Det er gjort" in (await browser.open(went.headers["Location"])).text
    assert [one["outcome"] for one in await records(desk, "staff.pause")] == ["begun", "done"]
    assert len(await mails_of(desk, "kari.nordmann")) == 2


async def test_a_one_time_code(signed_in: SignedIn, desk: Desk) -> None:
    """O7, A2: shown to one press of many, told to the owner, in no record and no page after; it works."""
    browser = await signed_in("mona.ute")
    assert f'{OLA}/code"' in (await browser.open(f"/admin/accounts/{OLA}")).text
    path, fields = await ready(browser, "code", OLA)
    answers = await asyncio.gather(*[browser.post(path, **fields) for _ in range(16)])
    shown = [one for one in answers if one.status == 200]
    assert len(shown) == 1
    code = shown[0].text.partition('class="seed">')[2].partition("<")[0]
    again = await browser.post(path, **fields)
    page = await browser.open(again.headers["Location"])
    assert "vist én gang" in page.text
    trail = str([one async for one in desk.kept.audit.export()])
    assert code not in page.text + trail
    assert [one["outcome"] for one in await records(desk, "staff.code")] == ["begun", "shown"]
    mails = await mails_of(desk, "ola.hansen")
    assert [one.subject for one in mails] == ["Brukerstøtte har laget en engangskode til deg"]
    assert code not in mails[0].body
    canonical = canonical_recovery_code(code)
    assert canonical
    assert await HashedOneTimeCodes(desk.store, desk.kept.trust, desk.ring, desk.clock).spend(OLA, canonical)


async def test_no_code_for_who_cannot_register(signed_in: SignedIn, desk: Desk) -> None:
    """I3: a disabled account and a guest have no use for one; it is not offered, and a form does not make it."""
    browser = await signed_in("mona.ute")
    for account in ("00000000-0000-0000-0000-000000000006", "00000000-0000-0000-0000-000000000008"):
        assert f'{account}/code"' not in (await browser.open(f"/admin/accounts/{account}")).text
        assert "kan ikke registreres" in (await done(browser, "code", account)).text


async def test_a_code_for_a_protected_account(signed_in: SignedIn, desk: Desk) -> None:
    """O7: the second person, and nobody else, sees it, once."""
    john, mona = await signed_in("john.smith"), await signed_in("mona.ute")
    assert "A colleague has to confirm" in (await done(john, "code", INGRID)).text
    number = (await desk.store.do("HKEYS", "kt:{staff}:requests"))[0].decode()
    token = (await mona.open(f"/admin/requests/{number}")).token
    answers = await asyncio.gather(*[mona.post(f"/admin/requests/{number}/confirm", token=token) for _ in range(16)])
    assert len([one for one in answers if 'class="seed"' in one.text]) == 1
