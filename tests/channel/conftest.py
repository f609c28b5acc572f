"""A bot that echoes, behind the real gate on loopback, with a fake channel around it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from botbuilder.core import TurnContext

from bot.channel.adapter import Adapter
from bot.channel.bot_token import BotToken
from bot.channel.connector import BotConnectors
from bot.channel.gate import Gate
from bot.channel.hosts import ReplyHosts
from bot.channel.keys import ChannelKeys
from bot.channel.outbox import Outbox, open_session
from bot.channel.protocol import Logic
from bot.channel.tokens import TokenVerifier
from bot.people import Speaker
from bot.rules.limits import Limits
from bot.secret import Secret
from tests.support.clock import SteppedClock
from tests.support.connector import FakeConnector
from tests.support.identity import APP_ID, LocalIdentity

KARI = "00000000-0000-0000-0000-000000000001"


def teams_message(service_url: str, text: str = "hei", **fields: Any) -> dict[str, Any]:
    """A message as Teams sends it; fields given as None are left out."""
    activity = {
        "type": "message", "id": "1700000000000", "timestamp": "2025-01-01T12:00:00.000Z",
        "localTimestamp": "2025-01-01T13:00:00.000+01:00", "serviceUrl": service_url, "channelId": "msteams",
        "from": {"id": "29:kari", "name": "Kari Nordmann", "aadObjectId": KARI},
        "conversation": {"conversationType": "personal", "tenantId": "tenant", "id": "a:conversation"},
        "recipient": {"id": "28:bot", "name": "Keyturn"}, "textFormat": "plain", "text": text,
            "locale": "nb-NO",
        "entities": [{"locale": "nb-NO", "type": "clientInfo"}], "channelData": {"tenant": {"id": "tenant"}}}
    return {name: value for name, value in {**activity, **fields}.items() if value is not None}


@dataclass(frozen=True)
class Reply:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Echo:
    """The bot's logic: echoes messages, answers the invokes it knows, remembers who spoke."""

    def __init__(self) -> None:
        self.speakers: list[Speaker] = []
        self.contexts: list[TurnContext] = []

    async def __call__(self, context: TurnContext, speaker: Speaker) -> None:
        self.speakers.append(speaker)
        self.contexts.append(context)
        if context.activity.type == "message":
            await context.send_activity(f"Echo: {context.activity.text}")


class Door:
    """The gate, served; `post` plays the channel."""

    def __init__(self, gate: Gate, server: TestServer, client: ClientSession, connector: FakeConnector,
                 identity: LocalIdentity | None) -> None:
        self.gate = gate
        self.url = f"http://127.0.0.1:{server.port}/api/messages"
        self.port: int = server.port or 0
        self._client = client
        self._connector = connector
        self._identity = identity

    def authorization(self, **claims: Any) -> dict[str, str]:
        if self._identity is None:
            return {}
        return {"Authorization": f"Bearer {self._identity.token(self._connector.service_url, **claims)}"}

    async def post(self, activity: Any = None, *, data: Any = None, headers: Mapping[str,
        str | None] | None = None,
                   method: str = "POST") -> Reply:
        """Send an activity (or raw bytes); a header given as None is left out."""
        if data is None:
            sent_one = teams_message(self._connector.service_url) if activity is None else activity
            data = json.dumps(sent_one).encode()
        sent = {"Content-Type": "application/json", **self.authorization(), **(headers or {})}
        given = {name: value for name, value in sent.items() if value is not None}
        skip = () if given.get("Content-Type") else ("Content-Type",)
        async with self._client.request(
                method, self.url, data=data, headers=given, skip_auto_headers=skip,
                    allow_redirects=False) as answer:
            return Reply(answer.status, await answer.text(), answer.headers)


OpenDoor = Callable[..., Awaitable[Door]]


class Pauses:
    """Stands in for waiting: remembers how long, and waits not at all."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
async def identity(clock: SteppedClock) -> AsyncIterator[LocalIdentity]:
    identity = LocalIdentity(clock)
    await identity.server.start_server()
    yield identity
    await identity.server.close()


@pytest.fixture
async def connector() -> AsyncIterator[FakeConnector]:
    connector = FakeConnector()
    await connector.server.start_server()
    yield connector
    await connector.close()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def errors() -> list[Exception]:
    """What the last-resort handler was given."""
    return []


@pytest.fixture
def adapter(echo: Echo, errors: list[Exception]) -> Adapter:
    return make_adapter(echo, errors)


def make_adapter(logic: Logic, errors: list[Exception]) -> Adapter:
    async def apologise(context: TurnContext, error: Exception) -> None:
        errors.append(error)
        await context.send_activity("sorry")

    return Adapter(logic, apologise)


@pytest.fixture
def token(session: ClientSession, identity: LocalIdentity, clock: SteppedClock) -> BotToken:
    return BotToken(session, clock, app_id=APP_ID, password=Secret("s3cret"), login_url=identity.url)


@pytest.fixture
async def keys(
        session: ClientSession, identity: LocalIdentity, clock: SteppedClock) -> AsyncIterator[ChannelKeys]:
    keys = ChannelKeys(session, identity.metadata_url, clock)
    yield keys
    await keys.close()


@pytest.fixture
async def open_door(
        session: ClientSession, identity: LocalIdentity, connector: FakeConnector, clock: SteppedClock,
        keys: ChannelKeys, token: BotToken, echo: Echo, errors: list[Exception],
        pauses: Pauses) -> AsyncIterator[OpenDoor]:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(ClientSession())

        async def open_(*, development: bool = False, hosts: ReplyHosts | None = None,
            limits: Limits | None = None,
                        logic: Logic = echo, **options: Any) -> Door:
            hosts, limits = hosts or ReplyHosts(["127.0.0.1"]), limits or Limits()
            verifier = None if development else TokenVerifier(keys, clock, app_id=APP_ID)
            connectors = BotConnectors(Outbox(session, hosts, None if development else token, clock, pauses))
            adapter = make_adapter(logic, errors)
            gate = Gate(adapter, connectors, hosts, limits=limits, verifier=verifier, **options)
            app = web.Application()
            app.router.add_route("*", "/api/messages", gate.handle)
            server = TestServer(app, host="127.0.0.1")
            await server.start_server(auto_decompress=False)  # as app.py must serve it
            stack.push_async_callback(server.close)
            stack.push_async_callback(gate.drain, 0)
            return Door(gate, server, client, connector, None if development else identity)

        yield open_


@pytest.fixture
async def door(open_door: OpenDoor) -> Door:
    """Production: tokens are demanded."""
    return await open_door()
