"""Who is signed on in Teams: the token that its library gives a page of ours, as the login service signed it (P3)."""

from typing import Any

import jwt
import structlog

from bot.channel.keys import ChannelKeys
from bot.channel.tokens import SIGNATURE_ONLY, key_id_of, time_of
from bot.clock import Clock
from bot.people import SignedOn
from bot.secret import Secret

log = structlog.get_logger(__name__)

SCOPE = "access_as_user"
"""The one permission of the registration's own API: without it the token was not given for the person's use of it."""

_LONGEST = 6144


def metadata_url(login_url: str) -> str:
    """Where the login service says which keys it signs with, for all its tenants."""
    return f"{login_url}/common/v2.0/.well-known/openid-configuration"


class SignOn:
    """Version 2 tokens for the bot's registration, which it has to ask for (`requestedAccessTokenVersion`)."""

    def __init__(self, keys: ChannelKeys, clock: Clock, *, app_id: str, login_url: str, skew_seconds: float) -> None:
        self.keys = keys
        self._clock = clock
        self._app_id = app_id
        self._login_url = login_url
        self._skew = skew_seconds

    async def person(self, token: str) -> SignedOn | None:
        """Whom the token speaks of; None when it cannot be believed, for whatever reason."""
        if not token or len(token) > _LONGEST or not token.isascii():
            return None
        key_id = key_id_of(token.encode())
        key = await self.keys.find(key_id) if key_id else None
        if key is None:
            log.warning("sign_on_refused", keys=self.keys.ready)
            return None
        try:
            said = jwt.decode(token, key.public, algorithms=["RS256"], options=SIGNATURE_ONLY)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return None
        return self._believed(said, Secret(token))

    def _believed(self, said: dict[str, Any], token: Secret) -> SignedOn | None:
        tenant, person = said.get("tid"), said.get("oid")
        expires, starts = time_of(said.get("exp")), time_of(said.get("nbf"))
        if not isinstance(tenant, str) or not isinstance(person, str) or expires is None or starts is None:
            return None
        scopes = said.get("scp")
        ours = (
            said.get("ver") == "2.0" and said.get("aud") == self._app_id
            and said.get("iss") == f"{self._login_url}/{tenant}/v2.0"
            and isinstance(scopes, str) and SCOPE in scopes.split())
        current = starts - self._skew <= self._clock.now() < expires + self._skew
        return SignedOn(tenant.lower(), person.lower(), token) if ours and current and tenant and person else None
