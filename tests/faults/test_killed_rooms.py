"""Kill -9 while a form of the owner's or of IT's is carried out: the next process brings all to one truth (F1-F3).

At the records that matter; `tests/journeys/test_owner_dies.py`, `test_it_dies.py`, `test_helpdesk.py` die after every
command.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from bot.clock import SharedClock
from bot.directory import demo
from bot.people import Speaker
from bot.rules.case import CLOSED, Case, State
from bot.rules.helping import Act
from bot.rules.holds import FROZEN, PAUSED, Hold
from bot.rules.registered import EMAIL_CODE, TOTP
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.store.connection import Store
from bot.verification.totp import current_code, new_seed
from tests.admin.conftest import Browser as StaffBrowser
from tests.admin.test_help_cases import from_the_chat
from tests.admin.test_helping import ready
from tests.faults.holding import holding
from tests.faults.people import KARI
from tests.faults.served import Served, environment
from tests.faults.snapshot import Snapshot
from tests.journeys.stage import TeamsPerson, heard
from tests.journeys.test_owner import OLA, begin
from tests.journeys.test_register import asked, press
from tests.support.browser import Browser
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.connector import FakeConnector
from tests.support.demo_people import SECRET_KEY
from tests.support.house import house
from tests.support.people import code_for, mails_of
from tests.support.tcp import free_port

LATER = 95.0
ADDRESS = "kari.ny@annen.example.com"
ANSWER = "Kom innom skranken."


@dataclass
class Flow:
    """`open` is done with the process that will be killed, `send` is what it is killed over; `one_truth` looks at what
    came of it, at another Keyturn on the same store: whether it was done."""

    open: Callable[[], Awaitable[None]]
    send: Callable[[], Awaitable[object]]
    one_truth: Callable[[Desk], Awaitable[bool]]


async def nothing() -> None:
    """There is nothing to open."""


async def said(desk: Desk, event: str) -> list[str]:
    return [one["outcome"] async for one in desk.kept.audit.export() if one["event"] == event]


async def a_change(desk: Desk, at_end: AsyncExitStack, operation: str) -> Flow:
    """Kari has proven herself in Teams, and has the link."""
    now, known = desk.clock.now(), await desk.kept.enrolments.read(KARI)
    app, = known.of_kind(TOTP)
    speaker = Speaker("msteams", demo.TENANT, "a:1", "29:kari", KARI)
    case = await desk.kept.cases.open(Case(
        "case", operation, "nb", KARI, asdict(speaker), {}, "key", "tog fjell", (), ("totp",), (app.id,),
        state=State.PROVEN, opened_at=now, first_proof_at=now, proven_at=now, plan={"replaces": ""},
        draft=new_seed().reveal()))
    ticket, case = await desk.kept.cases.issue_ticket(case, operation, 300)
    browser = await at_end.enter_async_context(Browser(desk.site.base_url))
    link, opened = f"{desk.site.base_url}/secure/{ticket}", []
    seed = Secret(case.draft)

    async def open_it() -> None:
        opened[:] = [await browser.go_on_here(await browser.open(link))]

    async def send() -> object:
        typed = {"make": "yes"} if operation == "recovery_codes" else {
            "code": current_code(seed, desk.clock.now()), "label": ""}
        return await browser.submit(opened[0], **typed)

    async def one_truth(other: Desk) -> bool:
        after, ended = await other.kept.enrolments.read(KARI), await other.kept.cases.read("case")
        assert ended is not None
        done = after.rev > known.rev
        assert done is (ended.state is State.DONE)
        if done and operation == "register_app":
            assert len(after.of_kind(TOTP)) == 2
        intents, outcomes = await said(other, f"{operation}.intent"), await said(other, f"{operation}.outcome")
        assert outcomes == ([ended.state.value] if ended.state in CLOSED else [])
        assert len(intents) <= 1
        return done

    return Flow(open_it, send, one_truth)


async def an_alarm(desk: Desk, at_end: AsyncExitStack) -> Flow:
    """By the link of a mail."""
    link = f"{desk.site.base_url}/alarm/{await desk.journeys.alarm.links.issue(KARI, 'nb')}"
    browser, opened = await at_end.enter_async_context(Browser(desk.site.base_url)), []

    async def open_it() -> None:
        opened[:] = [await browser.open(link)]

    async def one_truth(other: Desk) -> bool:
        done = [one.kind for one in await other.kept.holds.of(KARI)] == [FROZEN]
        assert await said(other, "freeze.outcome") == ["done"] * done
        assert len(await other.journeys.helpdesk.open_ones()) == done
        page = await browser.open(link)
        assert ("Selvbetjeningen er sperret" in page.text) is done
        subjects = [mail.subject for mail in await mails_of(other, "kari.nordmann")]
        assert subjects.count("Selvbetjeningen er sperret for kontoen din") == 2 * done
        return done

    return Flow(open_it, lambda: browser.submit(opened[0]), one_truth)


async def by_it(desk: Desk, at_end: AsyncExitStack, act: Act) -> Flow:
    """Mona of IT does it for Ola's account, who has nothing registered."""
    if act is Act.RESUME:
        await desk.kept.holds.put(Hold(OLA, PAUSED, "somebody", desk.clock.now()))
    it = await at_end.enter_async_context(StaffBrowser(desk))
    assert (await it.sign_in("mona.ute")).status == 303
    path, fields = await ready(it, act, OLA)

    async def one_truth(other: Desk) -> bool:
        paused = [one.kind for one in await other.kept.holds.of(OLA)] == [PAUSED]
        code = await other.kept.one_time_codes.pending(OLA) is not None
        done = {Act.PAUSE: paused, Act.RESUME: not paused, Act.CODE: code}[act]
        assert (await said(other, f"staff.{act}"))[-1] == ("done" if done else "not_done")
        assert len(await mails_of(other, "ola.hansen")) == done
        page = await it.open(f"{path}/{fields['form']}")
        assert ("Det er gjort" in page.text) is done
        assert ("Det ble ikke gjort" in page.text) is not done
        return done

    return Flow(nothing, lambda: it.post(path, **fields), one_truth)


