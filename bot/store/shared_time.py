"""Gives all replicas one clock: the store's, as long as it can be believed (F12)."""

import structlog

from bot.clock import SharedClock, steady
from bot.store.connection import Store
from bot.store.trust import HOLD_SECONDS, Trust

_log = structlog.get_logger(__name__)

_SLOW_SECONDS = 0.25
_JUMP_SECONDS = 2.0


class SharedTime:
    """Sets a clock by the store's, and doubts it aloud where that jumps: then nobody is verified (G1).

    A clock that jumped ahead is followed once it went on evenly for as long as any pause, code or ticket lasts:
    by then all of them have ended by our own count of seconds. One that fell back, even over a restart,
    is followed once it has passed the time it had before by as much: so nothing that ended lives again.
    Until then the time goes on by the machine's steady seconds.
    """

    def __init__(self, store: Store, clock: SharedClock, trust: Trust) -> None:
        self._store = store
        self._clock = clock
        self._trust = trust
        self._must_pass = 0.0
        self._ahead: tuple[float, float] | None = None     # by how much it is ahead, and since when (steady)

    async def begin(self, newest: float = 0.0) -> None:
        """The first reading; never behind `newest` or the newest time in the store. Raises StoreUnavailable."""
        newest = max(newest, await self._trust.newest_time())
        now, _ = await self._read()
        self._clock.set(max(now, newest))
        if now < newest - _JUMP_SECONDS:
            self._behind(newest, newest - now)

    async def follow(self) -> None:
        """One more reading. Raises StoreUnavailable."""
        now, trip = await self._read()
        if trip > _SLOW_SECONDS:
            return      # It says too little about now; the next reading will be better.
        jump = now - self._clock.now()
        if self._must_pass:
            if now >= self._must_pass:
                self._take(now)
        elif abs(jump) <= _JUMP_SECONDS:
            self._take(now)
        elif jump < 0:
            self._behind(self._clock.now(), -jump)
        elif self._ahead is None or abs(jump - self._ahead[0]) > _JUMP_SECONDS:
            self._ahead = jump, steady()
            self._doubt("the store's clock jumped ahead", jump)
        elif steady() - self._ahead[1] >= HOLD_SECONDS:
            self._take(now)

    async def _read(self) -> tuple[float, float]:
        before = steady()
        read = await self._store.time()
        trip = steady() - before
        return read + trip / 2, trip

    def _take(self, now: float) -> None:
        if self._must_pass or self._ahead:
            _log.info("clock.trusted_again")
        self._must_pass, self._ahead = 0.0, None
        self._trust.doubt_clock("")
        self._clock.set(now)

    def _behind(self, newest: float, seconds: float) -> None:
        self._must_pass, self._ahead = newest + HOLD_SECONDS, None
        self._doubt("the store's clock fell back", seconds)

    def _doubt(self, why: str, seconds: float) -> None:
        _log.error("clock.not_trusted", why=why, seconds=round(seconds, 1))
        self._trust.doubt_clock(why)
