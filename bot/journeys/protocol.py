"""The page half of a journey, as the secure pages see it: look, check while typing, finish."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from bot.secret import Secret


@dataclass(frozen=True, slots=True)
class RuleState:
    """One password rule and whether what was typed keeps it. `key` names content `password.rule.<key>`
    (how the rule is put on the checklist) and `password.broken.<key>` (what to do about it)."""

    key: str
    kept: bool
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """What the page shows before anything is done. Nothing here is secret (E3, P3)."""

    operation: str              # "reset": content `pages.<operation>.*`
    lang: str
    account: str                # masked user name, e.g. "ka•••@example.no"
    username: str               # for the password manager's username field (the person is proven)
    phrase: str                 # the same words stand in the chat
    rules: tuple[RuleState, ...]
    seconds_left: float
    longest: int                # characters a password may have


class End(Enum):
    """How a request ended, as page and chat tell it."""

    DONE = "done"
    REFUSED = "refused"         # not done, for certain
    CHECKING = "checking"       # not known yet; settled within five minutes (F1)


@dataclass(frozen=True, slots=True)
class Ended:
    """The result, shown however often it is asked for by the same browser (P2)."""

    end: End
    lang: str
    operation: str
    reason: str = ""            # content `pages.<operation>.refused.reason.<reason>`


@dataclass(frozen=True, slots=True)
class Again:
    """Nothing happened; the page asks again and says which rules are broken (F7)."""

    form: Form
    broken: tuple[RuleState, ...]


class SecurePage(Protocol):
    """None always means: expired, used up, unknown or somebody else's ticket; the page cannot tell which (E3)."""

    async def look(self, ticket: str, browser: str) -> Form | Ended | None:
        """Harmless (P2): GET and HEAD."""
        ...

    async def check(self, ticket: str, browser: str, password: Secret) -> tuple[RuleState, ...] | None:
        """The rules as they stand for what is typed so far; counts nothing and changes nothing."""
        ...

    async def finish(self, ticket: str, browser: str, password: Secret) -> Again | Ended | None:
        """The person's own POST; acts once (F2)."""
        ...
