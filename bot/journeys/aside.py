"""Work whose amount depends on the account: done beside the reply, which must tell nothing by its time (E2)."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import KeyturnError

log = structlog.get_logger(__name__)

_MOST = 1000
_PAUSES = (1.0, 5.0, 30.0)      # seconds before it is tried once more

Work = Callable[[], Awaitable[None]]
"""May be run again: whatever it did once, it does no second time."""


class Aside:
    """Runs what nobody waits for, a bounded number of it at once, and not once more than it takes."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    async def later(self, work: Work) -> None:
        """Begin it; with too much begun already it is done at once instead, for it must not be dropped (U1)."""
        if len(self._running) >= _MOST:
            await self._try(work)
            return
        task = asyncio.create_task(self._try(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def drain(self, seconds: float) -> None:
        """Let what was begun finish, for so long (F11)."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def _try(self, work: Work) -> None:
        for pause in (*_PAUSES, 0.0):
            try:
                await work()
            except KeyturnError as error:
                log.error("not_done_aside", error=type(error).__name__, again=bool(pause))
                await asyncio.sleep(pause)
            except Exception as error:  # noqa: BLE001 it harms nobody but itself (F14)
                log.error("broken_aside", error=type(error).__name__)
                return
            else:
                return
