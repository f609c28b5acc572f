"""The page half of a journey, as the secure pages see it: look, go on here, check while typing, finish."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, runtime_checkable

from bot.people import SignedOn
from bot.rules.case import Case
from bot.secret import Secret

Fields = Mapping[str, Secret]
"""What was typed into a form, by the names that the form asked for."""

SIGN_ON = "sign_on"
"""A field that nobody types: what the person has signed on with, once it is found to be theirs; else empty."""


@dataclass(frozen=True, slots=True)
class RuleState:
    """One password rule and whether what was typed keeps it. `key` names content `password.rule.<key>`
    (how the rule is put on the checklist) and `password.broken.<key>` (what to do about it)."""

    key: str
    kept: bool
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewApp:
    """What an authenticator app needs: as a link (and QR code), and as a key to be typed; `instead` of another app."""

    uri: Secret
    key: Secret
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What the page shows before anything is done (E3, P3). `kind` names the template and its fields.

    `operation` names content `pages.<operation>.*`; `account` is the masked user name, `username` the
    whole one for the password manager, once the person is proven.
    """

    kind: str
    operation: str
    lang: str
    account: str
    username: str
    phrase: str                 # the same words stand in the chat
    seconds_left: float
    rules: tuple[RuleState, ...] = ()
    longest: int = 0            # characters a password may have
    new_app: NewApp | None = None
    signs_on: bool = False      # what the person has signed on with is posted along, again and fresh


class End(Enum):
    """How a request ended, as page and chat tell it."""

    DONE = "done"
    REFUSED = "refused"         # not done, for certain
    CHECKING = "checking"       # not known yet; settled within five minutes (F1)


@dataclass(frozen=True, slots=True)
class Ended:
    """The result, shown however often it is asked for by the same browser (P2).

    `reason`: content `pages.<operation>.refused.reason.<reason>`; `codes`: shown this once, never again (A5).
    """

    end: End
    lang: str
    operation: str
    reason: str = ""
    codes: tuple[Secret, ...] = ()
    minutes: int = 0            # for how long a code is good, if that has an end
    at_once: bool = False       # shown in answer to the POST: there is nothing to look at later


@dataclass(frozen=True, slots=True)
class Again:
    """Nothing happened; the page asks again and says which rules are broken (F7)."""

    form: Form
    broken: tuple[RuleState, ...]


@dataclass(frozen=True, slots=True)
class Unbound:
    """The ticket is good, and no browser has it yet: its person has to press a button first (P2, P3)."""

    lang: str
    operation: str
    phrase: str
    sign_on: bool = False       # the person has to sign on as well, which takes a page inside Teams


class SecurePage(Protocol):
    """None always means: expired, used up, unknown or somebody else's ticket; the page cannot tell which (E3)."""

    async def look(self, ticket: str, browser: str) -> Form | Ended | Unbound | None:
        """Harmless (P2): GET and HEAD."""
        ...

    async def bind(self, ticket: str, browser: str, person: SignedOn | None = None) -> bool:
        """The person's own POST that makes this browser the ticket's, for good; whether it is.

        `person`: who is signed on there, where that is known.
        """
        ...

    async def check(self, ticket: str, browser: str, password: Secret) -> tuple[RuleState, ...] | None:
        """The rules as they stand for what is typed so far; counts nothing and changes nothing."""
        ...

    async def finish(
            self, ticket: str, browser: str, fields: Fields, person: SignedOn | None = None) -> Again | Ended | None:
        """The person's own POST; acts once (F2). `person`: who is signed on there now, where that is known."""
        ...


class PageHalf(Protocol):
    """One journey's page, for a case whose ticket and browser are found to be right."""

    @property
    def fields(self) -> frozenset[str]:
        """The names of what its form asks for."""
        ...

    async def look(self, case: Case, ends: float) -> Form | Ended: ...

    async def check(self, case: Case, password: Secret) -> tuple[RuleState, ...] | None: ...

    async def finish(self, case: Case, ends: float, fields: Fields) -> Again | Ended: ...


@runtime_checkable
class LooksAhead(Protocol):
    """A page that may know, before it is shown, that what will be typed into it would be for nothing."""

    async def ahead(self, case: Case, sign_on: Secret) -> None:
        """Ends the case then, whose page says so; `sign_on`: what its person has signed on with."""
        ...
