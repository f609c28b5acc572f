"""Carries queued mails to a mail server, off the path of every answer (F8)."""

import asyncio
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from ipaddress import ip_address
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
import structlog

from bot.clock import Clock, utc
from bot.delivery.protocol import Postman
from bot.errors import KeyturnError, SettingsError, StoreUnavailable
from bot.store.outbox import Claimed, Idle, RedisOutbox

_log = structlog.get_logger(__name__)

Words = Callable[[str, str, Mapping[str, str]], tuple[str, str]]
"""Language, key and facts of a mail to its subject and body."""

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,187}[A-Za-z0-9])?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONGEST_WAIT = 5.0
"""Seconds after which a worker looks for mails that another replica has queued or given up."""


class DeliveryFailed(KeyturnError):
    """A mail was not taken; `permanent` when trying again is in vain."""

    def __init__(self, detail: str, *, permanent: bool = False) -> None:
        super().__init__(detail)
        self.permanent = permanent


class MailWorker:
    """Empties the outbox, a few mails at a time; every replica may run one."""

    def __init__(
        self, outbox: RedisOutbox, postman: Postman, words: Words, *, at_once: int = 8,
    ) -> None:
        self._outbox = outbox
        self._postman = postman
        self._words = words
        self._slots = asyncio.Semaphore(at_once)
        self._ending = False

    async def run(self) -> None:
        """Carry mails until `finish` is called; then end with the ones that are under way."""
        async with asyncio.TaskGroup() as under_way:
            while not self._ending:
                await self._slots.acquire()
                try:
                    claimed = await self._next()
                except BaseException:
                    self._slots.release()   # it will be run again
                    raise
                if claimed is None:
                    self._slots.release()
                else:
                    under_way.create_task(self._carry(claimed))

    def finish(self) -> None:
        self._ending = True
        self._outbox.wake()

    async def _next(self) -> Claimed | None:
        """The next mail, or None after a rest."""
        try:
            claimed = await self._outbox.claim()
        except StoreUnavailable:
            claimed = Idle(1.0)
        if isinstance(claimed, Idle):
            if not self._ending:
                await self._outbox.wait(min(claimed.seconds, _LONGEST_WAIT))
            return None
        return claimed

    async def _carry(self, claimed: Claimed) -> None:
        mail = claimed.mail
        try:
            subject, body = self._words(mail.lang, mail.key, mail.facts)
            await self._postman.carry(mail.to, subject, body)
            await self._outbox.done(claimed)
        except StoreUnavailable:
            _log.warning("mail.unsettled", key=mail.key)    # Its claim runs out, and it is carried again.
        except Exception as trouble:    # noqa: BLE001 - one bad mail must not end the worker (F14)
            await self._failed(claimed, trouble)
        finally:
            self._slots.release()

    async def _failed(self, claimed: Claimed, trouble: Exception) -> None:
        permanent = isinstance(trouble, DeliveryFailed) and trouble.permanent
        _log.warning(
            "mail.failed", key=claimed.mail.key, tries=claimed.tries + 1, permanent=permanent,
            reason=str(trouble) if isinstance(trouble, DeliveryFailed) else type(trouble).__name__)
        try:
            if permanent:
                await self._outbox.bury(claimed)
            elif await self._outbox.again(claimed):
                return
            _log.error("mail.undeliverable", key=claimed.mail.key)
        except StoreUnavailable:
            _log.warning("mail.unsettled", key=claimed.mail.key)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes, from a URL: `smtps://` is TLS from the first byte, `smtp://` is TLS by STARTTLS.

    Only a server on this machine may be spoken to without TLS (D5): `smtp://` to a loopback
    address does, unless it says `?starttls=required`.
    """

    host: str
    port: int
    user: str | None
    password: str | None
    use_tls: bool
    start_tls: bool

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises SettingsError, without the password in it."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise SettingsError("SMTP_URL is not a URL") from None
        options = parse_qs(parts.query, keep_blank_values=True)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
            raise SettingsError("SMTP_URL must be smtp://user:password@host:587 or smtps://…")
        if options not in ({}, {"starttls": ["required"]}):
            raise SettingsError("SMTP_URL knows one option: ?starttls=required")
        secure = parts.scheme == "smtps"
        return cls(
            parts.hostname, port or (465 if secure else 587),
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            use_tls=secure, start_tls=not secure and (bool(options) or not _loopback(parts.hostname)))


class Smtp:
    """A Postman that hands mails to an SMTP server, one connection each."""

    def __init__(
        self, url: str, sender: str, clock: Clock, *, seconds: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls` stands in for the machine's own trust. Raises SettingsError."""
        self._server = SmtpServer.parse(url)
        if not _ADDRESS.fullmatch(sender):
            raise SettingsError("KEYTURN_MAIL_FROM is not a mail address")
        self._sender = sender
        self._clock = clock
        self._seconds = seconds
        self._tls = tls or ssl.create_default_context()

    async def carry(self, to: str, subject: str, body: str) -> None:
        message = self._message(to, subject, body)
        server = self._server
        try:
            async with asyncio.timeout(self._seconds * 2):
                refused, _ = await aiosmtplib.send(
                    message, hostname=server.host, port=server.port, username=server.user,
                    password=server.password, use_tls=server.use_tls, start_tls=server.start_tls,
                    tls_context=self._tls if server.use_tls or server.start_tls else None,
                    # Else it would ask the name service, and the loop would wait for that.
                    local_hostname=self._sender.partition("@")[2], timeout=self._seconds)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as trouble:
            raise DeliveryFailed(_reason(trouble), permanent=_hopeless(trouble)) from trouble
        if refused:
            # A server may take a mail and yet refuse a recipient of it, without an exception.
            code = next(iter(refused.values())).code
            raise DeliveryFailed(f"recipient refused with {code}", permanent=code >= 500)

    async def probe(self) -> None:
        """Connect and log in as for a mail, and leave. Raises DeliveryFailed."""
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host, port=server.port, username=server.user, password=server.password,
            use_tls=server.use_tls, start_tls=server.start_tls,
            tls_context=self._tls if server.use_tls or server.start_tls else None,
            local_hostname=self._sender.partition("@")[2], timeout=self._seconds)
        try:
            async with client:
                await client.noop()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as trouble:
            raise DeliveryFailed(_reason(trouble)) from trouble

    def _message(self, to: str, subject: str, body: str) -> EmailMessage:
        """Every address is checked against a strict pattern, and EmailMessage refuses line breaks (N2)."""
        if not _ADDRESS.fullmatch(to):
            raise DeliveryFailed("not a mail address", permanent=True)
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"] = self._sender, to
        message["Subject"] = " ".join(_clean(subject).split())
        message["Date"] = format_datetime(utc(self._clock.now()))
        message["Message-ID"] = make_msgid(domain=self._sender.partition("@")[2])
        # No out-of-office note and no mailing list answers a robot (RFC 3834; the second for Exchange).
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(_clean(body), charset="utf-8")
        return message


def _hopeless(trouble: BaseException) -> bool:
    """Refusals of the recipient or the text; a wrong password or certificate is put right within the day."""
    if isinstance(trouble, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= 500 for one in trouble.recipients)
    return isinstance(trouble, aiosmtplib.SMTPDataError) and trouble.code >= 500


def _reason(trouble: BaseException) -> str:
    """For the log: no address is in it, and no word of the server's, which might quote one (D3)."""
    if isinstance(trouble, aiosmtplib.SMTPRecipientsRefused):
        return f"recipient refused with {trouble.recipients[0].code}"
    code = getattr(trouble, "code", None)
    return type(trouble).__name__ + (f" {code}" if isinstance(code, int) else "")


def _clean(text: str) -> str:
    """Without what UTF-8 cannot carry, and without control characters but line breaks and tabs."""
    return _CONTROLS.sub("", text).encode("utf-8", "replace").decode()


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
