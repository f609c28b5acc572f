"""A turn context that does not deep-copy every reply, nor leave a reference cycle for each."""

import json
from typing import Any

from botbuilder.core import TurnContext
from botbuilder.schema import Activity, ActivityTypes, ResourceResponse

from bot.channel.activities import encode, to_json

EXPECT_REPLIES = "expectReplies"
INVOKE_RESPONSE = "BotFrameworkAdapter.InvokeResponse"  # the SDK's own key in the turn's state

GONE = "keyturn.gone"       # in the turn's state: the channel says that nobody is reached here any more

_UNTHREADED = frozenset({"directline", "webchat"})  # channels the SDK never sends a reply id to


class Turn(TurnContext):
    """The SDK's turn, with a send path of our own (52-68 us of deep copy saved a reply).

    Replies are copied shallowly: addressing a reply does not touch the caller's activity, while
    its attachments are shared, which is safe because a connector serialises before it returns.
    """

    def __init__(self, adapter: Any, activity: Activity, *, proactive: bool = False) -> None:
        super().__init__(adapter, activity)
        self.buffered: list[dict[str, Any]] = []
        self._expected = activity.delivery_mode == EXPECT_REPLIES
        self._reply_to = None if proactive else _reply_id(activity)

    async def send_activity(
            self, activity_or_text: Activity | str, speak: str | None = None,
            input_hint: str | None = None) -> ResourceResponse | None:
        """Send one; the usual way of what is said, without the lists that several need."""
        if isinstance(activity_or_text, str) or self._on_send_activities:
            sent: ResourceResponse | None = await super().send_activity(activity_or_text, speak, input_hint)
            return sent
        return await self._deliver(self._addressed(activity_or_text))

    async def send_activities(self, activities: list[Activity]) -> list[ResourceResponse]:
        """Send in order; with deliveryMode expectReplies they are kept for the HTTP answer."""
        outgoing = [self._addressed(one) for one in activities]
        if self._on_send_activities:  # middleware wants to see them: the SDK's own way
            sent: list[ResourceResponse] = await self._emit(
                self._on_send_activities, outgoing, self._deliver_all(outgoing))
            return sent
        return await self._deliver_all(outgoing)

    async def _deliver_all(self, activities: list[Activity]) -> list[ResourceResponse]:
        return [await self._deliver(one) for one in activities]

    async def _deliver(self, activity: Activity) -> ResourceResponse:
        if self._expected:
            response = self._keep(activity)
        else:
            response = await self.adapter.deliver(self, activity)
        if activity.type != "trace":
            self.responded = True
        return response

    def _keep(self, activity: Activity) -> ResourceResponse:
        if activity.type == ActivityTypes.invoke_response:
            self.turn_state[INVOKE_RESPONSE] = activity
        self.buffered.append(json.loads(encode(to_json(activity))))
        return ResourceResponse()

    def _addressed(self, activity: Activity) -> Activity:
        heard = self.activity
        reply: Activity = object.__new__(type(activity))
        reply.__dict__.update(activity.__dict__)
        reply.id = None
        reply.type = reply.type or "message"
        reply.input_hint = reply.input_hint or "acceptingInput"
        reply.channel_id = heard.channel_id
        reply.service_url = heard.service_url
        reply.locale = reply.locale or heard.locale
        reply.conversation = heard.conversation
        reply.from_property = heard.recipient
        reply.recipient = heard.from_property
        reply.reply_to_id = self._reply_to or reply.reply_to_id
        return reply


def _reply_id(activity: Activity) -> str | None:
    if activity.type == ActivityTypes.conversation_update or activity.channel_id in _UNTHREADED:
        return None
    reply_id: str | None = activity.id
    return reply_id
