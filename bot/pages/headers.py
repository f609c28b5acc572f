"""What every response says to browsers, errors included, and whose requests are answered at all (P5, P6)."""

import re

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from bot.site import Site

log = structlog.get_logger(__name__)

# The names are the library's constants: it knows those without folding their case anew for each response.
CSP = hdrs.CONTENT_SECURITY_POLICY
CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of whatever sets none of its own."""

_ALWAYS: dict[str, str] = {
    hdrs.REFERRER_POLICY: "no-referrer",
    hdrs.X_CONTENT_TYPE_OPTIONS: "nosniff",
    hdrs.CROSS_ORIGIN_OPENER_POLICY: "same-origin",
    hdrs.PERMISSIONS_POLICY: (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"),
}
_UNLESS_SET: dict[str, str] = {
    hdrs.CACHE_CONTROL: "no-store", CSP: CLOSED, hdrs.CROSS_ORIGIN_RESOURCE_POLICY: "same-origin"}
FRAMED = {hdrs.CROSS_ORIGIN_RESOURCE_POLICY: "cross-origin"}
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
        headers.merge(_UNLESS_SET)
        headers.popall(hdrs.SERVER, None)      # it would name libraries and versions (C4)
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
    return _ALWAYS | ({hdrs.STRICT_TRANSPORT_SECURITY: _TWO_YEARS} if site.secure else {})


def _meant_for(site: Site, request: web.Request) -> bool:
    if not site.knows_host(request.host):
        return False
    headers = request.headers
    if hdrs.X_FORWARDED_HOST not in headers and hdrs.FORWARDED not in headers:
        return True
    return all(site.knows_host(host) for host in _forwarded(request))


def _forwarded(request: web.Request) -> list[str]:
    headers = request.headers
    hosts = [one.strip() for line in headers.getall(hdrs.X_FORWARDED_HOST, ()) for one in line.split(",")]
    return hosts + [host for line in headers.getall(hdrs.FORWARDED, ()) for host in _FORWARDED_HOST.findall(line)]
