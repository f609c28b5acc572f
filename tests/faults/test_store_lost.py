"""The store dies, hangs and comes back in the middle of conversations (R-007, R-013, R-048, F5, F6, G1)."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.secret import Secret
from bot.serving.desk import Desk
from bot.store.embedded import EmbeddedServer
from bot.store.trust import HOLD_SECONDS
from tests.faults.people import (
    APP,
    DONE,
    MAIL,
    NAME,
    OPEN,
    PASSWORD,
    STORE_AWAY,
    WAITING,
    Hands,
    ask_for_reset,
    expect,
    up_to_the_page,
)
from tests.faults.snapshot import Snapshot
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.house import house
from tests.support.people import mails_of, sign_in

PAUSED = "Akkurat nå kan jeg ikke sjekke hvem du er"
STEP = 30.0         # of an authenticator
BOUNDED = 8.0       # seconds until whoever asks is answered, whatever the store does (limit 25)
BACK = 10.0         # seconds until a store that is back is used again (F6)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server of one's own, to be killed."""
    server = EmbeddedServer(tmp_path / "redis")
    server.start()
    yield server
    # A stopped process does not hear that it shall end.
    with suppress(ProcessLookupError):
        os.kill(server.pid, signal.SIGCONT)
    server.stop()


def die(server: EmbeddedServer) -> None:
    os.kill(server.pid, signal.SIGKILL)


def come_back(server: EmbeddedServer) -> None:
    """A new server on the same files."""
    server.stop()
    server.start()


@asynccontextmanager
async def chatting(
        server: EmbeddedServer, folder: Path, clock: SteppedClock) -> AsyncIterator[tuple[Desk, Chat, Hands]]:
    async with house(server.url, folder, clock) as desk, Chat(desk.site.base_url) as chat:
        yield desk, chat, Hands(desk.demo_desk)


async def test_killed_and_back_at_every_prompt(server: EmbeddedServer, clock: SteppedClock, tmp_path: Path) -> None:
    """While the store is away, she is told to try again; once it is back, she goes on where she was."""
    async with chatting(server, tmp_path, clock) as (desk, chat, kari):
        await ask_for_reset(chat)
        await _away_and_back(server, chat)
        await chat.say(NAME)
        await expect(chat, APP)
        await _away_and_back(server, chat)
        await chat.say(await kari.phone())
        await expect(chat, MAIL)
        await _away_and_back(server, chat)
        await chat.say(await kari.mailed())
        await expect(chat, OPEN)
        await _away_and_back(server, chat)
        page = await chat.page(chat.link("Velg nytt passord"))
        die(server)
        gone = await chat.submit(page, PASSWORD)
        assert gone.status == 503
        assert "Prøv igjen om litt" in gone.text
        come_back(server)
        await chat.say("ferdig")
        await expect(chat, WAITING)
        ended = await chat.submit(page, PASSWORD)
        assert DONE in ended.text
        await expect(chat, DONE)
        assert await sign_in(desk, NAME, Secret(PASSWORD))
        assert await desk.kept.audit.verify() is None


async def _away_and_back(server: EmbeddedServer, chat: Chat) -> None:
    """A message said meanwhile is not taken and says so; it is taken when it is said again."""
    die(server)
    began = time.monotonic()
    assert await chat.post({"type": "message", "from": {"id": "me"}, "text": "tja"}) == 503
    assert time.monotonic() - began < BOUNDED
    come_back(server)


async def test_questions_are_answered_without_a_store(
        server: EmbeddedServer, clock: SteppedClock, tmp_path: Path) -> None:
    """FAQ answers keep working where the channel needs no store; everything else says why it cannot be (G1)."""
    async with chatting(server, tmp_path, clock) as (desk, _chat, _kari):
        die(server)
        answered = await ask(desk, "Hva er kravene til passord?")
        assert "tegn" in answered[0]
        wished = await ask(desk, "slutt")
        assert wished == [wished[0]]
        assert wished[0].startswith(STORE_AWAY)
        async with ClientSession() as session, session.get(f"{desk.site.base_url}/readyz") as ready:
            assert (ready.status, (await ready.json())["failing"]) == (503, ["store"])
        come_back(server)
        assert not (await ask(desk, "slutt"))[0].startswith(STORE_AWAY)
        async with ClientSession() as session, session.get(f"{desk.site.base_url}/readyz") as ready:
            assert ready.status == 200


