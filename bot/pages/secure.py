"""The secure page: where passwords and recovery codes are typed, straight to our origin, not in the chat (G4, P)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from bot.browser import BrowserCookie
from bot.buckets import Buckets
from bot.clock import Clock
from bot.journeys.protocol import Again, End, Ended, Fields, Form, RuleState, SecurePage, Unbound
from bot.pages.forgery import FormTokens, Mac, from_our_page
from bot.pages.forms import BadRequestError, as_text, form_fields, is_text, json_field, read_body
from bot.pages.languages import asked_language, page_language
from bot.pages.qr import qr_svg
from bot.pages.rendering import Renderer
from bot.secret import Secret
from bot.site import Site

FORM = "application/x-www-form-urlencoded"
TOKEN_HEADER = "X-Keyturn-Form"     # noqa: S105  # a header's name
STATE_HEADER = "Keyturn-State"      # lets the waiting page ask by HEAD whether there is news
FORM_BYTES = 8192
CHECK_BYTES = 8192
# One status for expired, used, unknown, malformed and somebody else's ticket (E3).
GONE = 404

# 128 bits and more, as URL-safe base64 (limit 15); anything else is not looked up.
_TICKET = re.compile(r"[A-Za-z0-9_-]{22,86}")
# The names of a form's fields, and the template that has them, by the form's kind.
_TEMPLATES = {"reset": "secure_form.html", "change": "secure_form.html", "prove": "secure_code.html",
              "recovery_codes": "secure_make.html", "register_app": "secure_app.html"}
_RESULTS = {("prove", End.DONE): "proved", ("recovery_codes", End.DONE): "shown",
            ("register_app", End.DONE): "app"}
_FIELDS = frozenset({"password", "current", "code", "make", "label"})
_PASSWORDS = frozenset({"password", "current"})

# Kept by nearly everything people type: on the checklist only once they are broken.
_SELDOM = frozenset({"too_long", "unprintable", "ambiguous", "encoding"})
_UNREADABLE = RuleState("encoding", kept=False)


def secure_routes(
    pages: SecurePage,
    renderer: Renderer,
    *,
    site: Site,
    cookie: BrowserCookie,
    mac: Mac,
    clock: Clock,
    framed_by: Sequence[str] = (),
    body_seconds: float = 15,
) -> list[web.RouteDef]:
    """`/secure/{ticket}` by GET, HEAD and POST, its live rule check, and the button that takes a browser for it;
    every other method is a 405.

    `framed_by`: origins that may embed the page (P5). `body_seconds`: limit 24.
    """
    secure = _SecurePages(
        pages, renderer, FormTokens(mac), site, cookie, tuple(framed_by), body_seconds,
        checks=Buckets(clock, per_second=10, burst=10), submits=Buckets(clock, per_second=1, burst=5))
    return [
        web.get("/secure/{ticket}", secure.look),
        web.post("/secure/{ticket}", secure.finish),
        web.post("/secure/{ticket}/check", secure.check),
        web.post("/secure/{ticket}/here", secure.go_on_here),
    ]


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One line of the checklist, in words."""

    key: str
    text: str
    broken: bool = False


class _GoneError(Exception):
    """The ticket opens nothing for this browser, whatever the reason (E3)."""


