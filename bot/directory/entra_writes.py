"""A password is written at most once for each key, and what became of it is read off the account (F2, F3)."""

import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog

from bot.clock import Clock
from bot.directory.graph import GraphRefused, NothingDone
from bot.directory.protocol import Applied, PasswordSet
from bot.errors import DirectoryUnavailable, StoreUnavailable
from bot.rules.case import WhyRefused
from bot.store.effects import Begun, Effects

log = structlog.get_logger(__name__)

BUSY = "busy"

SEND_SECONDS = 30.0
"""A change that was begun is not sent after that."""
LANDS_SECONDS = 60.0
"""What was sent is carried out by then, or never is: the service's own limit for a request."""
SETTLED_SECONDS = 150.0
"""By then a change shows wherever the account is read; one that does not, did not happen."""
CLOCKS_APART = 60.0

Write = Callable[[float], Awaitable[None]]
"""Asks Graph, and never sends it after so many seconds since 1970; raises as graph.Graph does."""
Meaning = Callable[[GraphRefused], PasswordSet]
"""What a refusal means for the person: `broken` is something to mend on the page, `refused` is the end (F7)."""


class PasswordWrites:
    """`last_change`: when an account's password was last changed, in seconds since 1970; None for no account."""

    def __init__(self, effects: Effects, clock: Clock, last_change: Callable[[str], Awaitable[float | None]]) -> None:
        self._effects = effects
        self._clock = clock
        self._last_change = last_change

    async def once(self, account_id: str, key: str, write: Write, meaning: Meaning) -> PasswordSet:
        """On record before Graph hears of it: whatever happens to us, `outcome` can find out (F3)."""
        before = await self._last_change(account_id)
        if before is None:
            return PasswordSet(Applied.NO, refused=WhyRefused.CONTACT_IT)
        begun = Begun(self._clock.now(), before, secrets.token_hex(8))
        with as_directory():
            stands = await self._effects.begin(account_id, key, begun)
        if stands != begun:
            return PasswordSet(stands if isinstance(stands, Applied) else Applied.UNKNOWN)
        try:
            await write(begun.at + SEND_SECONDS)
        except NothingDone:
            return await self._not_set(account_id, key, begun, PasswordSet(Applied.NO, (BUSY,)))
        except GraphRefused as refusal:
            return await self._not_set(account_id, key, begun, meaning(refusal))
        await self.remember(account_id, key, begun)
        return PasswordSet(Applied.YES)

    async def outcome(self, account_id: str, key: str) -> Applied:
        """By our own record; a change whose answer was lost is looked for in the account's last change."""
        with as_directory():
            stands = await self._effects.close(account_id, key)
            if not isinstance(stands, Begun):
                return stands or Applied.NO
            end = _end(stands, await self._last_change(account_id), self._clock.now())
            if end is not Applied.UNKNOWN:
                settled = await self._effects.settle(account_id, key, stands, end)
                end = settled if isinstance(settled, Applied) else Applied.UNKNOWN
            return end

    async def remember(self, account_id: str, key: str, begun: Begun) -> None:
        """That it is done."""
        try:
            await self._effects.settle(account_id, key, begun, Applied.YES)
        except StoreUnavailable:
            # It is done, and can still be read off the account.
            log.warning("effect_not_recorded", error=StoreUnavailable.__name__)

    async def _not_set(self, account_id: str, key: str, begun: Begun, answer: PasswordSet) -> PasswordSet:
        """What can be mended leaves the key open; what cannot closes it."""
        with as_directory():
            if answer.refused:
                await self._effects.settle(account_id, key, begun, Applied.NO)
            else:
                await self._effects.withdraw(account_id, key, begun)
        return answer


def _end(begun: Begun, last: float | None, now: float) -> Applied:
    """What the time of the account's last change says about ours; UNKNOWN until it would have to show."""
    ours = begun.at - CLOCKS_APART, begun.at + SEND_SECONDS + LANDS_SECONDS + CLOCKS_APART
    if last is not None and last > begun.before and ours[0] <= last <= ours[1]:
        return Applied.YES
    return Applied.NO if now >= begun.at + SETTLED_SECONDS else Applied.UNKNOWN


@contextmanager
def as_directory() -> Iterator[None]:
    """Without its record no effect (U1)."""
    try:
        yield
    except StoreUnavailable as trouble:
        raise DirectoryUnavailable("store") from trouble
