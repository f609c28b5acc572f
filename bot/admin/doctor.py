"""What an administrator has to know of the admin listener: is it there, and can anybody sign in?"""

import errno
import socket
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from bot.admin import place
from bot.doctor import Look
from bot.errors import SettingsError, StoreUnavailable
from bot.settings import Settings

_LET_IN = "give somebody access: python app.py staff add NAME --account THEIR-USER-NAME --role admin"


def looks(settings: Settings, ready: Callable[[], Awaitable[int]] | None) -> Iterator[Look]:
    """`ready`: how many people of IT can sign in; None where nobody can tell."""

    async def somebody() -> str:
        assert ready is not None
        try:
            found = await ready()
        except StoreUnavailable:
            return "cannot be checked until the store works"
        if not found:
            raise SettingsError("nobody in IT can sign in to the admin pages")
        return f"{found} can sign in to the admin pages"

    yield Look("KEYTURN_ADMIN_PORT", partial(_listens, settings), "stop what uses it, or set another port or address")
    if settings.admin_port and ready is not None and not settings.development:
        yield Look("staff", somebody, _LET_IN)


async def _listens(settings: Settings) -> str:
    if not settings.admin_port:
        return "0; there are no admin pages and no metrics"
    if settings.development and (url := await place.noted(settings.data_dir)):
        return f"the pages are at {url}/admin"
    where = f"{settings.admin_host}:{settings.admin_port}"
    try:
        family = socket.AF_INET6 if ":" in settings.admin_host else socket.AF_INET
        socket.create_server((settings.admin_host, settings.admin_port), family=family).close()
    except OSError as trouble:
        if trouble.errno != errno.EADDRINUSE:
            raise SettingsError(f"cannot listen on {where} ({trouble.strerror})") from trouble
        return await _taken(settings, where)
    return f"{where} is free for it; {_metrics(settings)}"


async def _taken(settings: Settings, where: str) -> str:
    if await place.answers(settings.admin_base_url()):
        return f"the pages are at {settings.admin_base_url()}/admin; {_metrics(settings)}"
    if settings.admin_port_may_move:
        return f"{where} is taken; a free port will be used"
    raise SettingsError(f"another program listens on {where}")


def _metrics(settings: Settings) -> str:
    given = settings.metrics_token.get_secret_value() or settings.development
    return "metrics can be read with the token" if given else \
        "nobody reads /metrics until KEYTURN_METRICS_TOKEN is set"
