"""Keyturn itself ends and starts again, gently and not, with the store it brings along (F1, F5, F11, R-028, R-031)."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession, ClientTimeout

from bot.clock import SharedClock
from bot.directory.embedded import Embedded, SignIn
from bot.directory.hashing import PasswordHashes
from bot.secret import Secret
from bot.store.accounts import Accounts
from bot.store.connection import Store
from bot.store.embedded import EmbeddedServer
from bot.store.sealed import KeyRing, kept_keys, new_key
from tests.faults.holding import holding
from tests.faults.people import (
    APP,
    DONE,
    MAIL,
    NAME,
    OPEN,
    PASSWORD,
    Hands,
    ask_for_reset,
    expect,
    hands,
    post,
    up_to_the_page,
)
from tests.faults.served import Served, environment, run, serving
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.house import house
from tests.support.processes import gone
from tests.support.tcp import free_port

AT_ONCE = 5.0       # seconds for an end with nothing under way


@asynccontextmanager
async def kari_at(folder: Path) -> AsyncIterator[Hands]:
    """Her phone and mailbox, in the store that a running Keyturn has on this folder."""
    url = EmbeddedServer.running(folder / "redis")
    assert url, "no embedded store is running"
    async with hands(url, KeyRing.parse(kept_keys(folder))) as kari:
        yield kari


async def store_pid(folder: Path) -> int:
    store = Store.open(EmbeddedServer.running(folder / "redis"))
    try:
        info = (await store.do("INFO", "server")).decode()
    finally:
        await store.close()
    return int(next(line for line in info.splitlines() if line.startswith("process_id:")).split(":")[1])


async def until_gone(pid: int) -> None:
    """Wait until there is no such process."""
    async with asyncio.timeout(AT_ONCE):
        while not gone(pid):
            await asyncio.sleep(0.01)


@pytest.mark.timeout(180)
async def test_conversation_survives_every_end(tmp_path: Path) -> None:
    """SIGTERM, then kill -9, in the middle of a reset: she goes on where she was, and no process is left over."""
    env, port = environment(tmp_path), free_port()
    chat = Chat(f"http://127.0.0.1:{port}")
    try:
        async with serving(env, port, anew=True) as served:
            await chat.begin()
            await ask_for_reset(chat)
            await chat.say(NAME)
            await expect(chat, APP)
            pid = await store_pid(tmp_path)
            served.tell(signal.SIGTERM)
            assert await served.ended(AT_ONCE) == 0
            await until_gone(pid)
        async with serving(env, port, anew=True) as served:
            async with kari_at(tmp_path) as kari:
                await chat.say(await kari.phone())
                await expect(chat, MAIL)
                code = await kari.mailed()
            pid = await store_pid(tmp_path)
            await served.kill()
            await until_gone(pid)
        async with serving(env, port, anew=True) as served:
            await chat.say(code)
            await expect(chat, OPEN)
            page = await chat.page(chat.link("Velg nytt passord"))
            assert await post(chat, page, PASSWORD) == 303
            await expect(chat, DONE)
            await served.kill()
        async with serving(env, port, anew=True):
            assert DONE in (await chat.page(page.url)).text
            assert await _signs_in(tmp_path, PASSWORD)
            assert not await chat.quiet()
        assert run("audit", "verify", env=env, folder=tmp_path).stdout == "the trail is whole\n"
    finally:
        await chat.session.close()


async def _signs_in(folder: Path, password: str) -> bool:
    store = Store.open(EmbeddedServer.running(folder / "redis"))
    try:
        accounts = Accounts(store, KeyRing.parse(kept_keys(folder)))
        return await Embedded(accounts, PasswordHashes(), SteppedClock()).sign_in(NAME, Secret(password)) is SignIn.DONE
    finally:
        await store.close()


async def test_one_folder_serves_one_keyturn(tmp_path: Path) -> None:
    """A second one on the same folder says so in one line and leaves the first alone."""
    env = environment(tmp_path)
    async with serving(env, anew=True) as served:
        second = await asyncio.to_thread(run, "serve", env=env | {"PORT": str(free_port())}, folder=tmp_path)
        assert second.returncode == 1
        assert second.stderr.splitlines()[-1] == f"another Keyturn is running on the data folder {tmp_path / 'redis'}"
        assert "Traceback" not in second.stderr
        assert await _status(f"{served.base_url}/readyz") == 200


async def test_port_that_is_taken(tmp_path: Path) -> None:
    """One line says what is in the way, and nothing is left running."""
    (tmp_path / "a").mkdir()
    port = free_port()
    async with serving(environment(tmp_path / "a"), port):
        env = environment(tmp_path / "b", PORT=str(port))
        second = await asyncio.to_thread(run, "serve", env=env, folder=tmp_path)
        assert second.returncode == 1
        assert "Traceback" not in second.stderr, second.stderr
        assert str(port) in second.stderr
        assert not EmbeddedServer.running(tmp_path / "b" / "redis")


async def test_ctrl_c(tmp_path: Path) -> None:
    """SIGINT to the whole process group, as a terminal sends it, ends everything with exit code 0."""
    async with serving(environment(tmp_path), anew=True) as served:
        pid = await store_pid(tmp_path)
        served.tell(signal.SIGINT, group=True)
        assert await served.ended(AT_ONCE) == 0
        await until_gone(pid)
        assert "Traceback" not in served.errors.read_text()


@pytest.mark.timeout(180)
async def test_sigterm_lets_work_under_way_finish(redis_url: str, tmp_path: Path) -> None:
    """A turn and a form's POST that are under way are finished and answered; nobody new is let in (R-031)."""
    settings, port = {"KEYTURN_SECRET_KEYS": new_key()}, free_port()
    ring = KeyRing.parse([settings["KEYTURN_SECRET_KEYS"]])
    async with holding(redis_url) as proxy, AsyncExitStack() as at_end:
        env = environment(tmp_path, REDIS_URL=proxy.url, **settings)
        served = await at_end.enter_async_context(serving(env, port))
        chat = await at_end.enter_async_context(Chat(served.base_url))
        other = await at_end.enter_async_context(Chat(served.base_url))
        async with hands(redis_url, ring) as kari:
            page = await up_to_the_page(chat, kari)
        await ask_for_reset(other)
        proxy.arm(4)
        posted = asyncio.create_task(post(chat, page, PASSWORD))
        said = asyncio.create_task(other.post({"type": "message", "from": {"id": "me"}, "text": NAME}))
        async with asyncio.timeout(10):
            await proxy.held.wait()
        served.tell(signal.SIGTERM)
        await _not_ready(served)
        assert not posted.done()
        assert not said.done()
        proxy.release(go_on=True)
        assert await posted == 303
        assert await said == 200
        assert await served.ended(30) == 0
        async with house(redis_url, tmp_path, SharedClock(), settings, port) as desk:
            await expect(chat, DONE)
            await expect(other, APP)
            assert await desk.people.directory.sign_in(NAME, Secret(PASSWORD)) is SignIn.DONE


async def _not_ready(served: Served) -> None:
    """503, or nobody who listens any more: either takes it out of a load balancer (F11)."""
    async with asyncio.timeout(1):
        while await _status(f"{served.base_url}/readyz", seconds=0.1) not in (503, 0):
            await asyncio.sleep(0.01)


async def _status(url: str, seconds: float = 10) -> int:
    """0 when nobody listens, -1 when whoever does is silent: it may be asking a store that is held."""
    try:
        async with ClientSession(timeout=ClientTimeout(seconds)) as session, session.get(url) as answer:
            return answer.status
    except TimeoutError:
        return -1
    except ClientConnectionError:
        return 0
