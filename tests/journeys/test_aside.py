"""Work beside the reply: tried again, never dropped, finished before the end (E2, U1, F11)."""

import asyncio

import pytest

from bot.errors import StoreUnavailable
from bot.journeys import aside
from bot.journeys.aside import Aside


async def test_it_is_tried_again_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record of what happened outlives a store that is away for a moment."""
    monkeypatch.setattr(aside, "_PAUSES", (0.0, 0.0))
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise StoreUnavailable

    one = Aside()
    await one.later(work)
    await one.drain(5)
    assert tries == 3


async def test_too_much_of_it_is_waited_for_and_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "_MOST", 1)
    gate, done = asyncio.Event(), []

    async def waiting() -> None:
        await gate.wait()
        done.append("waiting")

    async def at_once() -> None:
        done.append("at once")

    one = Aside()
    await one.later(waiting)
    await one.later(at_once)
    assert done == ["at once"]
    gate.set()
    await one.drain(5)
    assert done == ["at once", "waiting"]


async def test_what_breaks_harms_nobody() -> None:
    """F14."""
    async def broken() -> None:
        raise ValueError

    one = Aside()
    await one.later(broken)
    await one.drain(5)
