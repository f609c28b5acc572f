"""The helpdesk's answers: in the same chat, to the same person, never lost (I5, F9, F13, N2, O7, U1)."""

import asyncio
from itertools import count
from typing import Any

import pytest

from bot.delivery.protocol import News
from bot.directory import demo
from bot.directory.demo_staff import STAFF
from bot.journeys.helpdesk import NotDone
from bot.rules.helpdesk import HelpCase
from bot.rules.staff import HELPDESK, Staff
from bot.serving.desk import Desk
from bot.store.news import RedisNews
from tests.journeys.conftest import InTeams, OpenHouse, Visit
from tests.journeys.stage import JOHN, KARI, TeamsPerson, heard, records
from tests.support.clock import SteppedClock
from tests.support.connector import Planned
from tests.support.mortal import MortalStore, killed_after

MONA, OTHER = STAFF
MANY = {"KEYTURN_LIMIT_HELP_CASES_OPEN": "100", "KEYTURN_LIMIT_HELP_CASES_24H": "100"}
HERSELF = Staff("kari", "kari", "Kari Nordmann", "nb", HELPDESK, KARI)


async def asked(person: TeamsPerson) -> str:
    """A case sent from the chat; its number."""
    await person.ask("hjelp", value={"keyturn": {"do": "start", "journey": "fetch_a_person"}})
    await person.ask("skjermen er svart og jeg får ikke koden")
    said = await person.ask("Send", value={"keyturn": {"do": "help_send"}})
    assert "er sendt" in said[-1].text, said[-1].text
    return (await person.desk.journeys.helpdesk.open_ones())[-1].number


def texts(person: TeamsPerson) -> list[str]:
    return [heard(one).text for one in person.connector.said if one["type"] == "message"]


async def test_the_answer_comes_into_the_same_chat_and_shows_just_its_text(desk: Desk, in_teams: InTeams) -> None:
    """N2: markup of the staff's is text."""
    kari = in_teams(desk)
    number = await asked(kari)
    case = await desk.journeys.helpdesk.answer(number, MONA, "Se <b>her</b>: [x](http://evil.example)")
    assert isinstance(case, HelpCase)
    said = kari.connector.said[-1]
    assert said["conversation"]["id"] == kari.conversation
    assert said["text"].endswith(r"Se &lt;b&gt;her&lt;/b&gt;: \[x\]\(http://evil.example\)")
    assert [one["outcome"] for one in await records(desk, "help.answered")] == ["begun", "ok"]
    assert (await records(desk, "help.answered"))[0]["target"] == KARI


async def test_a_blocked_bot_loses_nothing_and_is_not_tried_for_ever(desk: Desk, in_teams: InTeams) -> None:
    """F13: one refusal is one call; what was not told is told when the person writes next, once."""
    kari = in_teams(desk)
    number = await asked(kari)
    calls = len(kari.connector.calls)
    kari.connector.planned = [Planned(403)]
    await desk.journeys.helpdesk.answer(number, MONA, "Kom innom skranken.")
    assert len(kari.connector.calls) == calls + 1
    said = await kari.ask("hei")
    assert "Kom innom skranken" in said[0].text
    assert len(said) > 1
    assert not any("skranken" in one.text for one in await kari.ask("hei"))


async def test_news_are_told_to_whom_they_are_for_and_to_nobody_else(desk: Desk, in_teams: InTeams) -> None:
    """I5: the same conversation and channel id with another person behind it hears nothing."""
    kari = in_teams(desk)
    number = await asked(kari)
    kari.connector.planned = [Planned(403)]
    await desk.journeys.helpdesk.answer(number, MONA, "Kom innom skranken.")
    said = await kari.ask("hei", **{"from": {"id": "29:kari", "name": "John", "aadObjectId": JOHN}})
    assert not any("skranken" in one.text for one in said)


async def test_another_replica_tells_it(open_house: OpenHouse, in_teams: InTeams) -> None:
    first, second = await open_house(), await open_house()
    kari = in_teams(first)
    number = await asked(kari)
    await second.journeys.helpdesk.answer(number, MONA, "Vi ringer deg.")
    assert any("Vi ringer deg" in one for one in texts(kari))


