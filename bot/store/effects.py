"""What became of each change at a directory that keeps no record of keys itself (F2, F3)."""

import json
from dataclasses import asdict, dataclass

from bot.directory.protocol import Applied
from bot.store import keys
from bot.store.connection import Part, Script, Store

KEPT_SECONDS = 7 * 86400
"""Longer than any case lives that a key belongs to (limit 27)."""

# KEYS: effect. ARGV: its life, then what it has to be now ("" for nothing at all), and what it becomes ("" likewise).
# Returns what it is afterwards.
_TURN = Script("""
local is = redis.call('GET', KEYS[1]) or ''
if is ~= ARGV[2] then return is end
if ARGV[3] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[1]) end
return ARGV[3]
""")

_ENDS = {b"applied": Applied.YES, b"void": Applied.NO}
_WORDS = {end: word for word, end in _ENDS.items()}


@dataclass(frozen=True, slots=True)
class Begun:
    """A change that was about to be asked for: when, and what the account's last change was known to be (seconds)."""

    at: float
    before: float
    call: str       # which call began it: another one with the same key is not it


Stands = Begun | Applied | None
"""YES and NO are final; None: the key is open."""


class Effects:
    """One record for each key: nothing, begun, applied or void. Every step depends on the one before it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, account_id: str, key: str, begun: Begun) -> Stands:
        """`begun` when the key was open; else how it stands."""
        return await self._turn(account_id, key, b"", _bytes(begun))

    async def withdraw(self, account_id: str, key: str, begun: Begun) -> None:
        """It certainly did not happen: the key is open again."""
        await self._turn(account_id, key, _bytes(begun), b"")

    async def settle(self, account_id: str, key: str, begun: Begun, end: Applied) -> Stands:
        """YES or NO for good, unless somebody else has settled it."""
        return await self._turn(account_id, key, _bytes(begun), _WORDS[end])

    async def close(self, account_id: str, key: str) -> Stands:
        """How the key stands; an open one never acts from now on."""
        return await self._turn(account_id, key, b"", b"void")

    async def _turn(self, account_id: str, key: str, was: bytes, becomes: bytes) -> Stands:
        words: list[Part] = [KEPT_SECONDS, was, becomes]
        return _stands(await self._store.call(_TURN, [keys.directory_effect(account_id, key)], words))


def _bytes(begun: Begun) -> bytes:
    return json.dumps(asdict(begun)).encode()


def _stands(found: bytes) -> Stands:
    if not found:
        return None
    return _ENDS[found] if found in _ENDS else Begun(**json.loads(found))
