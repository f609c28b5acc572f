"""Who somebody is, and what may be done where, is decided by the server alone (I2-I7, C5, C6, F9, P3)."""

import asyncio
import json
from typing import Any

import pytest

from bot.directory import demo
from bot.rules.case import State
from bot.serving.desk import Desk
from tests.journeys.conftest import InTeams, OpenHouse, Visit
from tests.journeys.stage import GOOD, KARI, WRONG, Visitor, last, link_of, mailed_code, records, texts, titles
from tests.support.browser import Browser
from tests.support.chat import SecurePage
from tests.support.clock import SteppedClock
from tests.support.people import code_for

START = {"keyturn": {"do": "start", "journey": "forgot_password"}}
QUESTION = "hvordan registrerer jeg meg for selvbetjent tilbakestilling?"
FORGED: dict[str, Any] = {
    "made up": {"keyturn": {"do": "grant"}},
    "a case": {"keyturn": {"do": "new_link", "case": "someone-elses", "account": KARI}},
    "steps": {"keyturn": {"do": "finish", "step": "secure_page", "proven": "true"}},
    "a journey": {"keyturn": {"do": "start", "journey": "../admin"}},
    "a topic": {"keyturn": {"do": "topic", "topic": "no-such-topic"}},
    "more of a topic": {"keyturn": {"do": "admin", "topic": "x" * 100}},
    "a rating": {"keyturn": {"do": "helped", "topic": "__class__", "was": "yes"}},
    "another link": {"keyturn": {"do": "new_link"}},
    "not texts": {"keyturn": {"do": ["start"], "journey": {"a": 1}, "topic": None}},
    "many": {"keyturn": {str(number): "x" for number in range(1000)}},
    "huge": {"keyturn": {"do": "x" * 100_000}},
    "nested": {"keyturn": {"do": json.loads("[" * 50 + "]" * 50)}},
    "a list": [{"do": "start"}],
    "a text": "done",
    "a number": 1e308,
    "a dialog result": {"result": True, "state": {"case": "x"}, "dialogId": "forgot_password"},
}
UNLIKE_OURS = ("not texts", "many", "huge", "nested", "a list", "a text", "a number", "a dialog result")


async def test_a_client_cannot_choose_who_it_is(desk: Desk, visit: Visit) -> None:
    """I2, S-021: whatever an activity says of sender, channel, tenant and conversation, it is a visitor's."""
    visitor, other = await visit(desk), await visit(desk)
    claims = {
        "from": {"id": other.user, "aadObjectId": KARI, "role": "bot", "name": "Keyturn"},
        "conversation": {"id": other.conversation, "tenantId": demo.TENANT}, "channelId": "msteams",
        "recipient": {"id": "28:x"}, "channelData": {"tenant": {"id": demo.TENANT}}, "serviceUrl": "https://evil.example"}
    await visitor.say("Lag nytt passord", **claims, value=START)
    await visitor.say("kari.nordmann", **claims)
    assert last(await visitor.quiet()).startswith("Åpne godkjenningsappen")
    assert not await other.quiet()
    opened, = await records(desk, "reset.opened")
    assert opened["actor"] == f"directline::{visitor.user}"


@pytest.mark.parametrize("channel", ["directline", "webchat"])
async def test_a_web_chat_of_others_begins_nothing(desk: Desk, in_teams: InTeams, channel: str) -> None:
    """I2, P3: no browser of ours holds it, so its secure page could never be opened; it is shown the way to ours."""
    stranger = in_teams(desk, channelId=channel, conversation={"id": "c1"}, **{"from": {"id": "dl_1"}})
    said = await stranger.ask("Lag nytt passord", value=START)
    assert last(said).startswith("Det gjør vi i nettchatten")
    assert [one["value"] for one in said[-1].buttons] == [desk.site.base_url]
    assert not await records(desk)


