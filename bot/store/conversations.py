"""Keeps conversations between messages: sealed, and one turn at a time on all replicas (C6, D1, F9)."""

import asyncio
import os
import random
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any

import structlog
from botbuilder.core import Storage

from bot.delivery.protocol import News
from bot.errors import Conflict, StoreUnavailable
from bot.framework import DialogInstance, DialogState
from bot.rules.limits import Limits
from bot.store import keys
from bot.store.connection import Part, Script, Store
from bot.store.news import opened as opened_news
from bot.store.sealed import KeyRing
from bot.store.state_codec import Shape, StateCodec

_log = structlog.get_logger(__name__)

_PURPOSE = "conversation"

# A conversation is a hash: d = sealed state, e = e-tag. KEYS of a turn: conversation, lease, activity, news.
# What waits to be told comes with the state, so that a turn without news costs no round trip for them.

_OPEN = Script("""
if redis.call('EXISTS', KEYS[3]) == 1 then return {'done'} end
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) and redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return {'busy'}
end
local found = redis.pcall('HMGET', KEYS[1], 'd', 'e')
if found.err then
  redis.call('DEL', KEYS[1])
  found = {false, false}
end
return {'open', found[1], found[2], redis.call('LRANGE', KEYS[4], 0, 9)}
""")

# ARGV: holder, old e-tag, change ('', 'put', 'drop'), state, its seconds, the mark's seconds, how many of the news were
# told. The holder's name serves as the new e-tag: no other turn has it.
# The mark of a finished activity names its holder, so that a close sent twice is answered alike.
_CLOSE = Script("""
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return redis.call('GET', KEYS[3]) == ARGV[1] and 1 or 0
end
if ARGV[3] ~= '' then
  if (redis.call('HGET', KEYS[1], 'e') or '') ~= ARGV[2] then
    redis.call('DEL', KEYS[2])
    return 0
  end
  if ARGV[3] == 'put' then
    redis.call('HSET', KEYS[1], 'd', ARGV[4], 'e', ARGV[1])
  else
    redis.call('DEL', KEYS[1])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[5])
if ARGV[7] ~= '0' then redis.call('LTRIM', KEYS[4], ARGV[7], -1) end
redis.call('SET', KEYS[3], ARGV[1], 'EX', ARGV[6])
redis.call('DEL', KEYS[2])
return 1
""")

_RELEASE = Script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
""")

# A key that holds something else altogether reads as absent, too.
_READ = Script("""
local found = redis.pcall('HMGET', KEYS[1], 'd', 'e')
if found.err then return {false, false} end
return found
""")

# ARGV: old e-tag ('*': any), new e-tag, sealed state, its seconds.
_WRITE = Script("""
local now = redis.pcall('HGET', KEYS[1], 'e') or ''
if type(now) == 'table' then
  redis.call('DEL', KEYS[1])
  now = ''
