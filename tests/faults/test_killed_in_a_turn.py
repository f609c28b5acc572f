"""Kill -9 at every step of a turn that proves who she is: she follows what the bot says, and arrives (F1, F5, F9)."""

import asyncio
from itertools import count
from pathlib import Path

import pytest

from bot.clock import SharedClock
from bot.serving.desk import Desk
from bot.store.connection import Store
from tests.faults.holding import Holding, holding
from tests.faults.people import APP, KARI, MAIL, NAME, OPEN, Hands, ask_for_reset, expect
from tests.faults.served import Served, environment
from tests.faults.snapshot import Snapshot
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.demo_people import SECRET_KEY
from tests.support.house import house
from tests.support.tcp import free_port

SHARDS = 2
LATER = 65.0        # seconds that the next Keyturn's clock is ahead: mails of the killed one are free again
STEP = 30.0         # of her authenticator


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shard", range(SHARDS))
async def test_kill_between_any_two_commands(shard: int, redis_url: str, store: Store, tmp_path: Path) -> None:
    """Her code may have been spent without an answer; with the next one she is through, and it counts once."""
    settings, port = {"KEYTURN_SECRET_KEYS": SECRET_KEY}, free_port()
    async with holding(redis_url) as proxy:
        async with house(redis_url, tmp_path, SharedClock(), settings, port) as desk:
            chat = Chat(desk.site.base_url)
            await chat.begin()
            await ask_for_reset(chat)
            await chat.say(NAME)
            await expect(chat, APP)
            watermark, snapshot = chat.watermark, await Snapshot.take(store)
        try:
            for commands in count(shard, SHARDS):
                # A folder of its own: one that remembers the store would not let it be put back unnoticed (F5).
                env = environment(tmp_path / f"killed-{commands}", REDIS_URL=proxy.url, **settings)
                await snapshot.put_back(store)
                chat.watermark, chat.unread = watermark, []
                served = await Served.start(env, port)
                answered = await _killed_after(commands, served, proxy, chat, Hands.over(
                    store, desk.ring, SteppedClock(await store.time())))
                # As after a quarter of a minute: whoever was killed holds no conversation any more.
                await store.many([("DEL", name) for name in [*await store.do("KEYS", "kt:*:lease"), "kt:none"]])
                clock = SteppedClock(await store.time() + LATER)
                async with house(redis_url, tmp_path, clock, settings, port) as next_desk:
                    await _arrives(next_desk, chat, clock)
                if answered:
                    return
        finally:
            await chat.session.close()


async def _killed_after(commands: int, served: Served, proxy: Holding, chat: Chat, kari: Hands) -> bool:
    try:
        code = await kari.phone()
        proxy.arm(commands)
        posted = asyncio.create_task(chat.post({"type": "message", "from": {"id": "me"}, "text": code}))
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


async def _arrives(desk: Desk, chat: Chat, clock: SteppedClock) -> None:
    """She does what the bot said last; if it is silent, she says her code again."""
    kari = Hands(desk.demo_desk)
    said = await chat.quiet()
    last = said[-1] if said else None
    for _ in range(4):
        if last is not None and last.text.startswith(OPEN):
            break
        if last is not None and last.text.startswith(MAIL):
            async with asyncio.timeout(10):
                while (await desk.kept.mails.counts())[0]:
                    await desk.kept.mails.wait(0.05)
            await chat.say(await kari.mailed())
        else:
            clock.advance(STEP)
            await chat.say(await kari.phone())
        last = await chat.hear()
    assert last is not None
    assert last.text.startswith(OPEN), last.text
    case, = await desk.kept.cases.others_of(KARI, but="")
    assert case.proofs == ("totp", "email_code")
    assert await desk.kept.audit.verify() is None
    proven = [one["reason"] async for one in desk.kept.audit.export()
              if (one["event"], one["outcome"]) == ("reset.proof", "ok")]
    assert set(proven) <= {"totp", "email_code"}
    assert len(proven) == len(set(proven))