@pytest.mark.parametrize("how", ["gone", "hanging", "read-only"])
async def test_questions_in_the_web_chat_are_answered_without_a_store(
        server: EmbeddedServer, clock: SteppedClock, tmp_path: Path, how: str) -> None:
    """Over an open socket and in a poll; what is no question is refused and can be sent again (G1, F6)."""
    async with chatting(server, tmp_path, clock) as (desk, chat, _kari), Chat(desk.site.base_url) as listening:
        await chat.hear()
        url = f"{desk.site.base_url}/v3/directline/conversations/{listening.conversation}?watermark=0"
        headers = {"Authorization": f"Bearer {listening.token}"}
        async with listening.session.get(url, headers=headers) as answer:
            stream = (await answer.json())["streamUrl"]
        async with listening.session.ws_connect(stream) as socket:
            await socket.receive_json(timeout=BOUNDED)
            await _break(server, desk, how)
            question = {"type": "message", "text": "Hva er kravene til passord?", "locale": "nb-NO",
                        "channelData": {"clientActivityID": "mine"}}
            assert await listening.post(question) == 200
            said: list[dict[str, Any]] = []
            while not any("tegn" in one.get("text", "") for one in said):
                said += (await socket.receive_json(timeout=BOUNDED))["activities"]
            # A client knows its own message again, and so takes it for sent.
            assert any(one.get("channelData", {}).get("clientActivityID") == "mine" for one in said)
            assert len({one["id"] for one in said}) == len(said)
            assert await listening.post({"type": "message", "text": "123456"}) == 503
            # Whoever polls finds the answer in the next poll.
            await chat.say("Hva er kravene til passord?")
            assert "tegn" in (await chat.hear()).text
            # A password that is told now is not kept either, and not passed over (D4).
            await chat.say("passordet mitt er Sommer2026!")
            assert "passord" in (await chat.hear()).text
            assert await listening.post({"type": "message", "text": "Lag nytt passord", "value": {
                "keyturn": {"do": "start", "journey": "forgot_password"}}}) == 503


async def _break(server: EmbeddedServer, desk: Desk, how: str) -> None:
    if how == "gone":
        die(server)
    elif how == "hanging":
        os.kill(server.pid, signal.SIGSTOP)
    else:
        await desk.store.do("REPLICAOF", "127.0.0.1", 1)


async def test_nothing_spent_or_counted_is_revived(
        server: EmbeddedServer, clock: SteppedClock, tmp_path: Path) -> None:
    """A spent time step stays spent and tries stay counted over a kill -9 of the store (F5, V2, V7)."""
    async with chatting(server, tmp_path, clock) as (desk, chat, kari):
        await ask_for_reset(chat)
        await chat.say(NAME)
        await expect(chat, APP)
        spent = await kari.phone()
        await chat.say(spent)
        await expect(chat, MAIL)
        die(server)
        come_back(server)
        async with Chat(desk.site.base_url) as again:
            await ask_for_reset(again)
            await again.say(NAME)
            await expect(again, APP)
            await again.say(spent)
            assert "4 forsøk igjen" in (await again.hear()).text
            die(server)
            come_back(server)
            await again.say("000000")
            assert "3 forsøk igjen" in (await again.hear()).text
            clock.advance(STEP)
            await again.say(await kari.phone())
            await expect(again, MAIL)


async def test_a_store_that_forgot_verifies_nobody_for_a_while(
        server: EmbeddedServer, clock: SteppedClock, tmp_path: Path) -> None:
    """Back at an older state, it has neither the spent step nor the pause: no proof counts, questions do (F5, G1)."""
    async with chatting(server, tmp_path, clock) as (desk, chat, kari):
        await ask_for_reset(chat)
        await chat.say(NAME)
        await expect(chat, APP)
        old = await Snapshot.take(desk.store)
        await chat.say(await kari.phone())
        await expect(chat, MAIL)
        await old.put_back(desk.store)
        async with Chat(desk.site.base_url) as again:
            await ask_for_reset(again)
            await again.say(NAME)
            await expect(again, PAUSED)
            await again.say("Hva er kravene til passord?")
            assert "tegn" in (await again.hear()).text
        async with ClientSession() as session, session.get(f"{desk.site.base_url}/readyz") as ready:
            assert ready.status == 200
            assert (await ready.json())["verification_paused"] == "the store lost records"
        events = [one["event"] async for one in desk.kept.audit.export()]
        assert "verification.paused" in events
        assert "audit.lost" in events
        clock.advance(HOLD_SECONDS)
        async with Chat(desk.site.base_url) as later:
            await ask_for_reset(later)
            await later.say(NAME)
            await expect(later, APP)