async def test_of_two_who_take_it_at_once_one_has_it(open_house: OpenHouse, in_teams: InTeams) -> None:
    """F9: sixteen tries over two replicas, and the loser is told; a colleague may take it over who has seen whose it
    is, and only then answer."""
    first, second = await open_house(), await open_house()
    number = await asked(in_teams(first))
    who = (MONA, OTHER)
    found = await asyncio.gather(*(
        (first, second)[at % 2].journeys.helpdesk.take(number, who[at // 2 % 2], "") for at in range(16)))
    case = await first.journeys.helpdesk.read(number)
    assert case is not None
    assert {one.taken_by for one in found if isinstance(one, HelpCase)} == {case.taken_by}
    assert {one for one in found if not isinstance(one, HelpCase)} == {NotDone.OTHERS}
    mine, theirs = (MONA, OTHER) if case.taken_by == MONA.name else (OTHER, MONA)
    assert await first.journeys.helpdesk.answer(number, theirs, "hei") is NotDone.OTHERS
    assert await first.journeys.helpdesk.close(number, theirs) is NotDone.OTHERS
    assert isinstance(await first.journeys.helpdesk.take(number, theirs, mine.name), HelpCase)
    assert isinstance(await first.journeys.helpdesk.answer(number, theirs, "hei"), HelpCase)
    assert await first.journeys.helpdesk.answer(number, mine, "hei") is NotDone.OTHERS


async def test_what_is_not_done_says_why_and_is_recorded(desk: Desk, in_teams: InTeams) -> None:
    """U1, O7, G4: never one's own case, no secrets in an answer, nothing in a closed one."""
    number = await asked(in_teams(desk))
    assert await desk.journeys.helpdesk.take(number, HERSELF, "") is NotDone.OWN
    assert await desk.journeys.helpdesk.answer(number, HERSELF, "hei") is NotDone.OWN
    assert await desk.journeys.helpdesk.answer(number, MONA, "  ") is NotDone.EMPTY
    assert await desk.journeys.helpdesk.answer(number, MONA, "passordet ditt er Sommer2026!") is NotDone.UNSAFE
    assert await desk.journeys.helpdesk.take("K-9999", MONA, "") is NotDone.GONE
    assert isinstance(await desk.journeys.helpdesk.close(number, MONA), HelpCase)
    assert await desk.journeys.helpdesk.answer(number, MONA, "hei") is NotDone.CLOSED
    refused = [one["reason"] for one in [*await records(desk, "help.taken"), *await records(desk, "help.answered")]
               if one["outcome"] == "refused"]
    assert refused == ["own", "own", "empty", "unsafe", "closed"]


async def test_a_group_chat_shows_no_case(desk: Desk, in_teams: InTeams) -> None:
    """I4: a pointer to one-to-one, and nothing of the person's cases."""
    kari = in_teams(desk)
    number = await asked(kari)
    group = in_teams(desk, conversation={"conversationType": "groupChat", "tenantId": demo.TENANT, "id": "19:g"})
    for value in ({"do": "start", "journey": "fetch_a_person"}, {"do": "help_status"}, {"do": "help_close",
                                                                                     "case": number}):
        said = await group.ask("trykk", value={"keyturn": value})
        assert not any(number in one.text for one in said)
    case = await desk.journeys.helpdesk.read(number)
    assert case is not None
    assert not case.closed


async def test_a_made_up_button_reaches_nobody_elses_case(desk: Desk, in_teams: InTeams, visit: Visit) -> None:
    """I6: a number in a button's value proves nothing."""
    number = await asked(in_teams(desk))
    stranger = await visit(desk)
    for value in ({"do": "help_close", "case": number}, {"do": "start", "journey": "fetch_a_person", "case": number}):
        await stranger.ask("trykk", value={"keyturn": value})
        await stranger.ask("jeg vil legge til noe her nå")
    case = await desk.journeys.helpdesk.read(number)
    assert case is not None
    assert len(case.thread) == 1
    assert not case.closed


async def test_a_flood_from_one_address_ends_and_the_owner_gets_through(
        open_house: OpenHouse, in_teams: InTeams, visit: Visit) -> None:
    """N1, F15."""
    desk = await open_house(KEYTURN_LIMIT_HELP_CASES_SOURCE_24H="2")
    ends = []
    for _ in range(3):
        visitor = await visit(desk, address="10.9.9.9")
        for text, value in (("a", {"do": "start", "journey": "fetch_a_person"}), ("b", {"do": "help_skip"}),
                            ("c", {"do": "help_send"})):
            said: list[Any] = await visitor.ask(text, value={"keyturn": value})
        ends.append(said[-1].text)
    assert ["er sendt, og" in one for one in ends] == [True, True, False]
    assert "Prøv igjen om" in ends[-1]
    await asked(in_teams(desk))


async def test_news_of_another_release_do_not_stop_the_chat(desk: Desk, in_teams: InTeams) -> None:
    """F10, F14: a message nobody knows any more is left out; the next thing works."""
    kari = in_teams(desk)
    number = await asked(kari)
    case = await desk.journeys.helpdesk.read(number)
    assert case is not None
    speaker = case.speaker
    place = f"{speaker['channel']}/{speaker['tenant']}/{speaker['conversation']}/{speaker['user']}"
    await RedisNews(desk.store, desk.ring).put(
        place, News("gone.with.the.release", {}, f"msteams:{demo.TENANT}:{KARI}"), "1")
    assert await kari.ask("hei")
    assert await RedisNews(desk.store, desk.ring).waiting(place) == 0


async def test_one_form_sent_sixteen_times_is_one_answer(open_house: OpenHouse, in_teams: InTeams) -> None:
    """F2: by one who presses twice, or a proxy that repeats it; told once, recorded once."""
    first, second = await open_house(), await open_house()
    kari = in_teams(first)
    number = await asked(kari)
    found = await asyncio.gather(*(
        (first, second)[at % 2].journeys.helpdesk.answer(number, MONA, "Vi ringer deg.", "f" * 24) for at in range(16)))
    assert all(isinstance(one, HelpCase) for one in found)
    await asked_again(kari)
    assert sum("Vi ringer deg" in one for one in texts(kari)) == 1
    case = await first.journeys.helpdesk.read(number)
    assert case is not None
    assert len(case.thread) == 2
    assert [one["outcome"] for one in await records(first, "help.answered")] == ["begun", "ok"]
    # Another form with the same words is another answer.
    assert isinstance(await first.journeys.helpdesk.answer(number, MONA, "Vi ringer deg.", "g" * 24), HelpCase)
    assert sum("Vi ringer deg" in one for one in texts(kari)) == 2


async def asked_again(kari: TeamsPerson) -> None:
    """Whatever still waits to be told is told with the next turn."""
    await kari.ask("hei")


async def acted(desk: Desk, act: str, case: HelpCase, words: str) -> object:
    if act == "answer":
        return await desk.journeys.helpdesk.answer(case.number, MONA, words)
    if act == "close":
        return await desk.journeys.helpdesk.close(case.number, MONA)
    return await desk.journeys.helpdesk.take(case.number, MONA, case.taken_by)


@pytest.mark.parametrize("act", ["answer", "close", "take"])
async def test_who_dies_over_a_case_is_followed(
        open_house: OpenHouse, in_teams: InTeams, clock: SteppedClock, act: str) -> None:
    """F1, F13: after whichever command; the answer comes into the chat by itself, the case, the page and the trail
    agree, and nothing stays begun."""
    dying, other = await open_house(stores=MortalStore, **MANY), await open_house(**MANY)
    kari = in_teams(other)
    number, ends = await asked(kari), set()
    for commands in count():
        before = await other.journeys.helpdesk.read(number)
        assert before is not None
        heard_before, seen = len(kari.connector.said), len(await records(other))
        words = f"Svar nummer {commands}."
        killed = await killed_after(commands, acted(dying, act, before, words))
        clock.advance(31)
        async with asyncio.timeout(10):
            while await other.journeys.errands.due.count():
                await other.journeys.errands.run_due()
                await asyncio.sleep(0)
        after = await other.journeys.helpdesk.read(number)
        assert after is not None
        changed = after.rev > before.rev
        said = [(one["event"], one["outcome"]) for one in (await records(other))[seen:]]
        event = {"answer": "help.answered", "close": "help.closed", "take": "help.taken"}[act]
        assert said in (
            [[(event, "begun"), (event, "ok")]] if changed
            else [[], [(event, "begun"), (event, "not_done")], [(event, "not_done")]]), (commands, said)
        told = [heard(one).text for one in kari.connector.said[heard_before:] if one["type"] == "message"]
        wanted = {"answer": words, "close": "lukket", "take": ""}[act]
        assert sum(wanted in one for one in told) == (len(told) if changed else 0), (commands, told)
        assert len(told) == (changed and act != "take"), (commands, told)
        ends.add(changed)
        if changed and act == "close":
            number = await asked(kari)
        if changed and act == "take":
            await other.journeys.helpdesk.take(number, OTHER, MONA.name)
        if not killed:
            break
    assert ends == {True, False}