end
if now == ARGV[2] then return 1 end
if ARGV[1] ~= '*' and ARGV[1] ~= now then return 0 end
redis.call('HSET', KEYS[1], 'd', ARGV[3], 'e', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
""")


DIALOG_SHAPES = (
    Shape("stack", DialogState,
          lambda one: {"of": one.dialog_stack}, lambda plain: DialogState(list(plain["of"]))),
    Shape("dialog", DialogInstance,
          lambda one: {"id": one.id, "state": one.state},
          lambda plain: DialogInstance(plain["id"], dict(plain["state"]))),
)
"""What the dialog stack is made of."""


class Skipped(Enum):
    """Why there is no turn for an activity."""

    DUPLICATE = "it has been processed: acknowledge it and do nothing (C6)"
    BUSY = "earlier turns of the conversation take too long: let the channel deliver it again"


@dataclass(slots=True)
class Turn:
    """The one running turn of a conversation. Whatever is in `state` when it ends is kept.

    `news` are to be told in it; when `told` is set at its end they are gone, else they wait for the next.
    """

    state: dict[str, Any]
    news: Sequence[News] = ()
    told: bool = False


class ConversationStorage(Storage):
    """Botbuilder's storage, and turns: `async with storage.turn(key, activity_id) as turn`.

    Inside a turn, reads and writes of its key by the framework go to `Turn.state` and cost no round trip.
    """

    def __init__(
        self, store: Store, ring: KeyRing, limits: Limits, shapes: Sequence[Shape] = DIALOG_SHAPES,
    ) -> None:
        self._store = store
        self._ring = ring
        self._limits = limits
        self._codec = StateCodec(shapes)
        # A holder that crashed is waited for no longer than this; one that is slower than this is fenced off.
        self._lease_ms = (limits.answer_seconds + 5) * 1000
        self._lines: dict[str, _Line] = {}
        self._turns: dict[str, Turn] = {}

    def turn(self, key: str, activity_id: str) -> AbstractAsyncContextManager[Turn | Skipped]:
        """Have the conversation `key` to oneself for one activity, on all replicas.

        At the end the state is written if it changed, the activity marked as done, and the lease
        released, in one step. After an exception nothing is written, and the activity may be
        delivered again. Raises StoreUnavailable; Conflict at the end when somebody else changed
        the state or the turn took so long that its lease ran out: then nothing is written.
        """
        return _Taken(self, key, activity_id)

    async def read(self, keys: Sequence[str]) -> dict[str, Any]:
        """States by key, those that exist; each with its `e_tag`."""
        if keys is None:
            raise ValueError("Keys are required when reading")
        found: dict[str, Any] = {}
        for key in keys:
            if turn := self._turns.get(key):
                if turn.state:
                    found[key] = turn.state
                continue
            data, etag = await self._store.call(_READ, [_name(key)])
            state, _ = self._opened(key, data)
            if state is not None:
                found[key] = {**state, "e_tag": (etag or b"").decode() or None}
        return found

    async def write(self, changes: MutableMapping[str, dict[str, Any]]) -> None:
        """Write states whose `e_tag` is absent, None, "*", or still the stored one; else raise Conflict."""
        if changes is None:
            raise ValueError("Changes are required when writing")
        for key, state in dict(changes).items():
            if turn := self._turns.get(key):
                turn.state = state
                continue
            await self._write_one(key, state)

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget states; unknown keys are as well as deleted."""
        for key in keys:
            if turn := self._turns.get(key):
                turn.state = {}
                continue
            await self._store.do("DEL", _name(key))

    async def _write_one(self, key: str, state: dict[str, Any]) -> None:
        if not isinstance(state, dict):
            raise TypeError(f"a {type(state).__name__} cannot be a conversation's state: use a dict")
        given, fresh = state.get("e_tag"), _new_etag()
        if given == "":
            raise ValueError("an e-tag must not be empty")
        blob = self._ring.seal(_PURPOSE, key, self._codec.encode(state))
        if not await self._store.call(
                _WRITE, [_name(key)], [given or "*", fresh, blob, self._limits.abandoned_seconds]):
            raise Conflict("the conversation was changed by somebody else")
        if given is not None:
            # Saved twice in one turn, the state must not stumble over its own first write.
            state["e_tag"] = fresh

    async def _in_line(self, key: str) -> "_Line | None":
        """The conversation's line, once it is our turn in it; None when that takes too long."""
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line()
        line.length += 1
        try:
            if line.length == 1:    # Nobody is before us: no time-out is set up.
                await line.acquire()
            else:
                async with asyncio.timeout(self._limits.answer_seconds):
                    await line.acquire()
        except BaseException as trouble:
            self._out_of_line(key, line)
            if isinstance(trouble, TimeoutError):
                return None
            raise
        return line

    def _out_of_line(self, key: str, line: "_Line") -> None:
        line.length -= 1
        if not line.length:
            del self._lines[key]

    def _opened(self, key: str, blob: bytes | None) -> tuple[dict[str, Any] | None, bytes]:
        """The state and its bytes before sealing; altered, foreign or of another version, it is no state."""
        if blob is None:
            return None, b""
        data = self._ring.open(_PURPOSE, key, blob)
        state = None if data is None else self._codec.decode(data)
        if data is None or state is None:
            _log.warning("conversation.unreadable")
            return None, b"unreadable"
        return state, data

    def _news(self, key: str, waiting: Sequence[bytes]) -> list[News]:
        return [one for blob in waiting if (one := opened_news(self._ring, key, blob)) is not None]

    def _changed(self, key: str, state: Mapping[str, Any], before: bytes) -> tuple[str, bytes]:
        """What to do with the stored state, and the new one, sealed."""
        if not state:
            return ("drop" if before else ""), b""
        data = self._codec.encode(state)
        return ("", b"") if data == before else ("put", self._ring.seal(_PURPOSE, key, data))


class _Line(asyncio.Lock):
    """The turns of a conversation in this process, one behind the other; the one that runs counts, too."""

    length = 0


class _Taken:
    """What `ConversationStorage.turn` gives. No generator: to go through one costs several times as much."""

    def __init__(self, storage: ConversationStorage, key: str, activity_id: str) -> None:
        self._storage = storage
        self._key = key
        self._holder = _new_etag()
        # An activity without an id (nobody sends such a one twice) is marked under a name of its own.
        self._names = keys.turn(key, activity_id or self._holder)
        self._line: _Line | None = None
        self._turn: Turn | None = None
        self._before, self._etag, self._waiting = b"", b"", 0   # how state, e-tag and number of news were

    async def __aenter__(self) -> Turn | Skipped:
        self._line = await self._storage._in_line(self._key)
        if self._line is None:
            return Skipped.BUSY
        try:
            return await self._leased()
        except BaseException:
            self._leave_line()
            raise

    async def __aexit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._turn is not None:
                await self._ended(self._turn, failed=error is not None)
        finally:
            self._leave_line()

    def _leave_line(self) -> None:
        if self._line is not None:
            self._line.release()
            self._storage._out_of_line(self._key, self._line)

    async def _leased(self) -> Turn | Skipped:
        try:
            opened = await self._opened()
        except asyncio.CancelledError:
            # Cut short, it may hold the lease without knowing, or be given it in a moment: the server
            # may read the request that was cut short after this one, which comes by another connection.
            if not await self._release():
                await asyncio.sleep(0.05)
                await self._release()
            raise
        if isinstance(opened, Skipped):
            return opened
        data, etag, waiting = opened
        state, self._before = self._storage._opened(self._key, data)
        self._etag, self._waiting = etag or b"", len(waiting)
        turn = Turn({} if state is None else state, self._storage._news(self._key, waiting) if waiting else ())
        self._turn = self._storage._turns[self._key] = turn
        return turn

    async def _opened(self) -> tuple[bytes | None, bytes | None, Sequence[bytes]] | Skipped:
        """Data, e-tag and news once the lease is ours."""
        storage, loop = self._storage, asyncio.get_running_loop()
        until = loop.time() + storage._limits.answer_seconds
        pause = 0.005
        while True:
            word, *found = await storage._store.call(_OPEN, self._names, [self._holder, storage._lease_ms])
            if word == b"open":
                return found[0], found[1], found[2]
            if word == b"done":
                return Skipped.DUPLICATE
            if loop.time() + pause > until:
                return Skipped.BUSY
            await asyncio.sleep(pause * random.uniform(0.5, 1))   # noqa: S311 - spreads the waiting ones
            pause = min(pause * 1.5, 0.1)

    async def _ended(self, turn: Turn, *, failed: bool) -> None:
        storage, limits = self._storage, self._storage._limits
        del storage._turns[self._key]
        if failed:
            await self._release()
            return
        try:
            change, blob = storage._changed(self._key, turn.state, self._before)
        except BaseException:
            await self._release()
            raise
        gone = self._waiting if turn.told or not turn.news else 0
        args: list[Part] = [
            self._holder, self._etag, change, blob, limits.abandoned_seconds, limits.duplicate_seconds, gone]
        try:
            closed = await storage._store.call(_CLOSE, self._names, args)
        except asyncio.CancelledError:
            await self._release()   # Cut short, it may not have been sent.
            raise
        if not closed:
            raise Conflict("the turn lost its conversation before it ended")

    async def _release(self) -> bool:
        """Whether there was something to release."""
        try:
            return bool(await self._storage._store.call(_RELEASE, [self._names.lease], [self._holder]))
        except StoreUnavailable:
            _log.warning("conversation.lease_left")     # It runs out by itself.
            return True


def _name(key: str) -> str:
    return keys.conversation(key)


def _new_etag() -> str:
    """Random, not counted: a conversation that was deleted and begun anew must not repeat an old one."""
    return os.urandom(8).hex()
