"""Kari at the web chat of any Keyturn on a store, with her phone and her mailbox at hand."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.clock import Clock, SharedClock
from bot.delivery.mailbox import Mailbox
from bot.directory.demo_desk import DemoDesk
from bot.store.accounts import Accounts
from bot.store.connection import Store
from bot.store.enrolments import SealedEnrolments
from bot.store.sealed import KeyRing
from bot.store.staff import RedisStaff
from tests.support.chat import Chat, SecurePage

KARI = "00000000-0000-0000-0000-000000000001"
NAME = "kari.nordmann@example.no"
PASSWORD = "elgen drakk kald kakao i regnvær"
PATIENCE = 10.0

# One line each: what she does, and how the bot's answer to it begins.
WELCOME = "Hei! Jeg hjelper deg med passord"
WHICH = "Hvilken konto gjelder det?"
APP = "Åpne godkjenningsappen"
MAIL = "Takk, den stemte."
OPEN = "Da vet jeg at det er deg."
DONE = "Passordet er byttet"
NOT_DONE = "ingenting er endret"
WAITING = "Jeg venter på deg"
STORE_AWAY = "Akkurat nå får jeg ikke tak i det jeg trenger"


@dataclass(frozen=True, slots=True)
class Hands:
    """What she holds, read out of the store."""

    desk: DemoDesk

    @classmethod
    def over(cls, store: Store, ring: KeyRing, clock: Clock) -> "Hands":
        return cls(DemoDesk(Accounts(store, ring), SealedEnrolments(store, ring), Mailbox(store, ring, clock), clock,
                            RedisStaff(store, ring, clock)))

    async def phone(self) -> str:
        found = await self.desk.code("kari.nordmann")
        assert found is not None
        return found[0]

    async def mailed(self, after: int = 0) -> str:
        """The newest code in her mailbox, once more than `after` mails are there."""
        async with asyncio.timeout(PATIENCE):
            while len(mails := await self.desk.mails("kari.nordmann")) <= after:
                await asyncio.sleep(0.01)
        found = re.search(r"\b\d{6}\b", mails[0].body)
        assert found is not None
        return found.group()

    async def first_password(self) -> str:
        people = await self.desk.people()
        password = next(one.password for one in people if one.username == NAME)
        assert password is not None
        return password


@asynccontextmanager
async def hands(url: str, ring: KeyRing) -> AsyncIterator[Hands]:
    store, clock = Store.open(url), SharedClock()
    clock.set(await store.time())
    try:
        yield Hands.over(store, ring, clock)
    finally:
        await store.close()


async def expect(chat: Chat, beginning: str) -> None:
    heard = await chat.hear()
    assert heard.text.startswith(beginning), f"{heard.text!r} instead of {beginning!r}"


async def ask_for_reset(chat: Chat) -> None:
    await expect(chat, WELCOME)
    await chat.press("Lag nytt passord")
    await expect(chat, WHICH)


async def up_to_the_page(chat: Chat, kari: Hands) -> SecurePage:
    """From the first greeting to the secure page, open in the browser that chats."""
    await ask_for_reset(chat)
    await chat.say(NAME)
    await expect(chat, APP)
    await chat.say(await kari.phone())
    await expect(chat, MAIL)
    await chat.say(await kari.mailed())
    await expect(chat, OPEN)
    page = await chat.page(chat.link("Velg nytt passord"))
    assert page.status == 200, page.text
    return page


async def post(chat: Chat, page: SecurePage, password: str) -> int:
    """Submit the form without looking at what comes of it; the HTTP status."""
    headers = {"Origin": chat.base_url, "Sec-Fetch-Site": "same-origin", "Accept-Language": chat.locale}
    form = page.fields | {page.password_field: password}
    async with chat.session.post(page.url, data=form, headers=headers, allow_redirects=False) as answer:
        await answer.read()
        return answer.status
