"""The echo of the Microsoft 365 Agents SDK, which comes after the Bot Framework's; without credentials."""

import os
from typing import Any

from aiohttp import web
from microsoft_agents.activity import Activity, TurnContextProtocol
from microsoft_agents.hosting.aiohttp import CloudAdapter
from microsoft_agents.hosting.core import ActivityHandler, RestChannelServiceClientFactory
from microsoft_agents.hosting.core.authorization import (
    AccessTokenProviderBase,
    AgentAuthConfiguration,
    AnonymousTokenProvider,
    ClaimsIdentity,
    Connections,
)


class Nobody(Connections):
    """Logs in nowhere."""

    def get_connection(self, connection_name: str) -> AccessTokenProviderBase:
        return AnonymousTokenProvider()

    def get_default_connection(self) -> AccessTokenProviderBase:
        return AnonymousTokenProvider()

    def get_token_provider(self, claims_identity: ClaimsIdentity, service_url: str) -> AccessTokenProviderBase:
        return AnonymousTokenProvider()

    def get_token_provider_from_activity(
            self, claims_identity: ClaimsIdentity, activity: Activity) -> AccessTokenProviderBase:
        return AnonymousTokenProvider()

    def get_default_connection_configuration(self) -> AgentAuthConfiguration:
        return AgentAuthConfiguration()


class Echo(ActivityHandler):
    async def on_message_activity(self, turn_context: TurnContextProtocol[Any]) -> None:
        await turn_context.send_activity(f"Echo: {turn_context.activity.text}")


def main() -> None:
    adapter = CloudAdapter(channel_service_client_factory=RestChannelServiceClientFactory(Nobody()))
    echo = Echo()

    async def hear(request: web.Request) -> web.Response:
        return await adapter.process(request, echo) or web.Response()

    app = web.Application()
    app.router.add_post("/api/messages", hear)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None)


if __name__ == "__main__":
    main()
