"""The bot's own token for the channel: one log-in for everybody, renewed before it ends."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiohttp import ClientError, ClientSession

from bot.bounded import read_bounded
from bot.clock import Clock
from bot.errors import KeyturnError
from bot.secret import Secret

log = structlog.get_logger(__name__)

LOGIN_URL = "https://login.microsoftonline.com"
RESOURCE = "https://api.botframework.com"
SCOPE = f"{RESOURCE}/.default"
_EARLY_SECONDS = 300
_PAUSE_SECONDS = 30     # between attempts to renew a token that is still good
_MOST_BYTES = 65536
_NAME = re.compile(r"[a-z_]{1,40}")


class LoginFailed(KeyturnError):
    """The login service gave no token; trying later may help."""


class TokenKeeper(Protocol):
    """Gives a token that is good now, another one for one that was refused, and stops renewing."""

    async def get(self) -> str: ...

    async def refused(self, token: str) -> str: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LentToken:
    """The token of somebody who keeps it in another room: a managed identity's. Their refusals are LoginFailed here."""

    keeper: TokenKeeper

    async def get(self) -> str:
        try:
            return await self.keeper.get()
        except KeyturnError as error:
            raise LoginFailed(str(error)) from None

    async def refused(self, token: str) -> str:
        try:
            return await self.keeper.refused(token)
        except KeyturnError as error:
            raise LoginFailed(str(error)) from None

    async def close(self) -> None:
        await self.keeper.close()


@dataclass(frozen=True, slots=True)
class _Held:
    value: str
    expires: float


class BotToken:
    """Client credentials of the app. The password goes to `login_url` and nowhere else."""

    def __init__(self, session: ClientSession, clock: Clock, *, app_id: str, password: Secret,
                 tenant: str = "", login_url: str = LOGIN_URL) -> None:
        self._session = session
        self._clock = clock
        self._app_id = app_id
        self._password = password
        self._url = f"{login_url.rstrip('/')}/{tenant or 'botframework.com'}/oauth2/v2.0/token"
        self._held: _Held | None = None
        self._renew_at = 0.0
        self._renewing: asyncio.Task[str] | None = None

    async def get(self) -> str:
        """A token that is good now; waits for the login service only when there is none. LoginFailed."""
        now = self._clock.now()
        if self._held is None or now >= self._held.expires:
            return await asyncio.shield(self._renewal())
        if now >= self._renew_at:
            self._renew_at = now + _PAUSE_SECONDS
            self._renewal().add_done_callback(_heard)
        return self._held.value

    async def refused(self, token: str) -> str:
        """Another token than this one, which the channel answered 401. LoginFailed."""
        if self._held is not None and self._held.value == token:
            self._held = None
        return await self.get()

    async def close(self) -> None:
        """Stop renewing, before the session is closed."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)

    def _renewal(self) -> asyncio.Task[str]:
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._log_in())
        return self._renewing

    async def _log_in(self) -> str:
        asked = self._clock.now()
        try:
            token, seconds = await self._ask()
        except (ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
            log.warning("bot_login_failed", error=type(error).__name__)
            raise LoginFailed(f"the login service gives no token ({type(error).__name__})") from None
        self._held = _Held(token, asked + seconds)
        self._renew_at = asked + max(seconds - _EARLY_SECONDS, seconds / 2)
        return token

    async def _ask(self) -> tuple[str, float]:
        form = {"grant_type": "client_credentials", "client_id": self._app_id,
                "client_secret": self._password.reveal(), "scope": SCOPE}
        async with self._session.post(self._url, data=form, allow_redirects=False) as answer:
            body = await read_bounded(answer.content, _MOST_BYTES)
            if answer.status != 200:
                said = _refusal(answer.status, body)
                log.warning("bot_login_refused", status=answer.status, said=said)
                raise LoginFailed(said)
        said = json.loads(body)
        token, seconds = said["access_token"], float(said["expires_in"])
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise ValueError("no token")
        return token, seconds


def _refusal(status: int, body: bytes) -> str:
    """The service's own name and numbers for it, which tell an administrator what to do; nothing else it says."""
    try:
        said = json.loads(body)
        name, codes = said["error"], said.get("error_codes", [])
        if isinstance(name, str) and _NAME.fullmatch(name) and all(type(one) is int for one in codes):
            return " ".join([name, *(f"AADSTS{one}" for one in codes[:3])])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    return f"the login service answers {status}"


def _heard(renewal: asyncio.Task[str]) -> None:
    if not renewal.cancelled():
        renewal.exception()     # logged where it happened; the token in hand is good for minutes yet
