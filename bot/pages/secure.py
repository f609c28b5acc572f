"""The secure page: where passwords and recovery codes are typed, straight to our origin, not in the chat (G4, P)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.browser import BrowserCookie
from bot.buckets import Buckets
from bot.clock import Clock
from bot.journeys.protocol import Again, Ended, Fields, Form, RuleState, SecurePage, Unbound
from bot.pages.forgery import FormTokens, Mac, from_our_page
from bot.pages.forms import BadRequestError, as_text, form_fields, is_text, json_field, read_body
from bot.pages.languages import asked_language, page_language
from bot.pages.rendering import Renderer
from bot.pages.secure_faces import GONE, Faces
from bot.people import SignedOn
from bot.secret import Secret
from bot.site import Site

FORM = "application/x-www-form-urlencoded"
TOKEN_HEADER = "X-Keyturn-Form"     # noqa: S105  # a header's name
FORM_BYTES = 8192
CHECK_BYTES = 8192

# 128 bits and more, as URL-safe base64 (limit 15); anything else is not looked up.
_TICKET = re.compile(r"[A-Za-z0-9_-]{22,86}")
FIELDS = frozenset({"password", "current", "code", "make", "label"})
_PASSWORDS = frozenset({"password", "current"})
_UNREADABLE = RuleState("encoding", kept=False)


def secure_routes(
    pages: SecurePage,
    renderer: Renderer,
    *,
    site: Site,
    cookie: BrowserCookie,
    mac: Mac,
    clock: Clock,
    body_seconds: float = 15,
) -> list[web.RouteDef]:
    """`/secure/{ticket}` by GET, HEAD and POST, its live rule check, and the button that takes a browser for it;
    every other method is a 405.

    `body_seconds`: limit 24.
    """
    secure = _ByCookie(Asked.of(pages, Faces(renderer), site, mac, clock, body_seconds), cookie)
    return [
        web.get("/secure/{ticket}", secure.look),
        web.post("/secure/{ticket}", secure.finish),
        web.post("/secure/{ticket}/check", secure.check),
        web.post("/secure/{ticket}/here", secure.go_on_here),
    ]


class GoneError(Exception):
    """The ticket opens nothing here, whatever the reason (E3)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What every secure page does with what it is asked, whichever way it knows a person's own browser again."""

    pages: SecurePage
    faces: Faces
    tokens: FormTokens
    site: Site
    body_seconds: float
    checks: Buckets
    submits: Buckets

    @classmethod
    def of(cls, pages: SecurePage, faces: Faces, site: Site, mac: Mac, clock: Clock, body_seconds: float) -> "Asked":
        return cls(pages, faces, FormTokens(mac), site, body_seconds,
                   checks=Buckets(clock, per_second=10, burst=10), submits=Buckets(clock, per_second=1, burst=5))

    @staticmethod
    def ticket(request: web.Request) -> str:
        """GoneError before anything is looked up for what cannot be one."""
        ticket = request.match_info["ticket"]
        if not _TICKET.fullmatch(ticket):
            raise GoneError
        return ticket

    async def fields(self, request: web.Request, names: frozenset[str]) -> tuple[dict[str, bytes], str]:
        """What was typed, as bytes, and the form's token. Raises BadRequestError, also for another site's form."""
        self.ours(request)
        return form_fields(await read_body(request, FORM, FORM_BYTES, self.body_seconds), names)

    def ours(self, request: web.Request) -> None:
        """BadRequestError 403 unless the request comes from a page of ours (P4)."""
        if not from_our_page(request, self.site):
            raise BadRequestError(403)

    def held(self, token: str, ticket: str, browser: str) -> None:
        """BadRequestError 403 unless the form is ours for this ticket and this browser (P4)."""
        if not self.tokens.holds(token, ticket, browser):
            raise BadRequestError(403)

    async def tried(self, ticket: str, browser: str, typed: Mapping[str, bytes], token: str,
                    person: SignedOn | None = None) -> Again | Ended | None:
        """The person's own submit. Raises BadRequestError 429."""
        if not self.submits.allows(token):
            raise BadRequestError(429)
        fields = _readable(typed)
        if fields is not None:
            return await self.pages.finish(ticket, browser, fields, person)
        # The password came as bytes that are no text: refused with the reason, not repaired (N3).
        seen = await self.pages.look(ticket, browser)
        if isinstance(seen, Form):
            return Again(seen, (_UNREADABLE,))
        return seen if isinstance(seen, Ended) else None

    async def rules(self, request: web.Request, ticket: str, browser: str) -> web.Response:
        """How the rules stand for what is typed so far: rule states and their words, nothing else."""
        try:
            rules = await self._rules(request, ticket, browser)
        except BadRequestError as problem:
            return web.json_response({"problem": problem.status}, status=problem.status)
        if rules is None:
            return no_rules()
        faces = self.faces
        lang = page_language(request, faces.renderer.languages)
        return web.json_response({"rules": [
            {"key": rule.key, "kept": rule.kept, "text": faces.words("rule", lang, rule)} for rule in rules]})

    async def _rules(self, request: web.Request, ticket: str, browser: str) -> tuple[RuleState, ...] | None:
        self.ours(request)
        token = request.headers.get(TOKEN_HEADER, "")
        self.held(token, ticket, browser)
        if not self.checks.allows(token):
            raise BadRequestError(429)
        body = await read_body(request, "application/json", CHECK_BYTES, self.body_seconds)
        password = json_field(body, "password")
        if not is_text(password):
            raise BadRequestError(422)
        return await self.pages.check(ticket, browser, Secret(password))


