"""Whether the process lives, and whether it can serve: for load balancers and for people (F11)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web

from bot.errors import KeyturnError

Part = Callable[[], Awaitable[None]]
"""Raises when the part it asks cannot work."""

PART_SECONDS = 2.0


class Health:
    """`/healthz` answers while the process lives; `/readyz` asks every part, and is 503 from the first SIGTERM on."""

    def __init__(
            self, parts: Mapping[str, Part], down: Callable[[], Sequence[str]],
            why_paused: Callable[[], str] = str) -> None:
        """`why_paused`: why nobody can be verified; it is named and no 503, for questions are answered (G1)."""
        self._parts = parts
        self._down = down       # names of background work that has died
        self._why_paused = why_paused
        self.leaving = False

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self._alive), web.get("/readyz", self._ready)]

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _request: web.Request) -> web.Response:
        failing = ["leaving"] if self.leaving else await self._failing()
        body: dict[str, object] = {"status": "unavailable", "failing": failing} if failing else {"status": "ready"}
        if why := self._why_paused():
            body["verification_paused"] = why
        return web.json_response(body, status=503 if failing else 200)

    async def _failing(self) -> list[str]:
        return [name for name in self._parts if not await self._works(name)] + list(self._down())

    async def _works(self, name: str) -> bool:
        try:
            async with asyncio.timeout(PART_SECONDS):
                await self._parts[name]()
        except (KeyturnError, TimeoutError, OSError):
            return False
        return True
