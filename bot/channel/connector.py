"""The Bot Connector's REST API, as far as a bot calls it, over one shared session."""

import re
from collections.abc import Awaitable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from botbuilder.schema import Activity, ResourceResponse

from bot.channel.activities import plain, to_json
from bot.channel.outbox import Outbox
from bot.channel.protocol import Connector

_ROOT = "/v3/conversations"


class BotConversations:
    """`bot.channel.protocol.Conversations` of one service URL; every call may raise ReplyUndelivered."""

    def __init__(self, outbox: Outbox, service_url: str) -> None:
        self._outbox = outbox
        self._service_url = service_url

    async def create_conversation(self, parameters: Any) -> dict[str, Any]:
        """`parameters` in JSON or the SDK's model; answers {"id", "activityId"?, "serviceUrl"?}."""
        return _fields(await self._call("POST", "", plain(parameters)))

    async def send_to_conversation(self, conversation_id: str, activity: Activity) -> ResourceResponse:
        """Say something in the conversation."""
        return _resource(await self._call("POST", _activities(conversation_id), to_json(activity)))

    async def reply_to_activity(
            self, conversation_id: str, activity_id: str, activity: Activity) -> ResourceResponse:
        """Say something in answer to an activity."""
        path = f"{_activities(conversation_id)}/{_quoted(activity_id)}"
        return _resource(await self._call("POST", path, to_json(activity)))

    async def update_activity(
            self, conversation_id: str, activity_id: str, activity: Activity) -> ResourceResponse:
        """Replace what the bot said."""
        path = f"{_activities(conversation_id)}/{_quoted(activity_id)}"
        return _resource(await self._call("PUT", path, to_json(activity)))

    async def delete_activity(self, conversation_id: str, activity_id: str) -> None:
        """Take back what the bot said."""
        await self._call("DELETE", f"{_activities(conversation_id)}/{_quoted(activity_id)}")

    async def get_conversation_member(self, conversation_id: str, member_id: str) -> dict[str, Any]:
        """One member as the channel's roster has it, in JSON."""
        return _fields(await self._call("GET", f"/{_quoted(conversation_id)}/members/{_quoted(member_id)}"))

    async def get_conversation_members(self, conversation_id: str) -> list[dict[str, Any]]:
        """The first page of the roster, in JSON."""
        page = _fields(await self._call("GET", f"/{_quoted(conversation_id)}/pagedmembers"))
        members = page.get("members")
        return [one for one in members if isinstance(one, dict)] if isinstance(members, list) else []

    def _call(self, method: str, path: str, content: Any = None) -> Awaitable[Any]:
        return self._outbox.call(method, self._service_url, _ROOT + path, content)


class BotConnector:
    """`bot.channel.protocol.Connector` of one service URL."""

    def __init__(self, outbox: Outbox, service_url: str) -> None:
        self.conversations = BotConversations(outbox, service_url)


class BotConnectors:
    """A `ConnectorFor`: service URLs are few, and each keeps its connector."""

    def __init__(self, outbox: Outbox) -> None:
        self._open = lru_cache(maxsize=256)(lambda service_url: BotConnector(outbox, service_url))

    def __call__(self, service_url: str) -> Connector:
        return self._open(service_url)


def _activities(conversation_id: str) -> str:
    return f"/{_quoted(conversation_id)}/activities"


def _quoted(part: str) -> str:
    if _USUAL.fullmatch(part):  # an eighth of the time that quoting takes
        return part.replace(":", "%3A").replace("@", "%40")
    quoted = quote(part, safe="")
    # Dots are never quoted, but a path of nothing else would climb.
    return quoted.replace(".", "%2E") if not quoted.strip(".") else quoted


_USUAL = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9_.~:@-]*")
"""Ids as the channels make them: a colon and an at sign are all that has to be quoted, and dots do not begin them."""


def _fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _resource(value: Any) -> ResourceResponse:
    named = value["id"] if isinstance(value, dict) and "id" in value else ""
    return ResourceResponse(id=named if isinstance(named, str) else "")