def no_rules() -> web.Response:
    """What a ticket that opens nothing answers to a check."""
    return web.json_response({"problem": GONE}, status=GONE)


@dataclass(frozen=True, slots=True)
class _ByCookie:
    """A page by itself in a browser, which is known again by its cookie (P3)."""

    asked: Asked
    cookie: BrowserCookie

    async def look(self, request: web.Request) -> web.Response:
        """Harmless however often and by whomever it is opened (P2)."""
        asked, faces = self.asked, self.asked.faces
        try:
            # The link may be opened in a browser that has never been here (Unbound).
            ticket, browser = asked.ticket(request), self.cookie.read(request)
            seen = await asked.pages.look(ticket, browser)
        except GoneError:
            seen = None
        if isinstance(seen, Form):
            return faces.form(request, seen, asked.tokens.token(ticket, browser))
        if isinstance(seen, Unbound) and not seen.sign_on:
            return self._start(request, seen, ticket)
        return faces.ended(request, seen) if isinstance(seen, Ended) else faces.gone(request)

    async def go_on_here(self, request: web.Request) -> web.Response:
        """The person's own press: from now on this is the only browser that the ticket opens anything in (P3)."""
        asked, faces = self.asked, self.asked.faces
        try:
            ticket, browser = self._who(request)
            _, token = await asked.fields(request, frozenset())
            asked.held(token, ticket, browser)
            bound = await asked.pages.bind(ticket, browser)
        except GoneError:
            bound = False
        except BadRequestError as problem:
            return faces.refused(request, problem.status)
        return self._see_end(request, ticket) if bound else faces.gone(request)

    async def finish(self, request: web.Request) -> web.Response:
        """An end is shown by GET, so no reload sends the password again (P9)."""
        asked, faces = self.asked, self.asked.faces
        try:
            ticket, browser = self._who(request)
            typed, token = await asked.fields(request, FIELDS)
            asked.held(token, ticket, browser)
            result = await asked.tried(ticket, browser, typed, token)
        except GoneError:
            result = None
        except BadRequestError as problem:
            return faces.refused(request, problem.status)
        if isinstance(result, Again):
            return faces.form(request, result.form, token, result.broken)
        if isinstance(result, Ended) and result.at_once:
            return faces.ended(request, result)
        return faces.gone(request) if result is None else self._see_end(request, ticket)

    async def check(self, request: web.Request) -> web.Response:
        """The live rule check."""
        try:
            ticket, browser = self._who(request)
        except GoneError:
            return no_rules()
        return await self.asked.rules(request, ticket, browser)

    def _who(self, request: web.Request) -> tuple[str, str]:
        ticket, browser = self.asked.ticket(request), self.cookie.read(request)
        if not browser:
            raise GoneError
        return ticket, browser

    def _start(self, request: web.Request, seen: Unbound, ticket: str) -> web.Response:
        """The cookie comes with the button that takes it for this ticket."""
        known, fresh = self.cookie.known_or_new(request)
        response = self.asked.faces.start(
            request, seen, f"/secure/{ticket}/here", self.asked.tokens.token(ticket, known))
        self.cookie.give(response, fresh)
        return response

    def _see_end(self, request: web.Request, ticket: str) -> web.Response:
        lang = asked_language(request, self.asked.faces.renderer.languages)
        where = f"/secure/{ticket}" + (f"?lang={lang}" if lang else "")
        return web.Response(status=303, headers={"Location": where})


def _readable(typed: Mapping[str, bytes]) -> Fields | None:
    """The fields as text; None when a password is bytes that are no text."""
    texts = {name: as_text(value) for name, value in typed.items()}
    if any(texts[name] is None for name in texts.keys() & _PASSWORDS):
        return None
    return {name: Secret(text or "") for name, text in texts.items()}
