"""What the demo people have at hand: their phone's code, their mailbox, their password."""

import asyncio

from bot.directory.embedded import SignIn
from bot.pages.demo import DemoMail
from bot.secret import Secret
from bot.serving.desk import Desk

PATIENCE = 10.0


async def code_for(desk: Desk, name: str) -> str:
    """The code on the phone now."""
    found = await desk.demo_desk.code(name)
    assert found is not None, f"{name} has no authenticator"
    return found[0]


async def mails_of(desk: Desk, name: str) -> list[DemoMail]:
    """The mailbox, newest first, once everything queued has been carried out."""
    async with asyncio.timeout(PATIENCE):
        await desk.journeys.records.aside.drain(PATIENCE)
        while any(await desk.kept.mails.counts()):
            await desk.kept.mails.wait(0.05)
    return sorted(await desk.demo_desk.mails(name), key=lambda mail: mail.at, reverse=True)


async def sign_in(desk: Desk, name: str, password: Secret) -> bool:
    """Whether the password opens the account."""
    return await desk.people.directory.sign_in(name, password) is SignIn.DONE
