"""Work beside the turns that dies is said aloud, named by /readyz, and begun again (F6, F11)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import structlog
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.background import Background, look_every
from bot.errors import StoreUnavailable
from bot.pages.health import Health
from bot.serving.desk import Desk
from bot.store import keys
from bot.store.direct_line import ConversationLogs
from tests.support.chat import Chat
from tests.wire.conftest import PATIENCE


class Mortal:
    """Dies as often as it is told to, then lives."""

    def __init__(self, deaths: int) -> None:
        self.deaths = deaths
        self.begun = 0
        self.living = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        if self.begun <= self.deaths:
            raise RuntimeError("hemmelig")
        self.living.set()
        await asyncio.Event().wait()


@asynccontextmanager
async def readiness(background: Background) -> AsyncIterator[TestServer]:
    app = web.Application()
    app.add_routes(Health({}, lambda: background.down).routes())
    async with TestServer(app, host="127.0.0.1") as server:
        yield server
    await background.end(PATIENCE)


async def ready(server: TestServer) -> tuple[int, list[str]]:
    async with ClientSession() as session, session.get(server.make_url("/readyz")) as answer:
        return answer.status, (await answer.json()).get("failing", [])


async def test_what_has_died_is_named() -> None:
    background = Background(first_pause=3600)
    async with readiness(background) as server:
        background.keep("sweeper", Mortal(0))
        assert await ready(server) == (200, [])
        with structlog.testing.capture_logs() as logged:
            background.keep("mail", Mortal(1))
            async with asyncio.timeout(PATIENCE):
                while not logged:
                    await asyncio.sleep(0)
        assert await ready(server) == (503, ["mail"])
    line, = logged
    assert line.pop("at").startswith("test_background.py:")
    assert line == {
        "event": "background_died", "log_level": "error", "name": "mail", "error": "RuntimeError", "again_in": 3600}


async def test_it_is_begun_again_until_it_lives() -> None:
    """Trusted only when it has lived for as long as the pause before."""
    background, mortal = Background(first_pause=0.01), Mortal(3)
    async with readiness(background) as server, asyncio.timeout(PATIENCE):
        background.keep("mail", mortal)
        await mortal.living.wait()
        assert mortal.begun == 4
        while await ready(server) != (200, []):
            await asyncio.sleep(0.01)


async def test_what_ends_by_itself_has_died_too() -> None:
    async def brief() -> None:
        return

    background = Background(first_pause=3600)
    async with readiness(background) as server:
        background.keep("clock", brief)
        async with asyncio.timeout(PATIENCE):
            while await ready(server) != (503, ["clock"]):
                await asyncio.sleep(0.01)


async def test_the_end_waits_for_what_can_finish() -> None:
    """F11: what was told to finish does; what does not in time is stopped, and so is what cannot."""
    told, done = asyncio.Event(), []

    async def finishing() -> None:
        await told.wait()
        done.append("mail")

    background = Background()
    background.keep("mail", finishing, told.set)
    background.keep("stubborn", Mortal(0), lambda: None)
    background.keep("sweeper", Mortal(0))
    with structlog.testing.capture_logs() as logged:
        await background.end(0.1)
    assert done == ["mail"]
    assert [one["name"] for one in logged] == ["stubborn"]


async def test_one_bad_record_does_not_silence_the_web_chats(desk: Desk) -> None:
    """F14: what another replica tells is heard again after something unreadable stood in its place."""
    async with Chat(desk.site.base_url) as chat:
        await chat.hear()
        await desk.store.do("XADD", keys.DIRECT_LINE_WAKES, "*", "o", "other", "c", b"\xff")
        url = f"{desk.site.base_url}/v3/directline/conversations/{chat.conversation}"
        async with chat.session.get(url, headers={"Authorization": f"Bearer {chat.token}"}) as answer:
            stream = (await answer.json())["streamUrl"]
        async with chat.session.ws_connect(stream) as listening, asyncio.timeout(PATIENCE):
            await listening.receive_json()
            # As another replica does it: into the log, and then word of it.
            logs = ConversationLogs(desk.store, desk.ring, 60)
            await logs.append(chat.conversation, {"type": "message", "text": "from elsewhere"})
            await desk.store.do("XADD", keys.DIRECT_LINE_WAKES, "*", "o", "other", "c", chat.conversation)
            assert (await listening.receive_json())["activities"][0]["text"] == "from elsewhere"


async def test_a_look_that_fails_is_said_and_the_next_one_comes() -> None:
    """F6: without the store there is no look; what is no trouble of ours ends it."""
    looks = iter([StoreUnavailable("away"), None, StoreUnavailable("away"), ZeroDivisionError()])

    async def look() -> None:
        if trouble := next(looks):
            raise trouble

    with structlog.testing.capture_logs() as logged, pytest.raises(ZeroDivisionError):
        await look_every(0, look, "policy_check_failed")
    assert [(one["event"], one["error"]) for one in logged] == [("policy_check_failed", "StoreUnavailable")] * 2
    assert next(looks, "all") == "all"
