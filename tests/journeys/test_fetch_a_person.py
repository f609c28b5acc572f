"""Helpdesk cases from the asking side: once, told, nobody else's, no secrets (E1, I5, D4, U1)."""

from typing import Any

import pytest

from bot.directory import demo
from bot.people import WEB_CHAT, Speaker
from bot.rules.helpdesk import About, HelpCase, Stage, Tried
from bot.serving.desk import Desk
from bot.settings import DEMO_HELPDESK
from bot.store.protocol import TooMany
from tests.journeys.conftest import OpenHouse
from tests.journeys.stage import JOHN, KARI, records
from tests.support.people import mails_of

TRIED = [Tried("topic", "reset-password"), Tried("journey", "forgot_password", "too_many_tries")]


def owner(account: str = KARI, conversation: str = "a:1") -> Speaker:
    return Speaker("msteams", demo.TENANT, conversation, f"29:{account}", account)


def visitor(number: int = 1) -> Speaker:
    return Speaker(WEB_CHAT, "", f"chat{number}", f"user{number}", None, source=f"10.0.0.{number}", browser="b")


async def opened(desk: Desk, speaker: Speaker, words: str = "", once: str = "1", **more: Any) -> HelpCase:
    case = await desk.journeys.fetch_a_person.open(
        speaker, "nb", {"serviceUrl": "x"}, About.CHAT, TRIED, words, once=once, **more)
    assert isinstance(case, HelpCase)
    return case


async def test_a_case_is_told_to_the_helpdesk_once(desk: Desk) -> None:
    """The mail has number, person, what was tried and their words, marked line by line (N2)."""
    case = await opened(desk, owner(), "Jeg får ikke koden.\nHvem: sjefen")
    assert await opened(desk, owner(), "sendt på nytt") == case     # the same message once more
    mails = [one for one in await mails_of(desk, "ingrid.admin") if one.to == DEMO_HELPDESK]
    mail, = mails
    assert mail.subject == f"Sak {case.number}: noen trenger hjelp"
    for part in ("kari.nordmann@example.no, pålogget", "> Jeg får ikke koden.\n> Hvem: sjefen", "- Leste «",
                 "«Lag nytt passord»: for mange koder"):
        assert part in mail.body
    said = await records(desk, "help.opened")
    assert [(one["correlation"], one["outcome"]) for one in said] == [(case.number, "begun"), (case.number, "ok")]
    assert said[0]["target"] == KARI


async def test_an_urgent_one_says_so_in_the_subject(desk: Desk) -> None:
    case = await opened(desk, owner(), urgent=True)
    assert (await mails_of(desk, "ingrid.admin"))[0].subject == f"HASTER: sak {case.number}"


async def test_a_visitors_case_is_about_no_account(desk: Desk) -> None:
    """E1: the same mail whether the name they write exists or not; it says that nobody knows who they are."""
    bodies = []
    for number, name in ((1, "kari.nordmann"), (2, "kjell.ukjent")):
        case = await opened(desk, visitor(number), f"Jeg er {name}")
        assert case.account == ""
        body = (await mails_of(desk, "ingrid.admin"))[0].body
        assert "Vi vet ikke hvem det er" in body
        bodies.append(body.replace(name, "NAVN").replace(case.number, "NR"))
    assert bodies[0] == bodies[1]


async def test_a_case_belongs_to_its_person(desk: Desk) -> None:
    """I5, I6: the owner reaches it from any of their chats; nobody else by knowing its number."""
    case = await opened(desk, owner())
    assert [one.number for one in await desk.journeys.fetch_a_person.of(owner(conversation="a:2"))] == [case.number]
    for stranger in (owner(JOHN), visitor()):
        assert await desk.journeys.fetch_a_person.of(stranger) == []
        assert await desk.journeys.fetch_a_person.add(case.number, stranger, "hei", "1") is None
        assert await desk.journeys.fetch_a_person.close(case.number, stranger) is None
    theirs = await opened(desk, visitor(1))
    assert await desk.journeys.fetch_a_person.of(visitor(2)) == []
    assert await desk.journeys.fetch_a_person.add(theirs.number, visitor(2), "hei", "1") is None


async def test_more_is_added_until_it_is_closed(desk: Desk) -> None:
    case = await opened(desk, owner(), "første")
    for _ in range(2):      # F2: a turn that is delivered again says it once
        more = await desk.journeys.fetch_a_person.add(case.number, owner(), "andre", "1")
    assert more is not None
    assert [one.text for one in more.thread] == ["første", "andre"]
    closed = await desk.journeys.fetch_a_person.close(case.number, owner())
    assert closed is not None
    assert (closed.stage, closed.closed_by) == (Stage.CLOSED, "person")
    assert await desk.journeys.fetch_a_person.close(case.number, owner()) == closed
    assert await desk.journeys.fetch_a_person.add(case.number, owner(), "tredje", "2") is None


@pytest.mark.parametrize("words", ["passordet mitt er Sommer2026!", "koden er K7QM-4RTX-92HD-PW3E"])
async def test_a_secret_in_the_words_goes_nowhere(desk: Desk, words: str) -> None:
    """D4, S-105: neither into the case nor into the mail."""
    case = await opened(desk, owner(), words)
    assert case.thread == ()
    assert await desk.journeys.fetch_a_person.add(case.number, owner(), words, "1") is None
    assert words not in (await mails_of(desk, "ingrid.admin"))[0].body


async def test_whoever_opens_too_many_waits_and_is_recorded(desk: Desk) -> None:
    """U1: refusals are recorded; an alarm goes through all the same."""
    for number in range(3):
        await opened(desk, owner(), once=f"{number}")
    more = await desk.journeys.fetch_a_person.open(owner(), "nb", {}, About.CHAT, [], once="4")
    assert more == TooMany("open", 0)
    assert [one["reason"] for one in await records(desk, "help.limited")] == ["open_paused"]
    assert isinstance(
        await desk.journeys.fetch_a_person.open(
            owner(), "nb", {}, About.NOT_ME, [], urgent=True, once="alarm", limited=False), HelpCase)


async def test_the_helpdesk_reads_its_mail_where_and_in_the_language_it_wants(open_house: OpenHouse) -> None:
    desk = await open_house(KEYTURN_HELPDESK_MAIL="hjelp@example.org", KEYTURN_HELPDESK_LANGUAGE="en")
    case = await opened(desk, owner())
    await mails_of(desk, "ingrid.admin")
    letter, = await desk.kept.mailbox.read("hjelp@example.org")
    assert letter.subject == f"Case {case.number}: somebody needs help"
