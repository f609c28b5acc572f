"""The cookie a browser is known again by: what a web chat and its secure pages are bound to (P3, P7)."""

import secrets
from hashlib import sha256

from aiohttp import web

_BYTES = 32
_LONGEST = 128


class BrowserCookie:
    """A random value that only this browser holds; the server keeps nothing but its hash."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        # The prefix makes browsers refuse the cookie from another host or over http (P7). It
        # needs Secure, which development on http://127.0.0.1 cannot have.
        self.name = "__Host-keyturn" if secure else "keyturn"

    def read(self, request: web.BaseRequest) -> str:
        """The SHA-256 (hex) of the cookie's value; "" when the request has none."""
        value = request.cookies.get(self.name, "")
        return _hash(value) if 0 < len(value) <= _LONGEST else ""

    def ensure(self, request: web.BaseRequest, response: web.StreamResponse) -> str:
        """As `read`; a browser without the cookie is given one with this response."""
        known, fresh = self.known_or_new(request)
        self.give(response, fresh)
        return known

    def known_or_new(self, request: web.BaseRequest) -> tuple[str, str]:
        """The hash of this browser's value, and the value itself if it is a new one that has to be given."""
        if known := self.read(request):
            return known, ""
        fresh = secrets.token_urlsafe(_BYTES)
        return _hash(fresh), fresh

    def give(self, response: web.StreamResponse, fresh: str) -> None:
        """Send a new value with this response; "" sends nothing."""
        if fresh:
            # Lax, not Strict: a page that is opened from a link elsewhere must find the cookie that this browser
            # has, or it would be given another one and the chat in the next tab would no longer be its own.
            response.set_cookie(
                self.name, fresh, path="/", httponly=True, samesite="Lax", secure=self._secure)


def _hash(value: str) -> str:
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
