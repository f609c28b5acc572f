"""Turns templates and the words of the content into pages that run nothing but their own files."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.content import Content
from bot.pages.headers import CSP

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


def strict_policy(nonce: str, framed_by: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of a page whose every script and style carries the nonce (P5).

    `framed_by` are the origins that may embed the page; nobody may when it is empty.
    """
    framers = " ".join(framed_by) or "'none'"
    return "; ".join((
        "default-src 'none'",
        f"script-src 'nonce-{nonce}'",
        f"style-src 'nonce-{nonce}'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        f"frame-ancestors {framers}",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ))


class Renderer:
    """Renders templates in a language; in them `say(key, **facts)` is the content's sentence (N2)."""

    def __init__(self, content: Content, asset: Callable[[str], str], *more: Path) -> None:
        """`asset`: where a static file of that name is served; `more`: folders with further templates."""
        self.content = content
        self._asset = asset
        self._templates = Environment(
            loader=FileSystemLoader([TEMPLATES, *more]), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True, auto_reload=False)

    @property
    def languages(self) -> tuple[str, ...]:
        return self.content.languages

    def say(self, lang: str, key: str, otherwise: str, facts: Mapping[str, object]) -> str:
        """The sentence `key`, with those of the facts it has places for.

        It is the sentence `otherwise` when there is no such one, or a fact it needs is missing: a key may
        come from outside, as a directory's own reason does.
        """
        sentence = self.content.messages[lang].get(key)
        if sentence is None or not sentence.places <= facts.keys():
            return self.content.say(lang, otherwise)
        return sentence.filled(facts)

    def html(self, template: str, lang: str, nonce: str, **facts: Any) -> str:
        """The page's text; `lang`, `nonce`, `languages`, `say` and `asset` are there in every template."""
        return self._templates.get_template(template).render(
            lang=lang, nonce=nonce, languages=self.languages, say=partial(self.content.say, lang),
            say_in=self.content.say, asset=self._asset, **facts)

    def page(
        self, template: str, lang: str, *, status: int = 200, framed_by: Sequence[str] = (), **facts: Any,
    ) -> web.Response:
        """A whole response with a nonce of its own (P5)."""
        nonce = secrets.token_urlsafe(16)
        return web.Response(
            text=self.html(template, lang, nonce, **facts), status=status, content_type="text/html",
            headers={CSP: strict_policy(nonce, framed_by)})
