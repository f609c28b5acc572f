"""Notices that the store lost what it was told, and pauses verification until that cannot matter (F5, G1)."""

import contextlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from bot.clock import Clock
from bot.errors import StoreUnavailable, VerificationPaused
from bot.store import keyed, keys
from bot.store.connection import Part, Script, Store
from bot.store.keyed import EFFECT_SECONDS

_log = structlog.get_logger(__name__)

HOLD_SECONDS = 900.0
"""How long nobody is verified once something was lost.

The longest time in which a lost spent time step (90 s), code or ticket (10 min, limits 12 and 15) could be
accepted once more, or a lost pause (15 min, limit 4) would have lasted.
"""

# The store counts what is counted in it, and each process remembers how far it has seen that count go. A store
# that is behind has lost writes (a fail-over, a restart from a snapshot); one with another id, or none, was wiped
# or replaced. The count is looked at and moved on in the step that counts a try, so that it costs no round trip.
#
# KEYS and ARGV of the script proper come first, and it may read the life of the store as `life`: when something was
# last lost, and when a person last ended the pause after it, in milliseconds. Then KEYS: the life of the store.
# ARGV: id and count as this process knows them ("" for an id: not yet), an id for a store that has none, now,
# milliseconds to pause.
_AROUND = """
local life = table.remove(KEYS)
local pause, now_ms = tonumber(table.remove(ARGV)), tonumber(table.remove(ARGV))
local fresh, known, known_id = table.remove(ARGV), tonumber(table.remove(ARGV)), table.remove(ARGV)
local found = redis.call('HMGET', life, 'id', 'count', 'held', 'time')
local id, count = found[1], tonumber(found[2] or '0')
local held, time = tonumber(found[3] or '0'), tonumber(found[4] or '0')
local function said(word, answer)
  return {word, id, string.format('%%.0f', count), string.format('%%.0f', held), answer}
end
if known_id ~= '' and (id ~= known_id or count < known) then
  id = id or known_id
  if id == known_id then count = math.max(count, known) end
  held = math.max(held, now_ms + pause)
  redis.call('HSET', life, 'id', id, 'count', string.format('%%.0f', count), 'held', string.format('%%.0f', held),
    'lost', string.format('%%.0f', now_ms))
  return said('lost')
end
if held > now_ms then return said('held') end
id, count, time = id or fresh, count + 1, math.max(time, now_ms)
redis.call('HSET', life, 'id', id, 'count', string.format('%%.0f', count), 'time', string.format('%%.0f', time))
local function proper()
%s
end
return said('', proper())
"""

# KEYS: the life of the store. ARGV: until when verification pauses, and now.
_HOLD = Script("""
redis.call('HSET', KEYS[1], 'lost', ARGV[2])
local held = tonumber(redis.call('HGET', KEYS[1], 'held') or '0')
if held < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'held', ARGV[1]) end
return 1
""")

# KEYS: the life of the store, the effect. ARGV: now, seconds for which it is known that this was done.
_END = Script("""
local known = redis.call('GET', KEYS[2])
if known then return known == 'done' and 1 or 0 end
redis.call('HSET', KEYS[1], 'held', '0', 'ended', ARGV[1])
redis.call('SET', KEYS[2], 'done', 'EX', ARGV[2])
return 1
""")


def trusted(text: str) -> Script:
    """A script that runs only in a store that remembers; for `Trust.call`."""
    return Script(_AROUND % text)


_LOOK = trusted("return 1")


@dataclass(frozen=True, slots=True)
class Life:
    """How far this process has seen a store come: its id ("" for none yet), its count, its time (s since 1970)."""

    id: str
    count: int
    time: float


