"""`/metrics` for Prometheus, behind a bearer token (U4)."""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.secret import Secret

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_routes(collect: Callable[[], Awaitable[bytes]], token: Secret | None) -> list[web.RouteDef]:
    """Without a token there is nobody who may read it: every request is a 401."""

    async def metrics(request: web.Request) -> web.Response:
        given = request.headers.getall("Authorization", [])
        scheme, _, sent = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        known = token is not None and hmac.compare_digest(
            sent.strip().encode("utf-8", "replace"), token.reveal().encode())
        if not known or scheme.lower() != "bearer":
            return web.Response(status=401, text="401: Unauthorized\n", headers={"WWW-Authenticate": "Bearer"})
        return web.Response(body=await collect(), headers={"Content-Type": CONTENT_TYPE})

    return [web.get("/metrics", metrics)]
