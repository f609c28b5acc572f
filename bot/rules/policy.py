"""What an organisation has decided: which proofs each operation asks of whom, and how often (A2, V8, G5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.rules.registered import EMAIL_CODE, TOTP

OWNER, ANONYMOUS = "owner", "anonymous"

Gates = Mapping[str, Mapping[str, tuple[str, ...]]]

LEAST: Gates = {
    "reset": {OWNER: (TOTP,), ANONYMOUS: (TOTP, EMAIL_CODE)},
    "unlock": {OWNER: (TOTP,), ANONYMOUS: (TOTP, EMAIL_CODE)},
    "change": {OWNER: (), ANONYMOUS: (TOTP, EMAIL_CODE)},
    "recovery_codes": {OWNER: (TOTP,)},
}
"""The fewest gates any policy may ask for, by operation and by who asks (V8); the current password, which
every change asks for on the page, is not among them. An operation that is missing is not offered so."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`gates`: by operation and way, in the order they are asked; an absent pair is not offered."""

    gates: Gates = field(default_factory=lambda: LEAST)

    def gates_for(self, operation: str, way: str) -> tuple[str, ...] | None:
        """The gates, none for an operation that proves itself, or None when it is not offered."""
        return self.gates.get(operation, {}).get(way)
