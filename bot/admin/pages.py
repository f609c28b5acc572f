"""What every page of the admin listener stands on: who is signed in, what a form sent, the frame around it all."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.admin.session import SessionCookie
from bot.admin.times import shown, telling
from bot.errors import VerificationPaused
from bot.pages.forgery import FormTokens, from_our_page
from bot.pages.forms import BadRequestError, as_text, form_fields, read_body
from bot.pages.languages import asked_language, page_language
from bot.pages.rendering import Renderer
from bot.rules.staff import HELPDESK, Staff
from bot.site import Site
from bot.store.staff import RedisStaff
from bot.store.staff_sessions import Over, StaffSessions

FORM = "application/x-www-form-urlencoded"
FORM_BYTES = 65536
SIGN_IN = "/admin/sign-in"
_OPEN = (SIGN_IN, "/admin/set-up/")
_REFUSALS: Mapping[int, type[web.HTTPException]] = {
    403: web.HTTPForbidden, 408: web.HTTPRequestTimeout, 415: web.HTTPUnsupportedMediaType}
_STAFF = web.RequestKey("staff", Staff)


def staff(request: web.Request) -> Staff:
    """Who is signed in; every page but those of sign-in and set-up has somebody."""
    return request[_STAFF]


@dataclass(frozen=True, slots=True)
class Room:
    """A part of the admin pages below `path`, for one role.

    `title`: the content's words in the navigation; "" for a room that has no place there.
    """

    path: str
    title: str
    routes: Sequence[web.RouteDef]
    role: str = HELPDESK


@dataclass(frozen=True, slots=True)
class AdminPages:
    """The pages' common half. A room's handlers call `page`, `form` and `see`; `staff(request)` says who asks."""

    people: RedisStaff
    sessions: StaffSessions
    renderer: Renderer
    cookie: SessionCookie
    tokens: FormTokens
    site: Site
    body_seconds: float
    rooms: list[Room] = field(default_factory=list)

    def page(self, request: web.Request, template: str, *, status: int = 200, **facts: Any) -> web.Response:
        """A page in the reader's language; in the template `me`, `rooms`, `here` and `token` are there as well.

        `token` belongs into every form, as the hidden field of that name. Times come as numbers: `shown(at)` writes
        one, `told(key, at)` a sentence with one in it.
        """
        me = request.get(_STAFF)
        lang = self.language(request)
        browser = self.cookie.read(request)
        response = self.renderer.page(template, lang, status=status, **{
            "me": me, "here": request.path, "token": self.token(browser), "shown": shown,
            "told": telling(partial(self.renderer.content.say, lang)),
            "rooms": [one for one in self.rooms if one.title and me and me.may(one.role)], **facts})
        if asked_language(request, self.renderer.languages):
            self.cookie.keep_language(response, lang)
        return response

    async def form(self, request: web.Request, names: Set[str]) -> Mapping[str, str]:
        """What was typed into these fields, "" for one that was not sent; raises BadRequestError.

        The request comes from a page of ours in this very browser, or it is refused (P4).
        """
        if not from_our_page(request, self.site):
            raise BadRequestError(403)
        typed, token = form_fields(await read_body(request, FORM, FORM_BYTES, self.body_seconds), names)
        browser = self.cookie.read(request)
        if not browser or not self.tokens.holds(token, "admin", browser):
            raise BadRequestError(403)
        texts = {name: as_text(value) for name, value in typed.items()}
        if None in texts.values():
            raise BadRequestError(400)
        return {name: texts.get(name) or "" for name in names}

    def see(self, path: str) -> web.Response:
        """What a form leads to: the path by GET, so that no reload sends the form again."""
        return web.Response(status=303, headers={"Location": path})

    def token(self, browser: str) -> str:
        return self.tokens.token("admin", browser) if browser else ""

    def language(self, request: web.Request) -> str:
        """`?lang=`, else what this browser chose before, else the person's own."""
        languages = self.renderer.languages
        if asked := asked_language(request, languages):
            return asked
        if (kept := self.cookie.language(request)) in languages:
            return kept
        me = request.get(_STAFF)
        return me.lang if me and me.lang in languages else page_language(request, languages)

    @staticmethod
    def refusal(problem: BadRequestError) -> web.HTTPException:
        """The answer to a form that is none of ours."""
        if problem.status == 413:
            return web.HTTPRequestEntityTooLarge(max_size=FORM_BYTES, actual_size=FORM_BYTES)
        return _REFUSALS.get(problem.status, web.HTTPBadRequest)()

    def guard(self, app: web.Application) -> None:
        """Let nobody into anything below /admin who is not signed in, nor into a room that is not for them."""

        @web.middleware
        async def signed_in(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not _below(request.path, "/admin") or request.path.startswith(_OPEN):
                return await handler(request)
            who = await self._signed_in(request)
            if not isinstance(who, Staff):
                return self._stopped(request, who)
            request[_STAFF] = who
            if any(_below(request.path, room.path) and not who.may(room.role) for room in self.rooms):
                raise web.HTTPForbidden
            try:
                return await handler(request)
            except BadRequestError as problem:
                raise self.refusal(problem) from None

        app.middlewares.append(signed_in)
        for room in self.rooms:
            app.add_routes(room.routes)

    async def _signed_in(self, request: web.Request) -> Staff | Over | None:
        browser = self.cookie.read(request)
        try:
            return await self.sessions.signed_in(browser) if browser else None
        except VerificationPaused:
            if request.method not in ("GET", "HEAD"):
                raise
            return None     # The page to sign in at says why not now.

    def _stopped(self, request: web.Request, over: Over | None) -> web.Response:
        """The way to sign in, from where it leads back (P6)."""
        if request.method in ("GET", "HEAD"):
            response = self.see(f"{SIGN_IN}?over={over}" if over else SIGN_IN)
        else:
            response = self.page(request, "admin_signed_out.html", status=401, over=over or "")
        self.cookie.keep_place(response, _page_of(request))
        return response


def _page_of(request: web.Request) -> str:
    """The path itself where it is a page; of an act the page that it was begun on."""
    resource = request.match_info.route.resource
    if request.method in ("GET", "HEAD") or (resource and any(one.method == "GET" for one in resource)):
        return request.path
    return request.path.rpartition("/")[0]


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
