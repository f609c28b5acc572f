"""Knocks on conversations that wait for their secure page (design §3); a lost knock loses nothing (F13)."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from bot.channel.adapter import Adapter
from bot.ending import let_finish
from bot.patience import done_within

log = structlog.get_logger(__name__)

KNOCK = "keyturn.knock"


class Knocks:
    """Runs an event turn in a stored conversation; waits a little for it, then lets it go on by itself."""

    def __init__(self, adapter: Adapter, patience: float = 2.0) -> None:
        self._adapter = adapter
        self._patience = patience
        self._running: set[asyncio.Task[bool]] = set()

    async def knock(self, reference: Mapping[str, Any]) -> bool:
        """bot.delivery.protocol.Knock."""
        task = asyncio.create_task(self._run(reference))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return not await done_within(self._patience, task) or task.cancelled() or task.result()

    async def drain(self, seconds: float) -> None:
        """Let running knocks finish for so long, then stop them (F11)."""
        await let_finish(self._running, seconds)

    async def _run(self, reference: Mapping[str, Any]) -> bool:
        try:
            return await self._adapter.run(reference, {"name": KNOCK})
        except Exception as error:  # noqa: BLE001 the knock boundary: the case stands, the person can ask (F13)
            log.warning("knock_failed", error=type(error).__name__)
            return True
