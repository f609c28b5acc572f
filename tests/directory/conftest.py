"""Entra ID for the directory's tests: a double on loopback, and a directory that asks it without waiting long."""

from collections.abc import AsyncIterator

import pytest

from bot.channel.outbox import open_session
from bot.directory.demo import TENANT
from bot.directory.entra import Entra
from bot.directory.graph import Graph
from bot.directory.graph_token import AppToken, ClientSecret, Credential, Login
from bot.secret import Secret
from bot.store.connection import Store
from bot.store.effects import Effects
from tests.support.clock import SteppedClock
from tests.support.graph import APP_ID, SECRET, GraphDouble, GraphUser, graph_double

KARI_ID = "11111111-aaaa-4bbb-8ccc-000000000001"


def kari() -> GraphUser:
    return GraphUser(KARI_ID, "kari.nordmann@example.no", {"displayName": "Kari Nordmann"})


def token_for(double: GraphDouble, credential: Credential | None = None, app_id: str = APP_ID) -> AppToken:
    return AppToken(Login(double.url, TENANT, app_id, double.url), credential or ClientSecret(Secret(SECRET)))


class Pauses:
    """Waits that take no time, and how long they would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
async def double(clock: SteppedClock) -> AsyncIterator[GraphDouble]:
    async with graph_double(clock) as double:
        double.add(kari())
        yield double


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
async def token(double: GraphDouble) -> AsyncIterator[AppToken]:
    token = token_for(double)
    yield token
    await token.close()


@pytest.fixture
async def entra(double: GraphDouble, token: AppToken, store: Store, clock: SteppedClock,
                pauses: Pauses) -> AsyncIterator[Entra]:
    async with open_session() as session:
        yield Entra(Graph(session, token, double.url, clock, pauses), token, Effects(store), clock, TENANT,
                    protected=frozenset({"11111111-aaaa-4bbb-8ccc-00000000000b"}))