async def test_a_page_that_is_open_changes_nothing_in_a_store_that_forgot(
        server: EmbeddedServer, clock: SteppedClock, tmp_path: Path) -> None:
    """Asked again immediately before the effect (G2): a used ticket that came back to life does nothing."""
    async with chatting(server, tmp_path, clock) as (desk, chat, kari):
        old_password = await kari.first_password()
        page = await up_to_the_page(chat, kari)
        old = await Snapshot.take(desk.store)
        assert DONE in (await chat.submit(page, PASSWORD)).text
        await old.put_back(desk.store)
        refused = await chat.submit(page, PASSWORD + "x")
        assert refused.status == 503
        assert await sign_in(desk, NAME, Secret(old_password))


async def test_no_effect_without_the_store(server: EmbeddedServer, clock: SteppedClock, tmp_path: Path) -> None:
    """A store that dies between proof and effect leaves the old password; nothing acts later by itself (R-048)."""
    async with chatting(server, tmp_path, clock) as (desk, chat, kari):
        old = await kari.first_password()
        page = await up_to_the_page(chat, kari)
        die(server)
        assert (await chat.submit(page, PASSWORD)).status == 503
        come_back(server)
        clock.advance(120)
        await desk.journeys.settlement.sweep()
        assert await sign_in(desk, NAME, Secret(old))
        assert not await sign_in(desk, NAME, Secret(PASSWORD))
        assert [mail.subject for mail in await mails_of(desk, NAME)] == ["Koden din til chatten"]


async def test_hanging_store(server: EmbeddedServer, clock: SteppedClock, tmp_path: Path) -> None:
    """A store that hangs is waited for a bounded time, and used again as soon as it goes on (R-013)."""
    async with chatting(server, tmp_path, clock) as (desk, chat, kari):
        await ask_for_reset(chat)
        await chat.say(NAME)
        await expect(chat, APP)
        os.kill(server.pid, signal.SIGSTOP)
        began = time.monotonic()
        statuses, answers, alive = await asyncio.gather(
            asyncio.gather(*[chat.post({"type": "message", "from": {"id": "me"}, "text": "tja"}) for _ in range(5)]),
            asyncio.gather(*[ask(desk, "Hva er kravene til passord?", f"c{one}") for one in range(20)]),
            _status(f"{desk.site.base_url}/healthz"))
        assert time.monotonic() - began < BOUNDED
        assert set(statuses) == {503}
        assert all("tegn" in answered[0] for answered in answers)
        assert alive == 200
        os.kill(server.pid, signal.SIGCONT)
        began = time.monotonic()
        while await _status(f"{desk.site.base_url}/readyz") != 200:
            await asyncio.sleep(0.05)
        assert time.monotonic() - began < BACK
        await chat.say(await kari.phone())
        # What was sent into the hanging store may have arrived after all: it is in the log, never a turn.
        assert any(one.text.startswith(MAIL) for one in [await chat.hear(), *await chat.quiet()])


async def test_page_of_a_hanging_store(server: EmbeddedServer, clock: SteppedClock, tmp_path: Path) -> None:
    """A form posted into a hanging store is refused in time, and can be posted again when it goes on."""
    async with chatting(server, tmp_path, clock) as (desk, chat, kari):
        page = await up_to_the_page(chat, kari)
        os.kill(server.pid, signal.SIGSTOP)
        began = time.monotonic()
        assert (await chat.submit(page, PASSWORD)).status == 503
        assert time.monotonic() - began < BOUNDED
        os.kill(server.pid, signal.SIGCONT)
        assert DONE in (await chat.submit(page, PASSWORD)).text
        await expect(chat, DONE)
        assert await sign_in(desk, NAME, Secret(PASSWORD))


async def ask(desk: Desk, text: str, conversation: str = "c") -> list[str]:
    """What the bot answers to a message of Kari's in Teams."""
    activity: dict[str, Any] = {
        "type": "message", "id": os.urandom(8).hex(), "channelId": "msteams", "deliveryMode": "expectReplies",
        "serviceUrl": "http://127.0.0.1:9/", "locale": "nb-NO", "text": text,
        "from": {"id": "29:kari", "aadObjectId": "00000000-0000-0000-0000-000000000001"},
        "recipient": {"id": "28:keyturn"},
        "conversation": {"id": f"a:{conversation}", "conversationType": "personal",
                         "tenantId": "00000000-0000-0000-0000-000000000100"},
        "channelData": {"tenant": {"id": "00000000-0000-0000-0000-000000000100"}}}
    async with (
            ClientSession() as session,
            session.post(f"{desk.site.base_url}/api/messages", json=activity) as answer):
        assert answer.status == 200, await answer.text()
        return [one["text"] for one in (await answer.json())["activities"]]


async def _status(url: str) -> int:
    async with ClientSession() as session, session.get(url) as answer:
        return answer.status


