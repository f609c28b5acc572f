"""A turn that takes longer than a caller may wait goes on without the caller (limit 25)."""

import asyncio

import pytest

from bot.patience import done_within


async def test_what_ends_in_time_is_done_and_leaves_nothing_behind() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 5

    task = asyncio.create_task(work())
    assert await done_within(60, task)
    assert task.result() == 5
    assert await done_within(60, task), "what has long been done, too"


async def test_what_fails_or_is_stopped_is_done_as_well() -> None:
    async def failing() -> None:
        raise ValueError

    failed, stopped = asyncio.create_task(failing()), asyncio.create_task(asyncio.sleep(60))
    assert await done_within(60, failed)
    assert isinstance(failed.exception(), ValueError)
    stopped.cancel()
    assert await done_within(60, stopped)
    assert stopped.cancelled()


async def test_what_takes_longer_goes_on() -> None:
    may_end = asyncio.Event()
    task = asyncio.create_task(may_end.wait())
    assert not await done_within(0, task)
    may_end.set()
    assert await task


async def test_what_is_waited_for_outlives_the_one_who_waits() -> None:
    may_end, waits = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(may_end.wait())

    async def caller() -> None:
        waits.set()
        await done_within(60, task)

    waiting = asyncio.create_task(caller())
    await waits.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    may_end.set()
    assert await task
