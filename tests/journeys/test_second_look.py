"""Some minutes after an unlock the account is looked at again, and its owner is told once (F1, F13, F14, I5)."""


from bot.journeys.unlock_account import LOOK_AGAIN, LOOK_AGAIN_SECONDS
from bot.rules.case import State
from bot.serving.desk import Desk
from bot.store import keys
from tests.journeys.conftest import InTeams
from tests.journeys.stage import JOHN, TeamsPerson, heard, titles
from tests.support.clock import SteppedClock
from tests.support.connector import Planned
from tests.support.people import code_for

PER = "00000000-0000-0000-0000-000000000005"


async def unlocked(in_teams: InTeams, desk: Desk, clock: SteppedClock) -> TeamsPerson:
    """Per, whose account was just unlocked."""
    per = in_teams(desk, **{"from": {"id": "29:per", "name": "Per", "aadObjectId": PER}})
    await desk.kept.accounts.mark(PER, locked=True)
    await per.ask("start", value={"keyturn": {"do": "start", "journey": "unlock_account"}})
    clock.advance(30)
    said = await per.ask(await code_for(desk, "per.laast"))
    assert any("nå er den åpen igjen" in one.text for one in said), [one.text for one in said]
    return per


def told(person: TeamsPerson, words: str) -> int:
    return sum(words in heard(one).text for one in person.connector.said if one["type"] == "message")


async def test_locked_again_is_told_with_what_to_do(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    per = await unlocked(in_teams, desk, clock)
    clock.advance(LOOK_AGAIN_SECONDS - 1)
    assert await desk.journeys.errands.run_due() == 0
    await desk.kept.accounts.mark(PER, locked=True)
    clock.advance(1)
    assert await desk.journeys.errands.run_due() == 1
    assert told(per, "låst igjen") == 1
    assert titles([heard(per.connector.said[-1])]) == ["Lås opp kontoen min", "Snakk med et menneske"]
    clock.advance(3600)
    assert await desk.journeys.errands.run_due() == 0


async def test_a_repeated_follow_up_tells_nobody_twice(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """F1, F4: the sweeper comes again after a crash, long after the errand was done."""
    per = await unlocked(in_teams, desk, clock)
    case_id = (await desk.store.do("ZRANGE", keys.ERRANDS, 0, -1))[0].decode().partition(" ")[2]
    clock.advance(LOOK_AGAIN_SECONDS)
    await desk.journeys.errands.run_due()
    await desk.journeys.settlement.settle(case_id)
    assert await desk.journeys.errands.run_due() == 1
    assert told(per, "fortsatt åpen") == 1


async def test_what_fails_is_done_later_and_keeps_nobody_waiting(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """F14: a case whose record makes trouble stays on the list; the one after it is done at once."""
    per = await unlocked(in_teams, desk, clock)
    await desk.store.do("RPUSH", keys.case("broken"), "no case")
    await desk.journeys.errands.put(LOOK_AGAIN, "broken", clock.now())
    await desk.journeys.errands.put("of another release", "x", clock.now())
    clock.advance(LOOK_AGAIN_SECONDS)
    assert await desk.journeys.errands.run_due() == 3
    assert told(per, "fortsatt åpen") == 1
    assert await desk.store.do("ZRANGE", keys.ERRANDS, 0, -1) == [f"{LOOK_AGAIN} broken".encode()]


async def test_a_bot_that_was_blocked_meanwhile_tells_it_later(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """F13: one call, no more; said when the person writes next."""
    per = await unlocked(in_teams, desk, clock)
    calls = len(per.connector.calls)
    per.connector.planned = [Planned(403)]
    clock.advance(LOOK_AGAIN_SECONDS)
    await desk.journeys.errands.run_due()
    assert len(per.connector.calls) == calls + 1
    assert "fortsatt åpen" in (await per.ask("hei"))[0].text


async def test_nobody_hears_of_an_account_that_was_not_unlocked_by_its_proven_owner(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """E1, I5: a case that did not end well tells nothing."""
    john = in_teams(desk, **{"from": {"id": "29:john", "name": "John", "aadObjectId": JOHN}})
    await john.ask("start", value={"keyturn": {"do": "start", "journey": "unlock_account"}})
    case, = await desk.kept.cases.others_of(JOHN, but="")
    assert case.state is State.OPENED
    await desk.journeys.errands.put(LOOK_AGAIN, case.id, clock.now())
    said = len(john.connector.said)
    assert await desk.journeys.errands.run_due() == 1
    assert len(john.connector.said) == said
