"""The end of the service: one deadline for all its parts, so that their waits never add up (F11)."""

import asyncio
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

# How much of the time is used up when each must be through, one after the other: turns that run, the requests
# and sockets they came by, work in the background. The rest is for closing connections of our own.
TURNS, REQUESTS, BACKGROUND = 0.6, 0.85, 0.95


class Ending:
    """`seconds` from `begin` until everything must be over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began: float | None = None

    def begin(self) -> None:
        """From now on the time runs; a second call changes nothing."""
        if self._began is None:
            self._began = asyncio.get_running_loop().time()

    def left(self, share: float) -> float:
        """Seconds until this share of the whole is used up, 0 when it is; the first to ask begins the end."""
        self.begin()
        assert self._began is not None
        return max(0.0, self._began + share * self._seconds - asyncio.get_running_loop().time())


async def let_finish(tasks: Iterable[asyncio.Task[T]], seconds: float) -> list[asyncio.Task[T]]:
    """Wait so long for these, then stop the others and return them."""
    waited = list(tasks)
    if not waited:
        return []
    _, late = await asyncio.wait(waited, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return list(late)
