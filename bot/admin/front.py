"""The way into the admin pages: signing in and out, the set-up link, the first page."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.admin.pages import SIGN_IN, AdminPages, staff
from bot.admin.signing_in import SigningIn, WrongCode
from bot.buckets import Buckets
from bot.clock import Clock
from bot.errors import VerificationPaused
from bot.pages.forms import BadRequestError
from bot.pages.qr import qr_svg
from bot.rules.staff import Staff
from bot.secret import Secret
from bot.store.staff import SetUp
from bot.store.staff_sessions import Over
from bot.verification.totp import otpauth

ISSUER = "Keyturn"
Waiting = Callable[[Staff], Awaitable[Sequence[Mapping[str, Any]]]]
Counts = Callable[[], Awaitable[Mapping[str, int]]]
_FIELDS = frozenset({"name", "password", "code"})
_GONE = 404


def front_routes(
    pages: AdminPages, signing_in: SigningIn, clock: Clock, source: Callable[[web.Request], str],
    waiting: Waiting, counts: Counts,
) -> list[web.RouteDef]:
    """`/admin`, sign-in, sign-out and `/admin/set-up/{token}`. `source`: the address a request came from.

    The first page lists what is `waiting` for this person or another one, and says how many `cases` (`urgent` ones
    among them) and `questions` there are.
    """
    front = _Front(pages, signing_in, source, waiting, counts, Buckets(clock, per_second=0.5, burst=10))
    return [
        web.get("/admin", front.start),
        web.get(SIGN_IN, front.ask), web.post(SIGN_IN, front.sign_in),
        web.post("/admin/sign-out", front.sign_out),
        web.get("/admin/set-up/{token}", front.look), web.post("/admin/set-up/{token}", front.set_up),
        web.post("/admin/set-up/{token}/here", front.begin_here),
    ]


@dataclass(frozen=True, slots=True)
class _Front:
    pages: AdminPages
    signing_in: SigningIn
    source: Callable[[web.Request], str]
    waiting: Waiting
    counts: Counts
    submits: Buckets

    async def start(self, request: web.Request) -> web.Response:
        return self.pages.page(
            request, "admin_start.html", waiting=await self.waiting(staff(request)), name="", **await self.counts())

    async def ask(self, request: web.Request) -> web.Response:
        over = request.query.get("over", "")
        return await self._sign_in_page(request, over=over if over in {*Over} else "")

    async def sign_in(self, request: web.Request) -> web.Response:
        """The same answer whatever did not fit, also while tries are paused (V3); in a pause for all nobody is let in.
        """
        typed = await self._sent(request, _FIELDS)
        (session, value), (fresh, known) = self.pages.cookie.fresh(), self.pages.cookie.fresh()
        try:
            who = await self.signing_in.sign_in(
                typed["name"], Secret(typed["password"]), typed["code"], session, self.source(request),
                self.pages.cookie.known(request), fresh)
        except VerificationPaused:
            return await self._sign_in_page(request, status=503)
        if who is None:
            return await self._sign_in_page(request, status=422, wrong=True)
        response = self._in(value, known, self.pages.cookie.place(request))
        self.pages.cookie.forget_place(response)
        return response

    async def _sign_in_page(
        self, request: web.Request, *, status: int = 200, wrong: bool = False, over: str = "",
    ) -> web.Response:
        return self._open_page(
            request, "admin_sign_in.html", status=status, wrong=wrong, over=over,
            paused=await self.signing_in.sessions.why_paused(), back=bool(self.pages.cookie.place(request)))

    async def sign_out(self, request: web.Request) -> web.Response:
        await self.pages.form(request, frozenset())
        await self.signing_in.sign_out(staff(request), self.pages.cookie.read(request), self.source(request))
        response = self.pages.see(f"{SIGN_IN}?over={Over.SIGNED_OUT}")
        self.pages.cookie.forget(response)
        self.pages.cookie.forget_place(response)
        return response

    async def look(self, request: web.Request) -> web.Response:
        """Opening the link shows nothing secret and does nothing: the first press makes it this browser's (P2)."""
        found = await self.signing_in.opened(request.match_info["token"])
        if found is None:
            return self._gone(request)
        opened, who = found
        if not opened.browser:
            return self._open_page(request, "admin_set_up_start.html", who=who)
        if opened.browser != self.pages.cookie.read(request):
            return self._gone(request)
        return self._form(request, opened, who)

    async def begin_here(self, request: web.Request) -> web.Response:
        await self._sent(request, frozenset())
        token = request.match_info["token"]
        if not await self.signing_in.bind(token, self.pages.cookie.read(request)):
            return self._gone(request)
        return self.pages.see(f"/admin/set-up/{token}")

    async def set_up(self, request: web.Request) -> web.Response:
        typed = await self._sent(request, frozenset({"password", "code"}))
        token, browser = request.match_info["token"], self.pages.cookie.read(request)
        (session, value), (fresh, known) = self.pages.cookie.fresh(), self.pages.cookie.fresh()
        found = await self.signing_in.opened(token)
        try:
            result = await self.signing_in.set_up(
                token, browser, Secret(typed["password"]), typed["code"], session, self.source(request), fresh)
        except VerificationPaused:
            return await self._sign_in_page(request, status=503)
        if isinstance(result, Staff):
            return self._in(value, known)
        if result is None or found is None:
            return self._gone(request)
        lang = self.pages.language(request)
        say = self.pages.renderer.say
        broken = [] if isinstance(result, WrongCode) else [
            say(lang, f"password.broken.{one.key}", "password.broken.other", one.facts) for one in result]
        return self._form(request, *found, broken, wrong_code=isinstance(result, WrongCode))

    def _form(
        self, request: web.Request, opened: SetUp, who: Staff, broken: Sequence[str] = (), *, wrong_code: bool = False,
    ) -> web.Response:
        lang = self.pages.language(request)
        say = self.pages.renderer.content.say
        drawn = qr_svg(otpauth(opened.seed, ISSUER, who.name).reveal(), say(lang, "admin.set_up.qr"))
        seed = opened.seed.reveal()
        return self.pages.page(
            request, "admin_set_up.html", status=422 if broken or wrong_code else 200, who=who, qr=drawn,
            seed=" ".join(seed[at:at + 4] for at in range(0, len(seed), 4)), broken=broken, wrong_code=wrong_code,
            shortest=self.signing_in.policy.shortest)

    async def _sent(self, request: web.Request, names: frozenset[str]) -> dict[str, str]:
        try:
            typed = dict(await self.pages.form(request, names))
        except BadRequestError as problem:
            raise self.pages.refusal(problem) from None
        browser = self.pages.cookie.known(request)
        if not self.submits.allows(browser if await self.signing_in.known_in(browser) else self.source(request)):
            raise web.HTTPTooManyRequests
        return typed

    def _open_page(self, request: web.Request, template: str, *, status: int = 200, **facts: object) -> web.Response:
        """A page for a browser that nobody is signed in with; the cookie its form is bound to comes with it."""
        browser, value = self.pages.cookie.read(request), ""
        if not browser:
            browser, value = self.pages.cookie.fresh()
        response = self.pages.page(
            request, template, status=status, **{**facts, "token": self.pages.token(browser)})
        if value:
            self.pages.cookie.give(response, value)
        return response

    def _in(self, value: str, known: str, place: str = "") -> web.Response:
        response = self.pages.see(place or "/admin")
        self.pages.cookie.give(response, value)
        self.pages.cookie.make_known(response, known)
        return response

    def _gone(self, request: web.Request) -> web.Response:
        """One page for links that are spent, too old, unknown, or another browser's (E3)."""
        return self.pages.page(request, "admin_gone.html", status=_GONE)
