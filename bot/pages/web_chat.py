"""The page at `/`: the public Web Chat client, in the person's language, talking to our own Direct Line."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from bot.browser import BrowserCookie
from bot.pages import bundle
from bot.pages.assets import served
from bot.pages.headers import CSP
from bot.pages.languages import asked_language, keep_language, page_language
from bot.pages.rendering import Renderer
from bot.site import Site

log = structlog.get_logger(__name__)

_EMPTY = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""The hash of nothing: Web Chat makes one empty style element without the nonce, to try a selector out."""
_LOCALES = {"nb": "nb-NO", "en": "en-US"}       # as Web Chat names its own texts
_TEXTS = ("web_chat.status.connecting", "web_chat.status.away", "web_chat.status.new",
          "web_chat.status.failed", "web_chat.status.cookies", "web_chat.over.again", "web_chat.privacy.question",
          "web_chat.box", "web_chat.below", "web_chat.leave", "web_chat.new_tab")


def web_chat_routes(
        renderer: Renderer, site: Site, cookie: BrowserCookie, data_dir: Path, *,
        direct_line: str = "/v3/directline") -> list[web.RouteDef]:
    """`GET /`, and the client's files from where `python -m bot.pages.bundle` puts them in `data_dir`."""
    client = served(bundle.WEB_CHAT, data_dir)
    script = client.url(bundle.WEB_CHAT.script) if client else ""
    if not client:
        log.warning("web_chat.client_missing", run=bundle.COMMAND)
    page = _WebChatPage(renderer, site, cookie, direct_line, script)
    return [web.get("/", page.show), *(client.routes() if client else ())]


@dataclass(frozen=True, slots=True)
class _WebChatPage:
    renderer: Renderer
    site: Site
    cookie: BrowserCookie
    direct_line: str
    client: str     # where the client's script is; "" where it was never fetched

    async def show(self, request: web.Request) -> web.StreamResponse:
        lang = page_language(request, self.renderer.languages)
        nonce = secrets.token_urlsafe(16)
        html = self.renderer.html(
            "web_chat.html", lang, nonce, client=self.client, settings=self._settings(lang),
            command=bundle.COMMAND)
        response = web.Response(text=html, content_type="text/html", status=200 if self.client else 503)
        response.headers.update(self._headers(request, lang, nonce))
        # Coming from another site, a browser holds its strict cookie back: a new one would then
        # part it from its chat. Such a visitor gets one with the first token.
        if request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
            self.cookie.ensure(request, response)
        if asked_language(request, self.renderer.languages):
            keep_language(response, lang, secure=self.site.secure)
        return response

    def _settings(self, lang: str) -> str:
        texts: Mapping[str, str] = {
            key.removeprefix("web_chat."): self.renderer.content.say(lang, key) for key in _TEXTS}
        return json.dumps({
            "directLine": self.direct_line, "lang": lang, "locale": _LOCALES.get(lang, lang), "texts": texts})

    def _headers(self, request: web.Request, lang: str, nonce: str) -> Mapping[str, str]:
        # Older browsers do not count the socket's scheme to 'self'. The host is one of ours (P6).
        # A policy can name no IPv6 address, and older browsers get on without a socket there.
        socket = "" if "[" in request.host else f" {self.site.socket_scheme}://{request.host}"
        return {
            CSP: "; ".join((
                "default-src 'none'", "script-src 'self'", f"style-src 'nonce-{nonce}' {_EMPTY}",
                f"connect-src 'self'{socket}", "img-src 'self' data: blob:",
                "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")),
            "Content-Language": lang, "Vary": "Accept-Language, Cookie"}
