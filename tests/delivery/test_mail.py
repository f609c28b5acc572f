"""Mails on their way: the worker and SMTP, against real servers (F8, D5, N2)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.delivery.mail import DeliveryFailed, MailWorker, Smtp, SmtpServer
from bot.delivery.mailbox import Mailbox
from bot.delivery.protocol import Mail, Postman
from bot.errors import SettingsError
from bot.store.connection import Store
from bot.store.outbox import Idle, RedisOutbox
from bot.store.sealed import KeyRing
from tests.delivery.conftest import MailServer, serving, words
from tests.support.clock import SteppedClock
from tests.support.tcp import listening, silent
from tests.support.tls import Certificate

Mails = Callable[[int], Mail]
SENDER = "keyturn@example.no"
TO = "kari@example.no"


@asynccontextmanager
async def working(outbox: RedisOutbox, postman: Postman) -> AsyncIterator[MailWorker]:
    worker = MailWorker(outbox, postman, words)
    running = asyncio.create_task(worker.run())
    yield worker
    worker.finish()
    await asyncio.wait_for(running, 10)


async def settled(outbox: RedisOutbox, counts: tuple[int, int]) -> None:
    """Wait until so many mails wait and so many are dead; the worker tells nobody when it is done."""
    async with asyncio.timeout(10):
        while await outbox.counts() != counts:
            await asyncio.sleep(0.005)


class TestWorker:
    async def test_queued_mails_arrive(self, outbox: RedisOutbox, clock: SteppedClock, mail: Mails) -> None:
        async with serving(MailServer()) as server:
            await outbox.put(mail(1), "before the worker started")
            async with working(outbox, Smtp(f"smtp://127.0.0.1:{server.port}", SENDER, clock)):
                for n in range(2, 12):
                    await outbox.put(mail(n), str(n))
                await settled(outbox, (0, 0))
        assert sorted(one["To"] for one in server.mails) == sorted(mail(n).to for n in range(1, 12))
        assert {one["Subject"] for one in server.mails} == {"reset.done nb"}

    async def test_a_busy_server_gets_it_later(
            self, outbox: RedisOutbox, clock: SteppedClock, mail: Mails) -> None:
        """451 now, 250 on the next try, and one mail in all."""
        async with serving(MailServer(answers=["451 later"])) as server:
            async with working(outbox, Smtp(f"smtp://127.0.0.1:{server.port}", SENDER, clock)) as worker:
                await outbox.put(mail(1), "1")
                await server.asked.wait()
                worker.finish()
            idle = await outbox.claim()
            assert isinstance(idle, Idle)
            clock.advance(idle.seconds)
            async with working(outbox, Smtp(f"smtp://127.0.0.1:{server.port}", SENDER, clock)):
                await server.arrived.wait()
                await settled(outbox, (0, 0))
        assert len(server.mails) == 1

    async def test_an_unknown_recipient_is_given_up(
            self, outbox: RedisOutbox, clock: SteppedClock, mail: Mails) -> None:
        async with (
                serving(MailServer(answers=["550 no such user"])) as server,
                working(outbox, Smtp(f"smtp://127.0.0.1:{server.port}", SENDER, clock))):
            await outbox.put(mail(1), "1")
            await settled(outbox, (0, 1))
            await outbox.put(mail(2), "2")
            await settled(outbox, (0, 1))
        assert [one["To"] for one in server.mails] == [mail(2).to]

    async def test_a_dead_server_stops_nothing_but_its_mails(
            self, outbox: RedisOutbox, clock: SteppedClock, mail: Mails) -> None:
        """Nobody listens: putting stays quick, and the mails wait (F8)."""
        async with working(outbox, Smtp("smtp://127.0.0.1:1", SENDER, clock)):
            for n in range(20):
                await outbox.put(mail(n), str(n))
            await asyncio.sleep(0)
        assert await outbox.counts() == (20, 0)

    async def test_a_silent_server_stops_nothing_but_its_mails(
            self, outbox: RedisOutbox, clock: SteppedClock, mail: Mails) -> None:
        """A server that takes the connection and says nothing holds up neither put nor the end."""
        async with (
                listening(silent) as port,
                working(outbox, Smtp(f"smtp://127.0.0.1:{port}", SENDER, clock, seconds=1))):
            async with asyncio.timeout(5):      # Carrying them one by one would take ten.
                for n in range(10):
                    await outbox.put(mail(n), str(n))
        assert await outbox.counts() == (10, 0)

    async def test_a_mail_without_words_harms_no_other(
            self, outbox: RedisOutbox, store: Store, ring: KeyRing, clock: SteppedClock, mail: Mails) -> None:
        mailbox = Mailbox(store, ring, clock)
        async with working(outbox, mailbox):
            await outbox.put(Mail("x@example.no", "nb", "k", {}), "facts are missing")
            await outbox.put(mail(1), "1")
            await settled(outbox, (1, 0))
        assert len(await mailbox.read(mail(1).to)) == 1

    async def test_the_worker_outlives_the_store(
            self, redis_url: str, ring: KeyRing, clock: SteppedClock, mail: Mails) -> None:
        """It rests while the store is away, and ends when asked to."""
        nowhere = RedisOutbox(Store.open("unix:///nonexistent/redis.sock"), ring, clock)
        async with working(nowhere, Smtp("smtp://127.0.0.1:1", SENDER, clock)):
            await asyncio.sleep(0.02)


class TestSmtp:
    async def test_what_is_sent(self, clock: SteppedClock) -> None:
        async with serving(MailServer()) as server:
            postman = Smtp(f"smtp://127.0.0.1:{server.port}", SENDER, clock)
            await postman.carry(TO, "Passordet er byttet", "Hei på deg\n")
        [mail] = server.mails
        assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, TO, "Passordet er byttet")
        assert mail.get_content_type() == "text/plain"
        assert mail.get_content().splitlines() == ["Hei på deg"]
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
        assert mail["Message-ID"].endswith("@example.no>")

    @pytest.mark.parametrize("subject", [
        "a\r\nBcc: x@evil.no", "a\nb", "a\x00\x0b\u2028b", "\ud800", "x" * 2000])
    async def test_a_subject_adds_no_header(self, clock: SteppedClock, subject: str) -> None:
        """N2, S-086."""
        async with serving(MailServer()) as server:
            postman = Smtp(f"smtp://127.0.0.1:{server.port}", SENDER, clock)
            await postman.carry(TO, subject, "x\r\n.\r\nQUIT\r\n")
        [mail] = server.mails
        assert set(mail) == {
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
            "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
        assert "QUIT" in mail.get_content()

    @pytest.mark.parametrize("to", [
        "", "kari", "a@b\r\nRCPT TO:<x@evil.no>", "a@b>,<c@d", "a b@c.no", "kari@example.no, x@evil.no",
        "Kari <kari@example.no>", "kåre@example.no", "x" * 65 + "@a.no", '"a b"@c.no'])
    async def test_only_plain_addresses_are_written_to(self, clock: SteppedClock, to: str) -> None:
        with pytest.raises(DeliveryFailed) as failed:
            await Smtp("smtp://127.0.0.1:1", SENDER, clock).carry(to, "x", "x")
        assert failed.value.permanent

    @pytest.mark.parametrize(("answers", "data", "permanent"), [
        (["550 no"], "250 OK", True), (["451 later"], "250 OK", False), (["250 OK"], "554 spam", True),
        (["250 OK"], "452 full", False)])
    async def test_refusals(
            self, clock: SteppedClock, answers: list[str], data: str, permanent: bool) -> None:
        async with serving(MailServer(answers, data)) as server:
            with pytest.raises(DeliveryFailed) as failed:
                await Smtp(f"smtp://127.0.0.1:{server.port}", SENDER, clock).carry(TO, "x", "x")
        assert failed.value.permanent is permanent
        assert TO not in str(failed.value)


class TestTls:
    async def test_starttls_with_a_password(self, clock: SteppedClock, certificate: Certificate) -> None:
        handler = MailServer()
        async with serving(
                handler, tls_context=certificate.server, require_starttls=True,
                authenticator=handler.authenticate, auth_required=True) as server:
            url = f"smtp://kari:p%40ss%2Fword@127.0.0.1:{server.port}?starttls=required"
            await Smtp(url, SENDER, clock, tls=certificate.trusting).carry(TO, "x", "x")
        assert server.secure
        assert server.user == b"kari"

    async def test_tls_from_the_first_byte(self, clock: SteppedClock, certificate: Certificate) -> None:
        async with serving(MailServer(), implicit=certificate.server) as server:
            url = f"smtps://127.0.0.1:{server.port}"
            await Smtp(url, SENDER, clock, tls=certificate.trusting).carry(TO, "x", "x")
        assert server.secure

    async def test_never_without_tls_when_the_server_does_not_offer_it(
            self, clock: SteppedClock, certificate: Certificate) -> None:
        """A man in the middle who strips STARTTLS gets no mail (D5)."""
        async with serving(MailServer()) as server:
            url = f"smtp://127.0.0.1:{server.port}?starttls=required"
            with pytest.raises(DeliveryFailed) as failed:
                await Smtp(url, SENDER, clock, tls=certificate.trusting).carry(TO, "x", "x")
        assert not failed.value.permanent
        assert server.mails == []

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    async def test_never_to_an_unknown_certificate(
            self, clock: SteppedClock, certificate: Certificate, scheme: str) -> None:
        implicit = certificate.server if scheme == "smtps" else None
        options = {} if implicit else {"tls_context": certificate.server}
        async with serving(MailServer(), implicit=implicit, **options) as server:
            query = "" if implicit else "?starttls=required"
            with pytest.raises(DeliveryFailed, match=r"SSL|Connect"):
                await Smtp(f"{scheme}://127.0.0.1:{server.port}{query}", SENDER, clock).carry(TO, "x", "x")
        assert server.mails == []

    @pytest.mark.parametrize(("url", "start_tls"), [
        ("smtp://mail.example.no", True), ("smtp://10.0.0.1:25", True), ("smtp://localhost.evil.no", True),
        ("smtp://127.0.0.1", False), ("smtp://[::1]", False), ("smtp://localhost", False),
        ("smtp://127.0.0.1?starttls=required", True)])
    def test_plain_text_stays_on_this_machine(self, url: str, start_tls: bool) -> None:
        assert SmtpServer.parse(url).start_tls is start_tls

    @pytest.mark.parametrize("url", [
        "", "mail.example.no", "http://x", "smtp://", "smtp://u:geheim@h:port", "smtp://h?starttls=no",
        "smtp://h?x=1", "smtp://h/path"])
    def test_other_urls_are_refused_without_telling_the_password(self, url: str) -> None:
        with pytest.raises(SettingsError) as refused:
            SmtpServer.parse(url)
        assert "geheim" not in str(refused.value)


class TestMailbox:
    async def test_keeps_the_newest_fifty(
            self, store: Store, ring: KeyRing, clock: SteppedClock) -> None:
        mailbox = Mailbox(store, ring, clock)
        for n in range(55):
            await mailbox.carry("Kari@Example.no", f"subject {n}", "body")
        letters = await mailbox.read("kari@example.no")
        assert len(letters) == 50
        assert (letters[0].subject, letters[0].body, letters[0].at) == ("subject 54", "body", clock.now())
        assert await mailbox.read("john@example.no") == []
