"""A process that dies between the log and the turn leaves no message unanswered for ever (design §4, C6, F1, F14)."""

from typing import Any

from bot.channel.directline_activities import Heard, heard, shown
from bot.channel.directline_tokens import Pass
from bot.clock import utc
from bot.serving.desk import Desk
from bot.store.direct_line import Added, ConversationLogs, Owner
from tests.journeys.conftest import OpenHouse, Visit
from tests.journeys.stage import Visitor, last, records, texts
from tests.support.clock import SteppedClock

START: dict[str, Any] = {"keyturn": {"do": "start", "journey": "forgot_password"}}


async def written(desk: Desk, visitor: Visitor, clock: SteppedClock, client_id: str = "", **fields: Any) -> int:
    """What the dead process did: a message is in the log, and nobody heard it."""
    whose = Pass(visitor.user, visitor.conversation, "", held=False)
    data = {"clientActivityID": client_id} if client_id else {}
    taken = heard({"type": "message", **fields, "channelData": data}, whose, "nb-NO",
                  utc(clock.now()).isoformat(timespec="milliseconds"), 4000)
    assert isinstance(taken, Heard)
    logs = ConversationLogs(desk.store, desk.ring, 86400)
    added = await logs.append(visitor.conversation, taken.said, taken.client_id)
    assert isinstance(added, Added)
    return added.number


async def come_back(visitor: Visitor) -> None:
    url = f"{visitor.base_url}/v3/directline/conversations/{visitor.conversation}?watermark={visitor.watermark}"
    async with visitor.session.get(url, headers={"Authorization": f"Bearer {visitor.token}"}) as answer:
        assert answer.status == 200


async def test_whoever_comes_back_is_answered(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """Once, however often the client comes back, and as if it had been heard at once."""
    visitor = await visit(desk)
    await written(desk, visitor, clock, text="Lag nytt passord", value=START)
    assert not await visitor.quiet()
    await come_back(visitor)
    assert (await visitor.hear()).text.startswith("Hvilken konto")
    await come_back(visitor)
    await visitor.ask("kari.nordmann")
    await come_back(visitor)
    assert not await visitor.quiet()
    assert len(await records(desk, "reset.opened")) == 1


async def test_whoever_sends_again_is_answered(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """Our page sends again under the same id; the answer must not stay away because the log knows it."""
    visitor = await visit(desk)
    await written(desk, visitor, clock, "c-1", text="hva er kravene til passord?")
    for _ in range(2):
        await visitor.say("hva er kravene til passord?", channelData={"clientActivityID": "c-1"})
    assert "tegn" in (await visitor.hear()).text
    assert not [one for one in texts(await visitor.quiet()) if "tegn" in one]


async def test_what_another_replica_has_answered_is_not_answered_again(
        open_house: OpenHouse, visit: Visit, clock: SteppedClock) -> None:
    """C6: coming back to another replica takes no turn twice, even where the bot had nothing to say."""
    one, other = await open_house(), await open_house()
    visitor = await visit(one)
    await visitor.start("kari.nordmann")
    assert await visitor.post({"type": "event", "name": "made.up"}) == 200      # heard, and nothing to say to it
    visitor.base_url = other.site.base_url
    await come_back(visitor)
    assert last(await visitor.ask("avbryt")).startswith("Da stopper vi her")
    assert len(await records(one, "reset.ended")) == 1


async def test_what_was_said_long_ago_stays_unheard(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """Whether it was taken, nobody knows any more (limit 21)."""
    visitor = await visit(desk)
    await written(desk, visitor, clock, text="Lag nytt passord", value=START)
    clock.advance(700)
    await come_back(visitor)
    await visitor.ask("hva er kravene til passord?")
    assert not [one for one in visitor.said if one.text.startswith("Hvilken konto")]


async def test_a_greeting_that_was_lost_comes_later(desk: Desk, clock: SteppedClock) -> None:
    """The conversation was opened and its first turn never taken; it is greeted once."""
    visitor = Visitor(desk)
    async with visitor.session:
        async with visitor.session.post(f"{desk.site.base_url}/v3/directline/tokens/generate") as answer:
            found = await answer.json()
        visitor.token, visitor.conversation = found["token"], found["conversationId"]
        await ConversationLogs(desk.store, desk.ring, 86400).open(visitor.conversation, Owner(visitor.user, "nb-NO"))
        await come_back(visitor)
        assert (await visitor.hear()).text.startswith("Hei!")
        await come_back(visitor)
        assert not await visitor.quiet()


def test_a_cards_answers_are_shown_to_nobody() -> None:
    taken = heard({"type": "message", "text": "x", "value": {"a": 1}}, Pass("u", "c", "", held=False), "nb", "t", 9)
    assert isinstance(taken, Heard)
    assert taken.turn["value"] == {"a": 1}
    assert '"a"' not in str(shown("c", 1, taken.said)).replace("'", '"')