async def test_a_web_chat_of_others_never_meets_one_of_ours(
        desk: Desk, visit: Visit, in_teams: InTeams, clock: SteppedClock) -> None:
    """I5: with the ids of one of ours it still continues nothing, stops nothing and hides nothing."""
    visitor = await visit(desk)
    await visitor.start("kari.nordmann")
    twin = in_teams(
        desk, channelId="directline", conversation={"id": visitor.conversation}, **{"from": {"id": visitor.user}})
    await twin.ask("avbryt")
    await twin.ask("Passord: Sommer2026!", id=f"{visitor.conversation}|0000002")
    await twin.ask("123456")
    assert not await visitor.quiet()
    assert "/secure/" in await visitor.prove(clock)


@pytest.mark.parametrize("what", FORGED)
async def test_forged_card_values_do_nothing(
        desk: Desk, visit: Visit, clock: SteppedClock, what: str) -> None:
    """I6, S-023, S-025: at every step they are answered and change nothing; the flow then goes on."""
    visitor = await visit(desk)
    clock.advance(30)

    async def forge() -> None:
        # A button sends its title along as text; what has not the shape of one of ours would be read as said.
        status = await visitor.post({
            "type": "message", "from": {"id": "me"}, "text": "" if what in UNLIKE_OURS else "Fortsett",
            "value": FORGED[what]})
        assert status in (200, 400)
        said = await visitor.quiet()
        assert said or status == 400
        assert "Velg nytt passord" not in titles(said)
        assert not [one for one in texts(said) if "noe gikk galt" in one]

    await forge()
    await visitor.press("Lag nytt passord")
    await forge()
    assert last(await visitor.ask("kari.nordmann")).startswith("Åpne godkjenningsappen")
    assert len(await records(desk, "reset.opened")) == 1
    await forge()
    assert not await records(desk, "reset.proof")
    assert last(await visitor.ask(await code_for(desk, "kari.nordmann"))).startswith("Takk, den stemte")
    await forge()
    link = link_of(await visitor.ask(await mailed_code(desk)))
    status = await visitor.post({"type": "message", "from": {"id": "me"}, "text": "x", "value": FORGED[what]})
    assert status in (200, 400)
    assert not await records(desk, "reset.intent")
    if what not in ("another link", "a case"):      # Those may ask for one, as anybody proven may.
        assert (await visitor.page(link)).status == 200


