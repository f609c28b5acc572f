"""When an owner is asked to register, or whether what is registered is still right."""

from dataclasses import replace

import pytest

from bot.rules.registered import NOTHING, TOTP, Enrolment, Method, Readiness, RecoverySet
from bot.rules.reminders import DAY, Wanted, wanted

APP = Method("a", TOTP, "", 1000.0, backed=True)
CODES = RecoverySet("r", 500.0, backed=True, salt="", hashes=())
REGISTERED = Enrolment((APP,))


@pytest.mark.parametrize(("enrolment", "days", "asked_after"), [
    (REGISTERED, 180, 1000 + 180 * DAY),
    (replace(REGISTERED, recovery=CODES), 180, 500 + 180 * DAY),
    (replace(NOTHING, recovery=CODES), 1, 500 + DAY),
    (replace(REGISTERED, confirmed_at=5000.0), 730, 5000 + 730 * DAY),
    (REGISTERED, 0, None),
    (NOTHING, 1, None),
])
def test_when_to_look_again(enrolment: Enrolment, days: int, asked_after: float | None) -> None:
    """From the last confirmation, or from the beginning; 0 days is never, and nothing needs no look."""
    def asked(now: float) -> Wanted:
        return wanted(enrolment, Readiness(), now, days, forced=False)

    if asked_after is None:
        assert asked(1e12) is Wanted.NOTHING
    else:
        assert asked(asked_after - 1) is Wanted.NOTHING
        assert asked(asked_after) is Wanted.CONFIRM


@pytest.mark.parametrize(("ready", "forced", "asked"), [
    (Readiness((TOTP,)), True, Wanted.REGISTER),
    (Readiness((TOTP,)), False, Wanted.NOTHING),
    (Readiness(until=99.0), True, Wanted.NOTHING),
    (Readiness(), True, Wanted.NOTHING),
])
def test_who_is_asked_to_register(ready: Readiness, forced: bool, asked: Wanted) -> None:
    """What only has to wait for limit 17 is registered already."""
    assert wanted(NOTHING, ready, 0, 180, forced=forced) is asked


def test_registering_comes_before_confirming() -> None:
    assert wanted(REGISTERED, Readiness((TOTP,)), 1e12, 1, forced=True) is Wanted.REGISTER
