"""Keeps IT's people and their one-time set-up links, the links only as hashes (D1, P1)."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import structlog

from bot.clock import Clock
from bot.rules.staff import SET_UP_SECONDS, Staff
from bot.secret import Secret
from bot.store import keyed, keys
from bot.store.connection import Script, Store
from bot.store.keyed import EFFECT_SECONDS
from bot.store.sealed import KeyRing

_log = structlog.get_logger(__name__)

_PURPOSE = "staff 1"
_SET_UP = "staff set-up 1"
_ABOUT = ("id", "name", "display_name", "lang", "role", "account_id")


@dataclass(frozen=True, slots=True)
class StaffRecord:
    """One person with what they sign in by; without a hash nobody can yet.

    `edition` is another one after every set-up: sessions and steps of an older one count for nothing.
    `initial` is the first password of a demo person, readable.
    """

    staff: Staff
    password_hash: str = ""
    seed: Secret | None = None
    edition: str = ""
    initial: Secret | None = None


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a set-up link opens: for whom, the new seed, and the browser it is bound to ("" for none yet)."""

    staff_id: str
    seed: Secret
    browser: str


# A change with a key is made at most once, and never after somebody has asked for its outcome (F2, F3).
_MARK = """
local function mark(place, seconds)
  if place then redis.call('SET', place, 'done', 'EX', seconds) end
end
"""

# KEYS: all people, the effect if the change has a key. ARGV: id, what was read ("" for nobody), what is to be there,
# seconds. Nobody overwrites another's change.
_REPLACE = Script(_MARK + """
local there = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if there == ARGV[3] then return 1 end
if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then return -1 end
if there ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
mark(KEYS[2], ARGV[4])
return 1
""")

# KEYS: as above. ARGV: id, seconds.
_REMOVE = Script(_MARK + """
local known = KEYS[2] and redis.call('GET', KEYS[2])
if known then return known == 'done' and 1 or 0 end
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
mark(KEYS[2], ARGV[2])
return 1
""")

# KEYS: the link. ARGV: the browser. The first browser that says so has it, and keeps it.
_BIND = Script("""
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSETNX', KEYS[1], 'browser', ARGV[1])
return redis.call('HGET', KEYS[1], 'browser') == ARGV[1] and 1 or 0
""")

# KEYS: the link, all people, the effect. ARGV: browser, id, what was read, what is to be there, seconds. One link sets
# up once.
_SET = Script(_MARK + """
if redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[4] then return 1 end
if KEYS[3] and redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
if redis.call('HGET', KEYS[1], 'browser') ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[2], ARGV[2]) ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
redis.call('DEL', KEYS[1])
mark(KEYS[3], ARGV[5])
return 1
""")


