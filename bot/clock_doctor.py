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
        before = _here()
        there = await _there(url, session)
        ahead = seconds_ahead(before, there, _here())
        if abs(ahead) > APART:
            raise SettingsError(f"this machine's is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} {url}")
        return "this machine's is right"

    yield Look("clock", right, "let NTP set it: timedatectl set-ntp true")


def seconds_ahead(before: float, there: float, after: float) -> float:
    """At the least, of who said `there` at some moment between two of here; below 0 when this machine is behind.

    How long the answer took is no fault of the clock.
    """
    return before - there if there < before else min(0.0, after - there)


def _here() -> float:
    return datetime.now(UTC).timestamp()


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
