"""Who may start a turn: holders of a token that the channel service itself signed for this bot (C2)."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import Any

import jwt

from bot.channel.keys import ChannelKey, ChannelKeys
from bot.clock import Clock

CHANNEL_ISSUER = "https://api.botframework.com"
METADATA_URL = "https://login.botframework.com/v1/.well-known/openidconfiguration"

_LONGEST = 8192
_MOST_REMEMBERED = 1024
_FOREIGN_KEYS = frozenset({"jwk", "jku", "x5u", "x5c", "crit"})  # headers that bring or name a key, or a rule
SIGNATURE_ONLY: Any = {
    "verify_signature": True, "verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": [],
    "verify_aud": False, "verify_iss": False, "verify_sub": False, "verify_jti": False}


class Rejected(Enum):
    """Why nobody was let in."""

    FORGED = "forged"            # whatever is wrong with the token: 401, and no details (C4)
    NO_KEYS = "no_keys"          # the channel's keys have not been reached: nobody can be let in (G1)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    service_url: str
    endorsements: frozenset[str]
    expires: float
    starts: float


class TokenVerifier:
    """Tokens of one issuer for one audience. Good ones are remembered by their SHA-256 until they end."""

    def __init__(self, keys: ChannelKeys, clock: Clock, *, app_id: str, issuer: str = CHANNEL_ISSUER,
                 skew_seconds: float = 300) -> None:
        self._keys = keys
        self._clock = clock
        self._app_id = app_id
        self._issuer = issuer
        self._skew = skew_seconds
        self._known: OrderedDict[bytes, Claims] = OrderedDict()
        self._generation = keys.generation

    async def verify(self, authorization: str | None) -> Claims | Rejected:
        """Judge the Authorization header's value."""
        if not authorization or not authorization.startswith("Bearer ") or len(authorization) > _LONGEST:
            return Rejected.FORGED
        try:
            token = authorization[7:].encode("ascii")
        except UnicodeEncodeError:
            return Rejected.FORGED
        digest = hashlib.sha256(token).digest()
        known = self._remembered(digest)
        if known is not None:
            return known if self._current(known) else Rejected.FORGED
        return await self._judge(token, digest)

    def _remembered(self, digest: bytes) -> Claims | None:
        ready = self._keys.refresh_if_old()
        if self._generation != self._keys.generation or not ready:
            self._known.clear()
            self._generation = self._keys.generation
        return self._known.get(digest)

    async def _judge(self, token: bytes, digest: bytes) -> Claims | Rejected:
        key_id = key_id_of(token)
        if key_id is None:
            return Rejected.FORGED
        key = await self._keys.find(key_id)
        if key is None:
            return Rejected.FORGED if self._keys.ready else Rejected.NO_KEYS
        claims = self._claims(token, key)
        if claims is None or not self._current(claims):
            return Rejected.FORGED
        self._known[digest] = claims
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return claims

    def _claims(self, token: bytes, key: ChannelKey) -> Claims | None:
        try:
            said = jwt.decode(token, key.public, algorithms=["RS256"], options=SIGNATURE_ONLY)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return None
        service_url, expires, starts = said.get("serviceurl"), time_of(said.get("exp")), time_of(said.get("nbf"))
        if said.get("iss") != self._issuer or said.get("aud") != self._app_id:
            return None
        if not isinstance(service_url, str) or not service_url or expires is None or starts is None:
            return None
        return Claims(service_url, key.endorsements, expires, starts)

    def _current(self, claims: Claims) -> bool:
        now = self._clock.now()
        return claims.starts - self._skew <= now < claims.expires + self._skew


def key_id_of(token: bytes) -> str | None:
    """The name of the key a token says it was signed with; None for one of another kind, or that brings its own."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None
    key_id = header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(key_id, str) or not _FOREIGN_KEYS.isdisjoint(header):
        return None
    return key_id


def time_of(value: Any) -> float | None:
    """A claim in seconds since 1970; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None
