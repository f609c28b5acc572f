"""Greeting and thanks fit where the person is: mid-flow, unregistered, in a group, in web chat or Teams."""

import pytest

from bot.directory import demo
from bot.serving.desk import Desk
from tests.journeys.conftest import InTeams, Visit, desk, in_teams, open_house, visit
from tests.journeys.stage import last, texts, titles
from tests.journeys.test_owner import OLA, begin, teams_person

__all__ = ["desk", "in_teams", "open_house", "visit"]     # fixtures


@pytest.mark.parametrize(("locale", "start", "hello", "thanks", "said"), [
    ("nb-NO", "Lag nytt passord", "hei", "tusen takk",
     ["Hei! Vi fortsetter der vi var.", "Bare hyggelig! Vi er ikke helt"]),
    ("en-GB", "Set a new password", "hello", "thank you", ["Hi! Let's carry on", "You're welcome! We're not quite"])])
async def test_in_the_middle_of_something_it_goes_on(
        desk: Desk, visit: Visit, locale: str, start: str, hello: str, thanks: str, said: list[str]) -> None:
    visitor = await visit(desk, locale)
    await visitor.hit(start)
    await visitor.ask("kari.nordmann")
    for text, begins in zip((hello, thanks), said, strict=True):
        answered = texts(await visitor.ask(text))
        assert answered[0].startswith(begins)
        assert answered[1].startswith(("Åpne godkjenningsappen", "Open the authenticator app"))


async def test_a_visitor_and_an_owner_are_greeted_for_what_can_be_done_there(
        desk: Desk, visit: Visit, in_teams: InTeams) -> None:
    visitor = await visit(desk)
    assert last(await visitor.ask("hei")).startswith("Hei! Jeg hjelper deg med passord")
    assert last(await in_teams(desk).ask("hei")).startswith("Hei! Jeg ser hvem du er")
    assert last(await in_teams(desk, locale="en-GB").ask("hello")).startswith("Hi! I can see who you are")


async def test_whoever_is_not_registered_is_shown_the_way(desk: Desk, in_teams: InTeams) -> None:
    ola = teams_person(in_teams, desk, OLA, "Ola Hansen")
    said = await ola.ask("god morgen")
    assert last(said).startswith("Hei! Du har ikke registrert nok")
    assert titles(said) == ["Registrer deg"]
    assert "Hva vil du registrere" in last(await begin(ola, "register_method"))


async def test_a_group_is_told_where_to_ask_about_an_account(desk: Desk, in_teams: InTeams) -> None:
    """I4: whoever says it, nothing of theirs is looked up."""
    group = {"conversationType": "groupChat", "tenantId": demo.TENANT, "id": "19:g", "isGroup": True}
    ola = in_teams(desk, conversation=group, **{"from": {"id": "29:ola", "name": "Ola", "aadObjectId": OLA}})
    assert last(await ola.ask("hei")).startswith("Hei! I en gruppe")
