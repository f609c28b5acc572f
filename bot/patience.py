"""Waiting for work that goes on by itself when it takes longer."""

import asyncio
from typing import Any


async def done_within(seconds: float, task: asyncio.Task[Any]) -> bool:
    """Whether it is done by then. It is never stopped: neither when it takes longer nor when whoever waits is stopped.

    What asyncio.wait does, for one task and at a third of its price: every turn is waited for.
    """
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def wake(_task: object = None) -> None:
        if not over.done():
            over.set_result(None)

    timer = loop.call_later(seconds, wake)
    task.add_done_callback(wake)
    try:
        await over
    finally:
        timer.cancel()
        task.remove_done_callback(wake)
    return task.done()
