"""That an address belongs to who wants to register it: a code sent to it comes back (limits 11 and 12, V9)."""

import secrets

from bot.clock import Clock
from bot.delivery.protocol import Mail, Outbox
from bot.rules import registered
from bot.rules.case import Case
from bot.rules.codes import canonical_code
from bot.rules.limits import Limits
from bot.store.protocol import Codes, Tries
from bot.verification.protocol import NOT_KEPT, NotSent, Sent

_QUARTER = 900.0
_DAY = 86400.0


class NewAddress:
    """Implements Authenticator, for the signed-in owner's case with an address in its plan; proves nobody."""

    name = registered.NEW_ADDRESS

    def __init__(self, codes: Codes, outbox: Outbox, tries: Tries, limits: Limits, clock: Clock) -> None:
        self._codes = codes
        self._outbox = outbox
        self._tries = tries
        self._limits = limits
        self._clock = clock

    def canonical(self, typed: str) -> str | None:
        return canonical_code(typed, self._limits.code_digits)

    async def challenge(self, case: Case) -> Sent | NotSent:
        # Of the same budget as the codes that prove a person: no mailbox gets more by being called new.
        windows = ((self._limits.codes_15min, _QUARTER), (self._limits.codes_24h, _DAY))
        until = await self._tries.start("codes", case.account, True, windows)
        if until:
            return NotSent(until)
        code = await self._codes.issue(case.id, self._limits.code_seconds, self._limits.code_digits)
        facts = {"code": code.reveal(), "minutes": str(self._limits.code_seconds // 60)}
        await self._outbox.put(
            Mail(case.plan["address"], case.lang, "new_address", facts), once=f"code:{case.id}:{secrets.token_hex(8)}")
        return Sent()

    async def check(self, case: Case, code: str) -> str:
        return NOT_KEPT if await self._codes.spend(case.id, code) else ""
