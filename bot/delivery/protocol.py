"""Ways to reach a person: a mail into the durable queue, a knock on a parked conversation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as a message key with its facts; the words are chosen when it is sent.

    `key` names content `mail.<key>.subject` and `mail.<key>.body`.
    """

    to: str
    lang: str
    key: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell in a conversation, as a message key; the words are chosen when it is told.

    `facts` stand in Markdown as they are. `who`: the requester it is meant for; told to nobody else (I5).
    """

    key: str
    facts: Mapping[str, str]
    who: str
    buttons: tuple[tuple[str, Mapping[str, str]], ...] = ()


class NewsStand(Protocol):
    """News that wait for their conversation's next turn (F13)."""

    async def put(self, place: str, news: News, once: str) -> None:
        """Keep it until it was told in the conversation with this key; a second one with the same `once` is dropped."""
        ...


class Outbox(Protocol):
    """The durable queue (F8)."""

    async def put(self, mail: Mail, once: str) -> None:
        """Queue a mail; a second one with the same `once` is dropped. Raises StoreUnavailable."""
        ...


class Postman(Protocol):
    """Carries one mail out. Raises DeliveryFailed(permanent=...)."""

    async def carry(self, to: str, subject: str, body: str) -> None: ...


class Knock(Protocol):
    """Wakes a parked conversation; what it says is never believed, the case is asked (design §3)."""

    async def knock(self, reference: Mapping[str, Any]) -> bool:
        """Run an event turn named `keyturn.knock` in that conversation; failures are logged, never raised (F13).

        False where the channel says that the bot was removed or blocked there: what is to be told has to be told
        another way.
        """
        ...
