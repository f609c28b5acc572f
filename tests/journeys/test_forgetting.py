"""Forgetting somebody who asks: what goes, what stays, and nobody else's (limit 27, V2, U3, I5)."""

from typing import Any

from bot.rules.case import State
from bot.serving.desk import Desk
from bot.store import keys
from tests.journeys.conftest import InTeams, Visit
from tests.journeys.stage import GOOD, KARI, WRONG, last, records
from tests.journeys.test_owner import JOHN, proven, teams_person
from tests.support.clock import SteppedClock


async def stored(desk: Desk, pattern: str) -> list[bytes]:
    return sorted(await desk.store.do("KEYS", pattern))


async def test_a_visitors_chat_is_gone_from_the_store(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """Memory, what was said, the case and its ticket; the chat goes on as with a stranger."""
    visitor = await visit(desk)
    page = await visitor.page(await visitor.proven(clock))
    assert await stored(desk, "kt:{cases}:ticket:*")
    before = len(await records(desk))
    await visitor.ask("glem meg")
    said = last(await visitor.ask("ja"))
    assert "Da er samtalen glemt" in said
    assert await stored(desk, "kt:{cases}:*") == []
    assert [key for key in await stored(desk, "kt:{c:*") if key.endswith(b":state")] == []
    log = await desk.store.do("HKEYS", keys.direct_line(visitor.conversation))
    assert len([name for name in log if name.isdigit()]) == 1      # the answer itself
    assert (await visitor.submit(page, GOOD)).status == 404
    trail = await records(desk)
    assert len(trail) == before + 1
    assert trail[-1]["event"] == "reset.ended"
    assert await desk.kept.audit.verify() is None
    assert "Jeg er en bot" in last(await visitor.ask("hjelp"))


async def test_a_client_that_reads_from_the_beginning_finds_what_came_after(desk: Desk, visit: Visit) -> None:
    """What was cleared is no trouble for a page that is loaded again."""
    visitor = await visit(desk)
    await visitor.ask("hei")
    await visitor.ask("glem meg")
    await visitor.ask("ja")
    visitor.watermark = "0"
    seen = await visitor.quiet()
    assert len(seen) == 1
    assert "Da er samtalen glemt" in seen[0].text


async def test_counters_registration_and_trail_stay(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """V2, U3: nobody clears what keeps others from guessing."""
    kari = in_teams(desk)
    await kari.ask("start", value={"keyturn": {"do": "start", "journey": "forgot_password"}})
    for code in WRONG[:3]:
        await kari.ask(code)
    tries = {key: await desk.store.do("TYPE", key) for key in await stored(desk, "kt:{tries}:*")}
    await kari.ask("glem meg")
    said = last(await kari.ask("ja"))
    for part in ("registrert", "Revisjonsloggen", "Tellingen"):
        assert part in said
    assert "Sperren" not in said
    assert {key: await desk.store.do("TYPE", key) for key in await stored(desk, "kt:{tries}:*")} == tries
    assert (await desk.kept.enrolments.read(KARI)).methods


async def test_only_ones_own_requests_end(
        desk: Desk, in_teams: InTeams, visit: Visit, clock: SteppedClock) -> None:
    """I5: the owner's in every chat of theirs; a visitor's for the same account, and John's, go on."""
    visitor = await visit(desk)
    await visitor.start("kari.nordmann")
    kari, elsewhere = in_teams(desk), in_teams(desk)
    john = teams_person(in_teams, desk, JOHN, "John Smith")
    await proven(elsewhere, clock, "forgot_password")
    await proven(john, clock, "forgot_password", "john.smith")
    await kari.ask("glem meg")
    await kari.ask("ja, glem meg", value={"keyturn": {"do": "forget"}})
    left = [case for owner in (KARI, JOHN) for case in await desk.kept.cases.others_of(owner, but="")]
    assert [(case.account, case.speaker["object_id"]) for case in left] == [(KARI, None), (JOHN, JOHN)]
    assert {case.state for case in left} == {State.OPENED, State.PROVEN}


async def test_without_a_yes_nothing_is_forgotten(desk: Desk, visit: Visit) -> None:
    visitor = await visit(desk)
    await visitor.ask("in English please")
    await visitor.ask("forget me")
    assert "leave it" in last(await visitor.ask("no"))
    assert "press" not in last(await visitor.ask("glem meg"))
    await visitor.ask("cancel")
    log: list[Any] = await desk.store.do("HKEYS", keys.direct_line(visitor.conversation))
    assert len([name for name in log if name.isdigit()]) > 6
