"""Is this machine's clock right? Codes from a phone need it, and a store on the same machine would be as wrong."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiohttp import ClientError, ClientSession

from bot.doctor import Look
from bot.errors import SettingsError

APART = 5.0         # seconds; a third of what a phone's code bears
_SECONDS = 8.0


def looks(url: str, session: ClientSession) -> Iterator[Look]:
    """Compares with what the service at `url` says the time is: every answer has it, also one that refuses."""

    async def right() -> str:
        apart = datetime.now(UTC).timestamp() - await _there(url, session)
        if abs(apart) > APART:
            raise SettingsError(f"this machine's is {abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} {url}")
        return "this machine's is right"

    yield Look("clock", right, "let NTP set it: timedatectl set-ntp true")


async def _there(url: str, session: ClientSession) -> float:
    try:
        async with asyncio.timeout(_SECONDS), session.get(url, allow_redirects=False) as answer:
            said = answer.headers.get("Date", "")
    except ClientError as trouble:
        raise SettingsError(f"nothing answers at {url} ({type(trouble).__name__})") from None
    try:
        # Halves of seconds are cut off there.
        return parsedate_to_datetime(said).timestamp() + 0.5
    except (TypeError, ValueError):
        raise SettingsError(f"{url} does not say what the time is") from None
