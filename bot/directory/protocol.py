"""What every home of accounts offers: find, read, check, set a password once, end sessions."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from bot.rules.case import WhyNot, WhyRefused
from bot.rules.sign_in_there import SignInThere
from bot.secret import Secret


@dataclass(frozen=True, slots=True)
class Account:
    """One directory object, as far as decisions need it."""

    id: str                     # immutable
    tenant: str
    username: str               # how the person signs in, e.g. kari.nordmann@example.no
    display_name: str
    names: tuple[str, ...]      # given and family names, for the password rules (O3)
    language: str               # a tag such as "nb" or "sv-SE"; "" when the directory does not say
    enabled: bool = True
    locked: bool = False
    password_expired: bool = False
    protected: bool = False     # administrator, break-glass, service account: never served (I8)
    guest: bool = False
    groups: tuple[str, ...] = ()             # ids of the groups it is in, for the policy
    notice_addresses: tuple[str, ...] = ()   # where the owner is told of what happened (O6)
    obstacle: WhyNot | None = None           # why the directory cannot change this password, whatever is proven
    no_pass: WhyNot | None = None            # why it gives this account no Temporary Access Pass
    password_changed: float = 0              # seconds since 1970; 0: not known


class Applied(Enum):
    """What the directory says became of an effect with a given key (F3)."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PasswordSet:
    """Answer to set_password: done, or refused for a reason the person can mend on the page (F7).

    `broken` are keys of password rules, e.g. "history"; the key stays open. `proven`: the present password was
    right all the same. `refused`: it will not be
    done, whatever is typed. Neither, with `applied` NO, means that the request was given up before (a
    key that `outcome` closed).
    """

    applied: Applied
    broken: tuple[str, ...] = ()
    refused: WhyRefused | None = None
    proven: bool = False


@dataclass(frozen=True, slots=True)
class PassGiven:
    """Answer to give_pass: `code` is known here and never again, and good for so many `minutes`."""

    applied: Applied
    code: Secret | None = None
    minutes: int = 0
    refused: WhyRefused | None = None


class Directory(Protocol):
    """A home of accounts. Every call may raise DirectoryUnavailable; callers bound the time (limit 26)."""

    def cannot(self, operation: str, *, signs_on: bool = False) -> WhyNot | None:
        """Why an operation ("reset", "change" ...) is beyond this home of accounts, whoever asks.

        `signs_on`: they are where they can be asked for their own sign-on.
        """
        ...

    @property
    def takes_sign_on(self) -> bool:
        """Whether a known password is changed as the person themselves, by what they have signed on with."""
        ...

    async def find(self, name: str) -> Account | None:
        """The one account a person means by what they typed: exact user name or address, else None (I7)."""
        ...

    async def read(self, account_id: str) -> Account | None:
        """The account as it is now."""
        ...

    async def glance(self, account_id: str) -> Account | None:
        """The account as it was within the last minute: for what decides nothing, and is asked for often."""
        ...

    async def sign_in_there(self, account_id: str) -> SignInThere | None:
        """What is registered at the directory itself; None for one without a sign-in of its own. Never raises."""
        ...

    async def set_password(self, account_id: str, password: Secret, key: str) -> PasswordSet:
        """Set the password exactly as given (N3), unlock, at most once per key however often called (F2)."""
        ...

    async def change_possible(self, account_id: str, sign_on: Secret) -> WhyRefused | None:
        """Why a change by whoever has signed on so would be refused, whatever they typed."""
        ...

    async def change_password(self, account_id: str, current: Secret, password: Secret, key: str,
                              sign_on: Secret | None = None) -> PasswordSet:
        """As `set_password`, but only where `current` is the present password; else `broken` is "wrong_current", or
        "current_or_new" where the directory does not say which of the two it did not take.

        The proof and the change are one step (O2). `sign_on`: the account's own, where `takes_sign_on`.
        """
        ...

    async def unlock(self, account_id: str, key: str) -> Applied:
        """Lift the directory's own lockout, at most once per key; the password stays as it is."""
        ...

    async def give_pass(self, account_id: str, key: str) -> PassGiven:
        """Make a Temporary Access Pass, good for one sign-in, at most once per key."""
        ...

    async def pass_outcome(self, account_id: str, key: str) -> Applied:
        """As `outcome`, of a pass. One whose code went to nobody is taken back before this says NO."""
        ...

    async def outcome(self, account_id: str, key: str) -> Applied:
        """Whether the effect with this key happened. NO is final: the key can no longer act after it (F3)."""
        ...

    async def revoke_sessions(self, account_id: str) -> None:
        """End every session signed in before now (O4). Repeating it is harmless.

        DirectoryRefused when trying again will not help.
        """
        ...
