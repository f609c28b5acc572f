"""Who speaks and from where, read off an activity that the gate has found to agree with its token (I1-I4)."""

import re
from collections.abc import Mapping, Set
from enum import Enum
from typing import Any

from bot.people import TEAMS, WEB_CHAT, Speaker

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OUTSIDERS = frozenset({"guest", "anonymous", "federated", "external", "anonymousguest"})
_ROLE_FIELDS = frozenset({"role", "userRole", "userType"})


class Unserved(Enum):
    """Why an activity is answered 403."""

    TENANTS_DISAGREE = "tenants disagree"
    OTHER_TENANT = "tenant not served"


def speaker_of(
        activity: Mapping[str, Any], tenants: Set[str] | None, *, verified: bool, source: str) -> Speaker | Unserved:
    """The speaker of an activity with a sender and a conversation.

    `tenants` are the ids served, in lower case; None serves all. `verified` is False only in development
    without credentials, where a tenant may be left out.
    """
    sender, conversation = activity["from"], activity["conversation"]
    stated, again = _lower(conversation.get("tenantId")), _lower(_tenant_in(activity.get("channelData")))
    if stated and again and stated != again:
        return Unserved.TENANTS_DISAGREE
    tenant = stated or again
    teams = activity["channelId"] == TEAMS
    if not _served(tenant, tenants, required=teams and verified):
        return Unserved.OTHER_TENANT
    # Teams states the tenant twice; a speaker with a statement missing is not known well enough (I1).
    known = teams and bool((stated and again) or not verified)
    object_id = _object_id(sender) if known and not _outsider(sender, tenant) else None
    return Speaker(
        channel=_channel(activity["channelId"]), tenant=tenant if teams else "", conversation=conversation["id"],
        user=sender["id"], object_id=object_id, source=source, guest=teams and object_id is None,
        personal=_personal(conversation, required=teams))


def _channel(named: str) -> str:
    """A web chat of the service's is none of ours: it shares no conversation and no right with one (I2, I5)."""
    return f"service {named}" if named == WEB_CHAT else named


def _served(tenant: str, tenants: Set[str] | None, *, required: bool) -> bool:
    if not tenant:
        return not required
    return tenants is None or tenant in tenants


def _tenant_in(data: Any) -> Any:
    tenant = data.get("tenant") if isinstance(data, dict) else None
    return tenant.get("id") if isinstance(tenant, dict) else None


def _lower(value: Any) -> str:
    return value.lower() if isinstance(value, str) else ""


def _outsider(sender: Mapping[str, Any], tenant: str) -> bool:
    home = sender.get("tenantId")
    if home is not None and not (isinstance(home, str) and home.lower() == tenant):
        return True
    properties = sender.get("properties")
    return _outside_by_role(sender) or (isinstance(properties, dict) and _outside_by_role(properties))


def _outside_by_role(place: Mapping[str, Any]) -> bool:
    return not _ROLE_FIELDS.isdisjoint(place) and any(
        str(place.get(name, "")).lower() in _OUTSIDERS for name in _ROLE_FIELDS)


def _object_id(sender: Mapping[str, Any]) -> str | None:
    lower = _lower(sender.get("aadObjectId"))
    return lower if _OBJECT_ID.fullmatch(lower) else None


def _personal(conversation: Mapping[str, Any], *, required: bool) -> bool:
    """One-to-one only if it says so; channels other than Teams may leave it out (I4)."""
    kind = conversation.get("conversationType")
    said = kind == "personal" or (kind is None and not required)
    return said and conversation.get("isGroup") in (None, False)
