"""A dead or silent mail server neither stops nor changes a reset; its mails come when it is back (F8, R-026)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.clock import SharedClock
from bot.secret import Secret
from bot.store.connection import Store
from tests.faults.people import DONE, NAME, PASSWORD, Hands, post, up_to_the_page
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.demo_people import SECRET_KEY
from tests.support.house import house
from tests.support.people import sign_in
from tests.support.tcp import ended, free_port, listening, silent

SOON = 5.0      # seconds for a form to be answered, with whatever mail server


async def test_silent_mail_server(redis_url: str, store: Store, tmp_path: Path) -> None:
    """The reset is done and told at once; both notices arrive, once each, when somebody answers there."""
    port, mail_port = free_port(), free_port()
    settings = {"KEYTURN_SECRET_KEYS": SECRET_KEY}
    async with house(redis_url, tmp_path, SharedClock(), settings, port) as desk:
        chat = Chat(desk.site.base_url)
        await chat.begin()
        page = await up_to_the_page(chat, Hands(desk.demo_desk))
    settings["SMTP_URL"] = f"smtp://127.0.0.1:{mail_port}"
    try:
        async with listening(silent, port=mail_port), house(redis_url, tmp_path, SharedClock(), settings, port) as desk:
            began = time.monotonic()
            assert await post(chat, page, PASSWORD) == 303
            assert time.monotonic() - began < SOON
            assert (await chat.hear()).text.startswith(DONE)
            assert await sign_in(desk, NAME, Secret(PASSWORD))
            assert await desk.kept.mails.counts() == (2, 0)
        later = SteppedClock(await store.time() + 120)
        async with answering(mail_port) as postbox, house(redis_url, tmp_path, later, settings, port) as desk:
            async with asyncio.timeout(10):
                await postbox.arrived.wait()
                while (await desk.kept.mails.counts())[0]:
                    await desk.kept.mails.wait(0.05)
            assert await desk.kept.mails.counts() == (0, 0)
        assert sorted(one["To"] for one in postbox.mails) == [NAME, "kari@privat.example.no"]
        assert {one["Subject"] for one in postbox.mails} == {"Passordet ditt er byttet"}
        assert PASSWORD not in "".join(one.as_string() for one in postbox.mails)
    finally:
        await chat.session.close()


@dataclass
class Postbox:
    """What a mail server was given; `arrived` from the second mail on."""

    mails: list[EmailMessage] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 theirs
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default))
        if len(self.mails) >= 2:
            self.arrived.set()
        return "250 OK"


@asynccontextmanager
async def answering(port: int) -> AsyncIterator[Postbox]:
    postbox, loop = Postbox(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(postbox, loop=loop, hostname="mail.example.no"), "127.0.0.1", port)
    try:
        yield postbox
    finally:
        await ended(server)
