"""Houses for the journeys' tests: as many as a test likes on one store, quick to open, one trusted proxy."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.serving.desk import Desk
from bot.store.connection import Store
from tests.journeys.stage import TeamsPerson, Visitor
from tests.support.clock import SteppedClock
from tests.support.connector import FakeConnector
from tests.support.graph import GraphDouble, graph_double
from tests.support.house import house

OpenHouse = Callable[..., Awaitable[Desk]]
Visit = Callable[..., Awaitable[Visitor]]
InTeams = Callable[..., TeamsPerson]


@pytest.fixture
async def double(clock: SteppedClock) -> AsyncIterator[GraphDouble]:
    """Microsoft Graph with the demo people, for a desk whose accounts are in Entra ID."""
    async with graph_double(clock) as double:
        double.add_demo_people()
        yield double


@pytest.fixture
async def open_house(redis_url: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[OpenHouse]:
    """`await open_house(beat=…, KEYTURN_…="…")`: a running house; a second one is another replica."""
    async with AsyncExitStack() as at_end:
        async def opened(*, beat: float = 0.002, stores: type[Store] = Store, **settings: str) -> Desk:
            extra = {"KEYTURN_TRUSTED_PROXIES": "1", **settings}
            desk = await at_end.enter_async_context(house(redis_url, tmp_path, clock, extra, beat=beat, stores=stores))
            # Tests count what is sent: that a busy machine was at work for a second is none of it.
            desk.turns = replace(desk.turns, type_after=60)
            return desk

        yield opened


@pytest.fixture
async def desk(open_house: OpenHouse) -> Desk:
    return await open_house()


@pytest.fixture
async def visit(open_house: OpenHouse) -> AsyncIterator[Visit]:
    """`await visit(desk)`: somebody who was just greeted. (Their sockets close before the house does.)"""
    async with AsyncExitStack() as at_end:
        async def visited(desk: Desk, locale: str = "nb-NO", address: str = "") -> Visitor:
            return await at_end.enter_async_context(Visitor(desk, locale, address))

        yield visited


@pytest.fixture
async def in_teams(open_house: OpenHouse) -> AsyncIterator[InTeams]:
    """`in_teams(desk, field=…)`: Kari in a one-to-one chat in Teams, unless the fields say otherwise."""
    connector = FakeConnector()
    await connector.server.start_server()
    async with ClientSession() as session:
        yield lambda desk, **fields: TeamsPerson(desk, connector, session, **fields)
    await connector.close()
