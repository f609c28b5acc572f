"""Where a turn's replies to a web chat go: into its log, and from there to whoever is listening."""

from typing import Any

import structlog
from botbuilder.schema import Activity, ResourceResponse

from bot.channel.directline_activities import activity_id, number_of, redacted, said_by_bot, shown
from bot.channel.directline_sockets import Sockets
from bot.clock import Clock
from bot.store.direct_line import Added, ConversationLogs

log = structlog.get_logger(__name__)


class DirectLineConversations:
    """bot.channel.protocol.Conversations. A chat that is gone swallows what is said to it (F13)."""

    def __init__(self, logs: ConversationLogs, sockets: Sockets, clock: Clock) -> None:
        self._logs = logs
        self._sockets = sockets
        self._clock = clock

    async def send_to_conversation(self, conversation_id: str, activity: Activity) -> ResourceResponse:
        """Log it and wake the listeners; "is typing" only passes by, as a reload would show it again."""
        said = said_by_bot(conversation_id, activity, self._clock.now())
        if said["type"] == "typing":
            self._sockets.show(conversation_id, said)
            return ResourceResponse(id="")
        added = await self._logs.append(conversation_id, said)
        if not isinstance(added, Added):
            log.info("direct_line.undelivered", ended=added is None)
            return ResourceResponse(id="")
        self._sockets.wake(conversation_id)
        return ResourceResponse(id=activity_id(conversation_id, added.number))

    async def reply_to_activity(
            self, conversation_id: str, _activity_id: str, activity: Activity) -> ResourceResponse:
        """As `send_to_conversation`: clients hold replies back while they miss what is replied to."""
        return await self.send_to_conversation(conversation_id, activity)

    async def update_activity(
            self, conversation_id: str, activity_id: str, activity: Activity) -> ResourceResponse:
        """Replace an activity of the log; clients that listen are sent it again under its id."""
        await self.replace(conversation_id, activity_id, said_by_bot(conversation_id, activity, self._clock.now()))
        return ResourceResponse(id=activity_id)

    async def delete_activity(self, conversation_id: str, activity_id: str) -> None:
        """Take back what an activity said; Direct Line has no way to take back that it was."""
        await self.redact(conversation_id, activity_id)

    async def redact(self, conversation_id: str, activity_id: str) -> None:
        """Hide a text in the log and on the screens that show it (D4)."""
        said = await self._logs.entry(conversation_id, number_of(activity_id))
        if said is not None:
            await self.replace(conversation_id, activity_id, redacted(said))

    async def replace(self, conversation_id: str, activity_id: str, said: dict[str, Any]) -> None:
        """Put `said` in the place of an entry."""
        number = number_of(activity_id)
        if await self._logs.replace(conversation_id, number, said):
            self._sockets.show(conversation_id, shown(conversation_id, number, said))


class DirectLineConnector:
    """bot.channel.protocol.Connector: the same one for every conversation."""

    def __init__(self, conversations: DirectLineConversations) -> None:
        self.conversations = conversations
