"""Reads what a person posts exactly as sent, or refuses it: nothing is guessed, replaced or cut (N1, N3)."""

import asyncio
import json
import re
from collections.abc import Set
from typing import Any
from urllib.parse import unquote_to_bytes

from aiohttp import web

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class BadRequestError(Exception):
    """A request no page of ours makes; `status` says in which way."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


async def read_body(request: web.Request, kind: str, most: int, seconds: float) -> bytes:
    """The body, if it is plain, of this content type, at most `most` bytes, and here within `seconds`.

    Limits 22 and 24. Raises BadRequestError 415, 413 or 408.
    """
    if request.content_type != kind or (request.charset or "utf-8").lower() != "utf-8":
        raise BadRequestError(415)
    if len(request.headers.getall("Content-Type", [])) != 1:
        raise BadRequestError(415)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadRequestError(415)   # a compressed body may be any size once it is opened (N1)
    if (request.content_length or 0) > most:
        raise BadRequestError(413)
    body = b""
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > most:
                    raise BadRequestError(413)
    except TimeoutError:
        raise BadRequestError(408) from None
    return body


def form_fields(body: bytes, names: Set[str]) -> tuple[dict[str, bytes], str]:
    """Some of these fields, each once (P4), as the bytes that were typed, and the form's token.

    Raises BadRequestError 400.
    """
    if not body.isascii():
        raise BadRequestError(400)   # browsers escape everything else, so this is another encoding
    found: dict[str, bytes] = {}
    parts = body.split(b"&", len(names) + 1)
    for part in parts:
        name, equals, value = part.partition(b"=")
        if not equals or _BAD_ESCAPE.search(part):
            raise BadRequestError(400)
        field = _typed(name).decode("latin-1")
        if field not in (*names, "token") or field in found:
            raise BadRequestError(400)
        found[field] = _typed(value)
    if "token" not in found or (names and len(found) == 1):
        raise BadRequestError(400)
    return found, found.pop("token").decode("latin-1")


def json_field(body: bytes, name: str) -> str:
    """The one text of a JSON object that has this field and no other. Raises BadRequestError 400."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise BadRequestError(400) from None
    if not isinstance(value, dict) or value.keys() != {name} or not isinstance(value[name], str):
        raise BadRequestError(400)
    text: str = value[name]
    return text


def as_text(typed: bytes) -> str | None:
    """The text these bytes are in UTF-8, or None: what is no text is never replaced by other text (N3)."""
    try:
        return typed.decode("utf-8")
    except UnicodeDecodeError:
        return None


def is_text(value: str) -> bool:
    """Whether a string is real text: JSON can carry halves of a character."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _typed(part: bytes) -> bytes:
    return unquote_to_bytes(part.replace(b"+", b" "))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError("a field is given twice")
    return mapping
