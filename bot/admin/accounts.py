"""The helpdesk's pages about one account: look, do something with a reason, let a second person confirm (O7)."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.admin.pages import AdminPages, staff
from bot.admin.trail_words import event_row
from bot.directory.protocol import Account
from bot.journeys.helping import Became, Helping, Seen
from bot.rules.helping import LONGEST_REASON, Act, Request, Verdict, clean_reason, second, verdict
from bot.rules.limits import DAY, QUARTER
from bot.rules.lockout import FAILURES, Budget
from bot.secret import Secret

ACCOUNTS = "/admin/accounts"
REQUESTS = "/admin/requests"
_FORM_ID = re.compile(r"[A-Za-z0-9_-]{22,44}")
_REFUSALS = frozenset({Became.SELF, Became.PROTECTED, Became.SAME, Became.GONE, Became.CLOSED})
_SPANS = {None: "row", QUARTER: "quarter", DAY: "day"}
EVENTS, MOST_EVENTS = 10, 50


def account_routes(
    pages: AdminPages, helping: Helping, source: Callable[[web.Request], str],
) -> list[web.RouteDef]:
    """`/admin/accounts`: find one, look at it, and each act with its reason, its confirmation and its result."""
    desk = _Accounts(pages, helping, source)
    return [
        web.get(ACCOUNTS, desk.ask), web.post(ACCOUNTS, desk.find), web.get(ACCOUNTS + "/{account}", desk.look),
        web.get(ACCOUNTS + "/{account}/{act}", desk.begin), web.post(ACCOUNTS + "/{account}/{act}", desk.go_on),
        web.get(ACCOUNTS + "/{account}/{act}/{form}", desk.result)]


def request_routes(
    pages: AdminPages, helping: Helping, source: Callable[[web.Request], str],
) -> list[web.RouteDef]:
    """`/admin/requests/{id}`: what waits for a second person."""
    desk = _Accounts(pages, helping, source)
    return [
        web.get(REQUESTS + "/{request}", desk.request), web.post(REQUESTS + "/{request}/confirm", desk.confirm),
        web.post(REQUESTS + "/{request}/decline", desk.decline)]


@dataclass(frozen=True, slots=True)
class _Accounts:
    pages: AdminPages
    helping: Helping
    source: Callable[[web.Request], str]

    async def ask(self, request: web.Request) -> web.Response:
        return self.pages.page(request, "admin_accounts.html", name="", unknown=False)

    async def find(self, request: web.Request) -> web.Response:
        """By POST: names of people stay out of addresses and histories."""
        name = (await self.pages.form(request, {"name"}))["name"].strip()
        account = await self.helping.find(name)
        if account is None:
            return self.pages.page(request, "admin_accounts.html", status=404, name=name[:200], unknown=True)
        return self.pages.see(f"{ACCOUNTS}/{account.id}")

    async def look(self, request: web.Request) -> web.Response:
        seen, lang = await self._seen(request), self.pages.language(request)
        names = {one.staff.actor: one.staff.display_name for one in await self.pages.people.all()}
        return self.pages.page(
            request, "admin_account.html", seen=seen, myself=staff(request).account_id == seen.account.id,
            windows=_windows(seen.budgets), everything=self._everything(request), fewest=EVENTS,
            events=[event_row(self.pages.renderer.content, lang, one, names) for one in seen.events])

    async def begin(self, request: web.Request) -> web.Response:
        seen, act = await self._seen(request), _act(request)
        found = verdict(act, staff(request), seen.account.id, seen.account.protected)
        return self.pages.page(
            request, "admin_act.html", account=seen.account, act=act, verdict=found, reason="", missing=False,
            longest=LONGEST_REASON, refused=found in (Verdict.SELF, Verdict.PROTECTED))

    async def go_on(self, request: web.Request) -> web.Response:
        """First with a reason, which is shown once more; then for good, with that page's own number."""
        typed = await self.pages.form(request, {"reason", "form"})
        seen, act = await self._seen(request), _act(request)
        reason = clean_reason(typed["reason"])
        found = verdict(act, staff(request), seen.account.id, seen.account.protected)
        facts: dict[str, Any] = {"account": seen.account, "act": act, "verdict": found, "reason": reason}
        if not reason or found in (Verdict.SELF, Verdict.PROTECTED):
            return self.pages.page(
                request, "admin_act.html", status=422, **facts, missing=not reason, longest=LONGEST_REASON,
                refused=found in (Verdict.SELF, Verdict.PROTECTED))
        if not typed["form"]:
            return self.pages.page(request, "admin_confirm.html", **facts, form=secrets.token_urlsafe(18))
        if not _FORM_ID.fullmatch(typed["form"]):
            raise web.HTTPBadRequest
        result = await self.helping.wish(
            typed["form"], act, staff(request), seen.account.id, reason, self.source(request))
        if result.code is not None:
            return self._code(request, result.code, seen.account)
        return self.pages.see(f"{ACCOUNTS}/{seen.account.id}/{act}/{typed['form']}")

    async def result(self, request: web.Request) -> web.Response:
        """The first result, however often the form was sent."""
        seen, act = await self._seen(request), _act(request)
        became = await self.helping.became(request.match_info["form"], act, staff(request), seen.account.id)
        return self._result(request, became, act, seen.account.id, seen.account.username)

    async def request(self, request: web.Request) -> web.Response:
        found = await self.helping.forms.request(request.match_info["request"])
        account = await self.helping.directory.read(found.account) if found else None
        if found is None or account is None:
            raise web.HTTPNotFound
        stands = second(found, staff(request), account.protected)
        return self.pages.page(
            request, "admin_request.html", wish=found, account=account, stands=stands,
            may_decline=stands is not Verdict.SELF)

    async def confirm(self, request: web.Request) -> web.Response:
        await self.pages.form(request, frozenset())
        number = request.match_info["request"]
        found = await self.helping.forms.request(number)
        result = await self.helping.confirm(number, staff(request), self.source(request))
        account = await self.helping.directory.read(found.account) if found else None
        if result.code is not None and account is not None:
            return self._code(request, result.code, account)
        return self._settled(request, result.became, found)

    async def decline(self, request: web.Request) -> web.Response:
        await self.pages.form(request, frozenset())
        number = request.match_info["request"]
        found = await self.helping.forms.request(number)
        result = await self.helping.decline(number, staff(request), self.source(request))
        return self._settled(request, result.became, found)

    def _code(self, request: web.Request, code: Secret, account: Account) -> web.Response:
        """The answer to the press itself: no address shows it a second time (P9)."""
        return self.pages.page(
            request, "admin_code.html", code=code.reveal(), account=account, minutes=self.helping.code_seconds // 60)

    def _settled(self, request: web.Request, became: Became, found: Request | None) -> web.Response:
        return self._result(request, became, found.act if found else None, found.account if found else "", "")

    def _result(self, request: web.Request, became: Became, act: Act | None, account: str, name: str) -> web.Response:
        status = 409 if became in _REFUSALS else 200
        return self.pages.page(
            request, "admin_result.html", status=status, became=became or "running", act=act, account=account,
            name=name)

    async def _seen(self, request: web.Request) -> Seen:
        most = MOST_EVENTS if self._everything(request) else EVENTS
        seen = await self.helping.look(staff(request), request.match_info["account"], self.source(request), most)
        if seen is None:
            raise web.HTTPNotFound
        return seen


    @staticmethod
    def _everything(request: web.Request) -> bool:
        return request.query.get("events") == "all"


def waiting(one: Request, me_id: str) -> dict[str, Any]:
    """A request as the start page lists it."""
    return {"path": f"{REQUESTS}/{one.id}", "act": one.act, "by": one.by_name, "since": one.since,
            "mine": one.by == me_id}


def _act(request: web.Request) -> Act:
    try:
        return Act(request.match_info["act"])
    except ValueError:
        raise web.HTTPNotFound from None


def _windows(budgets: Mapping[str, Sequence[Budget]]) -> list[tuple[str, Budget, Budget]]:
    """What is counted, and what of it the owner and visitors have used: failures always, the rest where anything is."""
    return [(f"{owner.what}.{_SPANS[owner.seconds]}", owner, anonymous)
            for owner, anonymous in zip(budgets.get("owner", ()), budgets.get("anonymous", ()), strict=True)
            if owner.what == FAILURES or owner.used or anonymous.used]
