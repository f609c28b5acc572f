"""The one door to Redis: bounded in time, quick to come back, and silent about nothing that failed (F6)."""

import asyncio
import hashlib
import ipaddress
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import structlog
from hiredis import pack_command
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, NoScriptError, ReadOnlyError, RedisError, ResponseError

from bot.errors import SettingsError, StoreUnavailable
from bot.store import keys

_log = structlog.get_logger(__name__)

Part = str | bytes | int | float
"""One word of a command, or one key or argument of a script."""

_URL_OPTIONS = {"db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}


@dataclass(frozen=True)
class Script:
    """A Lua script; it runs as one atomic step (G3). All it needs comes in KEYS and ARGV."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", digest)


class Store:
    """Connections to one Redis server, shared by everything in the process.

    Replies are raw: bytes, int, list, None. A command whose reply was lost is sent once more, so
    whatever is sent must bear running twice. Everything that goes wrong, a refused command
    included, is StoreUnavailable.
    """

    def __init__(self, pool: ConnectionPool, *, seconds: float = 2.0, connections: int = 64) -> None:
        # redis-py's pool only makes connections here. Its own bookkeeping costs as much as the whole
        # round trip, and its ten retries turn a hanging server into a minute of waiting.
        self._pool = pool
        self._seconds = seconds
        self._free: list[AbstractConnection] = []
        self._slots = asyncio.Semaphore(connections)
        self._well = True

    @classmethod
    def open(cls, url: str, *, seconds: float = 2.0, connections: int = 64) -> Self:
        """A store at redis://, rediss:// or unix://; nothing is connected yet.

        No call takes longer than `seconds`, and at most `connections` run at once. Raises SettingsError.
        """
        secure = _checked(url)
        tls = {"ssl_cert_reqs": "required", "ssl_check_hostname": True} if secure else {}
        try:
            # No time-outs of redis-py's own: one around the whole call bounds it, and a call that is
            # cut short closes its connection, so that nobody reads the answer to another's question.
            pool = ConnectionPool.from_url(
                url, protocol=2, driver_info=None, retry=Retry(NoBackoff(), 0),
                socket_timeout=None, socket_connect_timeout=min(1.0, seconds), **tls)
        except (ValueError, TypeError) as trouble:
            raise SettingsError(f"REDIS_URL cannot be used: {trouble}") from trouble
        return cls(pool, seconds=seconds, connections=connections)

    async def do(self, *command: Part) -> Any:
        """Run one command: `await store.do("GET", key)`."""
        return (await self._bounded([command]))[0]

    async def many(self, commands: Sequence[Sequence[Part]]) -> list[Any]:
        """Run commands in one round trip, not atomically; the replies in their order."""
        return await self._bounded(commands)

    async def call(self, script: Script, keys: Sequence[str], args: Sequence[Part] = ()) -> Any:
        """Run a script. The server keeps its text; after a restart it is sent again by itself."""
        return (await self._bounded([("EVALSHA", script.sha, len(keys), *keys, *args)], script))[0]

    async def ping(self) -> None:
        """Raises StoreUnavailable unless the server answers and takes writes (it may be full)."""
        await self.do("SET", keys.READY, 1, "EX", 60)

    async def time(self) -> float:
        """The server's time in seconds since 1970."""
        seconds, microseconds = await self.do("TIME")
        return int(seconds) + int(microseconds) / 1e6

    async def close(self) -> None:
        free, self._free = self._free, []
        for connection in free:
            await connection.disconnect()

    async def _bounded(self, commands: Sequence[Sequence[Part]], script: Script | None = None) -> list[Any]:
        try:
            async with asyncio.timeout(self._seconds), self._slots:
                replies = await self._twice(commands, script)
        except (RedisError, OSError, TimeoutError) as trouble:
            self._note(trouble)
            raise StoreUnavailable(type(trouble).__name__) from trouble
        if not self._well:
            self._well = True
            _log.info("store.back")
        return replies

    async def _twice(self, commands: Sequence[Sequence[Part]], script: Script | None) -> list[Any]:
        try:
            return await self._known(commands, script)
        except ResponseError as refusal:
            if isinstance(refusal, ReadOnlyError):
                # This server is no longer the master; the address may lead to the new one.
                await self.close()
            raise
        except (RedisError, OSError):
            # The server restarted, or a connection died while it lay idle: then the others did as well.
            await self.close()
            await asyncio.sleep(random.uniform(0, 0.05))   # noqa: S311 - spreads reconnects, guards nothing
            return await self._known(commands, script)

    async def _known(self, commands: Sequence[Sequence[Part]], script: Script | None) -> list[Any]:
        try:
            return await self._once(commands)
        except NoScriptError:
            if script is None:
                raise
            _, _, *rest = commands[0]
            return await self._once([("EVAL", script.text, *rest)])

    def _new_connection(self) -> AbstractConnection:
        make: Callable[[], AbstractConnection] = self._pool.make_connection
        return make()

    async def _once(self, commands: Sequence[Sequence[Part]]) -> list[Any]:
        connection = self._free.pop() if self._free else self._new_connection()
        clean = False
        refusal: ResponseError | None = None
        replies: list[Any] = []
        try:
            # hiredis packs ten times as fast as redis-py's own code does.
            packed = [pack_command(tuple(command)) for command in commands]     # type: ignore[arg-type]
            await connection.send_packed_command(packed, check_health=False)
            for _ in commands:
                try:
                    replies.append(await connection.read_response())
                except ResponseError as error:
                    refusal = refusal or error
            clean = True
        finally:
            # Only a connection whose every reply was read goes back: never one left in the middle (F6).
            if clean:
                self._free.append(connection)
            else:
                await connection.disconnect(nowait=True)
        if refusal is not None:
            raise refusal
        return replies

    def _note(self, trouble: BaseException) -> None:
        """One line when the trouble begins; ResponseErrors are ours to fix and are always told."""
        if isinstance(trouble, ResponseError) and not isinstance(trouble, BusyLoadingError):
            # Redis quotes the arguments of a command it does not know; they are nobody's business (D3).
            _log.error("store.refused", reason=str(trouble).partition("with args")[0][:200])
        elif self._well:
            self._well = False
            _log.error("store.unavailable", reason=type(trouble).__name__)


def _checked(url: str) -> bool:
    """Whether the URL means TLS. Raises SettingsError for one that could leak what is stored (D5)."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise SettingsError("REDIS_URL must begin with redis://, rediss:// or unix://")
    if unknown := set(parse_qs(parts.query, keep_blank_values=True)) - _URL_OPTIONS:
        raise SettingsError(f"REDIS_URL has options that are not supported: {', '.join(sorted(unknown))}")
    if parts.scheme == "redis" and not _loopback(parts.hostname or "localhost"):
        raise SettingsError("REDIS_URL must be rediss:// (TLS) unless the server is on this machine")
    return parts.scheme == "rediss"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
