"""What a request must look like before anybody thinks about it: method, headers, size, pace (N1, C4)."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.bounded import TooLong, read_bounded
from bot.rules.limits import Limits

_PLAIN_TYPES = frozenset({"application/json", "application/json; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 4xx (503 without keys): one short line that names nobody's library."""

    status: int
    line: str
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        return web.Response(status=self.status, text=self.line + "\n", headers=self.headers)


def head_refusal(request: web.Request, limits: Limits) -> Refusal | None:
    """What the request line and headers alone give away; None for a POST of JSON of a fair size."""
    headers = request.headers
    if request.method != "POST":
        return Refusal(405, "POST only", {"Allow": "POST"})
    if "Upgrade" in headers:
        return Refusal(400, "no upgrades here")
    types = headers.getall("Content-Type", ())
    if len(types) != 1 or not (types[0] in _PLAIN_TYPES or _is_json(types[0])):
        return Refusal(415, "application/json in UTF-8 only")
    if "Content-Encoding" in headers:
        return Refusal(415, "no compressed bodies")
    if (request.content_length or 0) > limits.body_bytes:
        return Refusal(413, "too long")
    return None


async def body_of(request: web.Request, limits: Limits) -> bytes | Refusal:
    """The body, read up to a cap whatever its headers say, and within a time (limits 22, 24)."""
    content = request.content
    try:
        if content.is_eof():
            return await read_bounded(content, limits.body_bytes)
        async with asyncio.timeout(limits.body_seconds):
            return await read_bounded(content, limits.body_bytes)
    except TooLong:
        return Refusal(413, "too long")
    except TimeoutError:
        return Refusal(408, "too slow")
    except (web.RequestPayloadError, HttpProcessingError, ClientError, OSError):
        return Refusal(400, "broken body")


def one_header(request: web.Request, name: str) -> str | None:
    """A header that is there once; None as well when it is there twice."""
    values = request.headers.getall(name, ())
    return values[0] if len(values) == 1 else None


def _is_json(content_type: str) -> bool:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = {"charset=utf-8", 'charset="utf-8"'}
    return kind == "application/json" and all(one in charsets for one in parameters) and len(parameters) <= 1
