"""Real HTTP to the pages, on a port of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from tests.pages.stage import OneReset, SmallDesk, build_app
from tests.support.clock import SteppedClock
from tests.support.tcp import free_port

Client = TestClient[web.Request, web.Application]
Open = Callable[..., Awaitable[Client]]


@pytest.fixture
async def open_site(clock: SteppedClock) -> AsyncIterator[Open]:
    """`await open_site(reset, desk=...)`: a client of the running pages, without cookies of its own."""
    clients = []

    async def open_one(reset: OneReset, desk: SmallDesk | None = None) -> Client:
        port = free_port()
        app = build_app(reset, clock, f"http://127.0.0.1:{port}", desk)
        server = TestServer(app, host="127.0.0.1", port=port)
        client = TestClient(server, cookie_jar=DummyCookieJar())
        await client.start_server()
        clients.append(client)
        return client

    yield open_one
    for client in clients:
        await client.close()
