"""The channel's signing keys: fetched without blocking, shared by all, refreshed within bounds (C7)."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import structlog
from aiohttp import ClientError, ClientSession
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import InvalidKeyError
from jwt.algorithms import RSAAlgorithm

from bot.bounded import read_bounded
from bot.channel.hosts import loopback
from bot.clock import Clock

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 3600      # keys older than this are fetched anew in the background
STALE_SECONDS = 24 * 3600   # keys older than this are not believed any more: a withdrawn one must end
PAUSE_SECONDS = 10          # between two fetches, however many tokens name unknown keys
_MOST_BYTES = 1 << 20
_FEWEST_BITS = 2048


@dataclass(frozen=True, slots=True)
class ChannelKey:
    """A public key and the channels it may speak for."""

    public: RSAPublicKey
    endorsements: frozenset[str]


class ChannelKeys:
    """What the OpenID metadata document at `url` leads to; failing to reach it changes nothing held."""

    def __init__(self, session: ClientSession, url: str, clock: Clock) -> None:
        self._session = session
        self._url = url
        self._clock = clock
        self._keys: Mapping[str, ChannelKey] = {}
        self._fetched: float | None = None
        self._tried: float | None = None
        self._fetching: asyncio.Task[None] | None = None
        self.generation = 0
        """Grows when the keys change, so that whatever was verified by the old ones is verified again."""

    @property
    def ready(self) -> bool:
        """Whether there are keys to judge a token by."""
        return self._age() < STALE_SECONDS

    async def find(self, key_id: str) -> ChannelKey | None:
        """The key, after one bounded refresh if it is not known; None when there is none."""
        if self.refresh_if_old() and (key := self._keys.get(key_id)) is not None:
            return key
        await self.refresh()
        return self._keys.get(key_id) if self.ready else None

    def refresh_if_old(self) -> bool:
        """Start fetching keys of some age, for which nobody waits; whether it is `ready` meanwhile."""
        age = self._age()
        if age >= REFRESH_SECONDS:
            self._begin()
        return age < STALE_SECONDS

    async def refresh(self) -> None:
        """Fetch, or join a fetch under way; returns at once when the last one is too recent."""
        if (fetching := self._begin()) is not None:
            await asyncio.shield(fetching)

    async def close(self) -> None:
        """Stop fetching, before the session is closed."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _age(self) -> float:
        return inf if self._fetched is None else self._clock.now() - self._fetched

    def _begin(self) -> asyncio.Task[None] | None:
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        now = self._clock.now()
        if self._tried is not None and now - self._tried < PAUSE_SECONDS:
            return None
        self._tried = now
        self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        try:
            metadata = await self._get(self._url)
            keys = _parse(await self._get(_safe(metadata["jwks_uri"])))
        except (ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
            log.warning("channel_keys_unreachable", error=type(error).__name__)
            return
        if not keys:
            log.warning("channel_keys_unreachable", error="no usable key")
            return
        if keys != self._keys:
            self.generation += 1
        self._keys, self._fetched = keys, self._clock.now()

    async def _get(self, url: str) -> Any:
        async with self._session.get(url, allow_redirects=False) as answer:
            body = await read_bounded(answer.content, _MOST_BYTES)
            if answer.status != 200:
                raise ValueError(f"status {answer.status}")
            return json.loads(body)


def _safe(url: Any) -> str:
    scheme, _, rest = str(url).partition("://")
    host = rest.partition("/")[0].rsplit(":", 1)[0]
    if scheme == "https" or (scheme == "http" and loopback(host)):
        return str(url)
    raise ValueError("keys over plain http")


def _parse(document: Any) -> dict[str, ChannelKey]:
    found: dict[str, ChannelKey] = {}
    for one in document["keys"]:
        if isinstance(one, dict) and isinstance(one.get("kid"), str) and (public := _public(one)) is not None:
            found.setdefault(one["kid"], ChannelKey(public, _endorsements(one)))
    return found


def _public(fields: dict[str, Any]) -> RSAPublicKey | None:
    if fields.get("kty") != "RSA" or fields.get("use", "sig") != "sig" or "d" in fields:
        return None
    try:
        key = RSAAlgorithm.from_jwk(fields)
    except (InvalidKeyError, ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= _FEWEST_BITS else None


def _endorsements(fields: dict[str, Any]) -> frozenset[str]:
    listed = fields.get("endorsements")
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(one for one in listed if isinstance(one, str))
