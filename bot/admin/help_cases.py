"""The helpdesk's cases: the list, one with all that was said, and take, answer, close."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.admin.pages import AdminPages, staff
from bot.content.helpdesk import HelpWords
from bot.journeys.helpdesk import Helpdesk, NotDone
from bot.rules.helpdesk import MOST_CHARACTERS, By, HelpCase
from bot.rules.staff import Staff

CASES = "/admin/cases"
_FORM_ID = re.compile(r"[A-Za-z0-9_-]{22,44}")
DID = ("taken", "answered", "closed")
"""Content `admin.cases.did.<did>`."""


def case_routes(pages: AdminPages, helpdesk: Helpdesk, words: HelpWords,
                source: Callable[[web.Request], str]) -> list[web.RouteDef]:
    """`/admin/cases` and `/admin/cases/{number}` with its three acts."""
    desk = _Cases(pages, helpdesk, words, source)
    one = CASES + "/{number}"
    return [
        web.get(CASES, desk.all), web.get(one, desk.look), web.post(f"{one}/take", desk.take),
        web.post(f"{one}/answer", desk.answer), web.post(f"{one}/close", desk.close)]


@dataclass(frozen=True, slots=True)
class _Cases:
    pages: AdminPages
    helpdesk: Helpdesk
    words: HelpWords
    source: Callable[[web.Request], str]

    async def all(self, request: web.Request) -> web.Response:
        lang = self.pages.language(request)
        rows = [{"case": one, "about": self._about(lang, one)}
                for one in await self.helpdesk.open_ones()]
        return self.pages.page(request, "admin_cases.html", rows=rows)

    async def look(self, request: web.Request) -> web.Response:
        return await self._page(request)

    async def take(self, request: web.Request) -> web.Response:
        seen = (await self.pages.form(request, {"seen"}))["seen"]
        return await self._done(
            request, "taken", await self.helpdesk.take(_number(request), staff(request), seen, self.source(request)))

    async def answer(self, request: web.Request) -> web.Response:
        typed = await self.pages.form(request, {"text", "form"})
        text, form = typed["text"], typed["form"]
        if form and not _FORM_ID.fullmatch(form):
            raise web.HTTPBadRequest
        return await self._done(request, "answered", await self.helpdesk.answer(
            _number(request), staff(request), text, form, self.source(request)), text)

    async def close(self, request: web.Request) -> web.Response:
        await self.pages.form(request, frozenset())
        return await self._done(
            request, "closed", await self.helpdesk.close(_number(request), staff(request), self.source(request)))

    async def _done(
        self, request: web.Request, did: str, done: HelpCase | NotDone, text: str = "",
    ) -> web.Response:
        if isinstance(done, NotDone):
            # What was written is not lost; but what should not be sent is not shown again either (D4).
            return await self._page(request, done, "" if done is NotDone.UNSAFE else text)
        return self.pages.see(f"{CASES}/{done.number}?done={did}")

    async def _page(self, request: web.Request, not_done: NotDone | None = None, text: str = "") -> web.Response:
        case = await self.helpdesk.read(_number(request))
        if case is None:
            raise web.HTTPNotFound
        lang = self.pages.language(request)
        return self.pages.page(
            request, "admin_case.html", status=409 if not_done else 200, case=case,
            done="" if not_done else _did(request), not_done=not_done, text=text,
            form=secrets.token_urlsafe(18),
            who=self.words.who(lang, case, await self.helpdesk.account_of(case)), about=self._about(lang, case),
            tried=self.words.tried(lang, case), longest=MOST_CHARACTERS,
            thread=[{"staff": one.by is By.STAFF, "name": one.name, "time": one.at, "text": one.text}
                    for one in case.thread],
            how=self.words.answer(lang, case),
            speaks=self.words.content.say(case.lang, "helpdesk.language"), **_may(case, staff(request)))

    def _about(self, lang: str, case: HelpCase) -> str:
        return self.words.about(lang, case)


def _may(case: HelpCase, me: Staff) -> Mapping[str, Any]:
    """Which forms the page has; the journey decides again when one is sent (G2)."""
    own = bool(case.account) and case.account == me.account_id
    mine = case.taken_by == me.name
    return {"own": own, "mine": mine,
            "may_take": not own and not case.closed and not mine,
            "may_act": not own and not case.closed and (mine or not case.taken_by),
            "may_answer": bool(case.reference or case.by_mail) and not case.full}


def _did(request: web.Request) -> str:
    """What was just done, to be said once more in words of ours."""
    found = request.query.get("done", "")
    return found if found in DID else ""


def _number(request: web.Request) -> str:
    return request.match_info["number"]
