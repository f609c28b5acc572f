"""Keeps the accounts of the embedded directory; an effect happens once per key, or never (F2, F3)."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

from bot.directory.protocol import Account
from bot.rules.names import canonical_name, local_part
from bot.secret import Secret
from bot.store import keys
from bot.store.connection import Part, Script, Store
from bot.store.sealed import KeyRing

_HASHES = "password hashes 1"
_INITIAL = "initial password 1"
_CODES = "first recovery codes 2"

FLAGS = ("enabled", "locked", "password_expired", "protected", "guest")


class Effect(IntEnum):
    """What became of setting a password: `VOID` keys never act again; `STALE`: read the account anew."""

    VOID = 0
    APPLIED = 1
    STALE = 2
    GONE = 3


@dataclass(frozen=True, slots=True)
class Credentials:
    """Hashes of an account's last passwords, newest first; `version` guards their replacement."""

    hashes: tuple[str, ...]
    version: int
    sessions_valid_from: float


# KEYS: account, full name, local part. ARGV: id, who writes, then fields and values. A name is given once.
_CREATE = Script("""
local by = redis.call('HGET', KEYS[1], 'by')
if by then return by == ARGV[2] and 1 or 0 end
if redis.call('SCARD', KEYS[2]) > 0 then return 0 end
redis.call('HSET', KEYS[1], 'by', unpack(ARGV, 2))
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
return 1
""")

# KEYS: account, effect. ARGV: the version the new hashes follow, the sealed hashes.
_SET_PASSWORD = Script("""
local effect = redis.call('GET', KEYS[2])
if effect then return tonumber(effect) end
local version = redis.call('HGET', KEYS[1], 'version')
if not version then return 3 end
if version ~= ARGV[1] then return 2 end
redis.call('HSET', KEYS[1], 'hashes', ARGV[2], 'locked', '0', 'password_expired', '0')
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HDEL', KEYS[1], 'initial')
redis.call('SET', KEYS[2], '1')
return 1
""")

# KEYS: account, effect.
_UNLOCK = Script("""
local effect = redis.call('GET', KEYS[2])
if effect then return tonumber(effect) end
if redis.call('EXISTS', KEYS[1]) == 0 then return 3 end
redis.call('HSET', KEYS[1], 'locked', '0')
redis.call('SET', KEYS[2], '1')
return 1
""")

# KEYS: effect. Asking for an effect that has not happened closes its key for ever (F3).
_SETTLE = Script("""
redis.call('SET', KEYS[1], '0', 'NX')
return tonumber(redis.call('GET', KEYS[1]))
""")

# KEYS: account. ARGV: fields and values. An account that is not there is not made.
_CHANGE = Script("""
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if #ARGV > 0 then redis.call('HSET', KEYS[1], unpack(ARGV)) end
return 1
""")

_END_SESSIONS = Script("""
local from = redis.call('HGET', KEYS[1], 'sessions_valid_from')
if from and tonumber(from) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'sessions_valid_from', ARGV[1])
end
return 1
""")


