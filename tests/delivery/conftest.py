"""A mail server to talk to, and what the mail worker needs."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from bot.delivery.protocol import Mail
from bot.store.connection import Store
from bot.store.outbox import RedisOutbox
from bot.store.sealed import KeyRing
from tests.support.clock import SteppedClock
from tests.support.tcp import ended
from tests.support.tls import Certificate, make_certificate


@dataclass
class MailServer:
    """What a server answers, and what it was given."""

    answers: list[str] = field(default_factory=list)    # to RCPT, one after another; then 250
    data_answer: str = "250 OK"
    mails: list[EmailMessage] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    secure: bool = False
    user: bytes = b""
    port: int = 0

    async def handle_RCPT(     # noqa: N802 - aiosmtpd's name
            self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        self.asked.set()
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:    # noqa: N802
        self.secure = session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        self.arrived.set()
        return self.data_answer

    def authenticate(self, server: Any, session: Any, envelope: Any, way: str, data: Any) -> AuthResult:
        self.user = data.login
        return AuthResult(success=data.password == b"p@ss/word")


@asynccontextmanager
async def serving(
        handler: MailServer, *, implicit: ssl.SSLContext | None = None, **options: Any,
) -> AsyncIterator[MailServer]:
    """aiosmtpd in this loop, on a port of its own."""
    loop = asyncio.get_running_loop()

    def conversation() -> SMTP:
        return SMTP(handler, loop=loop, hostname="mail.example.no", **options)

    server = await loop.create_server(conversation, "127.0.0.1", 0, ssl=implicit)
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        await ended(server)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def outbox(store: Store, ring: KeyRing, clock: SteppedClock) -> RedisOutbox:
    return RedisOutbox(store, ring, clock)


@pytest.fixture
def mail() -> Callable[[int], Mail]:
    return lambda n=1: Mail(f"kari{n}@example.no", "nb", "reset.done", {"n": str(n)})


def words(lang: str, key: str, facts: Mapping[str, str]) -> tuple[str, str]:
    return f"{key} {lang}", f"Blåbær {facts['n']}\n"


@pytest.fixture(autouse=True)
def quiet_mail_log(caplog: pytest.LogCaptureFixture) -> None:
    """aiosmtpd tells of every refused TLS handshake with a traceback."""
    caplog.set_level("CRITICAL", logger="mail.log")