class RedisStaff:
    """The people of IT, and what sets them up. A tampered record is nobody's."""

    def __init__(self, store: Store, ring: KeyRing, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock

    async def all(self) -> Sequence[StaffRecord]:
        """Everybody, by name."""
        flat = await self._store.do("HGETALL", keys.STAFF)
        found = [self._opened(one.decode(), blob) for one, blob in zip(flat[::2], flat[1::2], strict=True)]
        return sorted((one for one in found if one is not None), key=lambda one: one.staff.name)

    async def read(self, staff_id: str) -> StaffRecord | None:
        blob = await self._store.do("HGET", keys.STAFF, staff_id)
        return None if blob is None else self._opened(staff_id, blob)

    async def named(self, name: str) -> StaffRecord | None:
        """Everybody is looked at, so that a name that is nobody's costs as much (E2)."""
        found = [one for one in await self.all() if one.staff.name == name]
        return found[0] if found else None

    async def put(self, record: StaffRecord, key: str = "") -> bool:
        """Make the person, or replace what is known of them; what they sign in by stays unless given.

        With a `key` at most once; False when `outcome` closed it before.
        """
        places = [keys.STAFF, *([keys.staff_effect(key)] if key else [])]
        while True:
            before = await self._store.do("HGET", keys.STAFF, record.staff.id) or b""
            known = self._opened(record.staff.id, before) if before else None
            written = record if record.password_hash or known is None else replace(known, staff=record.staff)
            blob = self._sealed(written)
            if done := await self._store.call(_REPLACE, places, [record.staff.id, before, blob, EFFECT_SECONDS]):
                return bool(done == 1)

    async def remove(self, staff_id: str, key: str = "") -> bool:
        """Whether there was such a person; their sessions are dead with it. `key` as in `put`."""
        places = [keys.STAFF, *([keys.staff_effect(key)] if key else [])]
        return bool(await self._store.call(_REMOVE, places, [staff_id, EFFECT_SECONDS]))

    async def outcome(self, key: str) -> bool:
        """Whether the change with this key was made; if not, it never will be (F3)."""
        return await keyed.outcome(self._store, keys.staff_effect(key))

    # -- set-up ------------------------------------------------------------------------------------

    async def issue_set_up(self, staff_id: str, seed: Secret) -> Secret:
        """A one-time link's token; an older link of the person dies with it."""
        token = secrets.token_urlsafe(32)
        place, pointer = keys.staff_set_up(token), keys.staff_link(staff_id)
        older = await self._store.do("GET", pointer)
        sealed = self._ring.seal(_SET_UP, staff_id, seed.reveal().encode())
        ends = round((self._clock.now() + SET_UP_SECONDS) * 1000)
        commands: list[tuple[str | bytes | int, ...]] = [
            ("HSET", place, "staff", staff_id, "seed", sealed, "ends", ends),
            ("EXPIRE", place, SET_UP_SECONDS), ("SET", pointer, place, "EX", SET_UP_SECONDS)]
        await self._store.many([*([("DEL", older)] if older else []), *commands])
        return Secret(token)

    async def set_up(self, token: str) -> SetUp | None:
        """What the link opens, as long as it lives; older than a loss, it may have been used before (F5)."""
        staff_id, sealed, ends, browser = await self._store.do(
            "HMGET", keys.staff_set_up(token), "staff", "seed", "ends", "browser")
        if not staff_id or self._clock.now() * 1000 >= int(ends):
            return None
        lost = await self._store.do("HGET", keys.LIFE, "lost")
        if int(ends) - SET_UP_SECONDS * 1000 < int(lost or 0):
            return None
        seed = self._ring.open(_SET_UP, staff_id.decode(), sealed)
        return (seed and SetUp(staff_id.decode(), Secret(seed.decode()), (browser or b"").decode())) or None

    async def bind_set_up(self, token: str, browser: str) -> bool:
        """Whether the link is this browser's from now on."""
        return bool(await self._store.call(_BIND, [keys.staff_set_up(token)], [browser]))

    async def finish_set_up(
            self, token: str, browser: str, password_hash: str, edition: str = "", key: str = "",
    ) -> StaffRecord | None:
        """Spend the link: from now on its seed and this password are what the person signs in by, in a new edition.

        `key` as in `put`.
        """
        opened = await self.set_up(token)
        if opened is None:
            return None
        before = await self._store.do("HGET", keys.STAFF, opened.staff_id)
        known = self._opened(opened.staff_id, before) if before else None
        if known is None:
            return None
        record = StaffRecord(known.staff, password_hash, opened.seed, edition or secrets.token_hex(8))
        words = [browser, opened.staff_id, before, self._sealed(record), EFFECT_SECONDS]
        places = [keys.staff_set_up(token), keys.STAFF, *([keys.staff_effect(key)] if key else [])]
        done = await self._store.call(_SET, places, words)
        return record if done else None

    def _sealed(self, record: StaffRecord) -> bytes:
        plain = {
            **asdict(record.staff), "password_hash": record.password_hash, "edition": record.edition,
            "seed": record.seed.reveal() if record.seed else None,
            "initial": record.initial.reveal() if record.initial else None}
        return self._ring.seal(_PURPOSE, record.staff.id, json.dumps(plain).encode())

    def _opened(self, staff_id: str, blob: bytes) -> StaffRecord | None:
        plain = self._ring.open(_PURPOSE, staff_id, blob)
        try:
            return _record(json.loads(plain)) if plain is not None else None
        except (KeyError, TypeError, ValueError):
            return None
        finally:
            if plain is None:
                _log.error("staff.rejected", staff=staff_id)


def _record(found: Mapping[str, Any]) -> StaffRecord:
    return StaffRecord(
        Staff(**{name: found[name] for name in _ABOUT}), found["password_hash"],
        Secret(found["seed"]) if found["seed"] else None, found["edition"],
        Secret(found["initial"]) if found["initial"] else None)
