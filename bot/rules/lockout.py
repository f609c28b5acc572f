"""How many wrong proofs are too many: the windows of one try, and what they say together (limits 3-8)."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.rules.limits import Limits
from bot.rules.sources import neighbourhood

PRECEDENCE = ("challenge", "requester", "source", "global", "account")
"""Whose exhaustion is named when several are: what may be told to anybody comes before what may not (E1)."""


FAILURES = "failures"


@dataclass(frozen=True, slots=True)
class Window:
    """At most `most` tries of `whose` in any `seconds`.

    `parts` name the counter; windows of one counter share its parts. `seconds` None: until a
    success, whatever time passes (limit 5). A window that does not bind is counted and refuses
    nobody.
    """

    whose: str
    parts: tuple[str, ...]
    most: int
    seconds: float | None
    binds: bool = True


@dataclass(frozen=True, slots=True)
class Fill:
    """How full a window is: tries in it, and when the first place in it becomes free (0: unknown)."""

    used: int
    free_at: float = 0


@dataclass(frozen=True, slots=True)
class Full:
    """`whose` has no try left before `until` (seconds since 1970; 0: time will not help)."""

    whose: str
    until: float


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of one window of an account is used. `seconds` None: until a success, or IT (limit 5).

    `what`: FAILURES, or a name of `limits.counted_for_account`.
    """

    what: str
    used: int
    most: int
    seconds: float | None
    free_at: float      # seconds since 1970, if it is full


def way(owner: bool) -> str:
    """The name of a budget: what anonymous visitors spend, the signed-in owner keeps (V4)."""
    return "owner" if owner else "anonymous"


def windows(
    limits: Limits, *, challenge: str, account: str, owner: bool, requester: str, source: str,
) -> tuple[Window, ...]:
    """Every window one try passes through; an empty text is not known and not counted.

    The signed-in owner is not bound by the windows of an address or of everybody, though the tries
    count there: a storm of anonymous tries must not shut the owner out (V4, F15).
    """
    in_a_row = limits.owner_failures_in_a_row if owner else limits.anonymous_failures_in_a_row
    theirs = (account, way(owner))
    source = neighbourhood(source)
    found = [
        Window("challenge", ("challenge", challenge), limits.challenge_failures, limits.abandoned_seconds),
        Window("requester", ("requester", requester), limits.requester_failures_5min, 300),
        Window("requester", ("requester", requester), limits.requester_failures_1h, 3600),
        Window("source", ("source", source), limits.requester_failures_5min, 300, binds=not owner),
        Window("source", ("source", source), limits.requester_failures_1h, 3600, binds=not owner),
        Window("global", ("global", "everybody"), limits.global_failures_5min, 300, binds=not owner),
        Window("account", ("account", *theirs), limits.account_failures_15min, 900),
        Window("account", ("account", *theirs), limits.account_failures_24h, 86400),
        Window("account", ("row", *theirs), in_a_row, None),
    ]
    return tuple(one for one in found if one.parts[1])


def verdict(passed: Sequence[Window], fills: Sequence[Fill]) -> Full | None:
    """Who is out of tries, and until when all of theirs have room again; None when nobody is."""
    pairs = zip(passed, fills, strict=True)
    full = [(one, fill) for one, fill in pairs if one.binds and fill.used >= one.most]
    for whose in PRECEDENCE:
        theirs = [(one, fill) for one, fill in full if one.whose == whose]
        if theirs:
            never = whose == "challenge" or any(one.seconds is None for one, _ in theirs)
            return Full(whose, 0 if never else max(fill.free_at for _, fill in theirs))
    return None


def left(passed: Sequence[Window], fills: Sequence[Fill]) -> int:
    """Tries that remain in this challenge once the one that found these fills is counted."""
    return min((
        one.most - fill.used - 1
        for one, fill in zip(passed, fills, strict=True) if one.whose == "challenge"), default=0)
