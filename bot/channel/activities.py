"""JSON to the SDK's Activity and back, without msrest: 118 and 153 us a message become a few.

Reading believes nothing: a field of the wrong type counts as left out. Entities, attachments, values
and channel data stay the plain JSON they came as.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from botbuilder.schema import Activity, CardAction, ChannelAccount, ConversationAccount, SuggestedActions
from msrest.serialization import Model

from bot import quick_json

Json = dict[str, Any]

_MOST = {"attachments": 50, "entities": 100, "membersAdded": 500, "membersRemoved": 500}


def too_many(fields: Mapping[str, Any]) -> bool:
    """Whether a list in the activity is longer than any channel makes it (N1)."""
    for name, most in _MOST.items():
        if name in fields and type(listed := fields[name]) is list and len(listed) > most:
            return True
    return False


def from_json(fields: Mapping[str, Any]) -> Activity:
    """An activity out of parsed JSON; whatever has the wrong type is None."""
    return _read(_ACTIVITY, fields)


def spoken(**fields: Any) -> Activity:
    """As the SDK's `Activity(**fields)`, in a fraction of its time."""
    one: Any = object.__new__(_ACTIVITY.kind)
    one.__dict__ = fields
    fields["additional_properties"] = {}
    return one


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


def _sparse(kind: type[Any]) -> type[Any]:
    """The model, but what is left out is None by the class, and not fifty times over in each of its instances."""
    return type(kind.__name__, (kind,), {**vars(kind()), "__module__": kind.__module__})


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a model is read: its keys of plain text, and its others, each with the attribute it goes to."""

    kind: type[Any]
    texts: Mapping[str, str]
    others: Mapping[str, tuple[str, Callable[[Any], Any] | None]]   # None: as it came


def _read(shape: _Shape, fields: Mapping[str, Any]) -> Any:
    texts, others = shape.texts, shape.others
    one: Any = object.__new__(shape.kind)
    state = one.__dict__
    state["additional_properties"] = {}
    for key, value in fields.items():
        if key in texts:    # nearly all of them, so without a call for each
            if type(value) is str:
                state[texts[key]] = value
        elif key in others:
            name, reader = others[key]
            state[name] = value if reader is None else reader(value)
    return one


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _time(value: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _dicts(value: Any) -> list[Json] | None:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else None


def _account(value: Any) -> ChannelAccount | None:
    return _read(_ACCOUNT, value) if isinstance(value, dict) else None


def _accounts(value: Any) -> list[ChannelAccount] | None:
    listed = _dicts(value)
    return None if listed is None else [_read(_ACCOUNT, one) for one in listed]


def _conversation(value: Any) -> ConversationAccount | None:
    return _read(_CONVERSATION, value) if isinstance(value, dict) else None


def _suggested(value: Any) -> SuggestedActions | None:
    if not isinstance(value, dict):
        return None
    receivers = value.get("to")
    actions = [_read(_ACTION, one) for one in _dicts(value.get("actions")) or ()]
    return SuggestedActions(to=receivers if isinstance(receivers, list) else None, actions=actions)


_ACCOUNT = _Shape(
    _sparse(ChannelAccount),
    texts={"id": "id", "name": "name", "aadObjectId": "aad_object_id", "role": "role"},
    others={"properties": ("properties", None)})
_CONVERSATION = _Shape(
    _sparse(ConversationAccount),
    # The SDK calls it "tenantID"; every channel sends, and Teams expects, "tenantId".
    texts={**_ACCOUNT.texts, "conversationType": "conversation_type", "tenantId": "tenant_id"},
    others={**_ACCOUNT.others, "isGroup": ("is_group", _flag)})
_ACTION = _Shape(
    _sparse(CardAction),
    texts={"type": "type", "title": "title", "image": "image", "text": "text", "displayText": "display_text",
           "imageAltText": "image_alt_text"},
    others={"value": ("value", None), "channelData": ("channel_data", None)})
_ACTIVITY = _Shape(
    _sparse(Activity),
    texts={"type": "type", "id": "id", "localTimezone": "local_timezone", "serviceUrl": "service_url",
           "channelId": "channel_id", "textFormat": "text_format", "attachmentLayout": "attachment_layout",
           "topicName": "topic_name", "locale": "locale", "text": "text", "speak": "speak",
           "inputHint": "input_hint", "summary": "summary", "action": "action", "replyToId": "reply_to_id",
           "label": "label", "valueType": "value_type", "name": "name", "code": "code",
           "importance": "importance", "deliveryMode": "delivery_mode"},
    others={"timestamp": ("timestamp", _time), "localTimestamp": ("local_timestamp", _time),
            "from": ("from_property", _account), "conversation": ("conversation", _conversation),
            "recipient": ("recipient", _account), "membersAdded": ("members_added", _accounts),
            "membersRemoved": ("members_removed", _accounts), "historyDisclosed": ("history_disclosed", _flag),
            "suggestedActions": ("suggested_actions", _suggested), "attachments": ("attachments", _dicts),
            "entities": ("entities", _dicts), "channelData": ("channel_data", None), "value": ("value", None),
            "expiration": ("expiration", _time)})

_KEYS: dict[type[Any], dict[str, str]] = {}  # of each model: attribute to JSON key, filled as they are met
_READY = frozenset({str, int, float, bool, dict})


def _write(model: Any) -> Json:
    kind = type(model)
    keys = _KEYS[kind] if kind in _KEYS else _KEYS.setdefault(kind, _json_keys(kind))
    written: Json = {}
    for name, value in model.__dict__.items():
        if value is not None and name in keys:
            kind = type(value)
            written[keys[name]] = value if kind in _READY else _write(value) if kind in _KEYS else _nested(value)
    return written


def _nested(value: Any) -> Any:
    if isinstance(value, list):
        return [one if type(one) in _READY else plain(one) for one in value]
    return plain(value)


def _json_keys(kind: type[Any]) -> dict[str, str]:
    keys = {name: one["key"].replace("\\.", ".") for name, one in kind._attribute_map.items() if one["key"]}
    if issubclass(kind, ConversationAccount):
        keys["tenant_id"] = "tenantId"
    return keys


def _iso(time: datetime) -> str:
    time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    fraction = f"{time.microsecond:06}".rstrip("0").ljust(3, "0")
    return f"{time:%Y-%m-%dT%H:%M:%S}.{fraction}Z"
