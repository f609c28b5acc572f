"""Shows people a friendly page where something failed, and never what failed (C4's rule, for pages)."""

from collections.abc import Awaitable, Mapping

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.errors import DirectoryUnavailable, StoreUnavailable, VerificationPaused, place
from bot.pages.languages import page_language
from bot.pages.rendering import Renderer

PAGES = dict.fromkeys(("/", "/secure/", "/demo"), "error.html")
"""Where the people's pages are, and the template of what is said there of an error."""

RETRY = {status: {"Retry-After": "5"} for status in (429, 503)}
"""What an answer of that status has to say as well."""

_WORDED = (400, 403, 404, 405, 408, 413, 429, 500, 503)

log = structlog.get_logger(__name__)


def error_pages(renderer: Renderer, pages: Mapping[str, str] = PAGES) -> Middleware:
    """Turns errors on pages into words; requests to anything else pass as they are.

    `pages`: templates by prefix. A prefix that ends in "/" means what is below it, another one itself and what is
    below; "/" alone is itself only.
    """

    by_place = {f"{prefix.rstrip('/')}/": template for prefix, template in pages.items() if prefix != "/"}
    below = tuple(by_place)

    def template_for(path: str) -> str:
        return pages.get(path) or next(found for place, found in by_place.items() if path.startswith(place))

    async def in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
        template = template_for(request.path)
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return error_page(
                renderer, request, error.status, template, allow=error.headers.get("Allow", ""))
        except (StoreUnavailable, DirectoryUnavailable, VerificationPaused) as error:
            log.warning("page.unavailable", error=type(error).__name__)
            return error_page(renderer, request, 503, template)
        except Exception as error:  # noqa: BLE001  # the last resort of a page (F14)
            log.error("page.failed", error=type(error).__name__, at=place(error))
            return error_page(renderer, request, 500, template)

    @web.middleware
    def friendly(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        path = request.path
        # No coroutine of its own around what is no page: every message of the channel comes by here.
        if path in pages or path.startswith(below):
            return in_words(request, handler)
        return handler(request)

    return friendly


def error_page(
    renderer: Renderer, request: web.Request, status: int, template: str = "error.html", *, allow: str = "",
) -> web.Response:
    """The page for a status, in the person's language."""
    response = renderer.page(
        template, page_language(request, renderer.languages), status=status, problem=problem_of(status))
    response.headers.update(RETRY.get(status, {}))
    if allow:
        response.headers["Allow"] = allow
    return response


def problem_of(status: int) -> str:
    """The name of the words for a status."""
    return str(status) if status in _WORDED else ("500" if status >= 500 else "400")
