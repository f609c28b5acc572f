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

    What is asked at the same moment, by whomever, goes to the server as one and is answered as one: under
    load that saves most of what a call costs, here and there. A call that fails harms none of the others.
    """

    def __init__(self, pool: ConnectionPool, *, seconds: float = 2.0, connections: int = 64) -> None:
        # redis-py's pool only makes connections here. Its own bookkeeping costs as much as the whole
        # round trip, and its ten retries turn a hanging server into a minute of waiting.
        self._pool = pool
        self._seconds = seconds
        self._free: list[AbstractConnection] = []
        self._slots = asyncio.Semaphore(connections)
        self._next: _Round | None = None
        self._rounds: dict[asyncio.Task[None], _Round] = {}
        self._well = True
        self._closed = False

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

    async def wait(self, *command: Part) -> Any:
        """Run a command that the server is slow to answer on purpose; it keeps nobody else waiting."""
        return (await self._bounded([command], alone=True))[0]

    async def ping(self) -> None:
        """Raises StoreUnavailable unless the server answers and takes writes (it may be full)."""
        await self.do("SET", keys.READY, 1, "EX", 60)

    async def time(self) -> float:
        """The server's time in seconds since 1970."""
        seconds, microseconds = await self.do("TIME")
        return int(seconds) + int(microseconds) / 1e6

    async def close(self) -> None:
        """Close every connection, once what is under way has its answer."""
        self._closed = True     # A caller's own connection, if one is still in use, is closed when it is done.
        if self._rounds:        # A round outlives the callers who were cut short.
            await asyncio.wait(self._rounds)
        await self._close_idle()

    async def _close_idle(self, *, nowait: bool = False) -> None:
        free, self._free = self._free, []
        try:
            for connection in free:
                await connection.disconnect(nowait=nowait)
        finally:    # One that is slow to close, or a caller who is cut short, keeps no other open.
            for connection in free:
                await connection.disconnect(nowait=True)

    async def _bounded(
        self, commands: Sequence[Sequence[Part]], script: Script | None = None, *, alone: bool = False,
    ) -> list[Any]:
        until = asyncio.get_running_loop().time() + self._seconds
        try:
            replies = await self._twice(commands, script, until, alone)
        except (RedisError, OSError) as trouble:    # TimeoutError is an OSError
            self._note(trouble)
            raise StoreUnavailable(type(trouble).__name__) from trouble
        if not self._well:
            self._well = True
            _log.info("store.back")
        return replies

    async def _twice(
        self, commands: Sequence[Sequence[Part]], script: Script | None, until: float, alone: bool,
    ) -> list[Any]:
        fresh = False
        try:
            if alone:
                return await self._by_itself(commands, script, until)
            return _accepted(await self._joined(commands, until))
        except NoScriptError:
            if script is None:
                raise
        except ReadOnlyError:
            # This server is no longer the master; the address may lead to the new one.
            await self._close_idle(nowait=True)
            raise
        except (ResponseError, TimeoutError):
            raise
        except (RedisError, OSError):
            # The server restarted, or a connection died while it lay idle: then the others did as well.
            await self._close_idle(nowait=True)
            await asyncio.sleep(random.uniform(0, 0.05))   # noqa: S311 - spreads reconnects, guards nothing
            fresh = True
        # Now by itself: should it have been one of the commands that did the harm, it harms no other a second time.
        return await self._by_itself(commands, script, until, fresh=fresh)

    async def _by_itself(
        self, commands: Sequence[Sequence[Part]], script: Script | None, until: float, *, fresh: bool = False,
    ) -> list[Any]:
        async with asyncio.timeout_at(until), self._slots:
            try:
                return _accepted(await self._once(_packed(commands), fresh=fresh))
            except NoScriptError:
                if script is None:
                    raise
                _, _, *rest = commands[0]
                return _accepted(await self._once(_packed([("EVAL", script.text, *rest)])))

    def _joined(self, commands: Sequence[Sequence[Part]], until: float) -> asyncio.Future[list[Any]]:
        """Have the commands go with the next round; their replies to come."""
        packed = _packed(commands)
        if self._next is None:
            self._next = _Round(until)
            # A task of its own: a caller who is cut short takes nobody else along.
            task = asyncio.create_task(self._go(self._next))
            self._rounds[task] = self._next
            task.add_done_callback(self._ended)
        return self._next.join(packed)

    async def _go(self, going: "_Round") -> None:
        self._next = None   # Whoever comes from now on goes with the one after.
        async with asyncio.timeout_at(going.until), self._slots:
            going.share(await self._once(going.commands()))

    def _ended(self, task: asyncio.Task[None]) -> None:
        going = self._rounds.pop(task)
        if self._next is going:     # Cut short before it began, as the process ends.
            self._next = None
        trouble = asyncio.CancelledError() if task.cancelled() else task.exception()
        if trouble is not None:
            going.fail(trouble)

    def _new_connection(self) -> AbstractConnection:
        make: Callable[[], AbstractConnection] = self._pool.make_connection
        return make()

    async def _once(self, commands: Sequence[bytes], *, fresh: bool = False) -> list[Any]:
        """The replies to packed commands, in order, refusals among them; `fresh`: over a new connection."""
        connection = self._free.pop() if self._free and not fresh else self._new_connection()
        clean = False
        replies: list[Any] = []
        try:
            await connection.send_packed_command(commands, check_health=False)
            for _ in commands:
                try:
                    replies.append(await connection.read_response())
                except ResponseError as refusal:
                    replies.append(refusal)
            clean = True
        finally:
            # Only a connection whose every reply was read goes back: never one left in the middle (F6).
            if clean and not self._closed:
                self._free.append(connection)
            else:
                await connection.disconnect(nowait=True)
        return replies

    def _note(self, trouble: BaseException) -> None:
        """One line when the trouble begins; ResponseErrors are ours to fix and are always told."""
        if isinstance(trouble, ResponseError) and not isinstance(trouble, BusyLoadingError):
            # Redis quotes the arguments of a command it does not know; they are nobody's business (D3).
            _log.error("store.refused", reason=str(trouble).partition("with args")[0][:200])
        elif self._well:
            self._well = False
            _log.error("store.unavailable", reason=type(trouble).__name__)


