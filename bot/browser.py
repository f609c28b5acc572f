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
        known = self.read(request)
        if known:
            return known
        value = secrets.token_urlsafe(_BYTES)
        response.set_cookie(
            self.name, value, path="/", httponly=True, samesite="Strict", secure=self._secure)
        return _hash(value)


def _hash(value: str) -> str:
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
