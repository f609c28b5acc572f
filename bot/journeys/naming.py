"""What an account is called, for the helpdesk, who have to be reachable when the directory is not."""

import asyncio

import structlog

from bot.directory.protocol import Directory
from bot.errors import DirectoryUnavailable

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 3.0


async def username_of(directory: Directory, account_id: str) -> str:
    """The user name; "" for no account, one that is gone, or one that cannot be looked up now."""
    if not account_id:
        return ""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            account = await directory.read(account_id)
    except (DirectoryUnavailable, TimeoutError) as error:
        log.warning("account_not_named", error=type(error).__name__)
        return ""
    return account.username if account else ""
