"""A demo person in Teams, with the same verbs as one at the web chat (tests/support/chat.py)."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from bot.directory import demo
from bot.directory.protocol import Account
from tests.support.chat import Chat, Message, SecurePage
from tests.support.connector import FakeConnector


class TeamsChat(Chat):
    """One-to-one with the bot. `begin` is when Teams installs it; the link of a secure page opens in a browser."""

    def __init__(
            self, base_url: str, name: str, locale: str = "nb-NO", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(base_url, locale, headers)
        self.person = _demo_person(name)
        self.conversation = f"a:{uuid4().hex}"
        self.kind = "personal"      # or "groupChat", "channel"
        self.zone = ""              # IANA name, as the client sends it
        self.connector = FakeConnector()
        self._read = 0

    def go_to(self, kind: str) -> None:
        """Write in another conversation from now on, of this kind."""
        self.conversation, self.kind = f"{kind}:{uuid4().hex}", kind

    def hand_over_to(self, name: str) -> None:
        """Somebody else writes in this very conversation from now on."""
        self.person = _demo_person(name)

    async def close(self) -> None:
        await super().close()
        await self.connector.close()

    async def begin(self) -> None:
        await self.connector.server.start_server()
        bot, me = {"id": "28:bot", "name": "Keyturn"}, {"id": f"29:{self.person.id}"}
        assert await self.post({"type": "conversationUpdate", "membersAdded": [bot, me]}) == 200

    async def post(self, activity: Any) -> int:
        return (await self.posted(activity))[0]

    async def posted(self, activity: Any) -> tuple[int, Any]:
        """As `post`, with the answer's body."""
        sent = {
            "id": uuid4().hex, "timestamp": "2026-11-23T12:00:00.000Z", "serviceUrl": self.connector.service_url,
            "channelId": "msteams", "recipient": {"id": "28:bot", "name": "Keyturn"}, "textFormat": "plain",
            "conversation": {"conversationType": self.kind, "tenantId": demo.TENANT, "id": self.conversation},
            "channelData": {"tenant": {"id": demo.TENANT}}, "locale": self.locale,
            **({"localTimezone": self.zone} if self.zone else {}), **activity,
            "from": {"id": f"29:{self.person.id}", "name": self.person.display_name, "aadObjectId": self.person.id}}
        async with self.session.post(f"{self.base_url}/api/messages", json=sent) as answer:
            body = await answer.read()
            return answer.status, json.loads(body) if body else None

    async def fetch(self) -> None:
        news, self._read = self.connector.said[self._read:], len(self.connector.said)
        for one in news:
            if one["type"] == "message":
                cards = [each["content"] for each in one.get("attachments", [])]
                message = Message(one["text"], [button for card in cards for button in card.get("buttons", [])])
                self.said.append(message)
                self.unread.append(message)

    async def page(self, url: str) -> SecurePage:
        """What comes once the person has pressed the button that takes the link for this browser (P3)."""
        page = await super().page(url)
        if page.password_field or page.status != 200 or "token" not in page.fields:
            return page
        headers = {"Origin": self.base_url, "Sec-Fetch-Site": "same-origin", "Accept-Language": self.locale}
        form = {"token": page.fields["token"]}
        async with self.session.post(f"{url}/here", data=form, headers=headers) as answer:
            return SecurePage(url, answer.status, await answer.text())


def _demo_person(name: str) -> Account:
    return next(one.account for one in demo.PEOPLE if one.account.username.partition("@")[0] == name)