@dataclass(frozen=True, slots=True)
class _SecurePages:
    pages: SecurePage
    renderer: Renderer
    tokens: FormTokens
    site: Site
    cookie: BrowserCookie
    framed_by: Sequence[str]
    body_seconds: float
    checks: Buckets
    submits: Buckets

    async def look(self, request: web.Request) -> web.Response:
        """Harmless however often and by whomever it is opened (P2)."""
        try:
            # The link may be opened in a browser that has never been here (Unbound).
            ticket, browser = self._ticket(request), self.cookie.read(request)
            seen = await self.pages.look(ticket, browser)
        except _GoneError:
            seen = None
        if isinstance(seen, Form):
            return self._form(request, seen, self.tokens.token(ticket, browser))
        if isinstance(seen, Unbound):
            return self._start(request, seen, ticket)
        return self._gone(request) if seen is None else self._ended(request, seen)

    async def go_on_here(self, request: web.Request) -> web.Response:
        """The person's own press: from now on this is the only browser that the ticket opens anything in (P3)."""
        try:
            ticket, browser = self._who(request)
            if not from_our_page(request, self.site):
                raise BadRequestError(403)
            body = await read_body(request, FORM, FORM_BYTES, self.body_seconds)
            token = form_fields(body, frozenset())[1]
            if not self.tokens.holds(token, ticket, browser):
                raise BadRequestError(403)
            bound = await self.pages.bind(ticket, browser)
        except _GoneError:
            bound = False
        except BadRequestError as problem:
            return self._refused(request, problem.status)
        return self._see_end(request, ticket) if bound else self._gone(request)

    async def finish(self, request: web.Request) -> web.Response:
        """The person's own submit. An end is shown by GET, so no reload sends the password again (P9)."""
        try:
            ticket, browser = self._who(request)
            if not from_our_page(request, self.site):
                raise BadRequestError(403)
            typed, token = await self._submitted(request, ticket, browser)
            if not self.submits.allows(token):
                raise BadRequestError(429)
            fields = _readable(typed)
            if fields is None:
                return await self._unreadable(request, ticket, browser, token)
            result = await self.pages.finish(ticket, browser, fields)
        except _GoneError:
            result = None
        except BadRequestError as problem:
            return self._refused(request, problem.status)
        if isinstance(result, Again):
            return self._form(request, result.form, token, result.broken)
        if isinstance(result, Ended) and result.at_once:
            return self._ended(request, result)
        return self._gone(request) if result is None else self._see_end(request, ticket)

    async def check(self, request: web.Request) -> web.Response:
        """How the rules stand for what is typed so far: rule states and their words, nothing else."""
        try:
            ticket, browser = self._who(request)
            if not from_our_page(request, self.site):
                raise BadRequestError(403)
            token = request.headers.get(TOKEN_HEADER, "")
            if not self.tokens.holds(token, ticket, browser):
                raise BadRequestError(403)
            if not self.checks.allows(token):
                raise BadRequestError(429)
            body = await read_body(request, "application/json", CHECK_BYTES, self.body_seconds)
            password = json_field(body, "password")
            if not is_text(password):
                raise BadRequestError(422)
            rules = await self.pages.check(ticket, browser, Secret(password))
        except _GoneError:
            rules = None
        except BadRequestError as problem:
            return web.json_response({"problem": problem.status}, status=problem.status)
        if rules is None:
            return web.json_response({"problem": GONE}, status=GONE)
        lang = page_language(request, self.renderer.languages)
        return web.json_response({"rules": [
            {"key": rule.key, "kept": rule.kept, "text": self._words("rule", lang, rule)} for rule in rules]})

    def _who(self, request: web.Request) -> tuple[str, str]:
        """The ticket and the browser, or _GoneError before anything is looked up for what cannot be one."""
        ticket, browser = self._ticket(request), self.cookie.read(request)
        if not browser:
            raise _GoneError
        return ticket, browser

    @staticmethod
    def _ticket(request: web.Request) -> str:
        ticket = request.match_info["ticket"]
        if not _TICKET.fullmatch(ticket):
            raise _GoneError
        return ticket

    async def _submitted(self, request: web.Request, ticket: str, browser: str) -> tuple[dict[str, bytes], str]:
        """What was typed, as bytes, and the token of a form that is ours for this browser."""
        body = await read_body(request, FORM, FORM_BYTES, self.body_seconds)
        fields, token = form_fields(body, _FIELDS)
        if not self.tokens.holds(token, ticket, browser):
            raise BadRequestError(403)
        return fields, token

    async def _unreadable(self, request: web.Request, ticket: str, browser: str, token: str) -> web.Response:
        """The password came as bytes that are no text: refused with the reason, not repaired (N3)."""
        seen = await self.pages.look(ticket, browser)
        if isinstance(seen, Form):
            return self._form(request, seen, token, (_UNREADABLE,))
        return self._gone(request) if not isinstance(seen, Ended) else self._ended(request, seen)

    def _start(self, request: web.Request, seen: Unbound, ticket: str) -> web.Response:
        """What a ticket shows that no browser has yet; the cookie comes with it."""
        lang = asked_language(request, self.renderer.languages) or seen.lang
        known, fresh = self.cookie.known_or_new(request)
        response = self._page("secure_start.html", lang, "start", words=f"pages.{seen.operation}",
                              phrase=seen.phrase, ticket=ticket, token=self.tokens.token(ticket, known))
        self.cookie.give(response, fresh)
        return response

    def _form(
        self, request: web.Request, form: Form, token: str, broken: Iterable[RuleState] = (),
    ) -> web.Response:
        lang = asked_language(request, self.renderer.languages) or form.lang
        known = {rule.key: rule.facts for rule in form.rules}
        # A directory names rules without their numbers; the form has those.
        wrong = {
            one.key: RuleState(one.key, False, {**known.get(one.key, {}), **one.facts}) for one in broken}
        shown = {rule.key: rule for rule in form.rules if rule.key not in _SELDOM} | wrong
        lines = [RuleLine(key, self._words("rule", lang, rule), key in wrong) for key, rule in shown.items()]
        words = f"pages.{form.operation}"
        app = form.new_app
        draw = partial(qr_svg, app.uri.reveal()) if app else None
        return self._page(
            _TEMPLATES[form.kind], lang, "form", status=422 if wrong else 200, draw=draw,
            form=form, token=token, words=words, rules=lines,
            problems=[self._words("broken", lang, rule) for rule in wrong.values()])

    def _ended(self, request: web.Request, ended: Ended) -> web.Response:
        lang = asked_language(request, self.renderer.languages) or ended.lang
        words = f"pages.{ended.operation}"
        reason = self.renderer.say(
            lang, f"{words}.refused.reason.{ended.reason}", f"{words}.refused.reason.other", {})
        name = "codes" if ended.codes else _RESULTS.get((ended.operation, ended.end), ended.end.value)
        template = f"result_{name}.html"
        return self._page(template, lang, ended.end.value, words=words, reason=reason,
                          codes=[code.reveal() for code in ended.codes])

    def _gone(self, request: web.Request) -> web.Response:
        return self._page("gone.html", page_language(request, self.renderer.languages), "gone", status=GONE)

    def _refused(self, request: web.Request, status: int) -> web.Response:
        """Nothing was changed, and the ticket was not asked about, so this says nothing of it (E3)."""
        key = str(status) if status in (403, 408, 413, 429) else "400"
        lang = page_language(request, self.renderer.languages)
        return self._page("error.html", lang, "error", status=status, problem=key)

    def _see_end(self, request: web.Request, ticket: str) -> web.Response:
        asked = asked_language(request, self.renderer.languages)
        where = f"/secure/{ticket}" + (f"?lang={asked}" if asked else "")
        return web.Response(status=303, headers={"Location": where})

    def _page(
        self, template: str, lang: str, state: str, *, status: int = 200, **facts: object,
    ) -> web.Response:
        response = self.renderer.page(template, lang, status=status, framed_by=self.framed_by, **facts)
        response.headers[STATE_HEADER] = state
        return response

    def _words(self, kind: str, lang: str, rule: RuleState) -> str:
        """A rule in words; a directory may refuse by a rule of its own that the content has no words for."""
        return self.renderer.say(lang, f"password.{kind}.{rule.key}", f"password.{kind}.other", rule.facts)


def _readable(typed: Mapping[str, bytes]) -> Fields | None:
    """The fields as text; None when a password is bytes that are no text: it is refused, not repaired (N3)."""
    texts = {name: as_text(value) for name, value in typed.items()}
    if any(texts[name] is None for name in texts.keys() & _PASSWORDS):
        return None
    return {name: Secret(text or "") for name, text in texts.items()}
