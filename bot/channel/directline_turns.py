"""Runs the turns of web chats: in order, answered in time, finished before the end (F9, F11, limit 25)."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol
from weakref import WeakValueDictionary

from bot.ending import let_finish
from bot.patience import done_within
from bot.people import Speaker

_WAITING = 20
_REMEMBERED = 20_000

Afterwards = Callable[[], Awaitable[None]]


class RunTurn(Protocol):
    """Runs the bot's logic for one activity; it does not raise (F14)."""

    async def __call__(self, activity: Mapping[str, Any], speaker: Speaker) -> None:
        ...


class Line:
    """Those who wait for their turn in one conversation, first come first served."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0

    @property
    def crowded(self) -> bool:
        return self.waiting >= _WAITING

    @contextmanager
    def place(self) -> Iterator[None]:
        """Count among the waiting."""
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1


class Turns:
    """One at a time in a conversation, and no more waiting for it than _WAITING."""

    def __init__(self, run: RunTurn, seconds: float) -> None:
        self._run = run
        self._seconds = seconds
        self._lines: WeakValueDictionary[str, Line] = WeakValueDictionary()
        self._running: set[asyncio.Task[None]] = set()
        self._begun: OrderedDict[str, None] = OrderedDict()

    def line(self, conversation: str) -> Line:
        return self._lines.get(conversation) or self._lines.setdefault(conversation, Line())

    def begin(
            self, activity: Mapping[str, Any], speaker: Speaker,
            afterwards: Afterwards | None = None) -> asyncio.Task[None]:
        """Run a turn as soon as those before it are through, whoever waits for it."""
        self._begun[activity["id"]] = None
        if len(self._begun) > _REMEMBERED:
            self._begun.popitem(last=False)
        line = self.line(speaker.conversation)
        line.waiting += 1
        task = asyncio.create_task(self._in_line(line, activity, speaker, afterwards))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def begun(self, activity_id: str) -> bool:
        """Whether this process has lately run a turn for it, or is about to."""
        return activity_id in self._begun

    async def answer(self, task: asyncio.Task[None]) -> None:
        """Wait for a turn as long as a client may be kept waiting; longer work goes on by itself."""
        await done_within(self._seconds, task)

    async def drain(self, seconds: float) -> None:
        """Let running turns finish for so long, then stop them."""
        await let_finish(self._running, seconds)

    async def _in_line(
            self, line: Line, activity: Mapping[str, Any], speaker: Speaker,
            afterwards: Afterwards | None) -> None:
        try:
            async with line.lock:
                await self._run(activity, speaker)
                if afterwards is not None:
                    await afterwards()
        finally:
            line.waiting -= 1
