"""The trail's records about an account in words: what happened, how it ended, who did it.

What has no words is shown by its name in the trail, and a reason that a person of IT typed as it is; who and why
are shown as text, never as anything else (N2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.content import Content
from bot.rules.case import WhyEnded, WhyNot, WhyRefused
from bot.rules.events import OPERATIONS, WAYS
from bot.rules.helping import Act
from bot.rules.registered import EMAIL_CODE, IT_CODE, RECOVERY_CODE, TOTP

ABOUT = frozenset({*OPERATIONS, "prove", "help"})
"""Content `admin.event.of.<about>`, and of each the `EVENTS` of `admin.event.<event>`."""
EVENTS = frozenset({
    "opened", "proof", "paused", "limited", "refused", "intent", "outcome", "not_taken", "ended", "sessions_ended",
    "alert", "alarm", "taken", "answered", "added", "closed"})
STAFF = frozenset({"look"})
"""Of IT's acts those that have no page: content `admin.event.staff.<event>`."""
OUTCOMES = frozenset({
    "ok", "wrong", "refused", "pending", "done", "not_done", "already", "begun", "asked", "declined", "failed", "shown",
    "unknown", "closed"})
"""Content `admin.outcome.<outcome>`."""
REASONS = frozenset({
    *WhyRefused, *WhyNot, *WhyEnded, "account_paused", TOTP, EMAIL_CODE, RECOVERY_CODE, IT_CODE})
"""Content `admin.reason.<reason>`: why something was not done, or what was proven."""

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class EventRow:
    """`code` is the event's name in the trail; `time` as the trail writes it."""

    time: str
    what: str
    code: str
    outcome: str
    by: str
    reason: str


def event_row(content: Content, lang: str, record: Mapping[str, Any], names: Mapping[str, str]) -> EventRow:
    """`names`: the people of IT, by how the trail names them."""
    text = {name: str(record.get(name, ""))[:_LONGEST] for name in ("time", "event", "outcome", "reason", "actor")}
    outcome, reason = text["outcome"], text["reason"]
    return EventRow(
        text["time"], _what(content, lang, text["event"]), text["event"],
        content.say(lang, f"admin.outcome.{outcome}") if outcome in OUTCOMES else outcome,
        _by(content, lang, text["actor"], names),
        content.say(lang, f"admin.reason.{reason}") if reason in REASONS else reason)


def _what(content: Content, lang: str, event: str) -> str:
    about, _, what = event.partition(".")
    if about == "staff" and what in STAFF:
        return content.say(lang, f"admin.event.staff.{what}")
    if about == "staff" and what in {*Act}:
        return content.say(lang, f"admin.do.{what}.title")
    if about in ABOUT and what in EVENTS:
        return f"{content.say(lang, f'admin.event.of.{about}')}: {content.say(lang, f'admin.event.{what}')}"
    return event


def _by(content: Content, lang: str, actor: str, names: Mapping[str, str]) -> str:
    if actor in names:
        return names[actor]
    way = WAYS.get(actor.partition(":")[0], "other")
    return content.say(lang, f"admin.event.by.{way}") if actor else ""