async def test_a_client_that_knocks_is_not_believed(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """Design §3, I6: events in the bot's own name change nothing at any step, whatever they bring."""
    visitor = await visit(desk)

    async def knock() -> None:
        for name in ("keyturn.knock", "keyturn.done", "signin/tokenExchange"):
            assert await visitor.post({
                "type": "event", "from": {"id": "me"}, "name": name,
                "value": {"outcome": "done", "end": "done", "case": "x"}}) == 200
        assert not await visitor.quiet()

    await knock()
    await visitor.press("Lag nytt passord")
    await visitor.quiet()
    await knock()
    await visitor.ask("kari.nordmann")
    await knock()
    clock.advance(30)
    await visitor.ask(await code_for(desk, "kari.nordmann"))
    await knock()
    assert not await records(desk, "reset.intent")
    assert last(await visitor.ask(WRONG[0])).endswith("Du har 4 forsøk igjen.")


async def test_the_page_is_for_the_browser_of_the_chat(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """P3, S-068, S-070: a forwarded link looks dead elsewhere, a copied form is refused, the owner goes on."""
    kari, thief = await visit(desk), await visit(desk)
    link = await kari.proven(clock)
    page = await kari.page(link)
    dead, unknown = await thief.page(link), await thief.page(link[:-43] + "A" * 43)
    assert (dead.status, dead.text) == (unknown.status, unknown.text) == (404, dead.text)
    assert (await thief.submit(SecurePage(page.url, 200, page.html), GOOD)).status == 403
    async with kari.session.head(link) as answer:   # Previews and scanners (P2).
        assert answer.status == 200
    assert "Passordet er byttet" in (await kari.submit(page, GOOD)).text


async def test_tokens_open_one_conversation_in_one_browser(desk: Desk, visit: Visit) -> None:
    """I5, S-103, S-019: neither with another's conversation nor in another's browser."""
    one, other = await visit(desk), await visit(desk)
    own = (one.conversation, one.token)
    one.conversation = other.conversation
    assert await one.post({"type": "message", "from": {"id": "me"}, "text": "hei"}) == 403
    one.conversation, one.token = other.conversation, other.token
    assert await one.post({"type": "message", "from": {"id": "me"}, "text": "hei"}) == 403
    one.conversation, one.token = own
    for token in ("", "x.y.z", one.token[:-2] + "AA", one.token + "A"):
        one.token = token
        assert await one.post({"type": "message", "from": {"id": "me"}, "text": "hei"}) == 403
    one.token = own[1]
    assert await one.ask("hei")
    assert not await other.quiet()


# -- Teams -------------------------------------------------------------------------------------------

async def test_a_person_in_teams_is_answered(desk: Desk, in_teams: InTeams) -> None:
    """Questions are answered through the connector, and the reset begins with the speaker's own account (I7)."""
    kari = in_teams(desk)
    assert "Sist kontrollert" in last(await kari.ask(QUESTION))
    assert "Lag nytt passord" in titles(await kari.ask("jeg har glemt passordet"))
    said = await kari.ask("Lag nytt passord", value=START)
    assert last(said).startswith("Åpne godkjenningsappen")
    opened, = await records(desk, "reset.opened")
    assert opened["target"] == KARI


@pytest.mark.parametrize("kind", ["groupChat", "channel"])
async def test_elsewhere_than_in_private_there_is_a_pointer(desk: Desk, in_teams: InTeams, kind: str) -> None:
    """I4, S-018: in groups and channels questions are answered, and operations are for two alone."""
    kari = in_teams(desk, conversation={
        "conversationType": kind, "isGroup": True, "tenantId": demo.TENANT, "id": f"19:{kind}"})
    said = await kari.ask("<at>bot</at> jeg har glemt passordet")
    assert said
    assert "Lag nytt passord" not in titles(said)
    assert last(await kari.ask(value=START)).startswith("Det tar vi på tomannshånd")
    assert "Lag nytt passord" not in titles(await kari.ask("passordet mitt er Sommer2026!"))


@pytest.mark.parametrize("sender", [
    {"id": "29:x", "aadObjectId": KARI, "userRole": "guest"},
    {"id": "29:x", "aadObjectId": KARI, "tenantId": "00000000-0000-0000-0000-0000000000ff"},
    {"id": "29:x", "name": "Kari Nordmann"},
    {"id": "29:x", "aadObjectId": "not an id"},
], ids=["guest", "another tenant's", "without an id", "with a strange id"])
async def test_outsiders_get_answers_only(desk: Desk, in_teams: InTeams, sender: dict[str, Any]) -> None:
    """I3, I1, S-017."""
    guest = in_teams(desk, **{"from": sender})
    assert "Sist kontrollert" in last(await guest.ask(QUESTION))
    assert "Lag nytt passord" not in titles(await guest.ask("jeg har glemt passordet"))
    assert last(await guest.ask(value=START)).startswith("Det kan jeg ikke gjøre her")


@pytest.mark.parametrize("kind", [
    "messageUpdate", "messageDelete", "messageReaction", "typing", "event", "trace", "handoff", "suggestion",
    "keyturn", "endOfConversation", ""])
async def test_other_activities_are_harmless(desk: Desk, in_teams: InTeams, kind: str) -> None:
    """C5, C6, S-012: acknowledged, and nothing is said or done."""
    kari = in_teams(desk)
    assert await kari.ask("hei")
    said = len(kari.connector.said)
    for fields in ({}, {"name": "keyturn.knock", "value": START}, {"reactionsAdded": [{"type": "like"}]}):
        assert await kari.post(kari.activity("Lag nytt passord", type=kind, **fields)) in (200, 202)
    assert len(kari.connector.said) == said
    assert await kari.ask("hei igjen")
    assert not await records(desk)


@pytest.mark.parametrize("missing", ["from", "conversation", "id", "type"])
async def test_incomplete_activities_are_ignored(desk: Desk, in_teams: InTeams, missing: str) -> None:
    """C5, S-012."""
    kari = in_teams(desk)
    activity = kari.activity("hei")
    values: tuple[Any, ...] = ({}, None, 7, [])
    for value in values:
        assert await kari.post(activity | {missing: value}) == 202
    del activity[missing]
    assert await kari.post(activity) == 202
    assert not kari.connector.said


async def test_the_same_activity_is_answered_once(
        open_house: OpenHouse, in_teams: InTeams) -> None:
    """C6, S-010, R-001: delivered again, at once or later, here or there, it changes nothing."""
    here, there = await open_house(), await open_house()
    kari = in_teams(here)
    activity = kari.activity(QUESTION)
    statuses = await asyncio.gather(*[kari.post(activity, desk) for desk in (here, there) * 4])
    assert set(statuses) == {200}
    assert await kari.post(activity, there) == 200
    assert len([one for one in kari.connector.said if one["type"] == "message"]) == 1


async def test_messages_at_once_lose_no_update(open_house: OpenHouse, in_teams: InTeams) -> None:
    """F9, R-034: two houses, one conversation, four questions at once: each is remembered as asked about."""
    here, there = await open_house(), await open_house()
    kari = in_teams(here)
    questions = (QUESTION, "jeg har glemt passordet", "hva betyr SSPR_0014?", "hvorfor er kontoen min låst?")
    await asyncio.gather(*[
        kari.post(kari.activity(text), desk) for text, desk in zip(questions, (here, there) * 2, strict=True)])
    assert len(kari.connector.said) == 4
    assert all("Ja, det hjalp" in json.dumps(one, ensure_ascii=False) for one in kari.connector.said)
    for text in questions:
        assert "Ja, det hjalp" not in titles(await kari.ask(text))


async def test_web_chat_messages_at_once_are_taken_in_turn(desk: Desk, visit: Visit) -> None:
    """F9: five codes sent in one breath are five tries, each with its answer, in order."""
    visitor = await visit(desk)
    await visitor.start("kari.nordmann")
    await asyncio.gather(*[visitor.say(code) for code in WRONG])
    said = texts(await visitor.quiet())
    assert [one.partition("Du har ")[2][:1] for one in said] == ["4", "3", "2", "e", ""]
    assert last(await visitor.ask("hva nå?"))


async def test_a_stranger_cannot_go_on_with_a_flow(desk: Desk, visit: Visit, in_teams: InTeams) -> None:
    """I5, S-019: the same conversation id by another channel is another conversation."""
    visitor: Visitor = await visit(desk)
    await visitor.start("kari.nordmann")
    stranger = in_teams(desk, conversation={
        "conversationType": "personal", "tenantId": demo.TENANT, "id": visitor.conversation})
    said = await stranger.ask(await code_for(desk, "kari.nordmann"))
    assert said
    assert not await records(desk, "reset.proof")
    forged = stranger.activity("hei", channelId="directline", **{"from": {"id": visitor.user}})
    assert await stranger.post(forged) in (200, 202, 403)
    assert not await records(desk, "reset.proof")


async def test_another_identity_drops_all_that_was_proven(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """I5, V10, S-022: the channel's id of the sender stays, the person behind it does not; nobody goes on with it."""
    kari = in_teams(desk)
    await kari.ask("start", value={"keyturn": {"do": "start", "journey": "forgot_password"}})
    link = link_of(await kari.ask(await code_for(desk, "kari.nordmann")))
    mona = "00000000-0000-0000-0000-000000000007"
    as_mona = {"from": {"id": "29:kari", "name": "Kari Nordmann", "aadObjectId": mona}}
    assert "/secure/" not in str([one.buttons for one in await kari.ask("ferdig", **as_mona)])
    assert "/secure/" not in str([one.buttons for one in await kari.ask(
        "x", value={"keyturn": {"do": "new_link"}}, **as_mona)])
    case, = [one for one in [await desk.kept.cases.read(one["correlation"])
                             for one in await records(desk, "reset.opened")] if one]
    assert case.state is State.ENDED
    async with Browser(desk.site.base_url) as browser:
        assert (await browser.open(link)).status == 404
    assert last(await kari.ask("ferdig"))
    await kari.ask("start", value={"keyturn": {"do": "start", "journey": "forgot_password"}})
    clock.advance(30)
    assert link_of(await kari.ask(await code_for(desk, "kari.nordmann"))) != link