class Trust:
    """What this process knows about the store's memory; asked before every step of a verification.

    `tell` puts the reason of a pause into the audit trail.
    """

    def __init__(self, store: Store, clock: Clock, tell: Callable[[str], Awaitable[None]] | None = None) -> None:
        self._store = store
        self._clock = clock
        self._tell = tell
        self._fresh = secrets.token_hex(16)
        self._id, self._count, self._time = "", 0, 0.0
        self._held_until, self._held_since = 0.0, 0.0
        self._clock_doubt = ""
        self._untold = ""

    @property
    def life(self) -> Life:
        return Life(self._id, self._count, self._time)

    def remember(self, life: Life) -> None:
        """Go by what an earlier process knew: a store that was wiped or restored meanwhile is found out."""
        self._id, self._count = life.id, life.count

    def doubt_clock(self, why: str) -> None:
        """Verify nobody until the time is known again (""; F12)."""
        self._clock_doubt = why

    @property
    def clock_doubted(self) -> bool:
        """Whether nobody knows what time it is."""
        return bool(self._clock_doubt)

    def why_paused(self) -> str:
        """Why nobody can be verified now; empty when all is well."""
        if self._clock_doubt:
            return self._clock_doubt
        return "the store lost records" if self._held_until > self._clock.now() else ""

    async def call(self, script: Script, places: Sequence[str], words: Sequence[Part] = ()) -> Any:
        """Run a `trusted` script. Raises VerificationPaused, and then nothing was counted; StoreUnavailable."""
        if why := self.why_paused():
            raise VerificationPaused(why)
        now = self._clock.now()
        word, life, count, held, *answer = await self._store.call(
            script, [*places, keys.LIFE],
            [*words, self._id, self._count, self._fresh, _ms(now), _ms(HOLD_SECONDS)])
        seen = int(count)
        self._id, self._count = (
            (self._id, max(seen, self._count)) if life.decode() == self._id else (life.decode(), seen))
        if word:
            await self._paused(int(held) / 1000, lost=word == b"lost")
        self._time = max(self._time, now)
        return answer[0]

    async def look(self) -> None:
        """Ask the store whether it remembers, without any verification."""
        with contextlib.suppress(VerificationPaused):
            await self.look_now()

    async def look_now(self) -> None:
        """The same; raises VerificationPaused while nobody may be verified."""
        if self._untold:
            await self._told()
        if self._held_until > self._clock.now():
            await self._ended_elsewhere()
        await self.call(_LOOK, [])

    async def staff_wait(self) -> bool:
        """Whether something was lost, and no person has ended the pause since.

        Then nobody of IT is let in: who was removed, or has signed out, may be there again (F5).
        """
        lost, ended = await self._store.do("HMGET", keys.LIFE, "lost", "ended")
        return int(lost or 0) > int(ended or 0)

    async def hold(self, why: str) -> None:
        """Pause verification for all replicas: somebody else found out that records are missing, and said so."""
        self._held_since = self._clock.now()
        self._held_until = max(self._held_until, self._held_since + HOLD_SECONDS)
        _log.error("verification.paused", why=why, seconds=HOLD_SECONDS)
        await self._store.call(_HOLD, [keys.LIFE], [_ms(self._held_until), _ms(self._held_since)])

    async def end(self, key: str) -> bool:
        """End the pause for all replicas, also that of IT's own people; False when `outcome` closed the key before.

        Who has the machine has decided that nothing that was lost can matter. A pause for a clock that is not known
        goes on: nobody can decide what time it is (F12).
        """
        places = [keys.LIFE, keys.staff_effect(key)]
        done = await self._store.call(_END, places, [_ms(self._clock.now()), EFFECT_SECONDS])
        if done:
            self._held_until = 0.0
        return bool(done)

    async def outcome(self, key: str) -> bool:
        """Whether the pause was ended with this key; if not, it never will be (F3)."""
        return await keyed.outcome(self._store, keys.staff_effect(key))

    async def ended(self) -> float:
        """When IT last ended a pause, in seconds since 1970; 0 for never."""
        found = await self._store.do("HGET", keys.LIFE, "ended")
        return int(found) / 1000 if found else 0.0

    async def held(self) -> float:
        """Until when all replicas verify nobody, by the store, in seconds since 1970; 0 for no pause."""
        found = await self._store.do("HGET", keys.LIFE, "held")
        return int(found) / 1000 if found else 0.0

    async def _ended_elsewhere(self) -> None:
        if _ms(await self.ended()) >= _ms(self._held_since):
            self._held_until = 0.0

    async def newest_time(self) -> float:
        """The latest time at which anything was counted in the store, in seconds since 1970; 0 for never."""
        found = await self._store.do("HGET", keys.LIFE, "time")
        return int(found) / 1000 if found else 0.0

    async def _paused(self, until: float, *, lost: bool) -> None:
        if lost and self._held_until <= self._clock.now():
            _log.error("verification.paused", why="the store lost records", seconds=HOLD_SECONDS)
            self._untold = "the store lost what was counted in it"
        if lost or self._held_until <= self._clock.now():
            self._held_since = self._clock.now()
        self._held_until = max(self._held_until, until)
        await self._told()
        raise VerificationPaused("the store lost records")

    async def _told(self) -> None:
        why, self._untold = self._untold, ""
        if why and self._tell is not None:
            try:
                await self._tell(why)
            except StoreUnavailable:
                self._untold = why      # The next look tells it.
                raise


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