async def an_answer(desk: Desk, at_end: AsyncExitStack) -> Flow:
    chat = await at_end.enter_async_context(Chat(desk.site.base_url))
    await chat.hear()
    await from_the_chat(chat)
    case, = await desk.journeys.helpdesk.open_ones()
    it = await at_end.enter_async_context(StaffBrowser(desk))
    assert (await it.sign_in("mona.ute")).status == 303
    path = f"/admin/cases/{case.number}"
    token = (await it.open(path)).token
    watermark = chat.watermark

    async def one_truth(other: Desk) -> bool:
        after = await other.journeys.helpdesk.read(case.number)
        assert after is not None
        done = any(one.text == ANSWER for one in after.thread)
        assert await said(other, "help.answered") in (
            [["begun", "ok"]] if done else [[], ["not_done"], ["begun", "not_done"]])
        chat.watermark, chat.unread = watermark, []
        told = [one.text for one in await chat.quiet()]
        assert any(ANSWER in one for one in told) is done, told
        assert (ANSWER in (await it.open(path)).text) is done
        return done

    return Flow(nothing, lambda: it.post(f"{path}/answer", token=token, form="f" * 24, text=ANSWER), one_truth)


async def in_teams(desk: Desk, at_end: AsyncExitStack) -> TeamsPerson:
    connector = FakeConnector()
    await connector.server.start_server()
    at_end.push_async_callback(connector.close)
    return TeamsPerson(desk, connector, await at_end.enter_async_context(ClientSession()))


def unheard(person: TeamsPerson) -> Callable[[], Awaitable[None]]:
    """What was said before is of no interest."""
    async def forget() -> None:
        person.connector.calls.clear()

    return forget


def words(person: TeamsPerson) -> str:
    return "\n".join(heard(one).text for one in person.connector.said if one["type"] == "message")


