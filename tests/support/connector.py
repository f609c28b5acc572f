"""A fake Bot Connector on loopback: takes what the bot sends, and misbehaves when told to."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass(frozen=True)
class Call:
    method: str
    path: str               # as it came, still quoted
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Planned:
    """The answer to one call; status 0 drops the connection, -1 waits until the end of the test."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeConnector:
    """Answers 201 with a new id unless `planned` says otherwise, and 400 to cards that Teams would not show whole."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.planned: list[Planned] = []
        self._arrived = asyncio.Condition()
        self._over = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._take)
        self.server = TestServer(app, host="127.0.0.1")

    @property
    def service_url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/emea/"

    @property
    def said(self) -> list[Any]:
        """The activities sent so far."""
        return [one.body for one in self.calls if one.method == "POST"]

    async def received(self, count: int) -> list[Call]:
        """Wait for so many calls."""
        async with asyncio.timeout(10), self._arrived:
            await self._arrived.wait_for(lambda: len(self.calls) >= count)
        return self.calls

    async def close(self) -> None:
        self._over.set()
        await self.server.close()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        async with self._arrived:
            self.calls.append(Call(
                request.method, request.raw_path, dict(request.headers), json.loads(body) if body else None))
            number = len(self.calls)
            self._arrived.notify_all()
        good = Planned(201, {"id": f"a{number}"}) if _whole(self.calls[-1].body) else Planned(400)
        planned = self.planned.pop(0) if self.planned else good
        if planned.status == -1:
            await self._over.wait()
        if planned.status <= 0:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.json_response(planned.body, status=planned.status, headers=planned.headers)


def _whole(activity: Any) -> bool:
    """Whether Teams has room for every button: six on a card."""
    cards = [one["content"] for one in activity.get("attachments") or ()] if isinstance(activity, dict) else []
    return all(len(one.get("buttons") or one.get("actions") or ()) <= 6 for one in cards)
