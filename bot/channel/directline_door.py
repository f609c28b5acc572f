"""What every call of Direct Line is asked before anything is done for it: whence, who, how much (N1, I2)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from bot.browser import BrowserCookie
from bot.channel.activities import too_many
from bot.channel.directline_errors import Refused, bad, ended, forbidden
from bot.channel.directline_tokens import DirectLineTokens, Pass
from bot.channel.strict_json import NotStrict, strict
from bot.people import WEB_CHAT, Speaker
from bot.rules.limits import Limits
from bot.site import Site
from bot.store.direct_line import ConversationLogs, Owner


@dataclass(frozen=True, slots=True)
class Door:
    """Reads requests; raises Refused for those that go no further."""

    logs: ConversationLogs
    tokens: DirectLineTokens
    cookie: BrowserCookie
    site: Site
    limits: Limits
    source: Callable[[web.Request], str]    # the client's address, by the trusted proxies' word (V5)

    def same_site(self, request: web.Request) -> None:
        """Browsers say where a request comes from: pages of others get no token and no socket of ours."""
        origin = request.headers.get("Origin")
        if (request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin"
                or (origin is not None and not self.site.knows_origin(origin))):
            raise Refused(403, "Forbidden", "Not from another site.")

    def who(self, request: web.Request) -> Pass:
        """By the Authorization header."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self._read(request, token.strip() if scheme.lower() == "bearer" else "", "chat")

    async def member(self, request: web.Request) -> tuple[Pass, Owner]:
        """Somebody in their own, running conversation."""
        one = self.holder(request)
        return one, await self.belongs(one)

    def holder(self, request: web.Request) -> Pass:
        """Somebody with a token for the conversation of the path, whether or not that still runs."""
        return self._of_the_path(request, self.who(request))

    def listener(self, request: web.Request) -> Pass:
        """As `holder`, by the token in a socket's URL: browsers can give a socket no headers."""
        return self._of_the_path(request, self._read(request, request.query.get("t", ""), "stream"))

    async def belongs(self, one: Pass) -> Owner:
        """Whose the conversation is, if it is this one's."""
        owner = await self.logs.owner(one.conversation)
        if owner is None or owner.user != one.user:
            raise ended()
        return owner

    def speaker(self, request: web.Request, one: Pass) -> Speaker:
        """Anonymous, whatever the client calls itself (I2)."""
        return Speaker(
            channel=WEB_CHAT, tenant="", conversation=one.conversation, user=one.user, object_id=None,
            source=self.source(request), browser=one.browser)

    async def body(self, request: web.Request, *, optional: bool = False) -> dict[str, Any]:
        """The JSON object of the body; {} for none where it is optional."""
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Refused(415, "NotSupported", "Send the body as it is, not compressed.")
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                body = await self._read_body(request)
        except TimeoutError:
            raise Refused(408, "Timeout", "The body did not come in time.") from None
        except (web.RequestPayloadError, ConnectionError):
            raise bad("The body broke off.") from None
        if optional and not body:
            return {}
        if request.content_type != "application/json":
            raise Refused(415, "NotSupported", "Send application/json.")
        try:
            fields = strict(body, self.limits.json_depth)
        except NotStrict:
            raise bad("The body is not JSON as it is read here.") from None
        if not isinstance(fields, dict) or too_many(fields):
            raise bad("The body is not one activity.")
        return fields

    async def _read_body(self, request: web.Request) -> bytes:
        # Counted here and not by aiohttp, which goes by the outermost application's size alone.
        most = self.limits.body_bytes
        body = bytearray()
        if (request.content_length or 0) <= most:
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > most:
                    break
            else:
                return bytes(body)
        raise Refused(413, "TooLarge", "The body is too large.")

    @staticmethod
    def _of_the_path(request: web.Request, one: Pass) -> Pass:
        if request.match_info["conversation"] != one.conversation:
            raise forbidden()
        return one

    def _read(self, request: web.Request, token: str, use: str) -> Pass:
        one = self.tokens.read(token, use)
        if one is None:
            raise forbidden()
        browser = self.cookie.read(request)
        if (browser or one.held) and browser != one.browser:
            raise forbidden()   # a token that came into another browser (P3)
        # A browser that was given the cookie together with its first token shows it from now on.
        return replace(one, held=bool(browser))


def watermark(request: web.Request) -> int:
    """How far the client has read."""
    text = request.query.get("watermark", "")
    if text in ("", "-", "null", "undefined"):  # what clients send that have read nothing
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise bad("The watermark is none that was given.")
    return int(text)
