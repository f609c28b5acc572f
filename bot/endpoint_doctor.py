"""Is Keyturn reached at the address that people and Teams are given, and is its certificate good for a while yet?"""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession

from bot.doctor import Look
from bot.errors import SettingsError
from bot.settings import Settings

_SOON_DAYS = 14
_SECONDS = 8.0


def looks(settings: Settings, session: ClientSession) -> Iterator[Look]:
    """Only where an address was given: in development it is this machine's own."""
    url = settings.public_url.rstrip("/")
    if not url:
        return

    async def alive() -> str:
        status = await _status(session, "GET", f"{url}/healthz")
        if status != 200:
            raise SettingsError(f"{url}/healthz answers {status}")
        return "Keyturn answers there"

    async def messages() -> str:
        status = await _status(session, "POST", f"{url}/api/messages")
        if status != 401:
            raise SettingsError(f"POST {url}/api/messages without a token answers {status} instead of 401")
        return "messages without a token are refused"

    async def certificate() -> str:
        left = await _days_left(url)
        if left < _SOON_DAYS:
            raise SettingsError(f"its certificate expires in {left} days")
        return f"its certificate is valid for {left} more days"

    proxy = f"start Keyturn, and have the proxy in front forward everything to {settings.host}:{settings.port}"
    yield Look("KEYTURN_PUBLIC_URL", alive, proxy)
    if settings.app_id:
        yield Look("messaging endpoint", messages, f"{proxy}; the bot's registration names it: "
                   f"az bot update --resource-group GROUP --name NAME --endpoint {url}/api/messages")
    if url.startswith("https://"):
        yield Look("certificate", certificate, "renew it, and set up automatic renewal")


async def _status(session: ClientSession, method: str, url: str) -> int:
    try:
        async with asyncio.timeout(_SECONDS), session.request(
                method, url, allow_redirects=False, json={} if method == "POST" else None) as answer:
            return answer.status
    except ClientError as trouble:
        raise SettingsError(f"nothing answers at {url} ({type(trouble).__name__})") from None


async def _days_left(url: str) -> int:
    parts = urlsplit(url)
    context = ssl.create_default_context()
    _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
    try:
        ends = ssl.cert_time_to_seconds(str(writer.get_extra_info("peercert")["notAfter"]))
    finally:
        writer.close()
    return int((ends - datetime.now(UTC).timestamp()) // 86400)
