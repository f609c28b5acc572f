"""The end keeps to one deadline, whatever hangs: requests, replies to the channel, mail (F11, R-031)."""

import asyncio
import json
from pathlib import Path

from aiohttp import ClientSession

from bot.delivery.protocol import Mail
from bot.ending import Ending
from tests.journeys.stage import TeamsPerson
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.connector import FakeConnector, Planned
from tests.support.house import house
from tests.support.tcp import listening
from tests.wire.conftest import PATIENCE

BOUND = 12.0    # seconds; what hangs here would otherwise hang for 15, 40 and 60 of them


async def test_shares_of_the_end() -> None:
    ending = Ending(100)
    first = ending.left(0.6)
    assert 59 < first <= 60
    assert ending.left(0.95) - first > 30
    assert Ending(0).left(1.0) == 0


async def test_whatever_hangs_the_end_comes(redis_url: str, tmp_path: Path, clock: SteppedClock) -> None:
    """A message half sent, one whose reply the channel never takes, a socket nobody closes, a dumb mail server."""
    called = asyncio.Event()

    async def dumb(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        called.set()
        await asyncio.Event().wait()

    connector = FakeConnector()
    await connector.server.start_server()
    connector.planned = [Planned(-1)] * 5
    async with listening(dumb) as smtp, ClientSession() as session:
        extra = {"SMTP_URL": f"smtp://127.0.0.1:{smtp}"}
        at_home = house(redis_url, tmp_path, clock, extra, beat=0.002, end_seconds=2)
        desk = await at_home.__aenter__()
        chat = Chat(desk.site.base_url)
        await chat.begin()
        # The mail is on its way, and nobody takes it.
        facts = {"account": "k", "time": "1", "date": "2", "link": "https://keyturn.example.no/alarm/x"}
        await desk.kept.mails.put(Mail("kari@example.no", "nb", "paused", facts), "one")
        await called.wait()
        # The reply is on its way, and nobody takes it.
        kari = TeamsPerson(desk, connector, session)
        asked = asyncio.create_task(kari.post(kari.activity("hva er kravene til passord?")))
        await connector.received(1)
        # Half of a message is in.
        reader, writer = await asyncio.open_connection(desk.settings.host, desk.settings.port)
        writer.write(
            f"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1:{desk.settings.port}\r\n"
            "Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{".encode())
        await writer.drain()
        # A socket is open whose client is asleep.
        url = f"{desk.site.base_url}/v3/directline/conversations/{chat.conversation}"
        async with chat.session.get(url, headers={"Authorization": f"Bearer {chat.token}"}) as answer:
            stream = json.loads(await answer.read())["streamUrl"]
        sleeping = await chat.session.ws_connect(stream, autoclose=False, autoping=False)
        async with asyncio.timeout(BOUND):
            await at_home.__aexit__(None, None, None)
        assert await asked in (200, 202)
        assert await reader.read() == b""
        writer.close()
        await sleeping.close()
        await chat.session.close()
    await connector.close()
    # The mail is not lost: it is carried by whoever comes next (F8).
    async with house(redis_url, tmp_path, clock) as desk, asyncio.timeout(PATIENCE):
        assert any(await desk.kept.mails.counts())
