"""Reminders to the signed-in owner: to look over what is registered, and to register; to nobody else, and rarely."""

import asyncio
import json
from dataclasses import replace

import pytest

from bot.directory import demo
from bot.errors import DirectoryUnavailable
from bot.rules.policy import LEAST, OWNER
from bot.rules.registered import NOTHING
from bot.serving.desk import Desk
from tests.journeys.conftest import InTeams, Visit
from tests.journeys.stage import JOHN, KARI, TeamsPerson, last, records, texts, titles
from tests.journeys.test_owner import INGRID, OLA, begin, teams_person
from tests.journeys.test_policy import put_in_force
from tests.support.clock import SteppedClock

DAY = 86400
STILL = "Stemmer dette fortsatt?"
FORCED = "registration = { forced = true, snooze_days = 2, snoozes = 2 }"
OFFER = "ikke registrert nok til å lage nytt passord selv"
QUESTION = "hva er kravene til passord?"


def pressed(do: str, **more: str) -> dict[str, object]:
    return {"value": {"keyturn": {"do": do, **more}}}


# -- looking it over -------------------------------------------------------------------------------

async def test_the_owner_is_asked_once_a_day_after_an_answer(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    kari = in_teams(desk)
    assert len(await kari.ask(QUESTION)) == 1
    clock.advance(181 * DAY)
    answer, reminder = await kari.ask(QUESTION)
    assert STILL not in answer.text
    assert reminder.text.startswith("Det er en stund siden")
    assert "Privat e-post ka•••@privat.example.no" in reminder.text
    assert titles([reminder])[0] == "Ja, alt stemmer"
    assert titles([reminder])[-1] == "Senere"
    assert len(await kari.ask(QUESTION)) == 1
    clock.advance(DAY)
    assert STILL in last(await kari.ask(QUESTION))


async def test_yes_is_on_record_and_the_next_question_is_an_interval_away(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """No step-up: it vouches for nothing that was not counted before."""
    clock.advance(181 * DAY)
    before = await desk.kept.enrolments.read(KARI)
    kari = in_teams(desk)
    await kari.ask(QUESTION)
    assert last(await kari.ask("Ja, alt stemmer", **pressed("confirm", was="yes"))) == "Takk, da er det notert."
    after = await desk.kept.enrolments.read(KARI)
    assert (after.confirmed_at, after.rev, after.ids) == (clock.now(), before.rev + 1, before.ids)
    assert [one.since for one in after.methods] == [one.since for one in before.methods]
    record, = await records(desk, "registered.confirmed")
    assert (record["target"], record["outcome"]) == (KARI, "ok")
    assert "Du så over det sist" in last(await kari.ask("hva har jeg registrert?"))
    clock.advance(179 * DAY)
    assert len(await kari.ask(QUESTION)) == 1
    clock.advance(2 * DAY)
    assert STILL in last(await kari.ask(QUESTION))


async def test_what_changed_since_it_was_shown_is_shown_again(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """Nobody confirms what they have not seen, nor by a button of another day (I6)."""
    clock.advance(181 * DAY)
    kari = in_teams(desk)
    await kari.ask(QUESTION)
    found = await desk.kept.enrolments.read(KARI)
    await desk.kept.enrolments.change(KARI, found.without(found.methods[0].id))
    said = last(await kari.ask("Ja, alt stemmer", **pressed("confirm", was="yes")))
    assert said.startswith("Slik ser det ut nå. Stemmer alt?")
    assert not await records(desk, "registered.confirmed")
    assert "notert" in last(await kari.ask("Ja, alt stemmer", **pressed("confirm", was="yes")))
    elsewhere = in_teams(desk)
    assert "Stemmer alt?" in last(await elsewhere.ask("Ja", **pressed("confirm", was="yes", rev="7")))
    assert len(await records(desk, "registered.confirmed")) == 1


async def test_one_yes_of_many_counts(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """G3: two conversations confirm the same record at once; one record, one change."""
    clock.advance(181 * DAY)
    people = [in_teams(desk) for _ in range(4)]
    for one in people:
        await one.ask(QUESTION)
    rev = (await desk.kept.enrolments.read(KARI)).rev
    await asyncio.gather(*[
        one.post(one.activity("Ja", **pressed("confirm", was="yes"))) for one in people])
    assert (await desk.kept.enrolments.read(KARI)).rev == rev + 1
    assert [one["outcome"] for one in await records(desk, "registered.confirmed")].count("ok") == 1


async def test_later_asks_another_day(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    clock.advance(181 * DAY)
    kari = in_teams(desk)
    await kari.ask(QUESTION)
    assert "en annen dag" in last(await kari.ask("Senere", **pressed("confirm", was="later")))
    clock.advance(7200)
    assert len(await kari.ask(QUESTION)) == 1
    assert not await records(desk, "registered.confirmed")


async def test_in_the_middle_of_a_conversation_nobody_is_reminded(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    clock.advance(181 * DAY)
    kari = in_teams(desk)
    await begin(kari, "forgot_password")
    said = [*await kari.ask(QUESTION), *await kari.ask("avbryt")]
    assert not [one for one in texts(said) if STILL in one]
    assert STILL in last(await kari.ask(QUESTION))


async def test_my_status_offers_the_confirmation_when_it_is_due(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    kari = in_teams(desk)
    assert "Ja, alt stemmer" not in titles(await kari.ask("hva har jeg registrert?"))
    clock.advance(181 * DAY)
    said = await kari.ask("hva har jeg registrert?")
    assert "Ja, alt stemmer" in titles(said[:1])
    assert "notert" in last(await kari.ask("Ja, alt stemmer", **pressed("confirm", was="yes")))


async def test_an_interval_of_0_is_never(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    await put_in_force(desk, "reconfirm_days = 0")
    clock.advance(3000 * DAY)
    assert len(await in_teams(desk).ask(QUESTION)) == 1


# -- registering -----------------------------------------------------------------------------------

def ola_in(in_teams: InTeams, desk: Desk) -> TeamsPerson:
    return teams_person(in_teams, desk, OLA, "Ola Hansen")


async def test_who_is_not_registered_is_asked_after_every_answer_until_snoozed(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    await put_in_force(desk, FORCED)
    ola = ola_in(in_teams, desk)
    for _ in range(2):
        answer, offer = await ola.ask(QUESTION)
        assert OFFER not in answer.text
        assert OFFER in offer.text
        assert titles([offer])[1:] == ["Ikke nå"]
    snoozed = last(await ola.ask("Ikke nå", **pressed("snooze")))
    assert snoozed.startswith("Greit. Jeg spør igjen ")
    assert len(await ola.ask(QUESTION)) == 1
    clock.advance(2 * DAY - 60)
    assert len(await ola.ask(QUESTION)) == 1, "it is put off in every conversation, also a new one"
    assert len(await ola_in(in_teams, desk).ask(QUESTION)) == 1
    clock.advance(3661)
    assert OFFER in last(await ola.ask(QUESTION))


async def test_it_can_be_put_off_so_many_times(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    await put_in_force(desk, FORCED)
    ola = ola_in(in_teams, desk)
    for _ in range(2):
        assert "Ikke nå" in titles(await ola.ask(QUESTION))
        await ola.ask("Ikke nå", **pressed("snooze"))
        clock.advance(2 * DAY)
    offer = (await ola.ask(QUESTION))[1:]
    assert OFFER in last(offer)
    assert len(titles(offer)) == 1
    said = await ola.ask("Ikke nå", **pressed("snooze"))
    assert "så mange ganger som det går an" in last(said)
    assert len(titles(said)) == 1


async def test_the_greeting_begins_with_it(desk: Desk, in_teams: InTeams) -> None:
    await put_in_force(desk, FORCED)
    joined = {"type": "conversationUpdate", "membersAdded": [{"id": "28:bot"}]}
    welcome, offer = await ola_in(in_teams, desk).ask("", **joined)
    assert welcome.text.startswith("Hei!")
    assert OFFER in offer.text
    assert titles([offer])[1:] == ["Ikke nå"]
    assert len(await in_teams(desk).ask("", **joined)) == 1


async def test_once_registered_it_is_over(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """At the latest after an hour: so long a conversation believes what it knows."""
    await put_in_force(desk, FORCED)
    ola = ola_in(in_teams, desk)
    assert OFFER in last(await ola.ask(QUESTION))
    await desk.kept.enrolments.change(OLA, replace(await desk.kept.enrolments.read(JOHN), rev=0))
    clock.advance(3600)
    assert len(await ola.ask(QUESTION)) == 1


@pytest.mark.parametrize("object_id", [INGRID, KARI, "00000000-0000-0000-0000-000000000099"])
async def test_who_is_not_asked(desk: Desk, in_teams: InTeams, object_id: str) -> None:
    """I8, and whoever is registered, and whoever has no account here."""
    await put_in_force(desk, FORCED)
    await desk.kept.enrolments.change(INGRID, replace(NOTHING, rev=(await desk.kept.enrolments.read(INGRID)).rev))
    assert len(await teams_person(in_teams, desk, object_id).ask(QUESTION)) == 1


async def test_only_the_group_is_asked(desk: Desk, in_teams: InTeams) -> None:
    await put_in_force(desk, "[groups.finance]\nforced_registration = true")
    await desk.kept.enrolments.change(JOHN, replace(NOTHING, rev=(await desk.kept.enrolments.read(JOHN)).rev))
    john = teams_person(in_teams, desk, JOHN, "John Smith")
    assert OFFER in last(await john.ask(QUESTION))
    assert len(await ola_in(in_teams, desk).ask(QUESTION)) == 1


async def test_nobody_is_asked_in_front_of_others(desk: Desk, in_teams: InTeams) -> None:
    """I4."""
    await put_in_force(desk, FORCED)
    group = {"conversationType": "groupChat", "isGroup": True, "tenantId": demo.TENANT, "id": "19:group"}
    ola = ola_in(in_teams, desk)
    said = await ola.ask(QUESTION, conversation=group)
    assert len(said) == 1
    for do in ("snooze", "confirm"):
        said = await ola.ask("", conversation=group, **pressed(do, was="yes"))
        assert "hører til noe vi er ferdige med" in last(said)


async def test_a_visitor_is_never_asked_and_costs_nothing_more(
        desk: Desk, visit: Visit, in_teams: InTeams, monkeypatch: pytest.MonkeyPatch) -> None:
    """E1, and no look at the store; an owner's turn has one in an hour."""
    await put_in_force(desk, FORCED)
    reads: list[str] = []
    read = desk.people.directory.read

    async def counted(account_id: str) -> object:
        reads.append(account_id)
        return await read(account_id)

    monkeypatch.setattr(desk.people.directory, "read", counted)
    visitor = await visit(desk)
    for _ in range(3):
        assert len(await visitor.ask(QUESTION)) == 1
    for do in ("snooze", "confirm"):
        assert "hører til noe vi er ferdige med" in last(await visitor.ask("", **pressed(do, was="yes")))
    assert reads == []
    ola = ola_in(in_teams, desk)
    for _ in range(3):
        await ola.ask(QUESTION)
    assert reads == [OLA]


async def test_a_directory_that_is_away_costs_no_answer(
        desk: Desk, in_teams: InTeams, monkeypatch: pytest.MonkeyPatch) -> None:
    """G1: the answer is said, once; the reminder waits."""
    await put_in_force(desk, FORCED)

    async def away(_account_id: str) -> object:
        raise DirectoryUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(desk.people.directory, "read", away)
        ola = ola_in(in_teams, desk)
        assert len(await ola.ask(QUESTION)) == 1
    assert OFFER in last(await ola.ask(QUESTION))


@pytest.mark.parametrize("off", [True, False])
async def test_the_offer_leads_to_the_registration_or_to_people(desk: Desk, in_teams: InTeams, off: bool) -> None:
    """Whatever the button is, it begins something that this person may begin."""
    switched_off = [one for one, ways in LEAST.items() if off and OWNER in ways and one != "reset"]
    await put_in_force(desk, f"{FORCED}\nteams.off = {json.dumps(switched_off)}")
    ola = ola_in(in_teams, desk)
    offer = (await ola.ask(QUESTION))[-1]
    assert OFFER in offer.text
    said = await ola.ask("", value=offer.buttons[0]["value"])
    assert "kan jeg ikke gjøre her" not in last(said)
    assert "hører til noe vi er ferdige med" not in last(said)
