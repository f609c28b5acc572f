"""Nobody learns anything about an account before it is proven: same words, same time (E1, E2, V3)."""

import asyncio
import math
import time
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest

from bot.people import Speaker
from bot.serving.desk import Desk
from tests.journeys.conftest import OpenHouse, Visit
from tests.journeys.stage import WRONG, Visitor
from tests.support.clock import SteppedClock

UNKNOWN = "finnes.ikke@example.no"
NAMES = {
    "unknown": UNKNOWN,
    "kari": "kari.nordmann@example.no",
    "unregistered": "ola.hansen@example.no",
    "administrator": "ingrid.admin@example.no",
    "disabled": "eva.sluttet@example.no",
    "guest": "guest.partner@example.no",
    "locked": "per.laast@example.no",
    "starts used up": "mona.ute@example.no",
    "paused": "john.smith@example.no",
    "unknown and paused": "ingen.her@example.no",
}
BLANK = ("id", "timestamp", "conversation", "from", "replyToId")


@pytest.mark.parametrize("locale", ["nb-NO", "en-US"])
async def test_the_road_is_the_same_to_the_byte(desk: Desk, visit: Visit, locale: str) -> None:
    """E1, S-033, S-036: every status, message, card and button of five wrong codes, and of what follows."""
    for _ in range(5):
        await (await visit(desk)).start(NAMES["starts used up"])
    for name in (NAMES["paused"], NAMES["unknown and paused"]):
        await (await visit(desk)).fail(name)
    visitors = [await visit(desk, locale) for _ in NAMES]
    roads = await asyncio.gather(*[
        _road(visitor, name) for visitor, name in zip(visitors, NAMES.values(), strict=True)])
    expected = roads[0]
    assert len(expected) > 10
    for what, road in zip(NAMES, roads, strict=True):
        assert road == expected, what


async def _road(visitor: Visitor, name: str) -> list[Any]:
    """All that a client gets to see, from the first word to the end and one word further."""
    seen: list[Any] = []
    await _said(visitor, seen, "Lag nytt passord", {"do": "start", "journey": "forgot_password"})
    for text in (name, "hjelp", "12 34", *WRONG[:3]):
        await _said(visitor, seen, text)
    await _said(visitor, seen, "Send koden på nytt", {"do": "resend"})
    for text in (*WRONG[3:], "666666"):
        await _said(visitor, seen, text)
    return seen


async def _said(visitor: Visitor, seen: list[Any], text: str, pressed: dict[str, str] | None = None) -> None:
    fields: dict[str, Any] = {"type": "message", "from": {"id": "me"}, "text": text, "locale": visitor.locale}
    seen.append(await visitor.post(fields | ({"value": {"keyturn": pressed}} if pressed else {})))
    url = f"{visitor.base_url}/v3/directline/conversations/{visitor.conversation}/activities"
    headers = {"Authorization": f"Bearer {visitor.token}"}
    async with visitor.session.get(f"{url}?watermark={visitor.watermark}", headers=headers) as answer:
        news = await answer.json()
    visitor.watermark = news["watermark"]
    seen += [{name: value for name, value in one.items() if name not in BLANK}
             for one in news["activities"] if one["from"]["id"] == "keyturn"]


async def test_every_account_costs_the_store_as_much(
        desk: Desk, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """E2: a slow store makes every command a visitor waits for visible, so there are as many for every name.

    What the visitor's own turn asks is counted, not what is done beside it.
    """
    for _ in range(5):
        await (await visit(desk)).start(NAMES["starts used up"])
    for name in (NAMES["paused"], NAMES["unknown and paused"]):
        await (await visit(desk)).fail(name)
    asked: dict[Any, int] = {}
    bounded = desk.store._bounded

    async def counted(commands: Any, *how: Any, **more: Any) -> Any:
        task = asyncio.current_task()
        asked[task] = asked.get(task, 0) + len(commands)
        return await bounded(commands, *how, **more)

    monkeypatch.setattr(desk.store, "_bounded", counted)
    costs = {}
    for number, (what, name) in enumerate(NAMES.items()):
        speaker = Speaker("directline", "", f"c{number}", f"dl_{number}", None, f"203.0.113.{number}", "b")
        costs[what] = await asyncio.create_task(_costs(desk, speaker, name, asked))
    assert all(cost > 0 for cost in costs["unknown"])
    assert {what: cost for what, cost in costs.items() if cost != costs["unknown"]} == {}


async def _costs(desk: Desk, speaker: Speaker, name: str, asked: dict[Any, int]) -> list[int]:
    """Commands that each step of a visitor who knows no code waits for."""
    task, costs = asyncio.current_task(), []

    async def cost(step: Awaitable[Any]) -> Any:
        before = asked.get(task, 0)
        answer = await step
        costs.append(asked.get(task, 0) - before)
        return answer

    case = await cost(desk.journeys.forgot_password.begin(speaker, "nb", {}, name))
    for code in WRONG:
        await cost(desk.journeys.forgot_password.prove(case.case_id, speaker, "totp", code))
    return costs


async def test_a_right_code_for_a_paused_account_reads_as_a_wrong_one(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """V3, S-036: to the byte, down to the tries that are left."""
    await (await visit(desk)).fail(NAMES["kari"])
    right, wrong = await visit(desk), await visit(desk)
    found = await desk.demo_desk.code("kari.nordmann")
    assert found is not None
    roads: list[list[Any]] = []
    for visitor, name, codes in ((right, "kari", [found[0]] * 5), (wrong, "unknown", list(WRONG))):
        seen: list[Any] = []
        await visitor.start(NAMES[name])
        for code in codes:
            await _said(visitor, seen, code)
        roads.append(seen)
    assert roads[0] == roads[1]


@pytest.mark.parametrize("other", ["kari", "administrator", "unregistered"])
async def test_answers_take_the_same_time(open_house: OpenHouse, visit: Visit, other: str) -> None:
    """E2, S-034: begin and prove, interleaved; the distributions are compared by rank."""
    beat = 0.05
    desk = await open_house(
        beat=beat, KEYTURN_LIMIT_RESET_STARTS_24H="100", KEYTURN_LIMIT_ACCOUNT_FAILURES_15MIN="100",
        KEYTURN_LIMIT_ACCOUNT_FAILURES_24H="100")
    times: dict[str, list[list[float]]] = {"unknown": [[], []], other: [[], []]}
    for number in range(12):
        # Who comes first alternates, so that a busy machine hits both alike.
        for what in sorted(times, reverse=bool(number % 2)):
            visitor = await visit(desk)
            await visitor.press("Lag nytt passord")
            for at, text in enumerate((NAMES[what], "111111")):
                started = time.perf_counter()
                await visitor.say(text)
                times[what][at].append(time.perf_counter() - started)
    for theirs, nobodys in zip(times[other], times["unknown"], strict=True):
        assert min(*theirs, *nobodys) >= beat
        # Like distributions reach that once in forty thousand times; one whole beat between them always does (4.16).
        assert abs(_rank_z(theirs, nobodys)) < 3.8


def _rank_z(some: Sequence[float], others: Sequence[float]) -> float:
    """Mann and Whitney's rank test, as a standard normal deviate."""
    above = sum(one > other for one in some for other in others)
    n, m = len(some), len(others)
    return (above - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
