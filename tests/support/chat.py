"""A person at the web chat: speaks Direct Line over HTTP, as any client does, and opens secure pages."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any, Self

from aiohttp import ClientSession, CookieJar, TCPConnector

PATIENCE = 10.0


@dataclass
class Message:
    """One message of the bot."""

    text: str
    buttons: list[dict[str, Any]] = field(default_factory=list)

    def button(self, title: str) -> dict[str, Any]:
        for one in self.buttons:
            if one["title"] == title:
                return one
        raise AssertionError(f"no button {title!r} among {[one['title'] for one in self.buttons]}")


class Chat:
    """One browser with one conversation."""

    def __init__(self, base_url: str, locale: str = "nb-NO", headers: Mapping[str, str] | None = None) -> None:
        self.base_url, self.locale = base_url, locale
        # What lay idle is left before the server closes it (limit 24), perhaps just as a message is sent over it.
        self.session = ClientSession(
            cookie_jar=CookieJar(unsafe=True), headers=headers, connector=TCPConnector(keepalive_timeout=5))
        self.token = self.conversation = ""
        self.watermark = "0"
        self.said: list[Message] = []       # everything the bot said
        self.unread: list[Message] = []

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.session.close()

    @property
    def _line(self) -> str:
        return f"{self.base_url}/v3/directline"

    def _auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def begin(self) -> None:
        async with self.session.post(f"{self._line}/tokens/generate") as answer:
            assert answer.status == 200, await answer.text()
            self.token = (await answer.json())["token"]
        async with self.session.post(
                f"{self._line}/conversations", json={"locale": self.locale}, headers=self._auth()) as answer:
            assert answer.status in (200, 201), await answer.text()
            begun = await answer.json()
            self.conversation, self.token = begun["conversationId"], begun["token"]

    async def post(self, activity: Mapping[str, Any]) -> int:
        """Send an activity as it is; the HTTP status."""
        url = f"{self._line}/conversations/{self.conversation}/activities"
        async with self.session.post(url, json=dict(activity), headers=self._auth()) as answer:
            await answer.read()
            return answer.status

    async def say(self, text: str, **more: Any) -> None:
        status = await self.post({
            "type": "message", "from": {"id": "me"}, "text": text, "locale": self.locale, **more})
        assert status == 200, status

    async def press(self, title: str) -> None:
        """Press the newest button with this title, as Web Chat does (messageBack)."""
        for message in reversed(self.said):
            for one in message.buttons:
                if one["title"] == title:
                    await self.say(one["text"], value=one["value"])
                    return
        raise AssertionError(f"the bot showed no button {title!r}")

    def link(self, title: str) -> str:
        """The address behind the newest button with this title."""
        for message in reversed(self.said):
            for one in message.buttons:
                if one["title"] == title and one["type"] == "openUrl":
                    return str(one["value"])
        raise AssertionError(f"the bot showed no link {title!r}")

    async def fetch(self) -> None:
        """Read what is new."""
        url = f"{self._line}/conversations/{self.conversation}/activities?watermark={self.watermark}"
        async with self.session.get(url, headers=self._auth()) as answer:
            assert answer.status == 200, await answer.text()
            news = await answer.json()
        self.watermark = news["watermark"]
        for one in news["activities"]:
            if one["type"] == "message" and "text" in one and one["from"]["id"] == "keyturn":
                cards = [a["content"] for a in one.get("attachments", [])]
                message = Message(one["text"], [b for card in cards for b in card.get("buttons", [])])
                self.said.append(message)
                self.unread.append(message)

    async def hear(self) -> Message:
        """The next message of the bot."""
        async with asyncio.timeout(PATIENCE):
            while not self.unread:
                await self.fetch()
                if not self.unread:
                    await asyncio.sleep(0.02)   # the polling of a polling client
        return self.unread.pop(0)

    async def quiet(self) -> list[Message]:
        """What the bot said that nobody has read yet."""
        await self.fetch()
        news, self.unread = self.unread, []
        return news

    async def page(self, url: str) -> "SecurePage":
        async with self.session.get(url, headers={"Accept-Language": self.locale}) as answer:
            return SecurePage(url, answer.status, await answer.text())

    async def submit(self, page: "SecurePage", password: str = "") -> "SecurePage":
        """Send the page's form, with this password where it asks for one."""
        form = page.fields | ({page.password_field: password} if page.password_field else {})
        headers = {"Origin": self.base_url, "Sec-Fetch-Site": "same-origin", "Accept-Language": self.locale}
        async with self.session.post(page.url, data=form, headers=headers) as answer:
            return SecurePage(page.url, answer.status, await answer.text())


@dataclass
class SecurePage:
    """A secure page as it came, with its form's fields read out of the HTML."""

    url: str
    status: int
    html: str

    def __post_init__(self) -> None:
        reader = _Inputs()
        reader.feed(self.html)
        self.fields = reader.hidden
        self.password_field = reader.password

    @property
    def text(self) -> str:
        """The words of the page."""
        bare = re.sub(r"(?s)<(script|style).*?</\1>", " ", self.html)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.password = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag != "input" or "name" not in found:
            return
        if found.get("type") == "password":
            self.password = found["name"]
        elif "username" not in found.get("autocomplete", ""):
            self.hidden[found["name"]] = found.get("value", "")
