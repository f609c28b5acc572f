"""Keeps conversations between messages: sealed, and one turn at a time on all replicas (C6, D1, F9)."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any
from weakref import WeakValueDictionary

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
local holder = redis.call('GET', KEYS[2])
if holder ~= ARGV[1] then
  if redis.call('EXISTS', KEYS[3]) == 1 then return {'done'} end
  if holder then return {'busy'} end
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
end
local found = redis.pcall('HMGET', KEYS[1], 'd', 'e')
if found.err then
  redis.call('DEL', KEYS[1])
  found = {false, false}
end
return {'open', found[1], found[2], redis.call('LRANGE', KEYS[4], 0, 9)}
""")

# ARGV: holder, old e-tag, new e-tag, change ('', 'put', 'drop'), state, its seconds, the mark's seconds, how many
# of the news were told.
# The mark of a finished activity names its holder, so that a close sent twice is answered alike.
_CLOSE = Script("""
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return redis.call('GET', KEYS[3]) == ARGV[1] and 1 or 0
end
if ARGV[4] ~= '' then
  if (redis.call('HGET', KEYS[1], 'e') or '') ~= ARGV[2] then
    redis.call('DEL', KEYS[2])
    return 0
  end
  if ARGV[4] == 'put' then
    redis.call('HSET', KEYS[1], 'd', ARGV[5], 'e', ARGV[3])
  else
    redis.call('DEL', KEYS[1])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[6])
if ARGV[8] ~= '0' then redis.call('LTRIM', KEYS[4], ARGV[8], -1) end
redis.call('SET', KEYS[3], ARGV[1], 'EX', ARGV[7])
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
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._turns: dict[str, Turn] = {}

    @asynccontextmanager
    async def turn(self, key: str, activity_id: str) -> AsyncIterator[Turn | Skipped]:
        """Have the conversation `key` to oneself for one activity, on all replicas.

        At the end the state is written if it changed, the activity marked as done, and the lease
        released, in one step. After an exception nothing is written, and the activity may be
        delivered again. Raises StoreUnavailable; Conflict at the end when somebody else changed
        the state or the turn took so long that its lease ran out: then nothing is written.
        """
        lock = self._locks.get(key) or self._locks.setdefault(key, asyncio.Lock())
        if not await self._got(lock):
            yield Skipped.BUSY
            return
        try:
            async with self._leased(key, activity_id) as turn:
                yield turn
        finally:
            lock.release()

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

    async def _got(self, lock: asyncio.Lock) -> bool:
        """Whether the lock is ours in time; a free one is taken without setting up a time-out."""
        if not lock.locked():
            return await lock.acquire()
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                return await lock.acquire()
        except TimeoutError:
            return False

    @asynccontextmanager
    async def _leased(self, key: str, activity_id: str) -> AsyncIterator[Turn | Skipped]:
        holder = secrets.token_hex(8)
        # An activity without an id (nobody sends such a one twice) is marked under a name of its own.
        names = keys.conversation(key), keys.lease(key), keys.activity(key, activity_id or holder), \
            keys.news(key)
        try:
            opened = await self._opened_by(holder, names)
        except asyncio.CancelledError:
            # Cut short, it may hold the lease without knowing, or be given it in a moment: the server
            # may read the request that was cut short after this one, which comes by another connection.
            if not await self._release(names[1], holder):
                await asyncio.sleep(0.05)
                await self._release(names[1], holder)
            raise
        if isinstance(opened, Skipped):
            yield opened
            return
        data, etag, waiting = opened
        state, before = self._opened(key, data)
        news = [one for blob in waiting if (one := opened_news(self._ring, key, blob)) is not None]
        turn = self._turns[key] = Turn({} if state is None else state, news)
        try:
            yield turn
            change, blob = self._changed(key, turn.state, before)
        except BaseException:
            await self._release(names[1], holder)
            raise
        finally:
            del self._turns[key]
        args: list[Part] = [
            holder, etag or b"", _new_etag(), change, blob,
            self._limits.abandoned_seconds, self._limits.duplicate_seconds,
            len(waiting) if turn.told or not news else 0]
        if not await self._store.call(_CLOSE, names, args):
            raise Conflict("the turn lost its conversation before it ended")

    async def _opened_by(
        self, holder: str, names: Sequence[str],
    ) -> tuple[bytes | None, bytes | None, Sequence[bytes]] | Skipped:
        """Data, e-tag and news once the lease is ours."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._limits.answer_seconds
        pause = 0.005
        while True:
            word, *found = await self._store.call(_OPEN, names, [holder, self._lease_ms])
            if word == b"open":
                return found[0], found[1], found[2]
            if word == b"done":
                return Skipped.DUPLICATE
            if loop.time() + pause > until:
                return Skipped.BUSY
            await asyncio.sleep(pause * random.uniform(0.5, 1))   # noqa: S311 - spreads the waiting ones
            pause = min(pause * 1.5, 0.1)

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

    def _changed(self, key: str, state: Mapping[str, Any], before: bytes) -> tuple[str, bytes]:
        """What to do with the stored state, and the new one, sealed."""
        if not state:
            return ("drop" if before else ""), b""
        data = self._codec.encode(state)
        return ("", b"") if data == before else ("put", self._ring.seal(_PURPOSE, key, data))

    async def _release(self, lease: str, holder: str) -> bool:
        """Whether there was something to release."""
        try:
            return bool(await self._store.call(_RELEASE, [lease], [holder]))
        except StoreUnavailable:
            _log.warning("conversation.lease_left")     # It runs out by itself.
            return True


def _name(key: str) -> str:
    return keys.conversation(key)


def _new_etag() -> str:
    """Random, not counted: a conversation that was deleted and begun anew must not repeat an old one."""
    return secrets.token_hex(8)
