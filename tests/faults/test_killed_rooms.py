"""Kill -9 while a form of the owner's or of IT's is carried out: the next process brings all to one truth (F1-F3).

A few points each; `tests/journeys/test_owner_dies.py`, `test_it_dies.py`, `test_helpdesk.py` die after every command.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from aiohttp import ClientError

from app import Desk
from bot.clock import SharedClock
from bot.directory import demo
from bot.people import Speaker
from bot.rules.case import CLOSED, Case, State
from bot.rules.holds import FROZEN, PAUSED
from bot.rules.registered import TOTP
from bot.secret import Secret
from bot.store.connection import Store
from bot.store.sealed import new_key
from bot.verification.totp import current_code, new_seed
from tests.admin.conftest import Browser as StaffBrowser
from tests.admin.test_help_cases import from_the_chat
from tests.admin.test_helping import ready
from tests.faults.holding import holding
from tests.faults.people import KARI
from tests.faults.served import Served, environment, free_port
from tests.faults.snapshot import Snapshot
from tests.support.browser import Browser
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.house import house
from tests.support.people import mails_of

LATER = 95.0
NOW_AND_THEN = (5, 9, 14)
POINTS = {"pause": (12, 18, 21)}    # the page looks at the account first
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
    return [one["outcome"] async for one in desk.audit.export() if one["event"] == event]


async def a_change(desk: Desk, at_end: AsyncExitStack, operation: str) -> Flow:
    """Kari has proven herself in Teams, and has the link."""
    now, known = desk.clock.now(), await desk.enrolments.read(KARI)
    app, = known.of_kind(TOTP)
    speaker = Speaker("msteams", demo.TENANT, "a:1", "29:kari", KARI)
    case = await desk.cases.open(Case(
        "case", operation, "nb", KARI, asdict(speaker), {}, "key", "tog fjell", (), ("totp",), (app.id,),
        state=State.PROVEN, opened_at=now, first_proof_at=now, proven_at=now, plan={"replaces": ""},
        draft=new_seed().reveal()))
    ticket, case = await desk.cases.issue_ticket(case, operation, 300)
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
        after, ended = await other.enrolments.read(KARI), await other.cases.read("case")
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
    link = f"{desk.site.base_url}/alarm/{await desk.alarm.links.issue(KARI, 'nb')}"
    browser, opened = await at_end.enter_async_context(Browser(desk.site.base_url)), []

    async def open_it() -> None:
        opened[:] = [await browser.open(link)]

    async def one_truth(other: Desk) -> bool:
        done = [one.kind for one in await other.holds.of(KARI)] == [FROZEN]
        assert await said(other, "freeze.outcome") == ["done"] * done
        assert len(await other.helpdesk.open_ones()) == done
        page = await browser.open(link)
        assert ("Selvbetjeningen er sperret" in page.text) is done
        subjects = [mail.subject for mail in await mails_of(other, "kari.nordmann")]
        assert subjects.count("Selvbetjeningen er sperret for kontoen din") == 2 * done
        return done

    return Flow(open_it, lambda: browser.submit(opened[0]), one_truth)


async def a_pause(desk: Desk, at_end: AsyncExitStack) -> Flow:
    it = await at_end.enter_async_context(StaffBrowser(desk))
    assert (await it.sign_in("mona.ute")).status == 303
    path, fields = await ready(it, "pause", KARI)

    async def one_truth(other: Desk) -> bool:
        done = [one.kind for one in await other.holds.of(KARI)] == [PAUSED]
        assert await said(other, "staff.pause") in (
            [["begun", "done"]] if done else [[], ["not_done"], ["begun", "not_done"]])
        assert len(await mails_of(other, "kari.nordmann")) == 2 * done
        page = await it.open(f"{path}/{fields['form']}")
        assert ("Det er gjort" in page.text) is done
        return done

    return Flow(nothing, lambda: it.post(path, **fields), one_truth)


async def an_answer(desk: Desk, at_end: AsyncExitStack) -> Flow:
    chat = await at_end.enter_async_context(Chat(desk.site.base_url))
    await chat.hear()
    await from_the_chat(chat)
    case, = await desk.helpdesk.open_ones()
    it = await at_end.enter_async_context(StaffBrowser(desk))
    assert (await it.sign_in("mona.ute")).status == 303
    path = f"/admin/cases/{case.number}"
    token = (await it.open(path)).token
    watermark = chat.watermark

    async def one_truth(other: Desk) -> bool:
        after = await other.helpdesk.read(case.number)
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


FLOWS: dict[str, Callable[[Desk, AsyncExitStack], Awaitable[Flow]]] = {
    "app": lambda desk, at_end: a_change(desk, at_end, "register_app"),
    "recovery codes": lambda desk, at_end: a_change(desk, at_end, "recovery_codes"),
    "alarm": an_alarm, "pause": a_pause, "answer": an_answer}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FLOWS)
async def test_killed(name: str, redis_url: str, store: Store, tmp_path: Path) -> None:
    """R-004, R-005: done and told, or not done and said to be; nothing stays begun."""
    admin_port, port = free_port(), free_port()
    settings = {"KEYTURN_SECRET_KEYS": new_key(), "KEYTURN_ADMIN_PORT": str(admin_port),
                "KEYTURN_LIMIT_ANSWER_SECONDS": "5"}
    async with holding(redis_url) as proxy, AsyncExitStack() as at_end:
        async with house(redis_url, tmp_path, SharedClock(), settings, port) as desk:
            flow = await FLOWS[name](desk, at_end)
            snapshot = await Snapshot.take(store)
        ends = set()
        for commands in POINTS.get(name, NOW_AND_THEN):
            await snapshot.put_back(store)
            env = environment(tmp_path / f"killed-{commands}", REDIS_URL=proxy.url, SMTP_URL="smtp://127.0.0.1:9",
                              **settings)
            served = await Served.start(env, port)
            try:
                await flow.open()
                proxy.arm(commands)
                sent = asyncio.ensure_future(flow.send())
                held = asyncio.create_task(proxy.held.wait())
                async with asyncio.timeout(20):
                    await asyncio.wait({sent, held}, return_when=asyncio.FIRST_COMPLETED)
                assert not sent.done(), "it was answered before so many commands"
            finally:
                await served.kill()
                proxy.release()
            held.cancel()
            assert isinstance((await asyncio.gather(sent, held, return_exceptions=True))[0], ClientError)
            clock = SteppedClock(await store.time() + LATER)
            async with house(redis_url, tmp_path, clock, settings, port) as other:
                await other.settlement.sweep(orphaned=True)
                async with asyncio.timeout(10):
                    while await other.errands.due.count():
                        await other.errands.run_due()
                        await asyncio.sleep(0.01)
                try:
                    ends.add(await flow.one_truth(other))
                    assert not await other.pending.count()
                    assert await other.audit.verify() is None
                except AssertionError as error:
                    last = b" ".join(proxy.passed[-1])[:200] if proxy.passed else b""
                    raise AssertionError(f"killed after {commands} commands, {last!r}: {error!r}") from error
        assert ends == {True, False}, "the points lie before and after the effect"
