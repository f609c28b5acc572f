"""The public listener's application: the channels, the web chat, the secure pages."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.channel.directline import PREFIX as DIRECT_LINE
from bot.channel.proxies import client_address
from bot.clock import Clock
from bot.content import Content
from bot.directory.demo_desk import DemoDesk
from bot.pages import bundle
from bot.pages.alarm import DEAD, alarm_routes
from bot.pages.assets import Assets, served
from bot.pages.demo import demo_routes
from bot.pages.dialog import TEAMS_HOSTS, dialog_routes
from bot.pages.error_pages import PAGES, error_pages
from bot.pages.forgery import Mac
from bot.pages.headers import protect
from bot.pages.health import Health
from bot.pages.rendering import STATIC, Renderer
from bot.pages.secure import Asked, secure_routes
from bot.pages.secure_faces import Faces, Frame
from bot.pages.web_chat import web_chat_routes
from bot.rules.masking import masked
from bot.serving.channels import Channels
from bot.serving.journeys import Journeys
from bot.settings import Settings, WebChat
from bot.site import Site


def public_application(settings: Settings, content: Content, site: Site, channels: Channels, journeys: Journeys,
                       health: Health, mac: Mac, clock: Clock, drain: Callable[[web.Application], Awaitable[None]],
                       demo_desk: DemoDesk, admin_url: Callable[[], str]) -> web.Application:
    """`drain`: what is waited for when it ends; `admin_url`: where the admin pages are, or nothing."""
    limits = settings.limits
    assets = Assets.read(STATIC)
    renderer = Renderer(content, assets.url)
    app = web.Application(client_max_size=limits.body_bytes)
    protect(app, site, any_host=frozenset({"/healthz", "/readyz"}))
    app.middlewares.append(error_pages(renderer, {**PAGES, "/alarm/": DEAD}))
    app.on_shutdown.append(drain)
    app.router.add_route("*", "/api/messages", channels.gate.handle)
    app.add_routes([*health.routes(), *assets.routes()])
    if settings.chat is not WebChat.OFF:
        app.add_subapp(DIRECT_LINE, channels.direct_line.app())
        app.add_routes(web_chat_routes(renderer, site, channels.cookie, settings.data_dir))
    app.add_routes(secure_routes(
        journeys.pages, renderer, site=site, cookie=channels.cookie, mac=mac, clock=clock,
        body_seconds=limits.body_seconds))
    library = served(bundle.TEAMS, settings.data_dir)
    if library is not None:     # The secure pages open as windows inside Teams.
        frame = Frame(TEAMS_HOSTS, library.url(bundle.TEAMS.script))
        asked = Asked.of(journeys.pages, Faces(renderer, frame), site, mac, clock, limits.body_seconds)
        app.add_routes([
            *library.routes(), *dialog_routes(asked, channels.sign_on.person if channels.sign_on else None)])
    app.add_routes(alarm_routes(
        journeys.alarm, renderer, site=site, cookie=channels.cookie, mac=mac, clock=clock, mask=masked,
        source=lambda request: client_address(request, settings.trusted_proxies), body_seconds=limits.body_seconds))
    if settings.development:
        app.add_routes(demo_routes(demo_desk, renderer, settings.data_dir, admin=admin_url))
    return app
