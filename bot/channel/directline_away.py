"""Answers questions in a web chat whose log cannot be reached (G1): nothing of it is kept, nothing else is done."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from botbuilder.schema import Activity, ResourceResponse

from bot.channel.activities import from_json
from bot.channel.adapter import Adapter
from bot.channel.directline_activities import Heard, said_by_bot
from bot.channel.directline_sockets import Sockets
from bot.clock import Clock
from bot.people import Speaker

_CONVERSATIONS = 2000       # whose answers wait for a poll
_EACH = 8


class Away:
    """`adapter` runs a logic that answers what it knows without a store, and says nothing else."""

    def __init__(self, adapter: Adapter, sockets: Sockets, clock: Clock) -> None:
        self._adapter = adapter
        self._sockets = sockets
        self._clock = clock
        self._waiting: OrderedDict[str, list[Mapping[str, Any]]] = OrderedDict()

    async def answer(self, taken: Heard, speaker: Speaker) -> str:
        """The outside id of a message that was answered; empty when there is no answer to it now."""
        conversation = speaker.conversation
        outside = _new_id(conversation)
        replies = _Replies(self._clock)
        await self._adapter.process(from_json(taken.turn | {"id": outside}), speaker, _Collecting(replies))
        if not replies.said:
            return ""
        for one in [{**taken.said, "id": outside}, *replies.said]:
            self._tell(conversation, one)
        return outside

    def waiting(self, conversation: str) -> list[Mapping[str, Any]]:
        """What a poll may take along; only once."""
        return self._waiting.pop(conversation, [])

    def _tell(self, conversation: str, activity: Mapping[str, Any]) -> None:
        if self._sockets.listening(conversation):
            self._sockets.show(conversation, activity)
            return
        kept = self._waiting.setdefault(conversation, [])
        kept.append(activity)
        del kept[:-_EACH]
        self._waiting.move_to_end(conversation)
        if len(self._waiting) > _CONVERSATIONS:
            self._waiting.popitem(last=False)


class _Replies:
    """bot.channel.protocol.Conversations that keeps what is said; there is nothing it could replace or delete."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.said: list[dict[str, Any]] = []

    async def send_to_conversation(self, conversation_id: str, activity: Activity) -> ResourceResponse:
        said = said_by_bot(conversation_id, activity, self._clock.now())
        if said["type"] != "typing":
            self.said.append({**said, "id": _new_id(conversation_id)})
        return ResourceResponse(id="")

    async def reply_to_activity(
            self, conversation_id: str, _activity_id: str, activity: Activity) -> ResourceResponse:
        return await self.send_to_conversation(conversation_id, activity)

    async def update_activity(
            self, _conversation_id: str, activity_id: str, _activity: Activity) -> ResourceResponse:
        return ResourceResponse(id=activity_id)

    async def delete_activity(self, conversation_id: str, activity_id: str) -> None:
        """Nothing is kept that could be taken back."""


class _Collecting:
    """bot.channel.protocol.Connector of one message."""

    def __init__(self, replies: _Replies) -> None:
        self.conversations = replies


def _new_id(conversation: str) -> str:
    """An id that no entry of the log has."""
    return f"{conversation}|away-{uuid4().hex}"
