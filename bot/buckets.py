"""How often one address or page may ask: a bucket for each, that fills up again by itself (C8, F15, N1)."""

from collections import OrderedDict

from bot.clock import Clock

_MOST_KEYS = 20_000


class Buckets:
    """`burst` requests at once per key, and `per_second` after that; of this process alone.

    They protect the processor, not an account: tries are counted in the store.
    """

    def __init__(self, clock: Clock, per_second: float, burst: float) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Take one out of this key's bucket, if there is one."""
        now = self._clock.now()
        left, since = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + max(0.0, now - since) * self._per_second)
        allowed = left >= 1
        self._left[key] = (left - 1 if allowed else left, now)
        if len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        return allowed
