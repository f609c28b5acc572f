"""What a client may say in a web chat: taken over field by field; nothing else it sends exists (I2, I6)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botbuilder.schema import Activity

from bot.channel.activities import plain, to_json
from bot.channel.directline_tokens import Pass
from bot.clock import utc

CHANNEL = "directline"
SERVICE_URL = "keyturn:directline"
BOT = {"id": "keyturn", "name": "Keyturn", "role": "bot"}
HIDDEN_TEXT = "•••"

_HELD_BACK = "heldBack"
_HEARD = frozenset({"message", "event", "endOfConversation"})
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_LONGEST_NAME = 100
_KEPT_OUT = ("serviceUrl", "recipient", "id")


@dataclass(frozen=True, slots=True)
class Heard:
    """A client's activity as the bot gets it (`turn`) and as the log keeps it (`said`).

    A card's answers are for the bot alone: the log holds them back from clients.
    """

    turn: dict[str, Any]
    said: dict[str, Any]
    client_id: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Right, and nothing to do for it: somebody is typing."""


def locale_of(value: Any, otherwise: str = "") -> str:
    """A language tag out of what a client sent."""
    return value if isinstance(value, str) and _LOCALE.fullmatch(value) else otherwise


def heard(
        fields: Mapping[str, Any], whose: Pass, locale: str, now: str, longest: int) -> Heard | Ignored | str:
    """Read one activity; a text says what is wrong with it. `longest`: characters read (limit 22)."""
    kind = fields.get("type")
    if kind == "typing":
        return Ignored()
    if kind not in _HEARD:
        return "type must be message, event or endOfConversation"
    said: dict[str, Any] = {"type": kind, "timestamp": now, "locale": locale_of(fields.get("locale"), locale)}
    if wrong := _message(fields, said, longest) if kind == "message" else _event(fields, said):
        return wrong
    channel_data = _channel_data(fields.get("channelData"))
    said |= _addressed(whose) | ({"channelData": channel_data} if channel_data else {})
    if kind != "endOfConversation" and fields.get("value") is not None:
        said[_HELD_BACK] = fields["value"]
    return Heard(as_heard(said), said, str(channel_data.get("clientActivityID", "")))


def as_heard(said: Mapping[str, Any]) -> dict[str, Any]:
    """A client's entry of the log as the bot gets it, but for its id."""
    turn = {**said, "serviceUrl": SERVICE_URL}
    if _HELD_BACK in turn:
        turn["value"] = turn.pop(_HELD_BACK)
    return turn


def from_client(said: Mapping[str, Any]) -> bool:
    return bool(said["from"]["id"] != BOT["id"])


def started(whose: Pass, locale: str, now: str) -> dict[str, Any]:
    """The turn in which the bot may greet: both of them have come."""
    return {
        "type": "conversationUpdate", "id": f"{whose.conversation}|start", "timestamp": now, "locale": locale,
        "serviceUrl": SERVICE_URL, **_addressed(whose), "membersAdded": [BOT, {"id": whose.user}]}


def said_by_bot(conversation: str, activity: Activity, now: float) -> dict[str, Any]:
    """What the bot says as clients get it, but for its id."""
    written: dict[str, Any] = plain(to_json(activity))
    said = {name: value for name, value in written.items() if name not in _KEPT_OUT}
    if not str(said.get("replyToId", "")).startswith(f"{conversation}|0"):
        said.pop("replyToId", None)     # not in the log, so no client could find it
    return said | {"from": BOT, "conversation": {"id": conversation},
                   "timestamp": utc(now).isoformat(timespec="milliseconds")}


def activity_id(conversation: str, number: int) -> str:
    """The outside id of an entry of the log."""
    return f"{conversation}|{number:07d}"


def number_of(activity: str) -> int:
    """The entry of an outside id; 0 for anything that is none."""
    digits = activity.rpartition("|")[2]
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 9 else 0


def shown(conversation: str, number: int, said: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as clients get it."""
    return {**_public(said), "id": activity_id(conversation, number)}


def redacted(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same without what was written (D4)."""
    return {**_public(said), "text": HIDDEN_TEXT}


def _public(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != _HELD_BACK}


def _message(fields: Mapping[str, Any], said: dict[str, Any], longest: int) -> str:
    text = fields.get("text")
    if text is not None and not isinstance(text, str):
        return "text must be a string"
    if not text and fields.get("value") is None:
        return "a message needs text or value; files are not taken"
    said |= {"text": (text or "")[:longest], "textFormat": "plain"}
    return ""


def _event(fields: Mapping[str, Any], said: dict[str, Any]) -> str:
    if said["type"] == "event":
        name = fields.get("name")
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
            return "an event needs a name"
        said["name"] = name
    return ""


def _channel_data(value: Any) -> dict[str, Any]:
    """The three things clients need to get back to know their own message again."""
    if not isinstance(value, dict):
        return {}
    kept: dict[str, Any] = {"postBack": True} if value.get("postBack") else {}
    message_back = value.get("messageBack")
    if isinstance(message_back, dict):
        words = message_back.get("displayText")
        kept["messageBack"] = {"displayText": words[:_LONGEST_NAME]} if isinstance(words, str) else {}
    client_id = value.get("clientActivityID")
    if isinstance(client_id, str) and 0 < len(client_id) <= _LONGEST_NAME:
        kept["clientActivityID"] = client_id
    return kept


def _addressed(whose: Pass) -> dict[str, Any]:
    return {
        "channelId": CHANNEL, "from": {"id": whose.user, "role": "user"}, "recipient": BOT,
        "conversation": {"id": whose.conversation}}
