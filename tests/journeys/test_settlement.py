"""The sweeper among cases that cannot be settled: the others are not kept waiting (F1, F14)."""

from dataclasses import replace

from bot.rules.case import State
from bot.serving.desk import Desk
from bot.store import keys
from tests.journeys.conftest import Visit
from tests.journeys.stage import KARI, records
from tests.support.clock import SteppedClock


async def test_a_hundred_hopeless_cases_keep_nobody_waiting(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """F1: what can be settled is settled at the second round, though a hundred are longer overdue."""
    kari = await visit(desk)
    await kari.proven(clock)
    proven, = await desk.kept.cases.others_of(KARI, but="")
    hopeless = [
        await desk.kept.cases.open(replace(proven, id=f"hopeless-{n}", key=f"key-{n}", state=State.CLAIMED, rev=0))
        for n in range(100)]
    for case in hopeless:
        await desk.kept.pending.add(case.id, clock.now())
        # Asked what became of this key, the directory fails for good: its record is broken.
        await desk.store.do("RPUSH", keys.effect(KARI, case.key), "broken")
    claimed = await desk.kept.cases.save(replace(proven, state=State.CLAIMED, claimed_at=clock.now()))
    await desk.kept.pending.add(claimed.id, clock.now() + 1)
    clock.advance(2)
    assert await desk.journeys.settlement.sweep() == 100
    assert await desk.journeys.settlement.sweep() == 1
    settled = await desk.kept.cases.read(claimed.id)
    assert settled is not None
    assert settled.state is State.REFUSED
    assert [one["reason"] for one in await records(desk, "reset.outcome")] == ["interrupted"]
    assert await desk.kept.pending.count() == 100
