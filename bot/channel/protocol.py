"""What the adapter, the gate and Direct Line say to each other: seams, and no behaviour."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from botbuilder.core import TurnContext
from botbuilder.schema import Activity, ResourceResponse

from bot.people import Speaker

Logic = Callable[[TurnContext, Speaker], Awaitable[None]]
"""One turn of the bot."""

OnError = Callable[[TurnContext, Exception], Awaitable[None]]
"""The last resort of a failed turn: one apology (F14). It may send, and may answer an invoke."""


class Conversations(Protocol):
    """Where a turn's activities go; every call may raise `ReplyUndelivered`.

    An implementation must be done with the activity (have serialised it) when the call
    returns: the turn shares its attachments with the caller instead of copying them.
    """

    async def send_to_conversation(self, conversation_id: str, activity: Activity) -> ResourceResponse:
        ...

    async def reply_to_activity(
            self, conversation_id: str, activity_id: str, activity: Activity) -> ResourceResponse:
        ...

    async def update_activity(
            self, conversation_id: str, activity_id: str, activity: Activity) -> ResourceResponse:
        ...

    async def delete_activity(self, conversation_id: str, activity_id: str) -> None:
        ...


class Connector(Protocol):
    """The way back to one channel, as the SDK's ConnectorClient is to it."""

    @property
    def conversations(self) -> Conversations:
        ...


ConnectorFor = Callable[[str], Connector]
"""From a service URL to the connector for it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller of the activity gets back over HTTP; `body` is plain JSON, None for no body."""

    status: int
    body: Any = None
