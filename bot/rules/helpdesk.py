"""A helpdesk case: what somebody wants from a person, what was tried before, and what was said since.

Not to be taken for a `case`, one request that the bot carries out itself.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from bot.rules.codes import holds_recovery_code
from bot.rules.neutral import plain
from bot.rules.volunteered import holds_password

MOST_CHARACTERS = 2000      # of one entry of the thread
MOST_ENTRIES = 60
MOST_TRIED = 8
HOW = ("done", "cancelled", "expired", "too_many_tries", "paused", "refused")
"""How a journey may have ended, as far as the helpdesk needs to know."""


class Stage(StrEnum):
    """Where a helpdesk case stands."""

    OPEN = "open"
    TAKEN = "taken"         # somebody works on it
    ANSWERED = "answered"   # it is the person's turn
    CLOSED = "closed"


class About(StrEnum):
    """How it came about; a key below `helpdesk.about`."""

    CHAT = "chat"           # asked for in the chat
    NOT_ME = "not_me"       # the owner's alarm: somebody else acted on the account


class By(StrEnum):
    """Who said something in the thread."""

    PERSON = "person"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing the bot did before: an answer, an explained error, or a journey and how it ended.

    Labels of ours, no free text: `what` is "topic", "error" or "journey", `name` its id, `how` a key.
    """

    what: str
    name: str
    how: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something said: plain text, already bounded; `name` of the staff member, "" for the person."""

    by: By
    name: str
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class HelpCase:
    """Plain JSON in the store, sealed. Times are seconds since 1970, 0: not yet.

    `account` is the directory object that the channel vouches for, "" for a visitor: what a visitor
    says of an account is said and no more (E1). `reference`: where to answer, as plain JSON; empty when
    there is no chat to answer in.
    """

    number: str                         # "K-1042": for people to say to each other
    lang: str
    account: str
    person: str                         # whose it is, as an opaque key
    speaker: Mapping[str, Any]          # asdict(bot.people.Speaker) of whoever opened it
    reference: Mapping[str, Any]
    about: About
    urgent: bool
    opened_at: float
    tried: tuple[Tried, ...] = ()
    thread: tuple[Entry, ...] = ()
    stage: Stage = Stage.OPEN
    taken_by: str = ""
    changed_at: float = 0
    closed_by: str = ""                 # staff member; "person" when they closed it themselves
    rev: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild it; TypeError, KeyError or ValueError when the data is no helpdesk case."""
        if set(data) != {one.name for one in fields(cls)}:
            raise ValueError("not the fields of a helpdesk case")
        values = dict(data)
        values["about"], values["stage"] = About(values["about"]), Stage(values["stage"])
        values["tried"] = tuple(Tried(**one) for one in values["tried"])
        values["thread"] = tuple(Entry(**{**one, "by": By(one["by"])}) for one in values["thread"])
        return cls(**values)

    @property
    def closed(self) -> bool:
        return self.stage is Stage.CLOSED

    @property
    def by_mail(self) -> bool:
        """Whether an answer goes to the owner's addresses: there is no chat, as after an alarm by a mail's link."""
        return bool(self.account) and not self.reference

    @property
    def full(self) -> bool:
        """Whether nothing more can be said in it."""
        return len(self.thread) >= MOST_ENTRIES

    def told(self, text: str, now: float) -> "HelpCase":
        """With something the person adds; what was answered is the helpdesk's turn again."""
        stage = Stage.TAKEN if self.stage is Stage.ANSWERED else self.stage
        return self._with(Entry(By.PERSON, "", now, text), now, stage=stage)

    def taken(self, staff: str, now: float) -> "HelpCase":
        """In this staff member's hands."""
        stage = Stage.TAKEN if self.stage is Stage.OPEN else self.stage
        return replace(self, stage=stage, taken_by=staff, changed_at=now)

    def answered(self, staff: str, text: str, now: float) -> "HelpCase":
        """With an answer; the person's turn."""
        return self._with(Entry(By.STAFF, staff, now, text), now, stage=Stage.ANSWERED, taken_by=staff)

    def ended(self, by: str, now: float) -> "HelpCase":
        return replace(self, stage=Stage.CLOSED, closed_by=by, changed_at=now)

    def _with(self, entry: Entry, now: float, **changes: Any) -> "HelpCase":
        return replace(self, thread=(*self.thread, entry), changed_at=now, **changes)


def words_to_keep(text: str) -> str:
    """What may be kept and sent on of somebody's words: bounded, and nothing of a text with a secret in it (D4)."""
    return "" if holds_password(text) or holds_recovery_code(text) else plain(text, MOST_CHARACTERS)
