"""A store whose process dies: after so many commands of one task, that task sends no other one, ever."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextvars import ContextVar
from typing import Any

from bot.store.connection import Part, Script, Store

_LIFE: ContextVar[list[int] | None] = ContextVar("life", default=None)


class Killed(BaseException):
    """As abrupt as a kill: nobody's `except Exception` tidies up after it."""


class MortalStore(Store):
    """What others do on it meanwhile goes on, as another process's work does."""

    async def _bounded(self, commands: Sequence[Sequence[Part]], script: Script | None = None) -> list[Any]:
        life = _LIFE.get()
        if life is not None:
            if life[0] <= 0:
                raise Killed
            life[0] -= 1
        return await super()._bounded(commands, script)


async def killed_after(commands: int, work: Awaitable[object]) -> bool:
    """Do it in a task that dies after so many commands to a MortalStore; whether it was killed before its end."""

    async def mortal() -> bool:
        _LIFE.set([commands])
        try:
            await work
        except Killed:
            return True
        return False

    return await asyncio.create_task(mortal())
