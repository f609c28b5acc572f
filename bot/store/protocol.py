"""What the rest of the house may ask of the store; every call may raise StoreUnavailable (G1, F6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.rules.case import Case
from bot.rules.helpdesk import HelpCase
from bot.rules.holds import Hold
from bot.rules.registered import Enrolment
from bot.rules.reminders import Snooze
from bot.secret import Secret


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whose tries one proof counts against (V1, V4). Account and requester are opaque keys."""

    challenge: str      # the case's id: limit 3
    account: str        # limits 4, 5
    owner: bool         # signed-in owner or anonymous: separate budgets (V4)
    requester: str      # limit 6
    source: str         # limit 6; may be ""


@dataclass(frozen=True, slots=True)
class Counted:
    """The try may be evaluated. `left` tries remain in this challenge; `token` takes this one back."""

    token: str
    left: int


@dataclass(frozen=True, slots=True)
class Exhausted:
    """No proof may succeed before `until` (seconds since 1970; 0: never in this challenge).

    `whose`: "challenge", "requester", "source", "global" or "account". Of the account an anonymous
    person must not notice anything (E1, V3): only then the try was counted everywhere else, and `left`
    tells how many remain in this challenge, as it would for a wrong proof.
    """

    whose: str
    until: float
    left: int = 0


class Tries(Protocol):
    """Counters of failed proofs and of starts, shared by all replicas; nobody but time clears them (V2)."""

    async def count(self, attempt: Attempt) -> Counted | Exhausted:
        """Count one proof before it is looked at, in one atomic step over all its windows."""
        ...

    async def succeeded(self, attempt: Attempt, token: str) -> None:
        """Take this one back, and end the account's row of failures of this way (limit 5)."""
        ...

    async def take_back(self, attempt: Attempt, token: str) -> None:
        """This one was not looked at after all: it is not counted, and nothing else changes."""
        ...

    async def paused(self, attempt: Attempt) -> Exhausted | None:
        """Whether a proof would be refused now; counts nothing. Asked again before the effect (V4, G2)."""
        ...

    async def start(self, what: str, account: str, owner: bool, limits: Sequence[tuple[int, float]],
                    once: str = "") -> float:
        """Count a start, send or completion `what` for the account in each (most, seconds) window.

        Returns 0 when it was within all of them (and counted), else the time from which it would be. The same
        `once` counts once.
        """
        ...

    async def not_done(self, what: str, account: str, owner: bool, once: str) -> None:
        """What was counted in advance has not come about, and counts no longer."""
        ...

    async def target(self, requester: str, source: str, account: str) -> float:
        """Count a distinct account named by an anonymous requester and source (limit 7); as `start`."""
        ...

    async def reopen(self, account: str, owner: bool) -> None:
        """End the account's row of failures of one way: for IT only, since no time does (limit 5)."""
        ...


@dataclass(frozen=True, slots=True)
class Ticketed:
    """What a ticket opens: a case, for one purpose, until `ends` (seconds since 1970)."""

    case: Case
    purpose: str
    ends: float


class Cases(Protocol):
    """Requests, sealed; gone after limit 27."""

    async def open(self, case: Case) -> Case: ...

    async def read(self, case_id: str) -> Case | None:
        """The case, or None when there is none or its bytes were tampered with (D1)."""
        ...

    async def save(self, case: Case) -> Case:
        """Replace it if its `rev` is still the stored one, and return it with the new rev; else Conflict."""
        ...

    async def issue_ticket(self, case: Case, purpose: str, seconds: float) -> tuple[str, Case]:
        """A new ticket (256 bit, URL-safe) for the case; the old one dies. Only its hash is stored (P1)."""
        ...

    async def by_ticket(self, ticket: str) -> Ticketed | None:
        """The case of its newest ticket; None for any other ticket (E3)."""
        ...

    async def forget(self, case: Case) -> None:
        """Remove an ended case and its ticket before their time."""
        ...

    async def others_of(self, account_id: str, but: str) -> Sequence[Case]:
        """Unfinished cases for the account other than `but`."""
        ...


class Pending(Protocol):
    """Operations whose outcome is not settled yet: the sweeper's list (F1)."""

    async def add(self, case_id: str, deadline: float) -> None: ...

    async def take(self, now: float, *, all_of_them: bool = False) -> Sequence[str]:
        """Ids of cases past their deadline, up to 100; they come due again later, unless removed."""
        ...

    async def remove(self, case_id: str) -> None: ...


class Codes(Protocol):
    """Codes sent out of band: a keyed hash per challenge, newest only, spent in one step (V9, limit 12)."""

    async def issue(self, challenge: str, seconds: float, digits: int) -> Secret: ...

    async def spend(self, challenge: str, code: str) -> bool: ...

    async def kill(self, challenge: str) -> None: ...


@dataclass(frozen=True, slots=True)
class PendingCode:
    """That a one-time code of IT's waits to be used: who gave it (as the audit trail names them), when it was
    made and ends (seconds since 1970), and for which wish of theirs."""

    by: str
    since: float
    until: float
    wish: str


class OneTimeCodes(Protocol):
    """Codes that IT gives a person who has nothing to prove themselves with, for registering (A2, O7)."""

    async def issue(self, account_id: str, by: str, seconds: float, wish: str = "") -> Secret:
        """A new code (80 bit, "K7QM-4RTX-92HD-PW3E"), to be shown once; the one before it dies."""
        ...

    async def spend(self, account_id: str, code: str) -> bool:
        """Whether this canonical code is the account's, now and never again: check and use are one step (G3)."""
        ...

    async def pending(self, account_id: str) -> PendingCode | None:
        """The code that could be used now, if there is one."""
        ...

    async def kill(self, account_id: str, wish: str) -> bool:
        """Whether the code that was made for this wish waited to be used; it does no more."""
        ...


