"""What an organisation has decided: which proofs each operation asks of whom, and how often (A2, V8, G5).

Pure values and what follows from them; `bot/policy_file.py` reads them from a file, whose names they have here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.rules.registered import ALTERNATIVES, APP, EMAIL_CODE, NEW_ADDRESS, STEP_UP, TOTP

OWNER, ANONYMOUS = "owner", "anonymous"

TEMPORARY_PASS = "temporary_pass"   # noqa: S105  # an operation

Gates = Mapping[str, Mapping[str, tuple[str, ...]]]

LEAST: Gates = {
    "reset": {OWNER: (TOTP,), ANONYMOUS: (TOTP, EMAIL_CODE)},
    "unlock": {OWNER: (TOTP,), ANONYMOUS: (TOTP, EMAIL_CODE)},
    "change": {OWNER: (), ANONYMOUS: (TOTP, EMAIL_CODE)},
    "recovery_codes": {OWNER: (STEP_UP,)},
    TEMPORARY_PASS: {OWNER: (TOTP, EMAIL_CODE), ANONYMOUS: (TOTP, EMAIL_CODE)},
    "register_app": {OWNER: (STEP_UP,)},
    "register_mail": {OWNER: (STEP_UP, NEW_ADDRESS)},
    "rename_method": {OWNER: (STEP_UP,)},
    "remove_method": {OWNER: (STEP_UP,)},
}
"""The fewest gates any policy may ask for, by operation and by who asks (V8); the current password, which
every change asks for on the page, is not among them. An operation that is missing is not offered so."""

NAMED_ONLY = frozenset({TEMPORARY_PASS})
"""Off, unless the policy's file says what is to be asked for it."""

UNNAMED: Gates = {operation: ways for operation, ways in LEAST.items() if operation not in NAMED_ONLY}
"""What is offered where nothing is said."""

WAYS = {"teams": OWNER, "web_chat": ANONYMOUS}
"""Who asks, by the name of the section of the policy's file."""

GATE_NAMES = {"app": APP, "app_or_recovery_code": TOTP, "email_code": EMAIL_CODE}
"""Gates by their names in the file, in the order in which they are asked: the typed proof before anything is sent."""

MOST_GATES = 2
LEAST_COOL_DOWN_HOURS = 8           # limit 17
MOST_RECONFIRM_DAYS = 730

_ORDER = tuple(GATE_NAMES.values())
_NAMES = {gate: name for name, gate in GATE_NAMES.items()}


@dataclass(frozen=True, slots=True)
class GroupRule:
    """What is stricter for the accounts of one group. `gates` are asked of the signed-in owner only: a visitor's
    gates would tell who is in the group (E1). `off` holds everywhere."""

    gates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    forced_registration: bool = False


@dataclass(frozen=True, slots=True)
class Registration:
    """Whether everybody is asked to register; "not now" is good for `snooze_days`, `snoozes` times."""

    forced: bool = False
    snooze_days: int = 1
    snoozes: int = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """`gates`: by operation and way, in the order they are asked; an absent pair is not offered. `off`: by way.

    `reconfirm_days`: 0 is never. `organisation`: words that no new password may be made of (O3).
    """

    gates: Gates = field(default_factory=lambda: UNNAMED)
    off: Mapping[str, frozenset[str]] = field(default_factory=dict)
    groups: Mapping[str, GroupRule] = field(default_factory=dict)
    cool_down_seconds: int = 86400
    reconfirm_days: int = 180
    registration: Registration = Registration()
    organisation: tuple[str, ...] = ()

    def gates_for(self, operation: str, way: str, groups: Iterable[str] = ()) -> tuple[str, ...] | None:
        """The gates, none for an operation that proves itself, or None when it is not offered.

        The rules of all `groups` of an account add up, so the strictest wins; without groups it is what holds
        for everybody who comes this way.
        """
        asked = self.gates.get(operation, {}).get(way)
        rules = self._rules_of(groups)
        if asked is None or operation in self.off.get(way, ()) or any(operation in one.off for one in rules):
            return None
        if way != OWNER or not rules:
            return asked
        return strictest(asked, *(one.gates.get(operation, ()) for one in rules))

    def forces_registration(self, groups: Iterable[str]) -> bool:
        return self.registration.forced or any(one.forced_registration for one in self._rules_of(groups))

    def _rules_of(self, groups: Iterable[str]) -> list[GroupRule]:
        return [self.groups[one] for one in groups if one in self.groups]


def strictest(*asked: Sequence[str]) -> tuple[str, ...]:
    """Gates that are at least as strict as each of these."""
    every = dict.fromkeys(gate for gates in asked for gate in gates)
    if APP in every:
        every.pop(TOTP, None)
    return (*(gate for gate in _ORDER if gate in every), *(gate for gate in every if gate not in _ORDER))


def too_loose(gates: Sequence[str], least: Sequence[str]) -> str:
    """Why an operation may not ask for these gates where it must ask for `least`; empty when it may (V8, G5)."""
    if len(gates) > MOST_GATES:
        return f"asks for {len(gates)} proofs, {MOST_GATES} are the most"
    if EMAIL_CODE in gates and not {APP, TOTP} & set(gates):
        return "a mailed code alone never suffices, app or app_or_recovery_code comes before it (V8)"
    if tuple(gates) != strictest(gates):
        return f"each proof once, in this order: {' or '.join(_words([APP, TOTP]))}, then {_NAMES[EMAIL_CODE]}"
    missing = [gate for gate in least if not {gate, *([APP] if gate == TOTP else [])} & set(gates)]
    return f"asks for less than {' and '.join(_words(least))} (V8)" if missing else ""


def enough(gates: Iterable[str], proofs: Iterable[str]) -> bool:
    """Whether proofs of these kinds open all the gates."""
    given = set(proofs)
    return all(given & set(ALTERNATIVES.get(gate, (gate,))) for gate in gates)


def values(policy: Policy) -> dict[str, str]:
    """Every value in force by its name in the file, in words."""
    found = {
        "reconfirm_days": str(policy.reconfirm_days),
        "cool_down_hours": f"{policy.cool_down_seconds / 3600:g}",
        "organisation_words": ", ".join(policy.organisation),
        "registration.forced": _yes_or_no(policy.registration.forced),
        "registration.snooze_days": str(policy.registration.snooze_days),
        "registration.snoozes": str(policy.registration.snoozes)}
    for section, way in WAYS.items():
        for operation, ways in policy.gates.items():
            if way in ways:
                off = operation in policy.off.get(way, ())
                found[f"{section}.gates.{operation}"] = "off" if off else _in_words(ways[way])
    for group, rule in sorted(policy.groups.items()):
        for operation, gates in rule.gates.items():
            found[f"groups.{group}.gates.{operation}"] = _in_words(gates)
        for operation in sorted(rule.off):
            found[f"groups.{group}.off.{operation}"] = "off"
        found[f"groups.{group}.forced_registration"] = _yes_or_no(rule.forced_registration)
    return found


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Names of the values that differ."""
    return [name for name in {**after, **before} if before.get(name) != after.get(name)]


def _in_words(gates: Sequence[str]) -> str:
    return " + ".join(_words(gates)) or "nothing beside what the page asks for"


def _words(gates: Iterable[str]) -> list[str]:
    return [_NAMES.get(gate, gate) for gate in gates]


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"
