"""What the owner of an account may read of the audit trail about it: which records tell something, and what.

A request leaves half a dozen records; it is told by the one that says how it ended. No address and no
name of anybody is told, only by which way it was done.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

OPERATIONS = ("reset", "change", "unlock", "recovery_codes", "freeze", "temporary_pass",
              "register_app", "register_mail", "rename_method", "remove_method")
"""All there are; what another release may have recorded beside them is "other" (F10)."""

BEGAN, DONE, NOT_DONE, STOPPED = "began", "done", "not_done", "stopped"
OF_OPERATIONS = (BEGAN, DONE, NOT_DONE, STOPPED)
"""Content `my_events.<kind>.<operation>`, or `.other`."""

BY_IT = ("pause", "resume", "thaw", "reopen", "code")
PLAIN = ("wrong_code", "paused", "limited", "help_opened", "confirmed", *(f"it_{one}" for one in BY_IT))
"""Content `my_events.<kind>`."""

WAYS = {"directline": "web_chat", "msteams": "teams", "mail": "mail", "staff": "it"}
"""How the trail's actors begin; content `my_events.by.<way>`, or `.other`."""

_ENDS = {("outcome", "done"): DONE, ("outcome", "refused"): NOT_DONE, ("ended", "not_done"): STOPPED,
         ("opened", "ok"): BEGAN, ("opened", "refused"): BEGAN, ("refused", "refused"): NOT_DONE}
_NOTICED = {("proof", "wrong"): "wrong_code", ("paused", "refused"): "paused", ("limited", "refused"): "limited"}


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing that happened: `what` is a key below `my_events`, `way` one below `my_events.by`."""

    what: str
    way: str
    at: float           # seconds since 1970; of the last time
    times: int = 1


def tellings(records: Iterable[Mapping[str, Any]], most: int) -> list[Telling]:
    """The newest things that records (newest first) tell their owner, `most` of them."""
    told: dict[tuple[str, str], Telling] = {}
    over: set[str] = set()      # requests of which something later is told
    for record in records:
        what = _what(record)
        which = str(record["correlation"])
        if not what or (what.startswith(f"{BEGAN}.") and which in over):
            continue
        over.add(which)
        known = told.get((which, what))
        if known is not None:
            told[which, what] = replace(known, times=known.times + 1)
        elif len(told) < most:
            told[which, what] = Telling(what, _way(str(record["actor"])), _at(str(record["time"])))
    return list(told.values())


def _what(record: Mapping[str, Any]) -> str:
    """The key of what a record tells; "" for nothing: it is told by another one, or is not for the owner."""
    about, _, event = str(record["event"]).partition(".")
    outcome = str(record["outcome"])
    if about == "staff":
        return f"it_{event}" if event in BY_IT and outcome in ("done", "shown") else ""
    if about == "registered":
        return "confirmed" if event == "confirmed" and outcome == "ok" else ""
    if about == "help":
        return "help_opened" if event == "opened" and outcome == "ok" else ""
    if noticed := _NOTICED.get((event, outcome)):
        return noticed
    end = _ENDS.get((event, outcome))
    return f"{end}.{about if about in OPERATIONS else 'other'}" if end else ""


def _way(actor: str) -> str:
    return WAYS.get(actor.partition(":")[0], "other")


def _at(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
