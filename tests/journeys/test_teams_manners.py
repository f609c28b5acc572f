"""What Teams asks of a bot besides answers: welcome once, typing, replies in the answer, mentions, and being removed
(C5, C6, E2, F13)."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.channel.cards import MOST_IN_TEAMS
from bot.directory import demo
from bot.directory.demo_staff import STAFF
from bot.journeys.unlock_account import LOOK_AGAIN_SECONDS
from bot.serving.desk import Desk
from tests.journeys.conftest import InTeams, Visit
from tests.journeys.stage import TeamsPerson, heard, last, records, titles
from tests.journeys.test_helpdesk import asked
from tests.journeys.test_second_look import PER, unlocked
from tests.support.clock import SteppedClock
from tests.support.connector import Planned
from tests.support.people import mails_of

QUESTION = "hvordan registrerer jeg meg for selvbetjent tilbakestilling?"
BOT = {"id": "28:bot", "name": "bot"}
ME = {"id": "29:kari"}
ADDED = {"type": "conversationUpdate", "membersAdded": [BOT, ME]}
INSTALLED = {"type": "installationUpdate", "action": "add"}
REMOVED = {"type": "installationUpdate", "action": "remove"}
GROUP = {"conversation": {"conversationType": "groupChat", "isGroup": True, "tenantId": demo.TENANT, "id": "19:g"}}


def greetings(person: TeamsPerson) -> int:
    return sum(heard(one).text.startswith("Hei! Jeg hjelper deg") for one in person.connector.said)


async def post(person: TeamsPerson, fields: Mapping[str, Any]) -> None:
    assert await person.post(person.activity(**fields)) == 200


# -- installed ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("events", [
    [INSTALLED, ADDED], [ADDED, INSTALLED], [ADDED], [INSTALLED], [INSTALLED, ADDED, ADDED, INSTALLED]])
async def test_whoever_installs_it_is_welcomed_once(
        desk: Desk, in_teams: InTeams, events: list[dict[str, Any]]) -> None:
    """Teams says it twice, in either order, and each may be delivered again under another id (C6)."""
    kari = in_teams(desk)
    for event in events:
        await post(kari, event)
    assert greetings(kari) == 1
    assert "Lag nytt passord" in titles([heard(kari.connector.said[0])])


async def test_what_can_be_begun_is_shown_whole(desk: Desk, in_teams: InTeams) -> None:
    """Teams draws six buttons of a card; there are more things to begin than that."""
    kari = in_teams(desk)
    said, = await kari.ask("hva kan du hjelpe meg med?")
    assert len(said.buttons) > MOST_IN_TEAMS
    assert {"Lag nytt passord", "Vis siste hendelser"} <= set(titles([said]))
    cards = [one["content"]["buttons"] for one in kari.connector.said[-1]["attachments"]]
    assert all(len(one) <= MOST_IN_TEAMS for one in cards)


async def test_both_at_once_are_one_welcome(desk: Desk, in_teams: InTeams) -> None:
    """F9."""
    kari = in_teams(desk)
    await asyncio.gather(*(post(kari, one) for one in (INSTALLED, ADDED) * 3))
    assert greetings(kari) == 1


async def test_whoever_installs_it_again_is_welcomed_again(desk: Desk, in_teams: InTeams) -> None:
    kari = in_teams(desk)
    for event in (INSTALLED, ADDED, REMOVED, INSTALLED, ADDED):
        await post(kari, event)
    assert greetings(kari) == 2


@pytest.mark.parametrize("event", [
    {"type": "conversationUpdate", "membersAdded": [{"id": "29:ola"}]},
    {"type": "conversationUpdate", "membersRemoved": [BOT]}, {"type": "conversationUpdate"},
    {"type": "installationUpdate", "action": "add-upgrade"}, {"type": "installationUpdate", "action": "remove-upgrade"},
    {"type": "installationUpdate"}, {"type": "conversationUpdate", "channelData": {
        "eventType": "channelRenamed", "tenant": {"id": demo.TENANT}}}], ids=str)
async def test_nobody_is_greeted_for_what_others_do(desk: Desk, in_teams: InTeams, event: dict[str, Any]) -> None:
    """Others come and go in a group; an upgrade is no new app."""
    for person in (in_teams(desk), in_teams(desk, **GROUP)):
        await post(person, event)
        assert not person.connector.said


# -- spoken to ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", [
    f"<at>bot</at> {QUESTION}", f"{QUESTION} <at>bot</at>", f"<at>bot</at> <at>bot</at>{QUESTION}",
    f'<at id="0">bot</at>\n{QUESTION}', f"<at>bot</at>{QUESTION}<at>Ola Hansen</at>"])
async def test_mentions_are_no_part_of_what_is_said(desk: Desk, in_teams: InTeams, text: str) -> None:
    assert "Sist kontrollert" in last(await in_teams(desk).ask(text))


@pytest.mark.parametrize("text", ["<at>", "</at>", "<at>bot", "<at></at>", "<at" * 1300, "<at>" * 900 + "</at>" * 80])
async def test_half_a_mention_stalls_nobody(desk: Desk, in_teams: InTeams, text: str) -> None:
    """N1: whatever it means, it is answered."""
    assert await in_teams(desk).ask(text)


async def test_replies_come_in_the_answer_to_whoever_expects_them(desk: Desk, in_teams: InTeams) -> None:
    """Nothing goes to the channel."""
    kari = in_teams(desk)
    status, answer = await kari.reply(kari.activity(QUESTION, deliveryMode="expectReplies"))
    assert (status, [one["type"] for one in answer["activities"]]) == (200, ["message"])
    assert "Sist kontrollert" in answer["activities"][0]["text"]
    assert not kari.connector.calls


# -- at work -----------------------------------------------------------------------------------------

async def at_work(desk: Desk, person: TeamsPerson, place: str) -> list[str]:
    """The types of what was sent while somebody else held the conversation, and then."""
    desk.turns = replace(desk.turns, type_after=0.01)
    async with desk.turns.storage.turn(place, "somebody else's"):
        answered = asyncio.create_task(person.post(person.activity(QUESTION)))
        await person.connector.received(1)
    assert await answered == 200
    return [one["type"] for one in person.connector.said]


async def test_work_that_lasts_shows_typing(desk: Desk, in_teams: InTeams) -> None:
    """Before the answer, and not after it."""
    kari = in_teams(desk)
    place = f"msteams/{demo.TENANT}/{kari.conversation}/29:kari"
    assert await at_work(desk, kari, place) == ["typing", "message"]


async def test_quick_work_shows_none(desk: Desk, in_teams: InTeams) -> None:
    kari = in_teams(desk)
    await kari.ask(QUESTION)
    assert [one["type"] for one in kari.connector.said] == ["message"]


async def test_an_answer_comes_though_typing_could_not_be_shown(desk: Desk, in_teams: InTeams) -> None:
    """F14."""
    kari = in_teams(desk)
    kari.connector.planned = [Planned(403)]
    place = f"msteams/{demo.TENANT}/{kari.conversation}/29:kari"
    assert await at_work(desk, kari, place) == ["typing", "message"]


async def test_visitors_are_shown_none(desk: Desk, visit: Visit) -> None:
    """E1, E2: it would tell how much there was to do for an account."""
    visitor = await visit(desk)
    desk.turns = replace(desk.turns, type_after=0.0)
    await visitor.start("kari.nordmann")
    url = f"{visitor._line}/conversations/{visitor.conversation}/activities"
    async with visitor.session.get(url, headers=visitor._auth()) as answer:
        kinds = {one["type"] for one in (await answer.json())["activities"] if one["from"]["id"] == "keyturn"}
    assert kinds == {"message"}


# -- removed -----------------------------------------------------------------------------------------

async def subjects(desk: Desk, name: str) -> list[str]:
    await desk.journeys.records.aside.drain(5)
    return [one.subject for one in await mails_of(desk, name)]


@pytest.mark.parametrize("status", [403, 404])
async def test_who_has_removed_the_bot_gets_the_helpdesks_answer_by_mail(
        desk: Desk, in_teams: InTeams, status: int) -> None:
    """F13: the channel is asked once, and no more until they write; then it is told there as well."""
    kari = in_teams(desk)
    number = await asked(kari)
    calls = len(kari.connector.calls)
    kari.connector.planned = [Planned(status)]
    await desk.journeys.helpdesk.answer(number, STAFF[-1], "Kom innom skranken.")
    await desk.journeys.helpdesk.answer(number, STAFF[-1], "Vi har åpent til fire.")
    await desk.journeys.helpdesk.close(number, STAFF[-1])
    assert len(kari.connector.calls) == calls + 1
    letters = f"Svar fra brukerstøtte i sak {number}"
    assert (await subjects(desk, "kari.nordmann")).count(letters) == 2
    assert f"Sak {number} er lukket" in await subjects(desk, "kari.nordmann")
    assert any("Kom innom skranken." in one.body for one in await mails_of(desk, "kari.nordmann"))
    said = await kari.ask("hei")
    assert [any(words in one.text for one in said) for words in ("skranken", "til fire", "lukket sak")] == [True] * 3


async def test_who_said_goodbye_is_not_called_after(desk: Desk, in_teams: InTeams) -> None:
    """The removal itself says so; nothing is answered to it."""
    kari = in_teams(desk)
    number = await asked(kari)
    calls = len(kari.connector.calls)
    await post(kari, REMOVED)
    await desk.journeys.helpdesk.answer(number, STAFF[-1], "Kom innom skranken.")
    assert len(kari.connector.calls) == calls
    assert f"Svar fra brukerstøtte i sak {number}" in await subjects(desk, "kari.nordmann")
    await post(kari, INSTALLED)
    assert any("skranken" in heard(one).text for one in kari.connector.said)


@pytest.mark.parametrize("status", [500, 400])
async def test_a_channel_that_is_away_is_no_farewell(desk: Desk, in_teams: InTeams, status: int) -> None:
    """The news wait in the chat, and no mail goes (F13)."""
    kari = in_teams(desk)
    number = await asked(kari)
    kari.connector.planned = [Planned(status)]
    await desk.journeys.helpdesk.answer(number, STAFF[-1], "Kom innom skranken.")
    assert not any(number in one for one in await subjects(desk, "kari.nordmann"))


@pytest.mark.parametrize(("locked", "subject"), [
    (True, "Kontoen din er låst igjen"), (False, "Kontoen din er fortsatt åpen")])
async def test_the_second_look_goes_by_mail(
        desk: Desk, in_teams: InTeams, clock: SteppedClock, locked: bool, subject: str) -> None:
    per = await unlocked(in_teams, desk, clock)
    per.connector.planned = [Planned(403)]
    await desk.kept.accounts.mark(PER, locked=locked)
    clock.advance(LOOK_AGAIN_SECONDS)
    assert await desk.journeys.errands.run_due() == 1
    assert subject in await subjects(desk, "per.laast")


async def test_what_was_under_way_goes_on_for_who_unblocks_the_bot(desk: Desk, in_teams: InTeams) -> None:
    """F13, I5: a refused knock ends nothing."""
    kari = in_teams(desk)
    number = await asked(kari)
    await kari.ask("start", value={"keyturn": {"do": "start", "journey": "forgot_password"}})
    kari.connector.planned = [Planned(403)]
    await desk.journeys.helpdesk.answer(number, STAFF[-1], "Kom innom skranken.")
    assert "forsøk igjen" in last(await kari.ask("111111"))
    assert [one["reason"] for one in await records(desk, "reset.proof")] == ["totp"]
