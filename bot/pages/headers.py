"""What every response says to browsers, errors included, and whose requests are answered at all (P5, P6)."""

import re

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.site import Site

log = structlog.get_logger(__name__)

CSP = "Content-Security-Policy"
CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of whatever sets none of its own."""

_ALWAYS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"),
}
_UNLESS_SET = {"Cache-Control": "no-store", CSP: CLOSED, "Cross-Origin-Resource-Policy": "same-origin"}
FRAMED = {"Cross-Origin-Resource-Policy": "cross-origin"}
"""What a page sets that others may embed: which others, its own policy says."""

_UNEXPECTED = "417: Expectation Failed"
_TWO_YEARS = "max-age=63072000"
_FORWARDED_HOST = re.compile(r'(?i)(?:^|[;,])\s*host="?([^";,\s]*)')


def headers_for(site: Site) -> dict[str, str]:
    """What a response says that sets nothing of its own."""
    return _always(site) | _UNLESS_SET


def protect(app: web.Application, site: Site, *, any_host: frozenset[str] = frozenset()) -> None:
    """Give every response of `app` and what is mounted in it the headers, and refuse other people's hosts.

    `any_host`: paths that a load balancer asks for by address. Call it before other middlewares are added.
    """
    always = _always(site)

    async def mark(_request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.update(always)
        for name, value in _UNLESS_SET.items():
            headers.setdefault(name, value)
        headers.popall("Server", None)      # it would name libraries and versions (C4)
        if isinstance(response, web.HTTPExpectationFailed):
            # The server says it before any middleware is asked, and would quote the client.
            response.text = _UNEXPECTED
            headers["Content-Length"] = str(len(_UNEXPECTED))

    @web.middleware
    async def ours(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in any_host and not _meant_for(site, request):
            return web.Response(status=421, text="421: Misdirected Request")
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 the last resort of a request: nothing of it may show (C4)
            log.error("page_failed", error=type(error).__name__, method=request.method)
            return web.Response(status=500, text="500: Internal Server Error")

    app.on_response_prepare.append(mark)
    app.middlewares.append(ours)


def _always(site: Site) -> dict[str, str]:
    return _ALWAYS | ({"Strict-Transport-Security": _TWO_YEARS} if site.secure else {})


def _meant_for(site: Site, request: web.Request) -> bool:
    headers = request.headers
    forwarded = [one.strip() for line in headers.getall("X-Forwarded-Host", ()) for one in line.split(",")]
    forwarded += [host for line in headers.getall("Forwarded", ()) for host in _FORWARDED_HOST.findall(line)]
    return all(site.knows_host(host) for host in (request.host, *forwarded))