class Enrolments(Protocol):
    """What accounts have registered, sealed and bound to the owner (D1)."""

    async def read(self, account_id: str) -> Enrolment:
        """What the account has registered; an empty one for an account that has nothing, or is none (E2)."""
        ...

    async def change(self, account_id: str, enrolment: Enrolment, key: str = "") -> bool:
        """Replace the record of `enrolment.rev`; Conflict when another one is stored.

        With a `key` at most once, and False when the key was closed by `outcome` (F2).
        """
        ...

    async def outcome(self, account_id: str, key: str) -> bool:
        """Whether the change with this key happened. If not, it never will (F3)."""
        ...

    async def spend_step(self, method_id: str, step: int) -> bool:
        """Accept a time step if it is later than the last accepted one of this authenticator (V7)."""
        ...

    async def spend_code(self, set_id: str, code_hash: str) -> bool:
        """Accept a recovery code of a set if nobody spent it before."""
        ...

    async def spent_codes(self, set_id: str) -> frozenset[str]:
        """The hashes of the set's codes that are spent."""
        ...

    async def note_use(self, account_id: str, method_id: str, at: float) -> None: ...

    async def last_used(self, account_id: str) -> Mapping[str, float]:
        """When each method was last used, by id."""
        ...


class Snoozes(Protocol):
    """Who put off registering, until when and how often."""

    async def of(self, account_id: str) -> Snooze:
        ...

    async def put_off(self, account_id: str, now: float, until: float, most: int) -> Snooze | None:
        """Put it off unless it is, or unless that was done `most` times; None then (G3)."""
        ...


class Holds(Protocol):
    """Accounts whose self-service is switched off."""

    async def of(self, account_id: str) -> Sequence[Hold]:
        """What holds the account; nothing for an account that is free, or is none."""
        ...

    async def put(self, hold: Hold, key: str = "") -> bool:
        """Hold it; False when it was held so already.

        With a `key` at most once: asked again it answers the same, and after `outcome` closed it, Conflict (F2).
        """
        ...

    async def lift(self, account_id: str, kind: str, key: str = "") -> bool:
        """Whether there was such a hold; `key` as in `put`."""
        ...

    async def outcome(self, key: str) -> bool | None:
        """What the change with this key answered; None when it was not made, and then it never will be (F3)."""
        ...

    async def held(self) -> Sequence[str]:
        """Ids of all held accounts."""
        ...


@dataclass(frozen=True, slots=True)
class TooMany:
    """No new helpdesk case now: the person has too many open ("open"), or too many were opened lately.

    `until`: seconds since 1970; 0 when it depends on no time.
    """

    whose: str          # "open", "requester", "source", "visitors"
    until: float


class HelpCases(Protocol):
    """Helpdesk cases, sealed; closed ones are gone after a while."""

    async def reserve(self, person: str, source: str, once: str, *, limited: bool) -> str | TooMany:
        """A number for a new case, counted in the same step; the same one for the same `once` within a day.

        `source`: the address a visitor comes from, "" for who is signed in: then only their own cases count.
        """
        ...

    async def read(self, number: str) -> HelpCase | None: ...

    async def save(self, case: HelpCase, key: str = "") -> HelpCase:
        """Replace it if its `rev` is still the stored one (0: none), and return it with the new rev; else Conflict.

        With a `key` at most once, and never after `outcome` closed it (F2).
        """
        ...

    async def said(self, key: str) -> int | None:
        """How many entries the thread had after the change with this key; None when it was not made so far, -1 when
        it never will be."""
        ...

    async def outcome(self, key: str) -> int:
        """The same; a change that was not made so far never will be from now on (F3)."""
        ...

    async def open_ones(self, most: int) -> Sequence[HelpCase]:
        """Cases that are not closed: the urgent ones first, then the oldest."""
        ...

    async def of(self, person: str) -> Sequence[HelpCase]:
        """The cases of one person that are kept, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class AlarmLink:
    """Whose account a link "this wasn't me" shuts, the language of its mail, and whether it was pressed."""

    account: str
    lang: str
    used: bool


class AlarmLinks(Protocol):
    """Links in mails; only their hashes are kept, for a week."""

    async def issue(self, account: str, lang: str) -> str:
        """A new link's token: 256 bit, URL-safe."""
        ...

    async def read(self, token: str) -> AlarmLink | None:
        """None for one that is unknown or over."""
        ...

    async def use(self, token: str) -> None:
        """Remember that it was pressed, for as long as it lives."""
        ...


class Refusals(Protocol):
    """Counts refusals that are alike."""

    async def count(self, about: str, window: int, seconds: int) -> int:
        """How many of `about` there were in this window (a number that grows), this one included."""
        ...


class AuditTrail(Protocol):
    """Append-only, chained (U3)."""

    async def append(self, entry: Mapping[str, Any], once: str = "") -> None:
        """Append one record; a second one with the same `once` is dropped.

        Raises StoreUnavailable, and then there must be no effect (U1).
        """
        ...

    async def last_about(self, target: str, most: int = 10) -> Sequence[Mapping[str, Any]]:
        """The newest records about a target, 50 at most, newest first."""
        ...
