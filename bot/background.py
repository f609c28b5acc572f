"""Keeps the work beside the turns going: what dies is said aloud, named by /readyz, and begun again (F6, F11)."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from bot.ending import let_finish
from bot.errors import KeyturnError, place

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]
"""Runs for as long as the service, or until it is told to finish."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


async def look_every(seconds: float, look: Callable[[], Awaitable[None]], failed: str) -> None:
    """Look for ever; a look that cannot be finished, as without the store, is logged as `failed`."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await look()
        except KeyturnError as error:
            log.warning(failed, error=type(error).__name__)


class Background:
    """Pieces of work by name; each is begun again after a pause, which doubles for as long as it keeps dying."""

    def __init__(self, first_pause: float = _FIRST_PAUSE) -> None:
        self._first_pause = first_pause
        self._tasks: list[asyncio.Task[None]] = []
        self._finishes: list[Callable[[], None]] = []
        self._down: set[str] = set()
        self._ending = False

    @property
    def down(self) -> list[str]:
        """What has died, and has not run for long enough since to be trusted."""
        return sorted(self._down)

    def keep(self, name: str, work: Work, finish: Callable[[], None] | None = None) -> None:
        """Begin it. `finish` asks it to end by itself; what has none may be stopped anywhere."""
        task = asyncio.create_task(self._kept(name, work), name=name)
        self._tasks.append(task)
        self._finishes.append(finish or partial(_stop, task))

    async def end(self, seconds: float) -> None:
        """Ask all of it to end, and stop what has not after so long."""
        self._ending = True
        for finish in self._finishes:
            finish()
        for task in await let_finish(self._tasks, seconds):
            log.warning("background_stopped", name=task.get_name())
        self._tasks, self._finishes = [], []

    async def _kept(self, name: str, work: Work) -> None:
        loop = asyncio.get_running_loop()
        pause = self._first_pause
        while True:
            began = loop.time()
            trusted = loop.call_later(pause, self._down.discard, name)
            try:
                await work()
                fault, where = "it ended", ""
            except Exception as error:  # noqa: BLE001 whatever it died of, it has to go on
                fault, where = type(error).__name__, place(error)
            finally:
                trusted.cancel()
            if self._ending:
                return
            if loop.time() - began > _LONGEST_PAUSE:
                pause = self._first_pause
            self._down.add(name)
            log.error("background_died", name=name, error=fault, at=where, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
