"""The page that ends a pause of verification before its time, with a reason (F5): for administrators only."""

import re
import secrets
from collections.abc import Callable

from aiohttp import web

from bot.admin.pages import AdminPages, staff
from bot.journeys.helping import Became, Helping
from bot.rules.helping import LONGEST_REASON, clean_reason

PAUSE = "/admin/verification"
_FORM_ID = re.compile(r"[A-Za-z0-9_-]{22,44}")


def pause_routes(pages: AdminPages, helping: Helping, source: Callable[[web.Request], str]) -> list[web.RouteDef]:
    """`/admin/verification`: why nobody is verified, and the way to end it; its result below it."""

    def form(request: web.Request, reason: str = "", *, status: int = 200, number: str = "") -> web.Response:
        return pages.page(
            request, "admin_pause.html", status=status, paused=bool(helping.trust.why_paused()), reason=reason,
            missing=status != 200, form=number, longest=LONGEST_REASON)

    async def look(request: web.Request) -> web.Response:
        return form(request)

    async def go_on(request: web.Request) -> web.Response:
        """First with a reason, which is shown once more; then for good."""
        typed = await pages.form(request, {"reason", "form"})
        reason, number = clean_reason(typed["reason"]), typed["form"]
        if not reason:
            return form(request, status=422)
        if not number:
            return form(request, reason, number=secrets.token_urlsafe(18))
        if not _FORM_ID.fullmatch(number):
            raise web.HTTPBadRequest
        await helping.end_pause(number, staff(request), reason, source(request))
        return pages.see(f"{PAUSE}/{number}")

    async def result(request: web.Request) -> web.Response:
        became = await helping.pause_became(request.match_info["form"], staff(request))
        return pages.page(
            request, "admin_result.html", status=409 if became is Became.CLOCK else 200, became=became or "running",
            act=None, account="", name="")

    return [web.get(PAUSE, look), web.post(PAUSE, go_on), web.get(PAUSE + "/{form}", result)]
