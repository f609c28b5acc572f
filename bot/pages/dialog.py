"""The secure page inside Teams, as a dialog of its own; third-party cookies are not needed for it (P3, P5, P7).

A browser keeps no cookie of ours inside another site's page. So the page itself holds what it is known
again by, its seat: a random value that comes with the first answer, and back with everything typed.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256

import structlog
from aiohttp import web

from bot.errors import DirectoryUnavailable, StoreUnavailable, VerificationPaused, place
from bot.journeys.casework import IN_TEAMS
from bot.journeys.protocol import Again, Ended, Form, Unbound
from bot.pages.forms import BadRequestError
from bot.pages.secure import FIELDS, Asked, GoneError, no_rules
from bot.people import SignedOn

log = structlog.get_logger(__name__)

TEAMS_HOSTS = ("https://teams.microsoft.com", "https://*.teams.microsoft.com", "https://*.cloud.microsoft")
SEAT_HEADER = "X-Keyturn-Seat"
_NOBODY = ""                # the browser of a page that nobody has begun with yet
_LONGEST_SEAT = 64

SignOn = Callable[[str], Awaitable[SignedOn | None]]
"""Whom a Teams sign-on token speaks of; None when it cannot be believed."""

_Handler = Callable[["_InTeams", web.Request], Awaitable[web.Response]]


def dialog_routes(asked: Asked, sign_on: SignOn | None) -> list[web.RouteDef]:
    """`asked` has framed faces. Without `sign_on` the page belongs to whoever opens it first."""
    dialog, path = _InTeams(asked, sign_on), f"/secure/{{ticket}}{IN_TEAMS}"
    return [web.get(path, dialog.look), web.post(path, dialog.take), web.post(f"{path}/check", dialog.check)]


def _told(handler: _Handler) -> _Handler:
    """What everybody's error page says, on one that Teams may show: any other is an empty window there."""

    @wraps(handler)
    async def friendly(self: "_InTeams", request: web.Request) -> web.Response:
        try:
            return await handler(self, request)
        except BadRequestError as problem:
            return self.asked.faces.refused(request, problem.status)
        except GoneError:
            return self.asked.faces.gone(request)
        except (StoreUnavailable, DirectoryUnavailable, VerificationPaused) as error:
            log.warning("page.unavailable", error=type(error).__name__)
            return self.asked.faces.refused(request, 503)
        except Exception as error:  # noqa: BLE001  # the last resort of a page (F14)
            log.error("page.failed", error=type(error).__name__, at=place(error))
            return self.asked.faces.refused(request, 500)

    return friendly


@dataclass(frozen=True, slots=True)
class _InTeams:
    asked: Asked
    sign_on: SignOn | None

    @_told
    async def look(self, request: web.Request) -> web.Response:
        """Harmless however often and by whomever it is opened (P2). Only what nobody has begun with is shown."""
        ticket = self.asked.ticket(request)
        seen = await self.asked.pages.look(ticket, _NOBODY)
        if not isinstance(seen, Unbound):
            raise GoneError
        return self.asked.faces.start(request, seen, _path(ticket), self.asked.tokens.token(ticket, _NOBODY))

    @_told
    async def take(self, request: web.Request) -> web.Response:
        """Whatever the page sends: that it begins, what was typed, or whether there is news."""
        ticket = self.asked.ticket(request)
        typed, token = await self.asked.fields(request, FIELDS | {"seat", "sign_on", "begin"})
        seat, sign_on = (typed.pop(name, b"").decode("latin-1") for name in ("seat", "sign_on"))
        if typed.pop("begin", None) is not None:
            return await self._begin(request, ticket, token, sign_on)
        browser = _browser(seat)
        self.asked.held(token, ticket, browser)
        if not typed:
            return await self._show(request, ticket, seat)
        result = await self.asked.tried(ticket, browser, typed, token, await self._who(sign_on))
        if isinstance(result, Again):
            return self.asked.faces.form(request, result.form, token, result.broken, seat)
        if result is None:
            raise GoneError
        return self.asked.faces.ended(request, result, token, seat)

    async def check(self, request: web.Request) -> web.Response:
        """The live rule check."""
        try:
            ticket, browser = self.asked.ticket(request), _browser(request.headers.get(SEAT_HEADER, ""))
        except (GoneError, BadRequestError):
            return no_rules()
        return await self.asked.rules(request, ticket, browser)

    async def _begin(self, request: web.Request, ticket: str, token: str, sign_on: str) -> web.Response:
        """From now on the ticket opens nothing but this very page (P3)."""
        self.asked.held(token, ticket, _NOBODY)
        person = await self._who(sign_on)
        if self.sign_on and person is None:
            return self.asked.faces.unknown(request, _path(ticket))
        seat = secrets.token_urlsafe(32)
        if not await self.asked.pages.bind(ticket, _browser(seat), person):
            raise GoneError
        return await self._show(request, ticket, seat)

    async def _who(self, sign_on: str) -> SignedOn | None:
        return await self.sign_on(sign_on) if self.sign_on and sign_on else None

    async def _show(self, request: web.Request, ticket: str, seat: str) -> web.Response:
        browser = _browser(seat)
        seen, token = await self.asked.pages.look(ticket, browser), self.asked.tokens.token(ticket, browser)
        if isinstance(seen, Form):
            return self.asked.faces.form(request, seen, token, seat=seat)
        if not isinstance(seen, Ended):
            raise GoneError
        return self.asked.faces.ended(request, seen, token, seat)


def _browser(seat: str) -> str:
    """What a seat is known by on the server. Raises BadRequestError for what is none."""
    if not 0 < len(seat) <= _LONGEST_SEAT:
        raise BadRequestError(400)
    return sha256(seat.encode("latin-1", "replace")).hexdigest()


def _path(ticket: str) -> str:
    return f"/secure/{ticket}{IN_TEAMS}"
