"""How the bot gets its token for the channel, by the type of its registration (MicrosoftAppType)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.channel.bot_token import RESOURCE, LoginFailed
from bot.making.outside import bot_token_of
from bot.settings import load
from tests.support.clock import SteppedClock
from tests.support.identity import APP_ID, LocalIdentity

TENANT = "00000000-0000-0000-0000-0000000000bb"


class Machine:
    """The identity endpoint of a machine, as App Service has it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answer: tuple[int, Any] = (200, {
            "access_token": "of-the-machine", "expires_on": "4102444800", "resource": RESOURCE, "token_type": "Bearer"})
        app = web.Application()
        app.router.add_get("/token", self._token)
        self.server = TestServer(app, host="127.0.0.1")

    async def _token(self, request: web.Request) -> web.Response:
        assert request.headers["X-IDENTITY-HEADER"] == "s3cret"
        self.asked.append(dict(request.query))
        status, body = self.answer
        return web.json_response(body, status=status)


@pytest.fixture
async def machine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Machine]:
    machine = Machine()
    await machine.server.start_server()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{machine.server.port}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "s3cret")
    yield machine
    await machine.server.close()


def settings(identity: LocalIdentity, **more: str) -> Any:
    return load({"KEYTURN_MODE": "development", "MicrosoftAppId": APP_ID, "MicrosoftAppTenantId": TENANT,
                 "KEYTURN_LOGIN_URL": identity.url, **more})


@pytest.mark.parametrize(("kind", "tenant"), [("SingleTenant", TENANT), ("MultiTenant", "botframework.com")])
async def test_a_password_is_shown_where_the_registration_is(
        session: ClientSession, identity: LocalIdentity, clock: SteppedClock, kind: str, tenant: str) -> None:
    told = settings(identity, MicrosoftAppType=kind, MicrosoftAppPassword="s3cret")
    assert await bot_token_of(told, session, clock).get() == "bot-1"
    assert identity.login_paths == [f"/{tenant}/oauth2/v2.0/token"]


async def test_a_managed_identity_needs_no_password(
        session: ClientSession, identity: LocalIdentity, clock: SteppedClock, machine: Machine) -> None:
    """Asked of the machine by name, for the channel and nothing else; kept until it is refused."""
    token = bot_token_of(settings(identity, MicrosoftAppType="UserAssignedMSI"), session, clock)
    assert [await token.get() for _ in range(3)] == ["of-the-machine"] * 3
    asked, = machine.asked
    assert (asked["client_id"], asked["resource"]) == (APP_ID, RESOURCE)
    assert not identity.logins
    await token.refused("of-the-machine")
    assert len(machine.asked) == 2
    await token.close()


async def test_a_machine_that_gives_none_is_a_failed_login(
        session: ClientSession, identity: LocalIdentity, clock: SteppedClock, machine: Machine) -> None:
    """So that a reply waits and is tried again, as with a password."""
    machine.answer = (400, {"error": "invalid_request", "error_description": "no such identity"})
    token = bot_token_of(settings(identity, MicrosoftAppType="UserAssignedMSI"), session, clock)
    with pytest.raises(LoginFailed):
        await token.get()
    await token.close()
