"""How often one address may begin things: a bucket each, that fills up again by itself (C8, F15)."""

from collections import OrderedDict

from bot.clock import Clock

_ADDRESSES = 20_000


class Pace:
    """`per_minute` may come at once, and as many again in every minute; kept in this process only."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, source: str) -> bool:
        """Take one out of this source's bucket, if there is one."""
        now = self._clock.now()
        left, since = self._left.pop(source, (self._most, now))
        left = min(self._most, left + max(0.0, now - since) * self._most / 60)
        allowed = left >= 1
        self._left[source] = (left - 1 if allowed else left, now)
        if len(self._left) > _ADDRESSES:
            self._left.popitem(last=False)
        return allowed
