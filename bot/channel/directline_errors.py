"""How Direct Line says no: a status and one short line, whatever went wrong (C4)."""

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.errors import StoreUnavailable

log = structlog.get_logger(__name__)


class Refused(Exception):
    """Ends a request with this status; `code` and `text` are for whoever writes the client."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.text = text


def forbidden() -> Refused:
    """One answer for tokens that are missing, forged, expired or another's; clients ask for a new one."""
    return Refused(403, "TokenExpired", "The token is missing, expired or not for this conversation.")


def ended() -> Refused:
    """Final for clients: they begin a new conversation."""
    return Refused(404, "ConversationNotFound", "The conversation has ended.")


def bad(text: str) -> Refused:
    return Refused(400, "BadArgument", text)


def busy() -> Refused:
    return Refused(429, "Throttled", "Too many requests; try again in a moment.")


def _answer(status: int, code: str, text: str) -> web.Response:
    headers = {"Retry-After": "2"} if status in (429, 503) else None
    return web.json_response({"error": {"code": code, "message": text}}, status=status, headers=headers)


@web.middleware
async def in_direct_lines_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal, the server's own included, into Direct Line's shape."""
    try:
        return await handler(request)
    except Refused as refused:
        return _answer(refused.status, refused.code, refused.text)
    except StoreUnavailable:
        return _answer(503, "ServiceUnavailable", "The service cannot do this right now.")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _answer(error.status, error.reason.replace(" ", ""), error.reason)
    except Exception as error:  # noqa: BLE001 the last resort of a request: nothing of it may show (C4)
        log.error("direct_line.failed", error=type(error).__name__, path=request.match_info.route.name)
        return _answer(500, "ServiceError", "Something went wrong.")
