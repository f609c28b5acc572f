"""Keeps one page from asking more often than a person types (N1)."""

from collections import OrderedDict

from bot.clock import Clock

_MOST_KEYS = 10_000


class Pace:
    """A bucket of `burst` requests per key that fills at `per_second`; of this process alone.

    It protects the processor, not an account: tries are counted in the store.
    """

    def __init__(self, clock: Clock, per_second: float, burst: float) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        now = self._clock.now()
        left, since = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + max(0.0, now - since) * self._per_second)
        allowed = left >= 1
        self._left[key] = (left - 1 if allowed else left, now)
        if len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        return allowed
