"""Whether an activity and the token it came with say the same, and whether it can be answered (C3, C5)."""

from collections.abc import Mapping
from typing import Any

from bot.channel.activities import too_many
from bot.channel.hosts import ReplyHosts
from bot.channel.intake import Refusal
from bot.channel.tokens import Claims

_SUPPORTED = frozenset({"message", "invoke", "conversationUpdate", "installationUpdate"})
"""What starts a turn. Edits, deletions and reactions never act on a flow (C6), typing says nothing, and
events are the bot's own knocks, which no channel sends."""

_LONGEST_ID = 1024

FORGED = Refusal(401, "not authorised", {"WWW-Authenticate": "Bearer"})
_NO_ADDRESS = Refusal(400, "serviceUrl and channelId are required")
_FOREIGN = Refusal(403, "reply address not allowed")
_OVERDONE = Refusal(400, "activity out of proportion")


def disagreement(activity: Mapping[str, Any], claims: Claims | None, hosts: ReplyHosts) -> Refusal | None:
    """Why the activity is refused; `claims` are None in development without credentials.

    Both the reply address and the channel are required: leaving one out must not skip its check.
    """
    service_url, channel = activity.get("serviceUrl"), activity.get("channelId")
    if not (isinstance(service_url, str) and isinstance(channel, str) and service_url and channel):
        return _NO_ADDRESS if claims is None else FORGED
    if claims is None:
        return None if hosts.local(service_url) else _FOREIGN
    if service_url != claims.service_url or channel not in claims.endorsements:
        return FORGED
    return None if hosts.allows(service_url) else _FOREIGN


def to_ignore(activity: Mapping[str, Any]) -> bool:
    """Whether it is no business of ours: no sender, no conversation, no id, or another type (C5)."""
    return not (
        isinstance(kind := activity.get("type"), str) and kind in _SUPPORTED and _identified(activity)
        and _identified(activity.get("from")) and _identified(activity.get("conversation")))


def overdone(activity: Mapping[str, Any]) -> Refusal | None:
    """Whether a complete activity holds ids or lists longer than any channel makes them (N1)."""
    longest = max(len(activity["id"]), len(activity["from"]["id"]), len(activity["conversation"]["id"]))
    return _OVERDONE if longest > _LONGEST_ID or too_many(activity) else None


def _identified(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(named := value.get("id"), str) and bool(named)