async def a_private_address(desk: Desk, at_end: AsyncExitStack) -> Flow:
    """Kari has given her new address; what is sent is the code that came to it."""
    kari, before = await in_teams(desk, at_end), await desk.kept.enrolments.read(KARI)
    await asked(kari, "register_mail")
    await kari.ask(ADDRESS)
    await kari.ask(await code_for(desk, "kari.nordmann"))
    await mails_of(desk, "kari.nordmann")
    code = re.search(r"\b\d{6}\b", (await desk.kept.mailbox.read(ADDRESS))[0].body)
    assert code

    async def one_truth(other: Desk) -> bool:
        addresses = [one.address for one in (await other.kept.enrolments.read(KARI)).of_kind(EMAIL_CODE)]
        done = addresses == [ADDRESS]
        assert addresses == [ADDRESS] * done or [one.address for one in before.of_kind(EMAIL_CODE)]
        assert await said(other, "register_mail.outcome") == ["done" if done else "refused"]
        assert ("Det er i orden" in words(kari)) is done
        assert ("ingenting er endret" in words(kari)) is not done
        return done

    return Flow(unheard(kari), lambda: kari.post(kari.activity(code.group())), one_truth)


async def a_removal(desk: Desk, at_end: AsyncExitStack) -> Flow:
    """Kari wants to be without codes on paper; what is sent is her app's code."""
    kari, before = await in_teams(desk, at_end), await desk.kept.enrolments.read(KARI)
    app, = before.of_kind(TOTP)
    assert app.seed
    assert before.recovery
    await asked(kari, "remove_method")
    await press(kari, before.recovery.id)
    await press(kari, "yes")
    seed = app.seed

    async def one_truth(other: Desk) -> bool:
        after = await other.kept.enrolments.read(KARI)
        done = after.recovery is None
        assert [one.id for one in after.methods] == [one.id for one in before.methods]
        assert await said(other, "remove_method.outcome") == ["done" if done else "refused"]
        assert ("Det er i orden" in words(kari)) is done
        assert ("ingenting er endret" in words(kari)) is not done
        return done

    return Flow(unheard(kari), lambda: kari.post(kari.activity(current_code(seed, desk.clock.now()))), one_truth)


async def an_owners_alarm(desk: Desk, at_end: AsyncExitStack) -> Flow:
    """In the chat: what is sent is the word that confirms it."""
    kari = await in_teams(desk, at_end)
    await kari.ask("det var ikke meg")

    async def one_truth(other: Desk) -> bool:
        done = [one.kind for one in await other.kept.holds.of(KARI)] == [FROZEN]
        assert await said(other, "freeze.outcome") == ["done"] * done
        assert len(await other.journeys.helpdesk.open_ones()) == done
        subjects = [mail.subject for mail in await mails_of(other, "kari.nordmann")]
        assert subjects.count("Selvbetjeningen er sperret for kontoen din") == 2 * done
        assert "er sperret" in words(kari)
        return done

    return Flow(unheard(kari), lambda: kari.post(kari.activity("ja")), one_truth)


async def to_be_forgotten(desk: Desk, at_end: AsyncExitStack) -> Flow:
    """Kari has begun a reset in another chat of hers; what is sent is the word that confirms the wish."""
    elsewhere, kari = await in_teams(desk, at_end), await in_teams(desk, at_end)
    await begin(elsewhere, "forgot_password")
    case, = await desk.kept.cases.others_of(KARI, but="")
    await kari.ask("glem meg")

    async def one_truth(other: Desk) -> bool:
        assert await said(other, "reset.ended") == ["not_done"]
        assert "Da er samtalen glemt" in (await kari.ask("ja"))[-1].text
        assert await said(other, "reset.ended") == ["not_done"]
        # If it is kept at all, then no longer than any ended one (limit 27).
        left = await other.kept.cases.read(case.id)
        return left is None or left.state is State.ENDED

    return Flow(unheard(kari), lambda: kari.post(kari.activity("ja")), one_truth)


FLOWS: dict[str, Callable[[Desk, AsyncExitStack], Awaitable[Flow]]] = {
    "app": lambda desk, at_end: a_change(desk, at_end, "register_app"),
    "recovery codes": lambda desk, at_end: a_change(desk, at_end, "recovery_codes"),
    "private address": a_private_address, "removal": a_removal, "alarm": an_alarm, "owner's alarm": an_owners_alarm,
    "pause": lambda desk, at_end: by_it(desk, at_end, Act.PAUSE),
    "resume": lambda desk, at_end: by_it(desk, at_end, Act.RESUME),
    "code": lambda desk, at_end: by_it(desk, at_end, Act.CODE), "answer": an_answer, "forget me": to_be_forgotten}

