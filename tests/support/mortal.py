"""A store whose process dies: after so many commands of one task, that task sends no other one, ever.

What the task has set off by then (a turn somebody was woken for) goes on: it has kill tests of its own.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from bot.store.connection import Part, Script, Store

_LIVES: dict[asyncio.Task[Any], int] = {}
"""How many commands each mortal task has left."""


class Killed(BaseException):
    """As abrupt as a kill: nobody's `except Exception` tidies up after it."""


class MortalStore(Store):
    """What others do on it meanwhile goes on, as another process's work does."""

    async def _bounded(
        self, commands: Sequence[Sequence[Part]], script: Script | None = None, *, alone: bool = False,
    ) -> list[Any]:
        task = asyncio.current_task()
        if task in _LIVES:
            if _LIVES[task] <= 0:
                raise Killed
            _LIVES[task] -= 1
        return await super()._bounded(commands, script, alone=alone)


async def killed_after(commands: int, work: Awaitable[object]) -> bool:
    """Do it in a task that dies after so many commands to a MortalStore; whether it was killed before its end."""

    async def mortal() -> bool:
        task = asyncio.current_task()
        assert task is not None
        _LIVES[task] = commands
        try:
            await work
        except Killed:
            return True
        finally:
            del _LIVES[task]
        return False

    return await asyncio.create_task(mortal())
