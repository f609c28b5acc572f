"""Proof by a code sent to the private address an account has registered: never the only gate (V8)."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from bot.clock import Clock
from bot.delivery.protocol import Mail, Outbox
from bot.directory.protocol import Directory
from bot.rules import registered
from bot.rules.case import Case
from bot.rules.codes import canonical_code
from bot.rules.limits import Limits
from bot.rules.registered import Method
from bot.store.protocol import Codes, Enrolments, Tries
from bot.verification.protocol import NotSent, Sent

_QUARTER = 900.0
_DAY = 86400.0


class EmailCode:
    """Implements Authenticator. For an account without address it does the same, and sends none (E1)."""

    name = registered.EMAIL_CODE

    def __init__(
        self, codes: Codes, enrolments: Enrolments, outbox: Outbox, tries: Tries, limits: Limits, clock: Clock, *,
        directory: Directory, cool_down: Callable[[], float],
    ) -> None:
        self._codes = codes
        self._enrolments = enrolments
        self._outbox = outbox
        self._tries = tries
        self._limits = limits
        self._clock = clock
        self._directory = directory
        self._cool_down = cool_down

    def canonical(self, typed: str) -> str | None:
        return canonical_code(typed, self._limits.code_digits)

    async def challenge(self, case: Case) -> Sent | NotSent:
        windows = ((self._limits.codes_15min, _QUARTER), (self._limits.codes_24h, _DAY))
        until = await self._tries.start("codes", case.account, _by_owner(case.speaker), windows)
        if until:
            return NotSent(until)
        address = await self._address(case.account)
        account = await self._directory.read(case.account)
        code = await self._codes.issue(case.id, self._limits.code_seconds, self._limits.code_digits)
        if address is None or account is None:
            # A code that nobody gets is no code; the store is asked as often as for a mail.
            await self._codes.kill(case.id)
            return Sent()
        facts = {"code": code.reveal(), "minutes": str(self._limits.code_seconds // 60)}
        mail = Mail(address.address, account.language, "code", facts)
        await self._outbox.put(mail, once=f"code:{case.id}:{secrets.token_hex(8)}")
        return Sent()

    async def check(self, case: Case, code: str) -> str:
        address = await self._address(case.account)
        spent = await self._codes.spend(case.id, code)
        return address.id if spent and address else ""

    async def _address(self, account_id: str) -> Method | None:
        """The one private address, if it may be used by now."""
        enrolment = await self._enrolments.read(account_id)
        found = registered.usable(enrolment, self.name, self._clock.now(), self._cool_down())
        return found[0] if found else None


def _by_owner(speaker: Mapping[str, Any]) -> bool:
    """Whether the channel vouches for who asks; anonymous visitors have a budget of their own (V4)."""
    return speaker.get("object_id") is not None
