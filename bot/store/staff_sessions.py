"""Who of IT is signed in, and in which browsers they have been: kept as hashes, and not believed after a loss (F5)."""

from dataclasses import dataclass
from enum import StrEnum

from bot.clock import Clock
from bot.errors import VerificationPaused
from bot.rules.staff import IDLE_SECONDS, KNOWN_SECONDS, LONGEST_SECONDS, Staff
from bot.store import keys
from bot.store.connection import Store
from bot.store.staff import RedisStaff, StaffRecord
from bot.store.trust import Trust, trusted

_TOLD_SECONDS = 4 * 3600
"""For so long after its end a session can still say why it ended."""


class Over(StrEnum):
    """Why a session is no more; content `admin.sign_in.over.<why>`."""

    TIMED_OUT = "timed_out"
    SIGNED_OUT = "signed_out"
    ENDED = "ended"         # its person was set up anew, or is nobody of IT any more
    LOST = "lost"           # the store lost something since: what was ended may have come back with it


# KEYS: the session. ARGV: now; the times before which it was last used, or begun, if it is over by now. What is over
# stays so, whatever the clock does, and only a later use moves the time on (F12). `life`: see trust.py.
_TOUCH = trusted("""
local found = redis.call('HMGET', KEYS[1], 'staff', 'edition', 'began', 'seen', 'over')
if not found[1] then return {} end
local times = redis.call('HMGET', life, 'lost', 'ended')
local lost, ended = tonumber(times[1] or '0'), tonumber(times[2] or '0')
if not found[5] and (lost > ended or tonumber(found[3]) * 1000 < lost) then found[5] = 'lost' end
if not found[5] and (tonumber(found[4]) <= tonumber(ARGV[2]) or tonumber(found[3]) <= tonumber(ARGV[3])) then
  found[5] = 'timed_out'
end
if found[5] then
  redis.call('HSET', KEYS[1], 'over', found[5])
  return {found[5]}
end
if tonumber(ARGV[1]) > tonumber(found[4]) then redis.call('HSET', KEYS[1], 'seen', ARGV[1]) end
return {'', found[1], found[2]}
""")


@dataclass(frozen=True, slots=True)
class StaffSessions:
    """`session` and `browser` are hashes of what only that browser holds (D1)."""

    store: Store
    trust: Trust
    people: RedisStaff
    clock: Clock

    async def may_begin(self) -> None:
        """Raises VerificationPaused while the store may have forgotten who is nobody of IT any more (F5).

        That passes by itself never: somebody who has the machine looks, and ends the pause.
        """
        await self.trust.look_now()
        if await self.trust.staff_wait():
            raise VerificationPaused("the store lost records")

    async def why_paused(self) -> str:
        """Why nobody of IT is let in: "lost", "clock", or "" when they are; content `admin.sign_in.paused.<why>`."""
        if self.trust.clock_doubted:
            return "clock"
        return "lost" if self.trust.why_paused() or await self.trust.staff_wait() else ""

    async def begin(self, record: StaffRecord, session: str) -> None:
        """Sign the person in."""
        now, place = self.clock.now(), keys.staff_session(session)
        await self.store.many([
            ("HSET", place, "staff", record.staff.id, "edition", record.edition, "began", repr(now), "seen", repr(now)),
            ("EXPIRE", place, LONGEST_SECONDS + _TOLD_SECONDS)])

    async def signed_in(self, session: str) -> Staff | Over | None:
        """Whose session this is, if it stands, and it was used now; None for one that nobody knows.

        Raises VerificationPaused while nobody can tell.
        """
        now = self.clock.now()
        found = await self.trust.call(
            _TOUCH, [keys.staff_session(session)], [repr(now), repr(now - IDLE_SECONDS), repr(now - LONGEST_SECONDS)])
        if not found:
            return None
        over, *whose = [one.decode() for one in found]
        if over:
            return Over(over)
        staff_id, edition = whose
        record = await self.people.read(staff_id)
        return record.staff if record is not None and record.edition == edition else Over.ENDED

    async def end(self, session: str) -> None:
        """By its person."""
        await self.store.do("HSET", keys.staff_session(session), "over", Over.SIGNED_OUT)

    async def make_known(self, record: StaffRecord, browser: str, before: str = "") -> None:
        """Remember `browser` as one in which this person has signed in; `before` is what it was known by until now."""
        place = keys.staff_browser(browser)
        await self.store.many([
            ("HSET", place, "staff", record.staff.id, "edition", record.edition), ("EXPIRE", place, KNOWN_SECONDS),
            *([("DEL", keys.staff_browser(before))] if before else [])])

    async def known_in(self, browser: str) -> str:
        """Id of the person who has signed in there since they were last set up; "" for nobody."""
        if not browser:
            return ""
        staff_id, edition = await self.store.do("HMGET", keys.staff_browser(browser), "staff", "edition")
        record = await self.people.read(staff_id.decode()) if staff_id else None
        return record.staff.id if record is not None and record.edition == edition.decode() else ""
