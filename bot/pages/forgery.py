"""Tells a person's own submit from one another site made their browser send (P4)."""

import base64
import hmac
from collections.abc import Callable

from aiohttp import web

from bot.site import Site

Mac = Callable[[str, bytes], bytes]
"""A keyed MAC of the bytes for a purpose; the same on all replicas."""

_PURPOSE = "secure-form"


def from_our_page(request: web.Request, site: Site) -> bool:
    """Whether what the browser says of the request's maker allows that it is our page.

    Pages with `Referrer-Policy: no-referrer` post with `Origin: null`, which is also what a sandboxed frame
    of anybody says; so null counts only where Sec-Fetch-Site vouches for it. A client that sends neither
    header is judged by the anti-forgery token alone.
    """
    origins = request.headers.getall("Origin", [])
    sites = request.headers.getall("Sec-Fetch-Site", [])
    if len(origins) > 1 or len(sites) > 1:
        return False
    if sites and sites[0] not in ("same-origin", "none"):
        return False
    if not origins:
        return True
    return site.knows_origin(origins[0]) or (origins[0] == "null" and sites == ["same-origin"])


class FormTokens:
    """Anti-forgery tokens: each holds for one ticket in one browser, and nothing about it is stored."""

    def __init__(self, mac: Mac) -> None:
        self._mac = mac

    def token(self, ticket: str, browser: str) -> str:
        tag = self._mac(_PURPOSE, f"{ticket}\n{browser}".encode())
        return base64.urlsafe_b64encode(tag).decode().rstrip("=")

    def holds(self, token: str, ticket: str, browser: str) -> bool:
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token(ticket, browser).encode())
