"""The numbers of the security requirements: default, ceiling, unit, and what each one limits."""

from dataclasses import dataclass, field, fields
from typing import Any


def _limit(default: int, ceiling: int | None, unit: str, why: str, *, floor: int | None = None) -> Any:
    return field(default=default, metadata={"ceiling": ceiling, "floor": floor, "unit": unit, "why": why})


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit, by name; `KEYTURN_LIMIT_<NAME>` sets one. Numbers in [] are the requirements' rows."""

    challenge_failures: int = _limit(5, 5, "tries", "[3] failed proofs before a challenge is dead")
    account_failures_15min: int = _limit(5, 10, "tries", "[4] failed proofs for one account in 15 minutes")
    account_failures_24h: int = _limit(20, 50, "tries", "[4] failed proofs for one account in 24 hours")
    anonymous_failures_in_a_row: int = _limit(50, 100, "tries", "[5] failed proofs in a row by anonymous visitors")
    owner_failures_in_a_row: int = _limit(50, 100, "tries", "[5] failed proofs in a row by the signed-in owner")
    requester_failures_5min: int = _limit(10, 10, "tries", "[6] failed proofs by one requester or address in 5 minutes")
    requester_failures_1h: int = _limit(50, 50, "tries", "[6] failed proofs by one requester or address in an hour")
    requester_targets_24h: int = _limit(5, 10, "accounts", "[7] accounts one anonymous requester may name in 24 hours")
    global_failures_5min: int = _limit(1000, None, "tries", "[8] failed proofs by everybody in 5 minutes")
    reset_starts_24h: int = _limit(5, 10, "starts", "[9] resets begun for one account in 24 hours")
    resets_24h: int = _limit(3, 5, "resets", "[9] resets completed for one account in 24 hours")
    unlocks_24h: int = _limit(3, 5, "unlocks", "[10] unlocks of one account in 24 hours")
    codes_15min: int = _limit(3, 3, "codes", "[11] codes sent for one account in 15 minutes")
    codes_24h: int = _limit(10, 10, "codes", "[11] codes sent for one account in 24 hours")
    code_digits: int = _limit(6, 8, "digits", "[12] length of a code sent by mail", floor=6)
    code_seconds: int = _limit(300, 600, "s", "[12] how long a mailed code may be used")
    it_code_seconds: int = _limit(1800, 1800, "s", "how long a one-time code from IT for registering may be used")
    flow_seconds: int = _limit(900, 900, "s", "[13] a whole verified flow, from its first proof")
    grant_seconds: int = _limit(600, 600, "s", "[14] from being proven to the effect")
    ticket_seconds: int = _limit(300, 600, "s", "[15] how long the secure page's link may be used")
    step_up_seconds: int = _limit(300, 1200, "s", "[16] age of the proof with which registered methods may be changed")
    cool_down_seconds: int = _limit(
        86400, None, "s", "[17] before a method registered without an existing factor counts", floor=28800)
    apps: int = _limit(5, 10, "apps", "one person may have registered at a time")
    password_length: int = _limit(15, None, "characters", "[19] shortest new password", floor=8)
    clock_skew_seconds: int = _limit(300, 300, "s", "[21] tolerated in the channel's tokens")
    duplicate_seconds: int = _limit(3600, None, "s", "[21] how long an activity's id is remembered", floor=3600)
    text_characters: int = _limit(4000, 28672, "characters", "[22] of a message are read")
    body_bytes: int = _limit(262144, 1048576, "bytes", "[22] of an HTTP body")
    json_depth: int = _limit(64, 128, "levels", "[22] of nesting in JSON")
    header_seconds: int = _limit(10, 30, "s", "[24] to send the headers of a request")
    body_seconds: int = _limit(15, 30, "s", "[24] to send the body of a request")
    answer_seconds: int = _limit(10, 15, "s", "[25] for a turn; longer work goes on in the background")
    abandoned_seconds: int = _limit(86400, 86400, "s", "[27] until an abandoned conversation is deleted")

    help_cases_open: int = _limit(3, 10, "cases", "one person may have open at the helpdesk at a time")
    help_cases_24h: int = _limit(5, 20, "cases", "one person may open at the helpdesk in 24 hours")
    help_cases_source_24h: int = _limit(10, 50, "cases", "visitors at one address may open in 24 hours")
    help_cases_visitors_1h: int = _limit(100, 1000, "cases", "all visitors together may open in an hour")
    unanswered_kept_seconds: int = _limit(
        14 * 86400, 30 * 86400, "s", "until a question nobody could answer, without who asked, is deleted")
    help_case_kept_seconds: int = _limit(7 * 86400, 30 * 86400, "s", "until a closed helpdesk case is deleted")


QUARTER, DAY = 900.0, 86400.0


def counted_for_account(limits: Limits) -> tuple[tuple[str, tuple[tuple[int, float], ...]], ...]:
    """What is counted of an account beside failures, by its counter's name, as (most, seconds) (limits 9 to 11)."""
    begun, done = (limits.reset_starts_24h, DAY), (limits.resets_24h, DAY)
    return (
        ("reset_start", (begun,)), ("reset_done", (done,)), ("change_start", (begun,)), ("change_done", (done,)),
        ("unlock_start", (begun,)), ("unlock_done", ((limits.unlocks_24h, DAY),)),
        ("codes", ((limits.codes_15min, QUARTER), (limits.codes_24h, DAY))))


JOINT_FAILURES_IN_A_ROW = 100
"""Ceiling of anonymous_failures_in_a_row and owner_failures_in_a_row together [5] (NIST SP 800-63B-4 §3.2.2)."""


def too_loose(limits: Limits) -> list[str]:
    """What is looser than the requirements allow, one line each; empty when all is well (G5)."""
    found = []
    for one in fields(limits):
        value, ceiling, floor = getattr(limits, one.name), one.metadata["ceiling"], one.metadata["floor"]
        if ceiling is not None and value > ceiling:
            found.append(f"KEYTURN_LIMIT_{one.name.upper()}={value} is above its ceiling {ceiling}")
        if floor is not None and value < floor:
            found.append(f"KEYTURN_LIMIT_{one.name.upper()}={value} is below its floor {floor}")
    both = limits.anonymous_failures_in_a_row + limits.owner_failures_in_a_row
    if both > JOINT_FAILURES_IN_A_ROW:
        found.append(
            "KEYTURN_LIMIT_ANONYMOUS_FAILURES_IN_A_ROW and KEYTURN_LIMIT_OWNER_FAILURES_IN_A_ROW "
            f"make {both} together, above {JOINT_FAILURES_IN_A_ROW}")
    return found
