"""What works beside the turns, from beginning to end (F11)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.content.mails import MailWords
from bot.delivery.mail import MailWorker, Smtp
from bot.directory import demo
from bot.directory.demo_staff import seed_staff
from bot.ending import BACKGROUND
from bot.serving.desk import Desk
from bot.settings import WebChat


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[None]:
    """Everything that works beside the turns: sweeper, mail, clock; and its end, in order (F11)."""
    async with AsyncExitStack() as at_end:
        at_end.push_async_callback(desk.store.close)
        at_end.push_async_callback(desk.session.close)
        channels, people, kept = desk.channels, desk.people, desk.kept
        for token in (channels.token, people.app_token):
            if token is not None:
                at_end.push_async_callback(token.close)
        for keys in (channels.keys, channels.sign_on.keys if channels.sign_on else None):
            if keys is not None:
                at_end.push_async_callback(keys.close)
                keys.refresh_if_old()
        _begin_background(desk)
        at_end.push_async_callback(_end_background, desk)
        if desk.settings.development:
            await demo.seed(kept.accounts, kept.enrolments, people.hashes, desk.clock.now())
            if desk.settings.admin_port:
                await seed_staff(kept.it, people.hashes)
        # An embedded store has no other user: whatever was begun belongs to a process that is gone (F1).
        await desk.policy_in_force.begin()
        await desk.journeys.settlement.sweep(orphaned=not desk.settings.redis_url.get_secret_value())
        yield
        await desk.drain()      # what the last requests began


async def _end_background(desk: Desk) -> None:
    await desk.background.end(desk.ending.left(BACKGROUND))


def _begin_background(desk: Desk) -> None:
    settings = desk.settings
    smtp_url = settings.smtp_url.get_secret_value()
    postman = Smtp(smtp_url, settings.mail_from, desk.clock) if smtp_url else desk.kept.mailbox

    if smtp_url or settings.development:
        mail = MailWorker(desk.kept.mails, postman, MailWords(desk.content))
        desk.background.keep("mail", mail.run, mail.finish)
    desk.background.keep("sweeper", desk.journeys.settlement.keep_sweeping)
    desk.background.keep("errands", desk.journeys.errands.keep_running)
    desk.background.keep("ratings", desk.kept.ratings.keep, desk.kept.ratings.finish)
    desk.background.keep("policy", desk.policy_in_force.keep)
    desk.background.keep("content", desk.content_in_force.keep)
    if desk.kept.watch is not None:
        desk.background.keep("store watch", desk.kept.watch.keep)
    if settings.chat is not WebChat.OFF:
        for name, work in desk.channels.direct_line.works().items():
            desk.background.keep(name, work)
