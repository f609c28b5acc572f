"""The other side of a bot: the connector that takes its replies, and the services that vouch for both.

What a bot says is handed to whoever listens to that conversation.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

from tests.bench.wire import Service
from tests.support.identity import APP_ID, ISSUER, LocalIdentity, jws, rsa_signer

TENANT = "00000000-0000-0000-0000-00000000000a"
PASSWORD = "of-the-app"

Listener = Callable[[dict[str, Any]], None]


class Channel:
    """Connector, OpenID service and login service on one port of this machine."""

    def __init__(self) -> None:
        self.listeners: dict[str, Listener] = {}    # by conversation id
        self.asked: Counter[str] = Counter()        # "reply", "login", "keys", "other"
        self.port = 0
        self._serial = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def service_url(self) -> str:
        return f"{self.url}/"

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/.well-known/openidconfiguration"

    def authorization(self) -> bytes:
        """The header line of a channel that may speak to the bot for an hour."""
        now = int(time.time())  # noqa: DTZ  the peers judge it by the machine's clock
        claims = {"iss": ISSUER, "aud": APP_ID, "nbf": now - 60, "exp": now + 3600, "serviceurl": self.service_url}
        token = jws({"alg": "RS256", "typ": "JWT", "kid": "key-1"}, claims, rsa_signer(1))
        return f"Authorization: Bearer {token}\r\n".encode()

    def answer(self, line: bytes, body: bytes) -> tuple[int, bytes]:
        """Status and JSON for one request of a bot."""
        method, path, _ = line.decode("latin-1").split(" ", 2)
        parts = path.partition("?")[0].strip("/").split("/")
        if method == "POST" and parts[:2] == ["v3", "conversations"] and parts[3:4] == ["activities"]:
            self.asked["reply"] += 1
            self._serial += 1
            self._hear(unquote(parts[2]), json.loads(body))
            return 201, b'{"id":"reply-%d"}' % self._serial
        return self._vouch(path, parts)

    def _hear(self, conversation: str, activity: dict[str, Any]) -> None:
        listener = self.listeners.get(conversation)
        if listener is not None and activity.get("type") == "message":
            listener(activity)

    def _vouch(self, path: str, parts: list[str]) -> tuple[int, bytes]:
        login = f"https://login.microsoftonline.com/{parts[0]}"
        known: dict[str, tuple[str, Any]] = {
            "/.well-known/openidconfiguration": (
                "keys", {"issuer": ISSUER, "jwks_uri": f"{self.url}/keys",
                         "id_token_signing_alg_values_supported": ["RS256"]}),
            "/keys": ("keys", {"keys": [LocalIdentity.published(1)]}),
            # What MSAL asks before it logs in.
            f"/{parts[0]}/v2.0/.well-known/openid-configuration": (
                "login", {"issuer": f"{login}/v2.0", "token_endpoint": f"{login}/oauth2/v2.0/token",
                          "authorization_endpoint": f"{login}/oauth2/v2.0/authorize"}),
            f"/{parts[0]}/oauth2/v2.0/token": (
                "login", {"token_type": "Bearer", "expires_in": 3599, "access_token": "for-the-bot"}),
        }
        what, content = known.get(path.partition("?")[0], ("other", None))
        self.asked[what] += 1
        return (404, b"{}") if content is None else (200, json.dumps(content).encode())


@asynccontextmanager
async def open_channel(delay: float = 0.0) -> AsyncIterator[Channel]:
    """A channel whose every answer takes `delay` seconds."""
    channel = Channel()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Service(channel.answer, delay), "127.0.0.1", 0, backlog=1024)
    channel.port = server.sockets[0].getsockname()[1]
    try:
        yield channel
    finally:
        server.close()
