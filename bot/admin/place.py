"""Where the admin pages are, for those who are not the process that serves them: `staff add` and `doctor`."""

import contextlib
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.admin.pages import SIGN_IN

_FILE = "admin-url"
_SECONDS = 3.0
_MARK = 'name="keyturn-page" content="admin"'


def note(folder: Path, url: str) -> None:
    """Keep it for `noted`: in development another port than the one set may have been taken."""
    (folder / _FILE).write_text(url + "\n", encoding="utf-8")


def forget(folder: Path) -> None:
    (folder / _FILE).unlink(missing_ok=True)


async def noted(folder: Path) -> str:
    """What the process that serves from this folder noted; "" if none did, or it is gone."""
    try:
        url = (folder / _FILE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return url if url and await answers(url) else ""


async def answers(url: str) -> bool:
    """Whether Keyturn's admin pages are there."""
    with contextlib.suppress(ClientError, OSError, TimeoutError, ValueError):
        async with ClientSession(timeout=ClientTimeout(total=_SECONDS)) as session, \
                session.get(url + SIGN_IN, allow_redirects=False) as answer:
            return answer.status == 200 and _MARK in await answer.text()
    return False
