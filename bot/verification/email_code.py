"""Proof by a code sent to the private address an account has registered: never the only gate (V8)."""

import secrets
from collections.abc import Mapping
from typing import Any

from bot.delivery.protocol import Mail, Outbox
from bot.directory.protocol import Directory
from bot.rules.case import Case
from bot.rules.codes import canonical_code
from bot.rules.limits import Limits
from bot.store.protocol import Codes, Enrolments, Tries
from bot.verification.protocol import NotSent, Sent

_QUARTER = 900.0
_DAY = 86400.0


class EmailCode:
    """Implements Authenticator. For an account without address it does the same, and sends none (E1)."""

    name = "email_code"

    def __init__(
        self, codes: Codes, enrolments: Enrolments, outbox: Outbox, tries: Tries, limits: Limits, *,
        directory: Directory,
    ) -> None:
        self._codes = codes
        self._enrolments = enrolments
        self._outbox = outbox
        self._tries = tries
        self._limits = limits
        self._directory = directory

    async def enrolled(self, account_id: str) -> bool:
        enrolment = await self._enrolments.read(account_id)
        return enrolment is not None and bool(enrolment.mail)

    async def challenge(self, case: Case) -> Sent | NotSent:
        windows = ((self._limits.codes_15min, _QUARTER), (self._limits.codes_24h, _DAY))
        until = await self._tries.start("codes", case.account, _by_owner(case.speaker), windows)
        if until:
            return NotSent(until)
        enrolment = await self._enrolments.read(case.account)
        account = await self._directory.read(case.account)
        code = await self._codes.issue(case.id, self._limits.code_seconds, self._limits.code_digits)
        if enrolment is None or not enrolment.mail or account is None:
            # A code that nobody gets is no code; the store is asked as often as for a mail.
            await self._codes.kill(case.id)
            return Sent()
        facts = {"code": code.reveal(), "minutes": str(self._limits.code_seconds // 60)}
        mail = Mail(enrolment.mail, account.language, "code", facts)
        await self._outbox.put(mail, once=f"code:{case.id}:{secrets.token_hex(8)}")
        return Sent()

    async def check(self, case: Case, code: str) -> bool:
        typed = canonical_code(code, self._limits.code_digits)
        return typed is not None and await self._codes.spend(case.id, typed)


def _by_owner(speaker: Mapping[str, Any]) -> bool:
    """Whether the channel vouches for who asks; anonymous visitors have a budget of their own (V4)."""
    return speaker.get("object_id") is not None
