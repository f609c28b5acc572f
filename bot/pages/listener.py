"""The public listener: the HTTP server's own answers and log lines, kept as plain as ours (C4, P5).

What is no HTTP never reaches a handler or a middleware: the server answers by itself, and would name
itself, quote what was sent and log a traceback for it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web

from bot.ending import REQUESTS, Ending
from bot.pages.headers import headers_for
from bot.rules.limits import Limits
from bot.site import Site

log = structlog.get_logger(__name__)

_LINGERING_SECONDS = 2


class Listener(web.AppRunner):
    """Serves `app`; to be set up, given a site, and cleaned up as any runner."""

    __slots__ = ("_ending", "_headers")

    def __init__(self, app: web.Application, site: Site, limits: Limits, ending: Ending) -> None:
        # Until its headers are in, a connection is idle to the server: this bounds slow ones too (limit 24).
        super().__init__(
            app, access_log=None, keepalive_timeout=limits.header_seconds, handle_signals=False,
            auto_decompress=False, lingering_time=_LINGERING_SECONDS)
        self._headers = headers_for(site)
        self._ending = ending

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler, self._headers, self._ending, request_factory=made.request_factory, **self._kwargs)


class _Server(web.Server):
    def __init__(self, handler: Any, headers: Mapping[str, str], ending: Ending, **options: Any) -> None:
        super().__init__(handler, **options)
        self.headers = headers
        self._ending = ending

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 as it is called
        """Let requests finish; half of the time is for those that have to be told to stop (F11)."""
        await super().shutdown(self._ending.left(REQUESTS) / 2)


class _Connection(web.RequestHandler):
    __slots__ = ("_plain_headers",)

    def __init__(self, manager: _Server, **options: Any) -> None:
        super().__init__(manager, **options)
        self._plain_headers = manager.headers

    def handle_error(self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None,
                     message: str | None = None) -> web.StreamResponse:
        """One line, whatever was wrong; the connection ends with it."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log_exception("failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("half of an answer is out already")
        answer = _Nameless(
            status=status, text=f"{status}: {HTTPStatus(status).phrase}\n", headers=self._plain_headers)
        answer.force_close()
        return answer

    def log_exception(self, *_args: Any, exc_info: Any = None, **_more: Any) -> None:
        """A line without the exception's text, which may quote what was sent (D3)."""
        log.error("request_failed", error=type(exc_info).__name__)


class _Nameless(web.Response):
    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Server", None)
