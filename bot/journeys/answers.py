"""What the chat half of a journey answers to a dialog: small values, each one thing to say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """The case goes on: `gate` is the method to prove next."""

    case_id: str
    gate: str


@dataclass(frozen=True, slots=True)
class Proven:
    """Every gate is passed."""


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
    """The requester has to wait until `until` (seconds since 1970)."""

    until: float


@dataclass(frozen=True, slots=True)
class Over:
    """The case has ended; `reason` is a key below `reset.over`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Where the secure page is, and the words that stand on it too."""

    url: str
    phrase: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Told:
    """How a case stands: `end` is "done", "refused", "checking", "waiting" (for the page) or "ended"."""

    end: str
    reason: str = ""
