"""What the chat half of a journey answers to a dialog: small values, each one thing to say."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Asked:
    """The case goes on: `gate` is the method to prove next."""

    case_id: str
    gate: str


@dataclass(frozen=True, slots=True)
class Proven:
    """Every gate is passed."""

    case_id: str


@dataclass(frozen=True, slots=True)
class Cannot:
    """It cannot succeed, known before the first proof: `reason` is a key below `cannot`.

    `until` (seconds since 1970): when time alone will help.
    """

    reason: str
    until: float = 0


@dataclass(frozen=True, slots=True)
class Wrong:
    """The proof did not do; `left` tries remain in this challenge."""

    left: int


@dataclass(frozen=True, slots=True)
class NotAName:
    """What was typed has not the shape of a user name or address (I7); nobody was looked up, nothing counted."""


@dataclass(frozen=True, slots=True)
class NotACode:
    """What was typed has not the shape of a code (V6); nothing was counted."""


@dataclass(frozen=True, slots=True)
class Paused:
    """The requester has to wait until `until` (seconds since 1970; 0: time does not help); `whose` is full."""

    until: float
    whose: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Where the secure page is, and the words that stand on it too."""

    url: str
    phrase: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Told:
    """How a case stands, as far as it is known (F1).

    "waiting" for the person; "checking" while the effect is in flight; "done" (`reason` "waits": what was
    registered does not count yet); "refused" or "ended"
    without an effect, for a reason of rules.case; "unknown" when there is no record of the case any
    more; "elsewhere" when it is somebody else's.
    """

    end: Literal["waiting", "checking", "done", "refused", "ended", "unknown", "elsewhere"]
    reason: str = ""
