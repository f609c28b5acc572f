"""Kill -9 while Graph has the new password: the next process reads the truth off the account (F1-F3, R-004, R-005)."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError

from bot.clock import SharedClock
from bot.store.embedded import EmbeddedServer
from bot.store.sealed import KeyRing, kept_keys
from tests.faults.people import DONE, KARI, expect, hands, post, up_to_the_page
from tests.faults.served import environment, serving
from tests.support.chat import Chat
from tests.support.graph import Fault, graph_double
from tests.support.tcp import free_port

STRONG = "Elgen drakk kald kakao i regn 7"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
async def test_killed_while_the_call_is_out(tmp_path: Path, applied: bool) -> None:
    """It is never sent again. What was applied is told as done; of what may still be under way nothing is claimed."""
    port = free_port()
    chat = Chat(f"http://127.0.0.1:{port}")
    async with graph_double(SharedClock()) as double, chat.session:
        double.add_demo_people()
        env = environment(tmp_path, **double.settings)
        async with serving(env, port) as served:
            await chat.begin()
            url = EmbeddedServer.running(tmp_path / "redis")
            async with hands(url, KeyRing.parse(kept_keys(tmp_path))) as kari:
                page = await up_to_the_page(chat, kari)
            double.plan("PATCH", KARI, Fault(-1, acts=applied))
            posted = asyncio.create_task(post(chat, page, STRONG))
            await double.received("PATCH")
            await served.kill()
            with pytest.raises(ClientConnectionError):
                await posted
        async with serving(env, port):
            if applied:
                await expect(chat, DONE)
                assert DONE in (await chat.page(page.url)).text
                assert double.users[KARI].sessions_from > 0
            else:
                assert "Vi sjekker om passordet ble byttet" in (await chat.page(page.url)).text
                assert not await chat.quiet()
        assert len(double.made("PATCH")) == 1
        assert (double.users[KARI].password == STRONG) is applied
