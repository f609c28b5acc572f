"""Kill -9 at every step of a confirmed reset: person, directory and audit trail learn one truth (F1, F2, U1)."""

import asyncio
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SharedClock
from bot.rules.case import Case, State
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.store.connection import Store
from tests.faults.holding import Holding, holding
from tests.faults.people import (
    DONE,
    KARI,
    NAME,
    NOT_DONE,
    PASSWORD,
    WAITING,
    Hands,
    post,
    up_to_the_page,
)
from tests.faults.served import Served, environment
from tests.faults.snapshot import Snapshot
from tests.support.chat import Chat, SecurePage
from tests.support.clock import SteppedClock
from tests.support.demo_people import SECRET_KEY
from tests.support.house import house
from tests.support.people import mails_of, sign_in
from tests.support.tcp import free_port

SHARDS = 4
CLAIM = 6           # commands before a form's POST claims its case; a few more or less do no harm
LATER = 65.0        # seconds that the next Keyturn's clock is ahead: every deadline of the killed one is over
# A conversation whose process was killed in the middle of a turn is free again after this and five seconds more.
SOON = {"KEYTURN_LIMIT_ANSWER_SECONDS": "5"}


@dataclass
class Before:
    """Kari at the open secure page, as often as wanted."""

    chat: Chat
    page: SecurePage
    case: Case
    old: str
    version: int
    now: float
    snapshot: Snapshot
    settings: dict[str, str]
    port: int
    watermark: str

    async def again(self, store: Store) -> None:
        await self.snapshot.put_back(store)
        self.chat.watermark, self.chat.unread = self.watermark, []


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("typed", "first", "every"), [
    *((PASSWORD, shard, SHARDS) for shard in range(SHARDS)),
    # Up to the claim, a password that the directory refuses goes the same way.
    ("", CLAIM, 2), ("", CLAIM + 1, 2)],
    ids=[*(f"accepted-{shard}" for shard in range(SHARDS)), "refused-0", "refused-1"])
async def test_kill_between_any_two_commands(
        typed: str, first: int, every: int, redis_url: str, store: Store, tmp_path: Path) -> None:
    """Wherever the process dies, the next one brings everybody to the same, true end (R-003, R-004, R-005)."""
    settings = {"KEYTURN_SECRET_KEYS": SECRET_KEY, **SOON}
    port = free_port()
    async with holding(redis_url) as proxy:
        before = await _at_the_page(redis_url, store, tmp_path, settings, port)
        try:
            typed = typed or before.old
            for commands in count(first, every):
                await before.again(store)
                answered = await _killed_after(commands, before, proxy, tmp_path, typed)
                try:
                    await _one_truth(before, store, redis_url, tmp_path, typed)
                except (AssertionError, TimeoutError) as error:
                    last = b" ".join(proxy.passed[-1])[:200] if proxy.passed else b""
                    raise AssertionError(f"killed after {commands} commands, {last!r}: {error!r}") from error
                if answered:
                    return
        finally:
            await before.chat.session.close()


async def _at_the_page(
        redis_url: str, store: Store, folder: Path, settings: dict[str, str], port: int) -> Before:
    async with house(redis_url, folder, SharedClock(), settings, port) as desk:
        chat = Chat(desk.site.base_url)
        await chat.begin()
        kari = Hands(desk.demo_desk)
        old = await kari.first_password()
        page = await up_to_the_page(chat, kari)
        await mails_of(desk, NAME)
        case, = await desk.kept.cases.others_of(KARI, but="")
        known = await desk.kept.accounts.credentials(KARI)
        assert known is not None
        now = await store.time()
        return Before(chat, page, case, old, known.version, now, await Snapshot.take(store), settings, port,
                      chat.watermark)


async def _killed_after(commands: int, before: Before, proxy: Holding, folder: Path, password: str) -> bool:
    """Whether the form was answered before the process had sent so many commands to its store."""
    # No mail server answers there: whatever is queued is still queued for the next process (F8).
    # A folder of its own: what the data folder remembers of a store would not let it be put back unnoticed (F5).
    env = environment(
        folder / f"killed-{commands}", REDIS_URL=proxy.url, SMTP_URL="smtp://127.0.0.1:9", **before.settings)
    served = await Served.start(env, before.port)
    try:
        proxy.arm(commands)
        posted = asyncio.create_task(post(before.chat, before.page, password))
        held = asyncio.create_task(proxy.held.wait())
        async with asyncio.timeout(20):
            await asyncio.wait({posted, held}, return_when=asyncio.FIRST_COMPLETED)
        answered = posted.done()
    finally:
        await served.kill()
        proxy.release()
    held.cancel()
    await asyncio.gather(posted, held, return_exceptions=True)
    return answered


