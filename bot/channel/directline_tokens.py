"""Direct Line tokens: who somebody is in a web chat is what the server signed, and nothing else (C8, I2)."""

import base64
import binascii
import json
import secrets
from dataclasses import dataclass
from typing import Any

from bot.clock import Clock
from bot.store.sealed import KeyRing

TOKEN_SECONDS = 1800
STREAM_SECONDS = 60     # the stream's token stands in a URL, so it is good for opening the socket only
_PURPOSE = "direct line token"
_LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Pass:
    """What a token says."""

    user: str
    conversation: str
    browser: str    # SHA-256 of the browser's cookie (P3)
    held: bool      # that browser had shown the cookie when the token was made: it has to show it again


class DirectLineTokens:
    """JWTs (HS256), as clients read the claim `user` out of them; keys rotate with the ring (D5)."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock

    def mint(self, browser: str, *, held: bool) -> Pass:
        """A new anonymous visitor, and the one conversation it may have."""
        return Pass(f"dl_{secrets.token_hex(16)}", secrets.token_urlsafe(16), browser, held)

    def chat(self, one: Pass) -> str:
        """The token for everything but the socket; good for TOKEN_SECONDS."""
        return self._signed(one, "chat", TOKEN_SECONDS)

    def stream(self, one: Pass) -> str:
        """The token that opens the socket."""
        return self._signed(one, "stream", STREAM_SECONDS)

    def read(self, token: str, *uses: str) -> Pass | None:
        """What the token says, if we signed it for one of these uses and it has not expired."""
        if len(token) > _LONGEST or token.count(".") != 2:
            return None
        signed, _, signature = token.rpartition(".")
        try:
            mac = _decoded(signature)
            if not self._ring.verify(_PURPOSE, signed.encode("ascii"), mac):
                return None
            # Only now is it known to be ours, and of the one shape that _signed makes.
            claims = json.loads(_decoded(signed.partition(".")[2]))
        except (ValueError, binascii.Error):
            return None
        if claims["use"] not in uses or claims["exp"] <= self._clock.now():
            return None
        return Pass(claims["user"], claims["conv"], claims["browser"], claims["held"])

    def _signed(self, one: Pass, use: str, seconds: int) -> str:
        now = int(self._clock.now())
        claims: dict[str, Any] = {
            "user": one.user, "conv": one.conversation, "browser": one.browser, "held": one.held,
            "use": use, "iat": now, "exp": now + seconds}
        signed = f"{_encoded(_HEADER)}.{_encoded(claims)}"
        return f"{signed}.{_text(self._ring.mac(_PURPOSE, signed.encode('ascii')))}"


_HEADER = {"alg": "HS256", "typ": "JWT"}


def _encoded(value: Any) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
