"""The demo desk: made-up people's phones, papers and mailboxes on one page; only development mode mounts it (C1)."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from bot.clock import utc
from bot.pages.languages import page_language
from bot.pages.rendering import Renderer


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One made-up person. `note_key` names content `demo.note.<note_key>`: what is special about them."""

    id: str
    name: str
    username: str
    lang: str
    note_key: str
    password: str | None = field(repr=False)    # None once it was changed: nobody keeps it


@dataclass(frozen=True, slots=True)
class DemoCode:
    """One recovery code on a demo person's paper, and whether it is used up."""

    code: str = field(repr=False)
    used: bool


@dataclass(frozen=True, slots=True)
class DemoMail:
    """One mail in a demo person's mailbox; `at` in seconds since 1970, `to` its address, `body` plain text."""

    at: float
    to: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """One made-up person of IT, and what the admin pages ask of them."""

    name: str
    display_name: str
    role: str
    password: str = field(repr=False)
    code: str = field(repr=False)


class Desk(Protocol):
    """Everything the demo desk shows."""

    async def staff(self) -> Sequence[DemoStaff]: ...

    async def people(self) -> Sequence[DemoPerson]: ...

    async def code(self, username: str) -> tuple[str, float] | None:
        """The authenticator's code and the seconds it has left; None without an authenticator."""
        ...

    async def recovery_codes(self, username: str) -> Sequence[DemoCode]:
        """None where there are none, or newer ones: those were shown once and to one person only (A5)."""
        ...

    async def mails(self, username: str) -> Sequence[DemoMail]:
        """What came to any address of the person."""
        ...


def demo_routes(
    desk: Desk, renderer: Renderer, folder: Path, *, chat: str = "/", admin: Callable[[], str] = str,
) -> list[web.RouteDef]:
    """`/demo` (which person: `?person=<id>`), and `/demo/people/{id}.json` for what changes.

    `folder` holds the demo's data: without it everything begins anew. `admin`: the address of the admin pages, ""
    for none.
    """
    site = _DemoSite(desk, renderer, folder, chat, admin)
    return [web.get("/demo", site.show), web.get(r"/demo/people/{id}.json", site.news)]


@dataclass(frozen=True, slots=True)
class _DemoSite:
    desk: Desk
    renderer: Renderer
    folder: Path
    chat: str
    admin: Callable[[], str]

    async def show(self, request: web.Request) -> web.Response:
        people = await self.desk.people()
        wanted = request.query.get("person", "")
        person = next((one for one in people if one.id == wanted), people[0])
        lang = page_language(request, self.renderer.languages)
        return self.renderer.page(
            "demo.html", lang, people=people, person=person, chat=self.chat, folder=self.folder,
            admin=self.admin(), news=await self._news(person))

    async def news(self, request: web.Request) -> web.Response:
        for person in await self.desk.people():
            if person.id == request.match_info["id"]:
                return web.json_response(await self._news(person))
        raise web.HTTPNotFound

    async def _news(self, person: DemoPerson) -> dict[str, Any]:
        """The codes now, and the mails, newest first."""
        code = await self.desk.code(person.username)
        mails = sorted(await self.desk.mails(person.username), key=lambda mail: mail.at, reverse=True)
        return {
            "code": code[0] if code else None,
            "seconds_left": round(code[1], 1) if code else None,
            "password": person.password,
            "recovery_codes": [asdict(one) for one in await self.desk.recovery_codes(person.username)],
            "mails": [_letter(mail) for mail in mails],
            "staff": [asdict(one) for one in await self.desk.staff()] if self.admin() else [],
        }


def _letter(mail: DemoMail) -> dict[str, str]:
    return {"time": utc(mail.at).isoformat(timespec="seconds"), "to": mail.to, "subject": mail.subject,
            "body": mail.body}
