"""The two listeners: where they listen, and how they stop."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from bot.admin import place as admin_place
from bot.listening import cannot_listen, look_ahead
from bot.pages.listener import Listener
from bot.serving.desk import Desk
from bot.settings import Settings
from bot.site import Site

log = structlog.get_logger(__name__)


@asynccontextmanager
async def listening(desk: Desk) -> AsyncIterator[None]:
    """The public listener; it lets what it has taken in finish before it is gone. Raises SettingsError."""
    settings = desk.settings
    runner = Listener(desk.application(), desk.site, settings.limits, desk.ending)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
        except OSError as error:
            raise cannot_listen("PORT", settings.host, settings.port, error) from error
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def admin_listening(desk: Desk) -> AsyncIterator[None]:
    """The admin listener, unless it is switched off. Raises SettingsError."""
    settings = desk.settings
    if not settings.admin_port:
        yield
        return
    listens = _admin_socket(settings)
    port = listens.getsockname()[1]
    desk.admin_url = settings.admin_base_url(port)
    site = Site.of(desk.admin_url, also=frozenset() if settings.admin_url else frozenset({f"localhost:{port}"}))
    runner = Listener(desk.admin_application(site), site, settings.limits, desk.ending)
    await runner.setup()
    try:
        await web.SockSite(runner, listens).start()
        if settings.development:
            admin_place.note(settings.data_dir, desk.admin_url)
        yield
    finally:
        admin_place.forget(settings.data_dir)
        await runner.cleanup()


def _admin_socket(settings: Settings) -> socket.socket:
    """Where the admin listener is."""
    family = socket.AF_INET6 if ":" in settings.admin_host else socket.AF_INET
    try:
        return socket.create_server((settings.admin_host, settings.admin_port), family=family, backlog=128)
    except OSError as error:
        if not settings.admin_port_may_move:
            raise cannot_listen("KEYTURN_ADMIN_PORT", settings.admin_host, settings.admin_port, error) from error
    log.warning("admin_port_taken", port=settings.admin_port, instead="a free one")
    return socket.create_server((settings.admin_host, 0), family=family, backlog=128)


def look_at_ports(settings: Settings) -> None:
    look_ahead("PORT", settings.host, settings.port)
    if settings.admin_port and not settings.admin_port_may_move:
        look_ahead("KEYTURN_ADMIN_PORT", settings.admin_host, settings.admin_port)