BEFORE, AFTER = False, True
KILLS: tuple[tuple[str, tuple[str, ...], bool, bool], ...] = (
    # Flow, the record of the trail at which the process dies, before or after it was written, whether it is done.
    ("app", ("register_app.intent",), AFTER, False), ("app", ("register_app.outcome",), BEFORE, True),
    ("recovery codes", ("recovery_codes.intent",), AFTER, False),
    ("recovery codes", ("recovery_codes.outcome",), AFTER, True),
    ("private address", ("register_mail.intent",), AFTER, False),
    ("private address", ("register_mail.outcome",), BEFORE, True),
    ("removal", ("remove_method.intent",), AFTER, False), ("removal", ("remove_method.outcome",), AFTER, True),
    # A lock that was begun to be turned is turned.
    ("alarm", ("freeze.intent",), AFTER, True), ("owner's alarm", ("freeze.intent",), BEFORE, True),
    ("owner's alarm", ("freeze.outcome",), AFTER, True),
    ("pause", ("staff.pause", '"begun"'), AFTER, False), ("resume", ("staff.resume", '"done"'), BEFORE, True),
    # A code that nobody was shown is none.
    ("code", ("staff.code", '"shown"'), BEFORE, False),
    ("answer", ("help.answered", '"begun"'), AFTER, False), ("answer", ("help.answered", '"ok"'), BEFORE, True),
    ("forget me", ("reset.ended",), BEFORE, True), ("forget me", ("reset.ended",), AFTER, True))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FLOWS)
async def test_killed(name: str, redis_url: str, store: Store, tmp_path: Path) -> None:
    """R-004, R-005: done and told, or not done and said to be; nothing stays begun."""
    admin_port, port = free_port(), free_port()
    settings = {"KEYTURN_SECRET_KEYS": SECRET_KEY, "KEYTURN_ADMIN_PORT": str(admin_port),
                "KEYTURN_LIMIT_ANSWER_SECONDS": "5"}
    async with holding(redis_url) as proxy, AsyncExitStack() as at_end:
        async with house(redis_url, tmp_path, SharedClock(), settings, port) as desk:
            flow = await FLOWS[name](desk, at_end)
            snapshot = await Snapshot.take(store)
        for _, mark, after, done in [one for one in KILLS if one[0] == name]:
            await snapshot.put_back(store)
            env = environment(tmp_path / f"{mark[-1]}-{after}".replace('"', ""), REDIS_URL=proxy.url,
                              SMTP_URL="smtp://127.0.0.1:9", **settings)
            served = await Served.start(env, port)
            try:
                await flow.open()
                proxy.arm_at(*mark, after=after)
                sent = asyncio.ensure_future(flow.send())
                held = asyncio.create_task(proxy.held.wait())
                async with asyncio.timeout(20):
                    await asyncio.wait({sent, held}, return_when=asyncio.FIRST_COMPLETED)
                assert not sent.done(), f"it was answered, and {mark} never recorded"
            finally:
                await served.kill()
                proxy.release()
            held.cancel()
            assert isinstance((await asyncio.gather(sent, held, return_exceptions=True))[0], ClientError)
            # As after a quarter of a minute: whoever was killed holds no conversation any more.
            await store.many([("DEL", one) for one in [*await store.do("KEYS", "kt:*:lease"), "kt:none"]])
            clock = SteppedClock(await store.time() + LATER)
            async with house(redis_url, tmp_path, clock, settings, port) as other:
                await other.journeys.settlement.sweep(orphaned=True)
                async with asyncio.timeout(10):
                    while await other.journeys.errands.due.count():
                        await other.journeys.errands.run_due()
                        await asyncio.sleep(0.01)
                try:
                    assert await flow.one_truth(other) is done
                    assert not await other.kept.pending.count()
                    assert await other.kept.audit.verify() is None
                except AssertionError as error:
                    raise AssertionError(f"killed {'after' if after else 'before'} {mark}: {error!r}") from error
