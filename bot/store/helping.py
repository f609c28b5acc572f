"""What became of each form that IT sent, and what waits for a second person: each is taken once (G3, F2)."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.clock import Clock
from bot.errors import Conflict
from bot.rules.helping import CONFIRM_SECONDS, Act, Request
from bot.store import keys
from bot.store.connection import Part, Script, Store
from bot.store.sealed import KeyRing

_PURPOSE = "staff request 1"
_BEGUN = "staff form 1"
_KEPT_SECONDS = 86400
TAKEN_OVER_SECONDS = 60.0
"""After so long without an outcome whoever held a form is gone, and somebody else may bring it to its end."""

# KEYS: the form. ARGV: who takes it, now, when the holder is given up, seconds it is kept, and what is begun with it,
# sealed ('': nothing, and a form that nobody began is nobody's: '-'). Answers the outcome there is, '' for "somebody
# has it", '+' for "it is yours".
_TAKE = Script("""
local found = redis.call('HMGET', KEYS[1], 'outcome', 'by', 'at')
if found[1] then return found[1] end
if ARGV[5] == '' and not found[2] then return '-' end
if found[2] and found[2] ~= ARGV[1] and tonumber(found[3]) > tonumber(ARGV[3]) then return '' end
redis.call('HSET', KEYS[1], 'by', ARGV[1], 'at', ARGV[2])
redis.call('HSETNX', KEYS[1], 'begun', ARGV[5])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return '+'
""")

MINE = "+"


@dataclass(frozen=True, slots=True)
class Begun:
    """What a form asks for. `what`: "wish", "confirm" or "decline"; `at` in seconds since 1970; the wish itself."""

    what: str
    staff: str          # id
    actor: str
    source: str
    at: float
    request: Request


class HelpForms:
    """Forms by their id, and requests; what was typed is sealed."""

    def __init__(self, store: Store, ring: KeyRing, clock: Clock) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock

    async def take(self, form: str, begun: Begun) -> str:
        """MINE: ours to do, and nobody else's, perhaps after somebody who did it and died.

        Else what became of it, "" while somebody is at it.
        """
        return await self._take(form, self._ring.seal(_BEGUN, form, json.dumps(asdict(begun)).encode()))

    async def take_over(self, form: str) -> Begun | None:
        """What a form asks for whose holder is gone: ours to bring to its end. None when there is nothing to end.

        Raises Conflict while somebody is at it.
        """
        taken = await self._take(form, b"")
        if taken == "":
            raise Conflict("form")
        sealed = await self._store.do("HGET", keys.help_form(form), "begun") if taken == MINE else None
        plain = self._ring.open(_BEGUN, form, sealed) if sealed else None
        return _begun(json.loads(plain)) if plain else None

    async def _take(self, form: str, sealed: bytes) -> str:
        now = self._clock.now()
        words: list[Part] = [secrets.token_hex(8), repr(now), repr(now - TAKEN_OVER_SECONDS), _KEPT_SECONDS, sealed]
        found: bytes = await self._store.call(_TAKE, [keys.help_form(form)], words)
        return found.decode()

    async def settle(self, form: str, outcome: str) -> None:
        await self._store.many([
            ("HSET", keys.help_form(form), "outcome", outcome), ("EXPIRE", keys.help_form(form), _KEPT_SECONDS)])

    async def outcome(self, form: str) -> str:
        """What became of it; "" for nothing yet, or no such form."""
        found = await self._store.do("HGET", keys.help_form(form), "outcome")
        return found.decode() if found else ""

    async def ask(self, request: Request) -> None:
        """List it for the second person."""
        sealed = self._ring.seal(_PURPOSE, request.id, json.dumps(asdict(request)).encode())
        await self._store.do("HSET", keys.HELP_REQUESTS, request.id, sealed)

    async def drop(self, request_id: str) -> None:
        await self._store.do("HDEL", keys.HELP_REQUESTS, request_id)

    async def request(self, request_id: str) -> Request | None:
        """As long as it waits."""
        return next((one for one in await self.waiting() if one.id == request_id), None)

    async def waiting(self) -> Sequence[Request]:
        """All that wait, oldest first; what is too old is forgotten."""
        flat = await self._store.do("HGETALL", keys.HELP_REQUESTS)
        found, old = [], []
        for name, sealed in zip(flat[::2], flat[1::2], strict=True):
            plain = self._ring.open(_PURPOSE, name.decode(), sealed)
            one = _request(json.loads(plain)) if plain else None
            if one is not None and self._clock.now() < one.since + CONFIRM_SECONDS:
                found.append(one)
            else:
                old.append(name)
        if old:
            await self._store.do("HDEL", keys.HELP_REQUESTS, *old)
        return sorted(found, key=lambda one: one.since)


def _request(found: dict[str, Any]) -> Request:
    return Request(**(found | {"act": Act(found["act"])}))


def _begun(found: dict[str, Any]) -> Begun:
    return Begun(**(found | {"request": _request(found["request"])}))