class _Round:
    """What several callers asked at the same moment: sent, and answered, as one."""

    def __init__(self, until: float) -> None:
        self.until = until      # loop time
        self._callers: list[tuple[asyncio.Future[list[Any]], list[bytes]]] = []

    def join(self, packed: list[bytes]) -> asyncio.Future[list[Any]]:
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._callers.append((answer, packed))
        return answer

    def commands(self) -> list[bytes]:
        """What is to be sent: nothing of those who were cut short while the round had to wait."""
        self._callers = [one for one in self._callers if not one[0].done()]
        return [command for _, packed in self._callers for command in packed]

    def share(self, replies: list[Any]) -> None:
        """Give everybody their own."""
        at = 0
        for answer, packed in self._callers:
            if not answer.done():
                answer.set_result(replies[at:at + len(packed)])
            at += len(packed)

    def fail(self, trouble: BaseException) -> None:
        for answer, _ in self._callers:
            if not answer.done():
                answer.set_exception(trouble)
                answer.exception()  # Whoever is cut short just now does not fetch it, which would be logged.


def _packed(commands: Sequence[Sequence[Part]]) -> list[bytes]:
    # hiredis packs ten times as fast as redis-py's own code does.
    return list(map(pack_command, map(tuple, commands)))    # type: ignore[arg-type]


def _accepted(replies: list[Any]) -> list[Any]:
    """Raises the first refusal among them."""
    for reply in replies:
        if isinstance(reply, ResponseError):
            raise reply
    return replies


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
