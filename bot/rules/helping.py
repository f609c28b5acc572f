"""What IT may do for an account, who may do it, and when it takes two persons (O7, I8)."""

from dataclasses import dataclass
from enum import StrEnum

from bot.rules.staff import Staff

CONFIRM_SECONDS = 30 * 60
LONGEST_REASON = 300


class Act(StrEnum):
    """One thing IT does for one account; none of them sees or chooses a secret that opens an account (O7)."""

    PAUSE = "pause"         # self-service is held
    RESUME = "resume"
    THAW = "thaw"           # the owner's own alarm is lifted
    CODE = "code"           # a one-time code to register with (A2)
    REOPEN = "reopen"       # the row of failures of limit 5 begins anew


FOR_PROTECTED = frozenset({Act.PAUSE, Act.RESUME, Act.THAW, Act.CODE})
"""Exceptions that two persons may make for a protected account; self-service never opens for one (I8)."""


class Verdict(StrEnum):
    """What becomes of a wish: done by one person, by two, or not."""

    ONE = "one"
    TWO = "two"
    SELF = "self"               # nobody acts on themselves
    PROTECTED = "protected"
    SAME = "same"               # the second person must be another one


@dataclass(frozen=True, slots=True)
class Request:
    """A wish that waits for a second person. `by`: who has it; times are seconds since 1970."""

    id: str
    act: Act
    account: str
    by: str
    by_account: str
    by_name: str
    reason: str
    since: float


def verdict(act: Act, staff: Staff, account: str, protected: bool) -> Verdict:
    """What happens when this person wants it."""
    if staff.account_id == account:
        return Verdict.SELF
    if not protected:
        return Verdict.ONE
    return Verdict.TWO if act in FOR_PROTECTED else Verdict.PROTECTED


def second(request: Request, staff: Staff, protected: bool) -> Verdict:
    """What happens when this person confirms: never who asked, under whatever name, and never on themselves."""
    if staff.id == request.by or staff.account_id == request.by_account:
        return Verdict.SAME
    found = verdict(request.act, staff, request.account, protected)
    return Verdict.ONE if found is Verdict.TWO else found


def clean_reason(typed: str) -> str:
    """A reason in one line, without what does not show; "" for one that says nothing."""
    text = "".join(one if one.isprintable() else " " for one in typed)
    return " ".join(text.split())[:LONGEST_REASON]
