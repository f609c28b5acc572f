"""JSON to the SDK's Activity and back, without msrest: 118 and 153 us a message become a few.

Reading believes nothing: a field of the wrong type counts as left out. Entities, attachments, values
and channel data stay the plain JSON they came as.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from botbuilder.schema import Activity, CardAction, ChannelAccount, ConversationAccount, SuggestedActions
from msrest.serialization import Model

from bot import quick_json

Json = dict[str, Any]
Readers = Mapping[str, tuple[str, Callable[[Any], Any]]]

_MOST = {"attachments": 50, "entities": 100, "membersAdded": 500, "membersRemoved": 500}


def too_many(fields: Mapping[str, Any]) -> bool:
    """Whether a list in the activity is longer than any channel makes it (N1)."""
    return any(
        isinstance(listed := fields.get(name), list) and len(listed) > most for name, most in _MOST.items())


def from_json(fields: Mapping[str, Any]) -> Activity:
    """An activity out of parsed JSON; whatever has the wrong type is None."""
    return _read(Activity, _NO_ACTIVITY, _ACTIVITY, fields)


def to_json(activity: Activity) -> Json:
    """The activity as the channel wants it; plain dicts within are shared, not copied."""
    return _write(activity)


def plain(value: Any) -> Any:
    """The SDK's models, times and enums, at any depth, as plain JSON; TypeError for anything else."""
    if isinstance(value, Model):
        return _write(value)
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    raise TypeError(f"{type(value).__name__} is no JSON")


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=plain).encode


def encode(value: Any) -> bytes:
    """JSON bytes; a lone surrogate becomes "?", so no text can make this fail."""
    try:
        return quick_json.dumps(value, plain)
    except TypeError:
        return _encode(value).encode("utf-8", "replace")


def _read(kind: type[Any], empty: Json, readers: Readers, fields: Mapping[str, Any]) -> Any:
    one: Any = object.__new__(kind)  # the models' constructors take longer than all the rest here
    state = one.__dict__
    state.update(empty)
    state["additional_properties"] = {}
    for key, value in fields.items():
        reader = readers.get(key)
        if reader is not None:
            state[reader[0]] = reader[1](value)
    return one


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _as_is(value: Any) -> Any:
    return value


def _time(value: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _dicts(value: Any) -> list[Json] | None:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else None


def _account(value: Any) -> ChannelAccount | None:
    return _read(ChannelAccount, _NO_ACCOUNT, _ACCOUNT, value) if isinstance(value, dict) else None


def _accounts(value: Any) -> list[ChannelAccount] | None:
    listed = _dicts(value)
    return None if listed is None else [_read(ChannelAccount, _NO_ACCOUNT, _ACCOUNT, one) for one in listed]


def _conversation(value: Any) -> ConversationAccount | None:
    if not isinstance(value, dict):
        return None
    return _read(ConversationAccount, _NO_CONVERSATION, _CONVERSATION, value)


def _suggested(value: Any) -> SuggestedActions | None:
    if not isinstance(value, dict):
        return None
    receivers = value.get("to")
    actions = [_read(CardAction, _NO_ACTION, _ACTION, one) for one in _dicts(value.get("actions")) or ()]
    return SuggestedActions(to=receivers if isinstance(receivers, list) else None, actions=actions)


_NO_ACTIVITY, _NO_ACCOUNT = vars(Activity()), vars(ChannelAccount())
_NO_CONVERSATION, _NO_ACTION = vars(ConversationAccount()), vars(CardAction())

_ACCOUNT: Readers = {
    "id": ("id", _text), "name": ("name", _text), "aadObjectId": ("aad_object_id", _text),
    "role": ("role", _text), "properties": ("properties", _as_is),
}
_CONVERSATION: Readers = {
    **_ACCOUNT, "isGroup": ("is_group", _flag), "conversationType": ("conversation_type", _text),
    # The SDK calls it "tenantID"; every channel sends, and Teams expects, "tenantId".
    "tenantId": ("tenant_id", _text),
}
_ACTION: Readers = {
    "type": ("type", _text), "title": ("title", _text), "image": ("image", _text), "text": ("text", _text),
    "displayText": ("display_text", _text), "value": ("value", _as_is),
    "channelData": ("channel_data", _as_is), "imageAltText": ("image_alt_text", _text),
}
_ACTIVITY: Readers = {
    "type": ("type", _text), "id": ("id", _text), "timestamp": ("timestamp", _time),
    "localTimestamp": ("local_timestamp", _time), "localTimezone": ("local_timezone", _text),
    "serviceUrl": ("service_url", _text), "channelId": ("channel_id", _text),
    "from": ("from_property", _account), "conversation": ("conversation", _conversation),
    "recipient": ("recipient", _account), "textFormat": ("text_format", _text),
    "attachmentLayout": ("attachment_layout", _text), "membersAdded": ("members_added", _accounts),
    "membersRemoved": ("members_removed", _accounts), "topicName": ("topic_name", _text),
    "historyDisclosed": ("history_disclosed", _flag), "locale": ("locale", _text), "text": ("text", _text),
    "speak": ("speak", _text), "inputHint": ("input_hint", _text), "summary": ("summary", _text),
    "suggestedActions": ("suggested_actions", _suggested), "attachments": ("attachments", _dicts),
    "entities": ("entities", _dicts), "channelData": ("channel_data", _as_is), "action": ("action", _text),
    "replyToId": ("reply_to_id", _text), "label": ("label", _text), "valueType": ("value_type", _text),
    "value": ("value", _as_is), "name": ("name", _text), "code": ("code", _text),
    "expiration": ("expiration", _time), "importance": ("importance", _text),
    "deliveryMode": ("delivery_mode", _text),
}

_KEYS: dict[type[Any], dict[str, str]] = {}  # of each model: attribute to JSON key, filled as they are met
_READY = frozenset({str, int, float, bool, dict})


def _write(model: Any) -> Json:
    kind = type(model)
    keys = _KEYS.get(kind)
    if keys is None:
        keys = _KEYS[kind] = _json_keys(kind)
    written: Json = {}
    for name, value in model.__dict__.items():
        if value is not None and (key := keys.get(name)) is not None:
            written[key] = value if type(value) in _READY else _nested(value)
    return written


def _nested(value: Any) -> Any:
    if isinstance(value, list):
        return [one if type(one) in _READY else plain(one) for one in value]
    return plain(value)


def _json_keys(kind: type[Any]) -> dict[str, str]:
    keys = {name: one["key"].replace("\\.", ".") for name, one in kind._attribute_map.items() if one["key"]}
    if kind is ConversationAccount:
        keys["tenant_id"] = "tenantId"
    return keys


def _iso(time: datetime) -> str:
    time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    fraction = f"{time.microsecond:06}".rstrip("0").ljust(3, "0")
    return f"{time:%Y-%m-%dT%H:%M:%S}.{fraction}Z"
