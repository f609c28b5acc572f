"""Runs turns: from a checked activity to the bot's logic, and from its replies to a connector.

The SDK's CloudAdapter answers 500 to invokes with a body, opens a client for every turn and logs in
for every turn; this one keeps the SDK's contract of BotAdapter and nothing else of it (C9).
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from botbuilder.core import BotAdapter, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ConversationReference, ResourceResponse

from bot.channel.activities import encode, from_json, to_json
from bot.channel.protocol import Answer, Connector, ConnectorFor, Logic, OnError
from bot.channel.turn import EXPECT_REPLIES, GONE, INVOKE_RESPONSE, Turn
from bot.errors import place
from bot.people import Speaker

log = structlog.get_logger(__name__)


class Adapter(BotAdapter):
    """One for the process; a turn brings its speaker and its way back."""

    def __init__(self, logic: Logic, on_error: OnError) -> None:
        super().__init__()
        self._logic = logic
        self._on_error = on_error
        self._connectors: dict[str, ConnectorFor] = {}
        self._watched = False

    def use(self, middleware: Any) -> "Adapter":
        """As the SDK's; without any, no turn goes through the set of them."""
        self._watched = True
        super().use(middleware)
        return self

    def connect(self, scheme: str, connector_for: ConnectorFor) -> None:
        """Name the way back for service URLs of a scheme ("https", "http", "keyturn", ...).

        Only `run` asks: a stored reference holds a service URL and nothing else to go by.
        """
        self._connectors[scheme] = connector_for

    async def process(self, activity: Activity, speaker: Speaker, connector: Connector) -> Answer | None:
        """Run one turn; the HTTP answer of an invoke or of expectReplies, None for all else.

        A failing turn is apologised for by `on_error` and does not raise (F14).
        """
        turn = Turn(self, activity)
        completed = await self._turn(turn, speaker, connector)
        if activity.delivery_mode == EXPECT_REPLIES:
            return Answer(200, {"activities": turn.buffered})
        if activity.type == ActivityTypes.invoke:
            return _invoke_answer(turn.turn_state.get(INVOKE_RESPONSE), completed)
        return None

    async def run(self, reference: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
        """Run a proactive turn: an event in the conversation that `reference_of` once described.

        False: whoever was there has removed or blocked the bot.
        `fields` are the event's own, as in JSON (`name`, `value`, ...). Replies start no thread.
        Raises KeyError or TypeError for a reference that is none.
        """
        speaker = Speaker(**reference["speaker"])
        service_url = reference["serviceUrl"]
        connector = self._connectors[service_url.partition(":")[0]](service_url)
        activity = from_json({
            "type": "event", "id": uuid4().hex, **fields,
            "channelId": reference["channelId"], "serviceUrl": service_url,
            "conversation": reference["conversation"], "locale": reference.get("locale"),
            "from": reference["user"], "recipient": reference.get("bot")})
        turn = Turn(self, activity, proactive=True)
        await self._turn(turn, speaker, connector)
        return GONE not in turn.turn_state

    async def _turn(self, turn: Turn, speaker: Speaker, connector: Connector) -> bool:
        turn.turn_state[self.BOT_CONNECTOR_CLIENT_KEY] = connector
        try:
            if self._watched:
                await self._middleware.receive_activity_with_status(turn, lambda context: self._logic(context, speaker))
            else:
                await self._logic(turn, speaker)
        except Exception as error:  # noqa: BLE001 the turn boundary (F14)
            await self._apologise(turn, error)
            return False
        return True

    async def _apologise(self, turn: Turn, error: Exception) -> None:
        # An exception's text may quote what the person wrote, so only its place is logged (D3).
        log.error("turn_failed", error=type(error).__name__, at=place(error), activity=turn.activity.type)
        try:
            await self._on_error(turn, error)
        except Exception as second:  # noqa: BLE001 there is no further resort; the next message works
            log.error("apology_failed", error=type(second).__name__, at=place(second))

    async def send_activities(
            self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        """Deliver, as the SDK's contract says; activities are addressed already."""
        return [await self.deliver(context, one) for one in activities]

    async def deliver(self, context: TurnContext, activity: Activity) -> ResourceResponse:
        """Deliver one that is addressed already."""
        if activity.type == "delay":
            await asyncio.sleep((activity.value or 1000) / 1000)
        elif activity.type == ActivityTypes.invoke_response:
            context.turn_state[INVOKE_RESPONSE] = activity
        elif activity.type != ActivityTypes.trace:
            conversations = self._connector(context).conversations
            conversation = activity.conversation.id
            if activity.reply_to_id:
                return await conversations.reply_to_activity(conversation, activity.reply_to_id, activity)
            return await conversations.send_to_conversation(conversation, activity)
        return ResourceResponse(id="")

    async def update_activity(self, context: TurnContext, activity: Activity) -> ResourceResponse:
        """Replace one the bot sent, by `activity.id`."""
        conversations = self._connector(context).conversations
        return await conversations.update_activity(activity.conversation.id, activity.id, activity)

    async def delete_activity(self, context: TurnContext, reference: ConversationReference) -> None:
        """Take back one the bot sent, by `reference.activity_id`."""
        conversations = self._connector(context).conversations
        await conversations.delete_activity(reference.conversation.id, reference.activity_id)

    def _connector(self, context: TurnContext) -> Connector:
        connector: Connector = context.turn_state[self.BOT_CONNECTOR_CLIENT_KEY]
        return connector


def reference_of(activity: Activity, speaker: Speaker) -> dict[str, Any]:
    """Plain JSON to keep and later give to `Adapter.run`: where and with whom this turn was."""
    heard = to_json(activity)
    kept = {"serviceUrl": heard["serviceUrl"], "channelId": heard["channelId"],
            "conversation": heard["conversation"], "user": heard["from"], "bot": heard.get("recipient"),
            "locale": heard.get("locale")}
    return {**{name: value for name, value in kept.items() if value is not None}, "speaker": asdict(speaker)}


def _invoke_answer(response: Activity | None, completed: bool) -> Answer:
    value = response.value if response else None
    if value is None:
        # A failed invoke is not answered 5xx: the channel would deliver it again (C4, C6).
        return Answer(501 if completed else 400)
    if isinstance(value, Mapping):
        status, body = value.get("status", 200), value.get("body")
    else:
        status, body = value.status, value.body
    try:
        return Answer(HTTPStatus(status).value, None if body is None else json.loads(encode(body)))
    except (TypeError, ValueError) as error:
        log.error("invoke_answer_unfit", error=type(error).__name__)
        return Answer(400)
