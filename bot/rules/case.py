"""The life of one request: which states a case goes through, and which steps are allowed when."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Self


class State(StrEnum):
    """opened → proven → claimed → done | refused; ended from opened and proven only."""

    OPENED = "opened"       # somebody asks; gates still closed
    PROVEN = "proven"       # every gate passed; a grant until limit 14
    CLAIMED = "claimed"     # one caller holds the right to the effect
    DONE = "done"           # the effect happened
    REFUSED = "refused"     # it did not, and never will
    ENDED = "ended"         # given up, superseded or expired before any effect


class WhyEnded(StrEnum):
    """Why a case ended before any effect; content `case.over.<reason>` in the chat. A page shows no such case."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TOO_MANY_TRIES = "too_many_tries"
    TOO_MANY_CODES = "too_many_codes"
    CONTACT_IT = "contact_it"
    SUPERSEDED = "superseded"


class WhyRefused(StrEnum):
    """Why the effect was refused; content `case.refused.<reason>`, and on pages `refused.reason.<reason>`."""

    INTERRUPTED = "interrupted"
    PAUSED = "paused"                           # the account (limits 4, 5)
    PAUSED_HERE = "paused_here"                 # whoever asks, or their address (limit 6)
    PAUSED_EVERYWHERE = "paused_everywhere"     # all visitors (limit 8)
    TOO_MANY = "too_many"                       # done too often today (limits 9, 10)
    TOO_MANY_TRIES = "too_many_tries"           # the present password was wrong too often (O5)
    METHODS_CHANGED = "methods_changed"         # what it was proven with is gone (A4)
    POLICY = "policy"                           # what was asked for is not enough any more, or switched off (G2)
    TOO_OLD = "too_old"                         # the proof, for a change of what is registered (limit 16)
    NEW_APP_WRONG = "new_app_wrong"             # codes of the app that was to be registered were wrong too often
    CONTACT_IT = "contact_it"
    CHANGE_ELSEWHERE = "change_elsewhere"       # only the directory's own page can do it
    CHANGE_ASKS_MORE = "change_asks_more"       # so: it takes a stronger sign-in than a window can ask for
    NOT_LOCKED = "not_locked"                   # nothing to unlock
    EXPIRED_PASSWORD = "expired_password"       # noqa: S105  # nor is a lock what keeps its owner out


class WhyNot(StrEnum):
    """Why an account cannot be served whatever is proven; content `case.cannot.<reason>`, for its owner only."""

    NOT_OFFERED = "not_offered"         # by the policy, here
    UNKNOWN = "unknown"
    PROTECTED = "protected"             # administrators, service and break-glass accounts (I8)
    GUEST = "guest"
    DISABLED = "disabled"
    FROZEN = "frozen"                   # by the owner's alarm
    HELD = "held"                       # by IT
    STARTS = "starts"                   # begun too often today (limit 9)
    UNREGISTERED = "unregistered"
    COOL_DOWN = "cool_down"             # registered too recently (limit 17)
    SYNCED = "synced"                   # the password lives in the organisation's own Active Directory
    SYNCED_UNREGISTERED = "synced_unregistered"     # so, and too little is registered for the directory's own page
    SYNCED_NO_PAGE = "synced_no_page"   # so, and the directory's own page is not open for this person
    FEDERATED = "federated"             # somebody else's service signs this person in
    NOT_ABLE = "not_able"               # the directory does not let us: a permission is missing
    NO_PASS = "no_pass"                 # noqa: S105  # the same for Temporary Access Passes
    NO_UNLOCK = "no_unlock"             # the directory lifts its lock by itself, and lets nobody else
    CHANGE_ELSEWHERE = "change_elsewhere"   # only the person's own sign-in at the directory may


CLOSED = frozenset({State.DONE, State.REFUSED, State.ENDED})


@dataclass(frozen=True, slots=True)
class Case:
    """One request by one speaker for one account. Plain JSON in the store, sealed; `rev` guards changes.

    Times are seconds since 1970; 0 means not yet. `account` is the immutable id the case was
    opened for: of a real account, or one made up for a name nobody has (E1). `blocked` says why
    even right proofs will not do; before the person is proven nobody is told (I8, V3).
    """

    id: str
    operation: str                      # "reset", "change", "unlock", "register"
    lang: str
    account: str
    speaker: Mapping[str, Any]          # asdict(bot.people.Speaker) of whoever opened it (I5)
    reference: Mapping[str, Any]        # where to knock: a conversation reference as plain JSON
    key: str                            # idempotency key of the one effect (F2)
    phrase: str                         # a few words the chat and the page both show (P3)
    gates: tuple[str, ...]              # methods still to prove, in order
    proofs: tuple[str, ...] = ()        # kinds of methods proven
    used: tuple[str, ...] = ()          # ids of the very methods; each must still be registered at the end (A4)
    browser: str = ""                   # SHA-256 of the cookie of the one browser that may use the page (P3)
    blocked: str = ""
    state: State = State.OPENED
    ticket: str = ""                    # SHA-256 of the newest ticket: older ones are dead (P1)
    opened_at: float = 0
    first_proof_at: float = 0
    proven_at: float = 0
    claimed_at: float = 0
    closed_at: float = 0
    reason: str = ""                    # why it was refused or ended
    plan: Mapping[str, str] = field(default_factory=dict)   # what exactly is to be done, fixed from the beginning (V10)
    draft: str = field(default="", repr=False)  # a seed that is not in force yet (A1); it goes with the case's end
    rev: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a case; TypeError, KeyError or ValueError when the data is not one."""
        known = {one.name for one in fields(cls)}
        if unknown := set(data) - known:
            raise ValueError(f"unknown fields of a case: {sorted(unknown)}")
        values = dict(data)
        for name in ("gates", "proofs", "used"):
            values[name] = tuple(values[name])
        values["state"] = State(values["state"])
        return cls(**values)

    @property
    def next_gate(self) -> str:
        """The method to prove next; empty when there is none left."""
        return self.gates[0] if self.gates else ""

    def passed(self, gate: str, now: float, *, by: str = "", used: str = "") -> "Case":
        """This case after one gate was proven, `by` a kind of method where that is not the gate's own.

        It becomes proven with the last one.
        """
        if self.state is not State.OPENED or gate != self.next_gate:
            raise ValueError(f"{gate} cannot be proven now")
        gates = self.gates[1:]
        return replace(
            self, gates=gates, proofs=(*self.proofs, by or gate), used=(*self.used, used) if used else self.used,
            first_proof_at=self.first_proof_at or now,
            state=State.OPENED if gates else State.PROVEN,
            proven_at=0 if gates else now)

    def closed(self, state: State, now: float, reason: WhyEnded | WhyRefused | None = None) -> "Case":
        """This case at its end."""
        if state not in CLOSED:
            raise ValueError(f"{state} is no end")
        return replace(self, state=state, closed_at=now, reason=reason or "", draft="")


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds after which a case may no longer be continued (limits 13 and 14)."""

    flow: float
    grant: float


def expired(case: Case, now: float, allowed: Lifetimes) -> bool:
    """Whether an unfinished case is too old to go on: the flow from its first proof, the grant from being proven."""
    if case.state in CLOSED or case.state is State.CLAIMED:
        return False
    if case.proven_at and now >= case.proven_at + allowed.grant:
        return True
    return now >= (case.first_proof_at or case.opened_at) + allowed.flow