async def _one_truth(
        before: Before, store: Store, redis_url: str, folder: Path, password: str) -> None:
    clock = SteppedClock(await store.time() + LATER)
    async with house(redis_url, folder, clock, before.settings, before.port) as desk:
        await desk.journeys.settlement.sweep()
        case = await desk.kept.cases.read(before.case.id)
        assert case is not None
        records = [one async for one in desk.kept.audit.export()]
        intents, outcomes = _of(records, "reset.intent"), _of(records, "reset.outcome")
        assert await desk.kept.audit.verify() is None
        assert len(intents) <= 1
        assert len(outcomes) <= 1
        assert not await desk.kept.pending.count(), "nothing is left to settle"
        if case.state is State.PROVEN:
            await _nothing_happened(desk, before, records)
            if password == before.old:
                return
            assert await post(before.chat, before.page, password) == 303
            after = await desk.kept.cases.read(before.case.id)
            assert after is not None
            assert after.state is State.DONE
        else:
            assert case.state in (State.DONE, State.REFUSED), case.state
            assert len(outcomes) == 1
            assert outcomes[0]["outcome"] == case.state.value
            await _told(before.chat, DONE if case.state is State.DONE else NOT_DONE)
            if case.state is State.REFUSED:
                await _untouched(desk, before)
        if case.state is not State.REFUSED:
            await _done_once(desk, before, password)
        await _acts_no_more(desk, before)


async def _nothing_happened(desk: Desk, before: Before, records: list[dict[str, Any]]) -> None:
    """The request still waits for its page; whatever was begun was also said to have come to nothing."""
    begun, given_up = _of(records, "reset.intent"), _of(records, "reset.not_taken")
    assert not begun or given_up, "an intent without an end"
    await _untouched(desk, before)
    await before.chat.say("ferdig")
    assert (await before.chat.hear()).text.startswith(WAITING)


async def _untouched(desk: Desk, before: Before) -> None:
    assert await sign_in(desk, NAME, Secret(before.old))
    assert not await sign_in(desk, NAME, Secret(PASSWORD))
    known = await desk.kept.accounts.credentials(KARI)
    assert known is not None
    assert known.version == before.version
    assert await desk.people.directory.session_valid(KARI, before.now)
    assert [mail.subject for mail in await mails_of(desk, NAME)] == ["Koden din til chatten"]


async def _done_once(desk: Desk, before: Before, password: str) -> None:
    assert await sign_in(desk, NAME, Secret(password))
    assert not await sign_in(desk, NAME, Secret(before.old))
    known = await desk.kept.accounts.credentials(KARI)
    assert known is not None
    assert known.version == before.version + 1
    assert not await desk.people.directory.session_valid(KARI, before.now)
    records = [one async for one in desk.kept.audit.export()]
    seqs = [_of(records, event)[0]["seq"] for event in ("reset.intent", "reset.outcome", "reset.sessions_ended")]
    assert seqs[0] < seqs[1]
    assert seqs[0] < seqs[2]
    # One to the work address, one to the private one.
    subjects = [mail.subject for mail in await mails_of(desk, NAME)]
    assert subjects.count("Passordet ditt er byttet") == 2


async def _told(chat: Chat, truth: str) -> None:
    """She is told by itself, perhaps twice, and never the other thing."""
    said = [await chat.hear()]
    said += await chat.quiet()
    assert all(truth in one.text for one in said), [one.text for one in said]


async def _acts_no_more(desk: Desk, before: Before) -> None:
    """The same form again shows the end and changes nothing (F2, P2)."""
    known = await desk.kept.accounts.credentials(KARI)
    records = [one["hash"] async for one in desk.kept.audit.export()]
    assert await post(before.chat, before.page, "en helt annen frase med torsk") == 303
    assert await desk.kept.accounts.credentials(KARI) == known
    assert [one["hash"] async for one in desk.kept.audit.export()] == records


def _of(records: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [one for one in records if one["event"] == event]
