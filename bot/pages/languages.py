"""Which language a page is shown in, when no conversation says it."""

import re
from collections.abc import Sequence

from aiohttp import web

from bot.rules.languages import spoken

# The prefix binds a cookie to this host (P7); browsers take it over https only.
_COOKIES = {True: "__Host-lang", False: "lang"}
_YEAR_SECONDS = 31_536_000
_RANGE = re.compile(r"\s*([A-Za-z]{2,8})(?:-[A-Za-z0-9-]{1,20})?\s*(?:;\s*q=([01](?:\.\d{1,3})?)\s*)?")
_LONGEST_HEADER = 400


def asked_language(request: web.Request, languages: Sequence[str]) -> str:
    """The language of `?lang=`, which is a person's own choice on this page; "" when there is none."""
    asked = request.query.get("lang", "")
    return asked if asked in languages else ""


def page_language(request: web.Request, languages: Sequence[str]) -> str:
    """`?lang=`, else the language cookie, else Accept-Language, else the first language of the content."""
    if asked := asked_language(request, languages):
        return asked
    for name in _COOKIES.values():
        kept = request.cookies.get(name, "")
        if kept in languages:
            return kept
    return _accepted(request.headers.get("Accept-Language", ""), languages)


def keep_language(response: web.StreamResponse, lang: str, *, secure: bool) -> None:
    """Remember a person's own choice for their next visits."""
    response.set_cookie(
        _COOKIES[secure], lang, path="/", max_age=_YEAR_SECONDS, httponly=True, samesite="Strict",
        secure=secure)


def _accepted(header: str, languages: Sequence[str]) -> str:
    best, best_weight = languages[0], 0.0
    for part in header[:_LONGEST_HEADER].split(","):
        found = _RANGE.fullmatch(part)
        if not found:
            continue
        name = spoken(found[1], languages)
        weight = float(found[2] or 1)
        if name and weight > best_weight:
            best, best_weight = name, weight
    return best
