"""Turns: replies addressed as by the SDK, invokes answered, failures kept to one turn (C9, F14)."""

import asyncio
import gc
import json
from typing import Any

import pytest
from aiohttp import ClientSession
from botbuilder.core import CardFactory, InvokeResponse, MessageFactory, TurnContext
from botbuilder.schema import Activity, ActivityTypes, HeroCard

from bot.channel.activities import from_json
from bot.channel.adapter import Adapter, reference_of
from bot.channel.connector import BotConnectors
from bot.channel.hosts import ReplyHosts
from bot.channel.outbox import Outbox, ReplyUndelivered
from bot.people import Speaker
from bot.rules.limits import Limits
from tests.channel.conftest import Door, Echo, OpenDoor, make_adapter, teams_message
from tests.support.clock import SteppedClock
from tests.support.connector import FakeConnector, Planned


def invoke(connector: FakeConnector, **fields: Any) -> dict[str, Any]:
    return teams_message(connector.service_url, type="invoke", name="task/fetch", value={}, **fields)


def answering(value: Any) -> Any:
    async def logic(context: TurnContext, _speaker: Speaker) -> None:
        await context.send_activity(Activity(type=ActivityTypes.invoke_response, value=value))

    return logic


async def test_a_reply_goes_back_where_the_message_came_from(door: Door, connector: FakeConnector) -> None:
    activity = teams_message(connector.service_url, conversation={
        "id": "19:a/b?c#d@thread.v2;messageid=1", "conversationType": "personal", "tenantId": "tenant"})
    await door.post(activity)
    call = connector.calls[0]
    assert call.method == "POST"
    assert call.path == ("/emea/v3/conversations/19%3Aa%2Fb%3Fc%23d%40thread.v2%3Bmessageid%3D1"
                         "/activities/1700000000000")
    assert call.headers["Authorization"] == "Bearer bot-1"
    assert call.body == {
        "type": "message", "text": "Echo: hei", "inputHint": "acceptingInput", "replyToId": "1700000000000",
        "channelId": "msteams", "serviceUrl": connector.service_url, "locale": "nb-NO",
        "conversation": activity["conversation"], "from": activity["recipient"],
            "recipient": activity["from"]}


async def test_sending_leaves_the_callers_activity_alone(
        open_door: OpenDoor, connector: FakeConnector) -> None:
    reply = MessageFactory.attachment(CardFactory.hero_card(HeroCard(title="T")))
    before = json.dumps(reply.serialize())
    sent: list[Any] = []

    async def logic(context: TurnContext, _speaker: Speaker) -> None:
        sent.append(await context.send_activity(reply))
        assert context.responded

    door = await open_door(logic=logic)
    await door.post()
    assert json.dumps(reply.serialize()) == before
    assert sent[0].id == "a1"
    assert connector.said[0]["attachments"][0]["content"] == {"title": "T"}


async def test_update_and_delete(open_door: OpenDoor, connector: FakeConnector) -> None:
    async def logic(context: TurnContext, _speaker: Speaker) -> None:
        await context.update_activity(Activity(type="message", id="a1", text="new"))
        await context.delete_activity("a1")

    door = await open_door(logic=logic)
    assert (await door.post()).status == 200
    assert [(one.method, one.path.rpartition("/")[2]) for one in connector.calls] == [("PUT", "a1"),
        ("DELETE", "a1")]
    assert connector.calls[0].body["text"] == "new"


async def test_middleware_still_sees_what_is_sent(
        adapter: Adapter, session: ClientSession, connector: FakeConnector, clock: SteppedClock,
            echo: Echo) -> None:
    seen: list[str] = []

    class Watcher:
        async def on_turn(self, context: TurnContext, logic: Any) -> None:
            async def sending(_context: TurnContext, activities: list[Activity], following: Any) -> None:
                seen.extend(one.text for one in activities)
                await following()

            context.on_send_activities(sending)
            await logic()

    adapter.use(Watcher())
    way_back = BotConnectors(Outbox(session, ReplyHosts(["127.0.0.1"]), None, clock))(connector.service_url)
    await adapter.process(_heard(teams_message(connector.service_url)), SPEAKER, way_back)
    assert seen == ["Echo: hei"]
    assert connector.said[0]["text"] == "Echo: hei"


