"""The SDK's own echo: CloudAdapter as its samples set it up.

The SDK and MSAL log in at one host and over https only. For a measurement without a network, what they
send there goes to BENCH_LOGIN_URL instead; nothing else of them is changed.
"""

import os
from typing import Any

from aiohttp import web
from botbuilder.core import ActivityHandler, TurnContext
from botbuilder.core.integration import aiohttp_error_middleware
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botframework.connector.auth import AuthenticationConstants, ChannelValidation
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

LOGIN = "https://login.microsoftonline.com"


class Identity:
    """The names that ConfigurationBotFrameworkAuthentication reads."""

    APP_ID = os.environ.get("MicrosoftAppId", "")
    APP_PASSWORD = os.environ.get("MicrosoftAppPassword", "")
    APP_TYPE = "MultiTenant"
    APP_TENANTID = os.environ.get("MicrosoftAppTenantId", "")


class Echo(ActivityHandler):  # type: ignore[misc]
    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await turn_context.send_activity(f"Echo: {turn_context.activity.text}")


def log_in_at(url: str) -> None:
    send = HTTPAdapter.send

    def send_there(adapter: HTTPAdapter, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        request.url = str(request.url).replace(LOGIN, url)
        return send(adapter, request, *args, **options)

    HTTPAdapter.send = send_there  # type: ignore[method-assign,assignment]


def main() -> None:
    if url := os.environ.get("BENCH_LOGIN_URL"):
        log_in_at(url)
        metadata = os.environ["BENCH_METADATA_URL"]
        ChannelValidation.open_id_metadata_endpoint = metadata
        AuthenticationConstants.TO_BOT_FROM_EMULATOR_OPENID_METADATA_URL = metadata
    adapter, echo = CloudAdapter(ConfigurationBotFrameworkAuthentication(Identity())), Echo()

    async def hear(request: web.Request) -> Any:
        return await adapter.process(request, echo)

    app = web.Application(middlewares=[aiohttp_error_middleware])
    app.router.add_post("/api/messages", hear)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None)


if __name__ == "__main__":
    main()
