"""What follows when an effect has happened, for each operation (O4, O6, F4)."""

import asyncio
from dataclasses import dataclass

from bot.directory.protocol import Account, Applied, Directory
from bot.errors import DirectoryRefused, KeyturnError
from bot.journeys.records import Records
from bot.rules.case import Case

CALL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class PasswordSet:
    """A password was reset or changed: the owner hears of it, sessions end."""

    directory: Directory
    records: Records

    async def outcome(self, case: Case) -> Applied:
        return await self.directory.outcome(case.account, case.key)

    async def follow_up(self, case: Case, account: Account) -> None:
        await self.records.tell_owner(account, f"{case.operation}_done", case.key)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self.directory.revoke_sessions(account.id)
        except DirectoryRefused:
            # Said once, and never tried again: whoever reads the trail has to mend it (F4, F7).
            await self.records.revoked(case, ended=False)
            return
        except (KeyturnError, TimeoutError):
            await self.records.revoked(case, ended=False)
            raise
        await self.records.revoked(case, ended=True)