async def test_turns_leave_no_cycles_behind(open_door: OpenDoor, echo: Echo) -> None:
    """The SDK leaves one for each reply, and collecting them stops everybody for 40 ms."""
    door = await open_door()
    await door.post()
    echo.contexts.clear()
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            await door.post()
            echo.contexts.clear()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        assert not [one for one in gc.garbage if isinstance(one, TurnContext)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize(("value", "status", "body"), [
    (InvokeResponse(status=200, body={"task": {"type": "continue"}}), 200, {"task": {"type": "continue"}}),
    (InvokeResponse(status=200, body=[1]), 200, [1]),
    (InvokeResponse(status=412, body={}), 412, {}),
    ({"status": 200, "body": {"a": HeroCard(title="T")}}, 200, {"a": {"title": "T"}}),
    (InvokeResponse(status=200, body=HeroCard(title="T")), 200, {"title": "T"}),
])
async def test_an_invoke_is_answered_with_its_body(
        open_door: OpenDoor, connector: FakeConnector, value: Any, status: int, body: Any) -> None:
    """The SDK answers 500 to each of these."""
    door = await open_door(logic=answering(value))
    reply = await door.post(invoke(connector))
    assert (reply.status, reply.json) == (status, body)
    assert reply.headers["Content-Type"].startswith("application/json")
    assert connector.calls == []


async def test_what_json_has_no_number_for_is_nothing(open_door: OpenDoor, connector: FakeConnector) -> None:
    door = await open_door(logic=answering({"status": 200, "body": {"a": float("nan")}}))
    assert (await door.post(invoke(connector))).json == {"a": None}


async def test_an_invoke_may_be_answered_without_a_body(
        open_door: OpenDoor, connector: FakeConnector) -> None:
    door = await open_door(logic=answering(InvokeResponse(status=200)))
    reply = await door.post(invoke(connector))
    assert (reply.status, reply.text) == (200, "")


async def test_an_invoke_that_nobody_handles_is_501(door: Door, connector: FakeConnector) -> None:
    reply = await door.post(invoke(connector))
    assert (reply.status, reply.text) == (501, "")


@pytest.mark.parametrize("value", [
    {"status": 9000}, {"status": "x"}, {"status": 200, "body": object()}])
async def test_an_unfit_answer_to_an_invoke_is_not_5xx(
        open_door: OpenDoor, connector: FakeConnector, value: Any) -> None:
    door = await open_door(logic=answering(value))
    assert (await door.post(invoke(connector))).status == 400


async def test_expect_replies_brings_them_in_the_answer(door: Door, connector: FakeConnector) -> None:
    reply = await door.post(teams_message(connector.service_url, deliveryMode="expectReplies"))
    assert reply.status == 200
    assert [one["text"] for one in reply.json["activities"]] == ["Echo: hei"]
    assert connector.calls == []


async def test_expect_replies_of_an_invoke(open_door: OpenDoor, connector: FakeConnector) -> None:
    door = await open_door(logic=answering(InvokeResponse(status=200, body={"a": 1})))
    with_replies = await door.post(invoke(connector, deliveryMode="expectReplies"))
    assert with_replies.json["activities"][0]["type"] == "invokeResponse"


async def test_a_failing_turn_gets_one_apology_and_harms_nobody_else(
        open_door: OpenDoor, connector: FakeConnector, errors: list[Exception]) -> None:
    """F14, R-041."""
    async def logic(context: TurnContext, _speaker: Speaker) -> None:
        if context.activity.text == "poison":
            raise ValueError("poison")
        await context.send_activity("fine")

    door = await open_door(logic=logic)
    assert (await door.post(teams_message(connector.service_url, "poison"))).status == 200
    assert (await door.post(teams_message(connector.service_url, "hei"))).status == 200
    assert [one["text"] for one in connector.said] == ["sorry", "fine"]
    assert [str(one) for one in errors] == ["poison"]


async def test_a_failing_invoke_is_not_delivered_again(open_door: OpenDoor, connector: FakeConnector) -> None:
    async def logic(_context: TurnContext, _speaker: Speaker) -> None:
        raise ValueError

    door = await open_door(logic=logic)
    assert (await door.post(invoke(connector))).status == 400


async def test_an_apology_that_fails_ends_there(open_door: OpenDoor, connector: FakeConnector) -> None:
    """R-035: neither reply nor apology can be delivered, and the channel still gets its 200."""
    connector.planned = [Planned(403)] * 2
    door = await open_door()
    assert (await door.post()).status == 200
    assert len(connector.calls) == 2


async def test_a_long_turn_goes_on_in_the_background(open_door: OpenDoor, connector: FakeConnector) -> None:
    """Limit 25: answered in time, said later."""
    done = asyncio.Event()

    async def logic(context: TurnContext, _speaker: Speaker) -> None:
        await done.wait()
        await context.send_activity("at last")

    door = await open_door(logic=logic, limits=Limits(answer_seconds=0))
    assert (await door.post()).status == 202
    assert connector.calls == []
    done.set()
    assert (await connector.received(1))[0].body["text"] == "at last"
    assert await door.gate.drain(5) == 0


async def test_draining_waits_for_turns_and_then_stops_them(
        open_door: OpenDoor, connector: FakeConnector) -> None:
    """F11."""
    started, never = asyncio.Event(), asyncio.Event()

    async def logic(_context: TurnContext, _speaker: Speaker) -> None:
        started.set()
        await never.wait()

    door = await open_door(logic=logic, limits=Limits(answer_seconds=0))
    assert (await door.post()).status == 202
    await started.wait()
    assert await door.gate.drain(0.01) == 1
    assert await door.gate.drain(0.01) == 0


async def test_64_at_once_keep_apart(open_door: OpenDoor, connector: FakeConnector) -> None:
    door = await open_door()
    messages = [teams_message(connector.service_url, f"n{number}", conversation={
        "id": f"c{number}", "conversationType": "personal", "tenantId": "tenant"}) for number in range(64)]
    replies = await asyncio.gather(*(door.post(one) for one in messages))
    assert {one.status for one in replies} == {200}
    assert {(one["conversation"]["id"], one["text"]) for one in connector.said} == {
        (f"c{number}", f"Echo: n{number}") for number in range(64)}


SPEAKER = Speaker(channel="msteams", tenant="tenant", conversation="a:conversation", user="29:kari",
    object_id="x")


def _heard(fields: dict[str, Any]) -> Activity:
    return from_json(fields)


async def test_a_stored_reference_wakes_the_conversation(
        session: ClientSession, connector: FakeConnector, clock: SteppedClock,
            errors: list[Exception]) -> None:
    """A knock: an event of our own, through the same pipeline, answered outside of any thread."""
    heard: list[tuple[str, str, Any, Speaker]] = []

    async def logic(context: TurnContext, speaker: Speaker) -> None:
        heard.append((context.activity.type, context.activity.name, context.activity.value, speaker))
        await context.send_activity("done")

    adapter = make_adapter(logic, errors)
    adapter.connect("http", BotConnectors(Outbox(session, ReplyHosts(["127.0.0.1"]), None, clock)))
    reference = reference_of(_heard(teams_message(connector.service_url)), SPEAKER)
    stored = json.loads(json.dumps(reference))
    await adapter.run(stored, {"name": "knock", "value": {"case": "7"}})
    assert heard == [("event", "knock", {"case": "7"}, SPEAKER)]
    call = connector.calls[0]
    assert call.path == "/emea/v3/conversations/a%3Aconversation/activities"
    assert "replyToId" not in call.body
    assert call.body["recipient"]["id"] == "29:kari"


async def test_a_stored_reference_to_a_foreign_host_is_not_followed(
        session: ClientSession, connector: FakeConnector, clock: SteppedClock, errors: list[Exception],
        echo: Echo) -> None:
    """C3: the list is asked at each send, as references come from another time."""
    async def logic(context: TurnContext, _speaker: Speaker) -> None:
        await context.send_activity("done")

    adapter = make_adapter(logic, errors)
    adapter.connect("http", BotConnectors(Outbox(session, ReplyHosts(["127.0.0.2"]), None, clock)))
    await adapter.run(reference_of(_heard(teams_message(connector.service_url)), SPEAKER), {})
    assert connector.calls == []
    assert isinstance(errors[0], ReplyUndelivered)
