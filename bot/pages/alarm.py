"""The page behind the link "this wasn't me" of a mail: one button, which only locks (P1-P6)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from bot.browser import BrowserCookie
from bot.buckets import Buckets
from bot.clock import Clock
from bot.journeys.alarm import Alarm, Alarmed, Link
from bot.pages.error_pages import error_page
from bot.pages.forgery import FormTokens, Mac, from_our_page
from bot.pages.forms import BadRequestError, form_fields, read_body
from bot.pages.languages import asked_language
from bot.pages.rendering import Renderer
from bot.pages.secure import FORM, FORM_BYTES
from bot.pages.secure_faces import GONE
from bot.rules.languages import written_in
from bot.site import Site

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
DEAD = "alarm_dead.html"   # whatever went wrong below /alarm/, in words about the mail and not about the chat
_BINDING = "alarm"      # a form of this page is good for nothing else


def alarm_routes(
    alarm: Alarm, renderer: Renderer, *, site: Site, cookie: BrowserCookie, mac: Mac, clock: Clock,
    mask: Callable[[str], str], source: Callable[[web.Request], str], body_seconds: float,
) -> list[web.RouteDef]:
    """`/alarm/{token}` by GET, HEAD and POST; every other method is a 405. `source`: the client's address (V5)."""
    pages = _AlarmPages(alarm, renderer, FormTokens(mac), site, cookie, mask, source, body_seconds,
                        Buckets(clock, per_second=1, burst=5))
    return [web.get("/alarm/{token}", pages.look), web.post("/alarm/{token}", pages.press)]


@dataclass(frozen=True, slots=True)
class _AlarmPages:
    alarm: Alarm
    renderer: Renderer
    tokens: FormTokens
    site: Site
    cookie: BrowserCookie
    mask: Callable[[str], str]
    source: Callable[[web.Request], str]
    body_seconds: float
    presses: Buckets

    async def look(self, request: web.Request) -> web.Response:
        """Harmless however often and by whomever it is opened: mail scanners do (P2)."""
        token = request.match_info["token"]
        link = await self.alarm.look(token) if _TOKEN.fullmatch(token) else None
        if link is None:
            return self._dead(request, GONE)
        if link.alarmed is not None:
            return self._told(request, link, link.alarmed)
        known, fresh = self.cookie.known_or_new(request)
        response = self.renderer.page(
            "alarm.html", self._lang(request, link), account=self.mask(link.account.username), token=token,
            form=self.tokens.token(f"{_BINDING} {token}", known))
        self.cookie.give(response, fresh)
        return response

    async def press(self, request: web.Request) -> web.Response:
        """The person's own submit; its result is shown by GET, however often it is sent."""
        token, browser = request.match_info["token"], self.cookie.read(request)
        if not _TOKEN.fullmatch(token):
            return self._dead(request, GONE)
        try:
            if not browser or not from_our_page(request, self.site):
                raise BadRequestError(403)
            form = form_fields(await read_body(request, FORM, FORM_BYTES, self.body_seconds), frozenset())[1]
            if not self.tokens.holds(form, f"{_BINDING} {token}", browser):
                raise BadRequestError(403)
            if not self.presses.allows(form):
                raise BadRequestError(429)
        except BadRequestError as problem:
            return self._dead(request, problem.status)
        if await self.alarm.press(token, self.source(request)) is None:
            return self._dead(request, GONE)
        asked = asked_language(request, self.renderer.languages)
        return web.Response(
            status=303, headers={"Location": f"/alarm/{token}" + (f"?lang={asked}" if asked else "")})

    def _told(self, request: web.Request, link: Link, alarmed: Alarmed) -> web.Response:
        return self.renderer.page(
            "alarm_done.html", self._lang(request, link), account=self.mask(link.account.username),
            stands=alarmed.stands.value, number=alarmed.number)

    def _dead(self, request: web.Request, status: int) -> web.Response:
        """The link opens nothing, or what was sent did not come from its page (C4)."""
        return error_page(self.renderer, request, status, DEAD)

    def _lang(self, request: web.Request, link: Link) -> str:
        return asked_language(request, self.renderer.languages) or written_in(link.lang, self.renderer.languages)
