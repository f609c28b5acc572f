"""The admin listener's application: IT's pages, and the metrics (U4)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from aiohttp import web

from bot.admin.accounts import ACCOUNTS, REQUESTS, account_routes, request_routes, waiting
from bot.admin.front import front_routes
from bot.admin.help_cases import CASES, case_routes
from bot.admin.metrics_page import metrics_routes
from bot.admin.pages import AdminPages, Room
from bot.admin.questions import Keeper, keeper_rooms
from bot.admin.session import SessionCookie
from bot.admin.signing_in import SigningIn
from bot.channel.proxies import client_address
from bot.clock import Clock
from bot.content import Content
from bot.content.helpdesk import HelpWords
from bot.content.own_phrases import OwnPhrases
from bot.pages.assets import Assets
from bot.pages.error_pages import error_pages
from bot.pages.forgery import FormTokens
from bot.pages.headers import protect
from bot.pages.rendering import STATIC, Renderer
from bot.rules.passwords import Policy as PasswordRules
from bot.rules.staff import Staff
from bot.secret import Secret
from bot.serving.journeys import Journeys
from bot.serving.kept import Kept
from bot.serving.people import People
from bot.settings import Settings
from bot.site import Site
from bot.store.sealed import kept_keys

_ROOM = Path(__file__).parents[1] / "admin"


def admin_application(settings: Settings, content: Content, site: Site, kept: Kept, people: People,
                      journeys: Journeys, password_rules: PasswordRules, clock: Clock,
                      measured: Callable[[], Awaitable[bytes]]) -> web.Application:
    """`measured`: the metrics as text."""
    assets = Assets.read(STATIC, _ROOM / "static")
    renderer = Renderer(content, assets.url, _ROOM / "templates")
    pages = AdminPages(kept.it, kept.it_sessions, renderer, SessionCookie(secure=site.secure),
                       FormTokens(kept.ring.mac), site, settings.limits.body_seconds)
    signing_in = SigningIn(
        kept.it, kept.it_sessions, journeys.staffing, people.hashes, kept.enrolments, kept.tries, kept.audit,
        password_rules, clock)
    helping, helpdesk = journeys.helping, journeys.helpdesk

    def source(request: web.Request) -> str:
        return client_address(request, settings.trusted_proxies)

    async def waits(me: Staff) -> Sequence[Mapping[str, object]]:
        return [waiting(one, me.id) for one in await helping.forms.waiting()]

    async def counts() -> Mapping[str, int]:
        cases = await helpdesk.open_ones()
        return {"cases": len(cases), "urgent": sum(one.urgent for one in cases),
                "questions": len(await kept.unanswered.all())}

    pages.rooms.extend([
        Room("/admin", "admin.nav.start", front_routes(pages, signing_in, clock, source, waits, counts)),
        Room(ACCOUNTS, "admin.nav.accounts", account_routes(pages, helping, source)),
        Room(CASES, "admin.nav.cases", case_routes(pages, helpdesk, HelpWords(content), source)),
        Room(REQUESTS, "", request_routes(pages, helping, source)),
        *keeper_rooms(Keeper(
            pages, content, kept.unanswered, OwnPhrases(settings.data_dir), kept.ratings, kept.audit, source))])
    app = web.Application()
    protect(app, site, any_host=frozenset({"/metrics"}))
    app.middlewares.append(error_pages(renderer, {"/admin": "admin_error.html"}))
    app.add_routes([*assets.routes(), *metrics_routes(measured, _metrics_token(settings))])
    pages.guard(app)
    return app


def _metrics_token(settings: Settings) -> Secret | None:
    """What Prometheus has to send; None: nobody reads the metrics."""
    given = settings.metrics_token.get_secret_value()
    if not given and settings.development:
        given = kept_keys(settings.data_dir, "metrics-token")[0]
    return Secret(given) if given else None