class Accounts:
    """Accounts as plain fields; password hashes, and the first passwords and codes of demo people, are sealed."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring

    async def create(self, account: Account, password_hash: str, initial: Secret | None = None) -> bool:
        """Make it unless the id or the user name is taken; whether it was made.

        `initial` is kept readable until the password changes: for demo people only. ValueError for a
        user name nobody could be found by.
        """
        name = canonical_name(account.username)
        if name is None or "@" not in name:
            raise ValueError("not a user name")
        plain = asdict(account)
        del plain["obstacle"], plain["no_pass"], plain["password_changed"]    # the embedded directory knows none
        flags = {flag: int(plain.pop(flag)) for flag in FLAGS}
        fields: dict[str, Part] = {
            **flags, "profile": json.dumps(plain), "version": 1, "sessions_valid_from": 0,
            "hashes": self._sealed_hashes(account.id, [password_hash])}
        if initial is not None:
            fields["initial"] = self._ring.seal(_INITIAL, account.id, initial.reveal().encode())
        names = [keys.account_name(name), keys.account_name(local_part(name))]
        words = [account.id, secrets.token_hex(8), *_flat(fields)]
        return bool(await self._store.call(_CREATE, [keys.account(account.id), *names], words))

    async def read(self, account_id: str) -> Account | None:
        profile, *flags = await self._store.do("HMGET", keys.account(account_id), "profile", *FLAGS)
        if profile is None:
            return None
        plain: dict[str, Any] = json.loads(profile)
        if plain["id"] != account_id:
            return None
        plain |= {name: tuple(plain.get(name, ())) for name in ("names", "notice_addresses", "groups")}
        return Account(**plain, **{flag: value == b"1" for flag, value in zip(FLAGS, flags, strict=True)})

    async def named(self, name: str) -> Sequence[str]:
        """Ids of the accounts with this canonical user name or local part."""
        return [one.decode() for one in await self._store.do("SMEMBERS", keys.account_name(name))]

    async def credentials(self, account_id: str) -> Credentials | None:
        """None when there is no such account, or its hashes were tampered with (D1)."""
        sealed, version, valid_from = await self._store.do(
            "HMGET", keys.account(account_id), "hashes", "version", "sessions_valid_from")
        plain = self._ring.open(_HASHES, account_id, sealed) if sealed else None
        if plain is None:
            return None
        return Credentials(tuple(json.loads(plain)), int(version), float(valid_from))

    async def set_password(self, account_id: str, key: str, hashes: Sequence[str], version: int) -> Effect:
        """Replace the hashes of `version`, unlock, lift the expiry and mark `key` as applied, in one step."""
        places = [keys.account(account_id), keys.effect(account_id, key)]
        words: list[Part] = [version, self._sealed_hashes(account_id, hashes)]
        return Effect(await self._store.call(_SET_PASSWORD, places, words))

    async def unlock(self, account_id: str, key: str) -> Effect:
        """Lift the lockout and mark `key` as applied, in one step."""
        return Effect(await self._store.call(_UNLOCK, [keys.account(account_id), keys.effect(account_id, key)]))

    async def effect(self, account_id: str, key: str) -> Effect | None:
        """What is settled about a key; None while it may still act."""
        found = await self._store.do("GET", keys.effect(account_id, key))
        return None if found is None else Effect(int(found))

    async def settle(self, account_id: str, key: str) -> Effect:
        """`APPLIED` or, from now on for ever, `VOID`."""
        return Effect(await self._store.call(_SETTLE, [keys.effect(account_id, key)]))

    async def end_sessions(self, account_id: str, now: float) -> None:
        """Sessions signed in before `now` are void; an earlier time than the one stored changes nothing."""
        await self._store.call(_END_SESSIONS, [keys.account(account_id)], [repr(now)])

    async def mark(self, account_id: str, **flags: bool) -> bool:
        """Set some of FLAGS as an administrator would; whether there is such an account."""
        if unknown := set(flags) - set(FLAGS):
            raise ValueError(f"no flags: {sorted(unknown)}")
        fields = {flag: int(value) for flag, value in flags.items()}
        return bool(await self._store.call(_CHANGE, [keys.account(account_id)], _flat(fields)))

    async def initial_password(self, account_id: str) -> Secret | None:
        """The first password, as long as it is the present one."""
        sealed = await self._store.do("HGET", keys.account(account_id), "initial")
        plain = self._ring.open(_INITIAL, account_id, sealed) if sealed else None
        return Secret(plain.decode()) if plain is not None else None

    async def keep_codes(self, account_id: str, set_id: str, codes: Sequence[Secret]) -> None:
        """Keep the recovery codes of a set readable: for demo people only."""
        plain = json.dumps([one.reveal() for one in codes]).encode()
        sealed = self._ring.seal(_CODES, f"{account_id} {set_id}", plain)
        await self._store.call(_CHANGE, [keys.account(account_id)], [f"codes {set_id}", sealed])

    async def kept_codes(self, account_id: str, set_id: str) -> tuple[Secret, ...]:
        """The codes of a set that were kept; empty when none were."""
        sealed = await self._store.do("HGET", keys.account(account_id), f"codes {set_id}")
        plain = self._ring.open(_CODES, f"{account_id} {set_id}", sealed) if sealed else None
        return tuple(map(Secret, json.loads(plain))) if plain is not None else ()

    def _sealed_hashes(self, account_id: str, hashes: Sequence[str]) -> bytes:
        return self._ring.seal(_HASHES, account_id, json.dumps(list(hashes)).encode())


def _flat(fields: dict[str, Any]) -> list[Part]:
    return [part for pair in fields.items() for part in pair]
