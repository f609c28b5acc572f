"""People at the whole house: visitors with a browser and an address each, and what they do step by step."""

import base64
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Self
from uuid import uuid4

from aiohttp import ClientSession

from bot.directory import demo
from bot.serving.desk import Desk
from tests.support.chat import Chat, Message, SecurePage
from tests.support.clock import SteppedClock
from tests.support.connector import FakeConnector
from tests.support.people import code_for, mails_of

KARI, JOHN, EVA = (f"00000000-0000-0000-0000-0000000000{number:02}" for number in (1, 2, 6))
GOOD = "elgen drakk kald kakao i regnvær"
WRONG = ("111111", "222222", "333333", "444444", "555555")

_ADDRESSES = itertools.count(1)


class Visitor(Chat):
    """A browser of its own, behind an address of its own (the house trusts one proxy)."""

    def __init__(self, desk: Desk, locale: str = "nb-NO", address: str = "") -> None:
        number = next(_ADDRESSES)
        super().__init__(desk.site.base_url, locale, {
            "X-Forwarded-For": address or f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"})
        self.desk = desk

    async def __aenter__(self) -> Self:
        await self.begin()
        await self.hear()       # the greeting, whose turn nobody waits for
        return self

    @property
    def user(self) -> str:
        """The id that the server gave this visitor; it stands in the token."""
        claims = self.token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["user"])

    async def ask(self, text: str, **more: object) -> list[Message]:
        """Say it, and what was answered: the turn is over when the post is answered."""
        await self.say(text, **more)
        return await self.quiet()

    async def hit(self, title: str) -> list[Message]:
        """Press the newest button of this name; what was answered."""
        await self.press(title)
        return await self.quiet()

    async def start(self, name: str) -> list[Message]:
        """Ask for a new password and name the account."""
        start = "Lag nytt passord" if self.locale.startswith("nb") else "Set a new password"
        await self.press(start)
        return await self.ask(name)

    async def prove(self, clock: SteppedClock, name: str = "kari.nordmann") -> str:
        """Both codes, each a fresh one; the address of the secure page."""
        clock.advance(30)
        said = await self.ask(await code_for(self.desk, name))
        assert "e-post" in said[-1].text or "e-mailed" in said[-1].text, said[-1].text
        said = await self.ask(await mailed_code(self.desk, name))
        return link_of(said)

    async def proven(self, clock: SteppedClock, name: str = "kari.nordmann") -> str:
        """The whole chat of a reset, up to the address of the secure page."""
        await self.start(name)
        return await self.prove(clock, name)

    async def fail(self, name: str, times: int = 5) -> list[str]:
        """Start, and type so many wrong codes; what was answered to each."""
        await self.start(name)
        return [last(await self.ask(code)) for code in WRONG[:times]]

    async def reset(self, clock: SteppedClock, password: str, name: str = "kari.nordmann") -> SecurePage:
        """From the first word to the new password; the page's answer."""
        return await self.submit(await self.page(await self.proven(clock, name)), password)


def last(said: Sequence[Message]) -> str:
    return said[-1].text


def texts(said: Sequence[Message]) -> list[str]:
    return [one.text for one in said]


def link_of(said: Sequence[Message]) -> str:
    links = [str(one["value"]) for message in said for one in message.buttons if one["type"] == "openUrl"]
    assert links, texts(said)
    return links[-1]


async def mailed_code(desk: Desk, name: str = "kari.nordmann") -> str:
    """The code of the newest mail."""
    found = re.search(r"\b\d{6,8}\b", (await mails_of(desk, name))[0].body)
    assert found
    return found.group()


async def records(desk: Desk, event: str = "") -> list[dict[str, object]]:
    """The audit trail, or its records of one event, once all that is recorded aside is there."""
    await desk.journeys.records.aside.drain(5)
    return [one async for one in desk.kept.audit.export() if not event or one["event"] == event]


async def events(desk: Desk) -> list[tuple[object, object, object]]:
    return [(one["event"], one["outcome"], one["reason"]) for one in await records(desk)]


class TeamsPerson:
    """Somebody in Teams, as its connector describes them; what the bot answers comes to `connector`."""

    def __init__(self, desk: Desk, connector: FakeConnector, session: ClientSession, **fields: Any) -> None:
        self.desk, self.connector, self._session = desk, connector, session
        self.conversation = f"a:{uuid4().hex}"
        self._fields = fields

    def activity(self, text: str = "", **fields: Any) -> dict[str, Any]:
        return {
            "type": "message", "id": uuid4().hex, "timestamp": "2026-11-23T12:00:00.000Z",
            "serviceUrl": self.connector.service_url, "channelId": "msteams",
            "from": {"id": "29:kari", "name": "Kari Nordmann", "aadObjectId": KARI},
            "conversation": {"conversationType": "personal", "tenantId": demo.TENANT, "id": self.conversation},
            "recipient": {"id": "28:bot", "name": "bot"}, "textFormat": "plain", "text": text, "locale": "nb-NO",
            "entities": [{"locale": "nb-NO", "country": "NO", "platform": "Windows", "type": "clientInfo"}],
            "channelData": {"tenant": {"id": demo.TENANT}}, **self._fields, **fields}

    async def post(self, activity: Any, desk: Desk | None = None) -> int:
        url = f"{(desk or self.desk).site.base_url}/api/messages"
        async with self._session.post(url, json=activity) as answer:
            await answer.read()
            return answer.status

    async def invoke(self, name: str, value: Any = None, **fields: Any) -> tuple[int, Any]:
        """What Teams is answered when something of it wants to know something."""
        return await self.reply(self.activity(type="invoke", name=name, value=value, **fields))

    async def reply(self, activity: Any) -> tuple[int, Any]:
        """As `post`, with the answer's body."""
        async with self._session.post(f"{self.desk.site.base_url}/api/messages", json=activity) as answer:
            body = await answer.read()
            return answer.status, json.loads(body) if body else None

    async def ask(self, text: str = "", **fields: Any) -> list[Message]:
        """Say it, and what was answered."""
        before, sent = len(self.connector.said), self.activity(text, **fields)
        status = await self.post(sent)
        assert status == 200, status
        return [heard(one) for one in self.connector.said[before:] if one["type"] == "message"
                and one["conversation"]["id"] == sent["conversation"]["id"]]


def heard(activity: Mapping[str, Any]) -> Message:
    cards = [one["content"] for one in activity.get("attachments", [])]
    return Message(activity["text"], [button for card in cards for button in card.get("buttons", [])])


def titles(said: Sequence[Message]) -> list[str]:
    return [button["title"] for one in said for button in one.buttons]
