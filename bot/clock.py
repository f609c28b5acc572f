"""The one door to the time: everything that asks what time it is takes a Clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Protocol


class Clock(Protocol):
    """Where times come from; lifetimes on all replicas follow the same one (F12)."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        ...


class SharedClock:
    """Follows the store's clock between readings by the machine's monotonic one.

    A jump of this machine's wall clock changes nothing, and replicas agree to within a
    round trip. Before the first reading it goes by the wall clock of the machine.
    """

    def __init__(self) -> None:
        self._offset = time.time() - steady()

    def now(self) -> float:
        return steady() + self._offset

    def set(self, store_time: float) -> None:
        """Take over the store's time, in seconds since 1970."""
        self._offset = store_time - steady()


steady: Callable[[], float] = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
"""Seconds that nobody can set: they go on while the machine sleeps, where it can tell that."""


def utc(seconds: float) -> datetime:
    """The aware UTC time of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)
