"""When the owner is asked to register, or whether what is registered is still right (the policy's two reminders)."""

from dataclasses import dataclass
from enum import StrEnum

from bot.rules.registered import Enrolment, Readiness

DAY = 86400.0


class Wanted(StrEnum):
    """What the policy wants of an owner now; registering comes first."""

    NOTHING = ""
    REGISTER = "register"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Registering is put off `until` then (seconds since 1970), for the `times`-th time."""

    until: float = 0
    times: int = 0


def wanted(enrolment: Enrolment, ready: Readiness, now: float, reconfirm_days: int, *, forced: bool) -> Wanted:
    """`ready`: for a new password. What only has to wait for limit 17 is registered."""
    if forced and ready.missing:
        return Wanted.REGISTER
    return Wanted.CONFIRM if confirmation_due(enrolment, now, reconfirm_days) else Wanted.NOTHING


def confirmation_due(enrolment: Enrolment, now: float, days: int) -> bool:
    """Whether so many days have passed since the owner looked at it; what was never confirmed, since it began."""
    since = [one.since for one in enrolment.methods] + ([enrolment.recovery.since] if enrolment.recovery else [])
    if not since or not days:
        return False
    return now >= (enrolment.confirmed_at or min(since)) + days * DAY
