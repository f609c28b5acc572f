"""The cookie that a browser of the admin pages is known by, signed in or not (P7)."""

import re
import secrets
from hashlib import sha256

from aiohttp import web

from bot.rules.staff import KNOWN_SECONDS

_BYTES = 32
_PLACE = re.compile(r"/admin(/[A-Za-z0-9_-][A-Za-z0-9_.~-]*)*")
_PLACE_SECONDS = 3600
_LONGEST = 128


class SessionCookie:
    """A random value that only this browser holds; the server keeps nothing but its hash."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        # Ports of one host share their cookies: another name than the chat's.
        self._name = "__Host-keyturn-admin" if secure else "keyturn-admin"
        self._lang = f"{self._name}-lang"
        self._known = f"{self._name}-known"
        self._place = f"{self._name}-place"

    def read(self, request: web.Request) -> str:
        """The SHA-256 (hex) of the value; "" when the request has none."""
        return _hashed(request, self._name)

    def fresh(self) -> tuple[str, str]:
        """A new value's hash, and the value itself for `give`."""
        value = secrets.token_urlsafe(_BYTES)
        return _hash(value), value

    def give(self, response: web.StreamResponse, value: str) -> None:
        self._set(response, self._name, value)

    def forget(self, response: web.StreamResponse) -> None:
        response.del_cookie(self._name, path="/", secure=self._secure, httponly=True, samesite="Strict")

    def known(self, request: web.Request) -> str:
        """As `read`, of the value by which a browser is known in which somebody signed in before."""
        return _hashed(request, self._known)

    def make_known(self, response: web.StreamResponse, value: str) -> None:
        self._set(response, self._known, value, KNOWN_SECONDS)

    def keep_place(self, response: web.StreamResponse, path: str) -> None:
        """Where this browser was when it had to sign in."""
        if _PLACE.fullmatch(path):
            self._set(response, self._place, path, _PLACE_SECONDS)

    def place(self, request: web.Request) -> str:
        """That place, or ""; whatever a client sends, it is a path of the admin pages (P6)."""
        kept = request.cookies.get(self._place, "")
        return kept if len(kept) <= _LONGEST and _PLACE.fullmatch(kept) else ""

    def forget_place(self, response: web.StreamResponse) -> None:
        response.del_cookie(self._place, path="/", secure=self._secure, httponly=True, samesite="Strict")

    def language(self, request: web.Request) -> str:
        """What this browser chose; whatever a client likes to send."""
        return request.cookies.get(self._lang, "")

    def keep_language(self, response: web.StreamResponse, lang: str) -> None:
        self._set(response, self._lang, lang)

    def _set(self, response: web.StreamResponse, name: str, value: str, seconds: int | None = None) -> None:
        response.set_cookie(
            name, value, max_age=seconds, path="/", httponly=True, samesite="Strict", secure=self._secure)


def _hashed(request: web.Request, name: str) -> str:
    value = request.cookies.get(name, "")
    return _hash(value) if 0 < len(value) <= _LONGEST else ""


def _hash(value: str) -> str:
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
