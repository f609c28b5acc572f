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

    async def knock(self, reference: Mapping[str, Any]) -> None:
        """Run an event turn named `keyturn.knock` in that conversation; failures are logged, never raised (F13)."""
        ...
