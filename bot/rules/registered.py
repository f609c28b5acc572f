"""What one account has registered with the bot, and what of it counts now (A1-A5, limits 17 and 18)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.secret import Secret

TOTP = "totp"
EMAIL_CODE = "email_code"
RECOVERY_CODE = "recovery_code"
APP = "app"
"""A gate, no kind of method: a code from the authenticator app and nothing instead of it."""
IT_CODE = "it_code"
"""A one-time code that IT gave; it vouches for a person, and is no factor that was there before (A2, A3)."""

STEP_UP = "step_up"
"""The gate before any change of what is registered: a factor that is there, or a code from IT (A2)."""
NEW_ADDRESS = "new_address"
"""The gate that an address passes before it is registered: a code sent to it came back."""


@dataclass(frozen=True, slots=True)
class Method:
    """One authenticator. `seed` (base32) is a "totp" one's, `address` an "email_code" one's.

    `backed`: an existing factor vouched for it when it was registered. One without waits for
    limit 17 before it counts (A3).
    """

    id: str
    kind: str
    label: str
    since: float
    backed: bool
    seed: Secret | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class RecoverySet:
    """Ten single-use codes, as salted slow hashes in hex: useless as input (A5)."""

    id: str
    since: float
    backed: bool
    salt: str
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """All that an account has registered; `rev` guards changes, 0 is the rev of one not stored yet."""

    methods: tuple[Method, ...] = ()
    recovery: RecoverySet | None = None
    confirmed_at: float = 0     # when the owner last said that all of it is still right
    rev: int = 0

    @property
    def ids(self) -> frozenset[str]:
        """Ids of everything a proof can have been made with (A4)."""
        recovery = (self.recovery.id,) if self.recovery else ()
        return frozenset((*(one.id for one in self.methods), *recovery))

    def of_kind(self, kind: str) -> tuple[Method, ...]:
        return tuple(one for one in self.methods if one.kind == kind)

    def having(self, method: Method) -> "Enrolment":
        """With this method, in the place of the one with its id if there is one."""
        return replace(self, methods=(*(one for one in self.methods if one.id != method.id), method))

    def without(self, method_id: str) -> "Enrolment":
        return replace(
            self, methods=tuple(one for one in self.methods if one.id != method_id),
            recovery=None if self.recovery and self.recovery.id == method_id else self.recovery)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether gates can be passed: `missing` are those with nothing registered for them, `until` is when
    the last of what is registered has waited long enough (0: nothing waits)."""

    missing: tuple[str, ...] = ()
    until: float = 0

    def __bool__(self) -> bool:
        return not self.missing and not self.until


ALTERNATIVES: Mapping[str, tuple[str, ...]] = {
    TOTP: (TOTP, RECOVERY_CODE), APP: (TOTP,), STEP_UP: (TOTP, RECOVERY_CODE, IT_CODE)}
"""A typed proof is the app's code or a recovery code (V8), unless the policy wants the app's."""

NEED_NOTHING = frozenset({STEP_UP, IT_CODE, NEW_ADDRESS})
"""Gates that somebody who has nothing registered can pass, too."""


def counts(one: Method | RecoverySet, now: float, cool_down: float) -> bool:
    """Whether a registered thing may prove somebody now (limit 17)."""
    return one.backed or now >= one.since + cool_down


def readiness(enrolment: Enrolment, gates: Iterable[str], now: float, cool_down: float) -> Readiness:
    """Whether what is registered opens these gates; the same work for an account that has nothing (E2)."""
    missing, until = [], 0.0
    for gate in gates:
        if gate in NEED_NOTHING:
            continue
        there = [one for kind in ALTERNATIVES.get(gate, (gate,)) for one in _all_of(enrolment, kind)]
        if not there:
            missing.append(gate)
        elif not any(counts(one, now, cool_down) for one in there):
            until = max(until, min(one.since + cool_down for one in there))
    return Readiness(tuple(missing), until)


def stepping_up(enrolment: Enrolment, gates: Iterable[str], now: float, cool_down: float) -> tuple[str, ...]:
    """The gates, where whoever has no factor that counts by now can only step up by a code from IT (A2, A3)."""
    bare = not readiness(enrolment, (TOTP,), now, cool_down)
    return tuple(IT_CODE if gate == STEP_UP and bare else gate for gate in gates)


def usable(enrolment: Enrolment, kind: str, now: float, cool_down: float) -> tuple[Method, ...]:
    """The methods of a kind that count now."""
    return tuple(one for one in enrolment.of_kind(kind) if counts(one, now, cool_down))


def _all_of(enrolment: Enrolment, kind: str) -> tuple[Method | RecoverySet, ...]:
    if kind == RECOVERY_CODE:
        return (enrolment.recovery,) if enrolment.recovery else ()
    return enrolment.of_kind(kind)


NOTHING = Enrolment()
