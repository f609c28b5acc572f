"""What the page tests stand on: one reset behind the SecurePage protocol, and the demo desk's people."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

import bot.content
from bot.browser import BrowserCookie
from bot.content import Content, load_content
from bot.journeys.protocol import Again, End, Ended, Fields, Form, RuleState
from bot.pages.assets import Assets
from bot.pages.demo import DemoCode, DemoMail, DemoPerson, DemoStaff, demo_routes
from bot.pages.dialog import TEAMS_HOSTS, dialog_routes
from bot.pages.error_pages import error_pages
from bot.pages.headers import protect
from bot.pages.rendering import STATIC, Renderer
from bot.pages.secure import Asked, secure_routes
from bot.pages.secure_faces import Faces, Frame
from bot.people import SignedOn
from bot.secret import Secret
from bot.site import Site
from tests.support.clock import SteppedClock

TICKET = "t" * 43
COOKIE = "c" * 43
BROWSER = hashlib.sha256(COOKIE.encode()).hexdigest()
GOOD = "riktig hest batteri stift"


def mac(purpose: str, data: bytes) -> bytes:
    return hmac.digest(b"key of the tests", purpose.encode() + b"\0" + data, "sha256")


@dataclass
class OneReset:
    """One request: `form` until a password of 15 characters without "passord" in it comes, then `end`."""

    end: Ended
    form: Form
    used: bool = False
    passwords: list[str] = field(default_factory=list)   # every one that reached `finish`
    looks: int = 0
    broken_later: tuple[RuleState, ...] = ()              # what only the directory knows

    async def look(self, ticket: str, browser: str) -> Form | Ended | None:
        self.looks += 1
        if (ticket, browser) != (TICKET, BROWSER):
            return None
        return self.end if self.used else self.form

    async def check(self, ticket: str, browser: str, password: Secret) -> tuple[RuleState, ...] | None:
        if (ticket, browser) != (TICKET, BROWSER) or self.used:
            return None
        return rules_for(password.reveal())

    async def bind(self, ticket: str, browser: str, person: SignedOn | None = None) -> bool:
        return (ticket, browser) == (TICKET, BROWSER)

    async def finish(
            self, ticket: str, browser: str, fields: Fields, person: SignedOn | None = None) -> Again | Ended | None:
        if fields.keys() != {"password"} or (ticket, browser) != (TICKET, BROWSER):
            return None
        if self.used:
            return self.end
        password = fields["password"]
        self.passwords.append(password.reveal())
        broken = tuple(rule for rule in rules_for(password.reveal()) if not rule.kept) + self.broken_later
        if broken:
            return Again(self.form, broken)
        self.used = True
        return self.end


def rules_for(password: str) -> tuple[RuleState, ...]:
    return (
        RuleState("too_short", len(password) >= 15, {"length": "15"}),
        RuleState("too_long", 0 < len(password) <= 256, {"length": "256"}),
        RuleState("unprintable", password.isprintable() and password != ""),
        RuleState("contains_name", password != "" and "nordmann" not in password.lower()),
        RuleState("too_easy", password != "" and "passord" not in password.lower()),
    )


def a_form(
    lang: str = "nb", *, account: str = "ka•••@example.no", phrase: str = "grønn fjord lykt",
    seconds: float = 290,
) -> Form:
    return Form("reset", "reset", lang, account, "kari.nordmann@example.no", phrase, seconds, rules_for(""), 256)


def a_reset(
    end: End = End.DONE, *, form: Form | None = None, reason: str = "", used: bool = False,
) -> OneReset:
    form = form or a_form()
    return OneReset(Ended(end, form.lang, "reset", reason), form, used)


PEOPLE = (
    DemoPerson("01", "Kari Nordmann", "kari.nordmann@example.no", "nb", "registered", "Fjellbris-Kaffe-41"),
    DemoPerson("02", "John Smith", "john.smith@example.no", "en", "registered", None),
    DemoPerson("03", "Ola Hansen", "ola.hansen@example.no", "nb", "unregistered", "Sol & <måne> 12 12"),
    DemoPerson("04", "Ingrid Admin", "ingrid.admin@example.no", "nb", "administrator", "Adm-4412-skogtur"),
    DemoPerson("05", "Per Laast", "per.laast@example.no", "nb", "locked", "Laas-kaffe-4412"),
    DemoPerson("06", "Eva Sluttet", "eva.sluttet@example.no", "nb", "disabled", "Slutt-tog-2291"),
    DemoPerson("07", "Mona Ute", "mona.ute@example.no", "nb", "expired", "Ute-regn-8812"),
    DemoPerson("08", "Guest Partner", "guest.partner@example.no", "en", "guest", "Guest-road-5512"),
)


@dataclass
class SmallDesk:
    """The demo desk's people with one authenticator and as many mails as a test puts in."""

    letters: list[DemoMail] = field(default_factory=list)
    shown: tuple[str, float] = ("042917", 21.4)

    async def staff(self) -> Sequence[DemoStaff]:
        return ()

    async def people(self) -> Sequence[DemoPerson]:
        return PEOPLE

    async def code(self, username: str) -> tuple[str, float] | None:
        return self.shown if username == PEOPLE[0].username else None

    async def recovery_codes(self, username: str) -> Sequence[DemoCode]:
        return [DemoCode("K7QM-4RTX-92HD-PW3E", used=True), DemoCode("9D2H-77TM-XRT4-MQ7K", used=False)] \
            if username == PEOPLE[0].username else []

    async def mails(self, username: str) -> Sequence[DemoMail]:
        return self.letters if username == PEOPLE[0].username else []


def build_app(
    reset: OneReset, clock: SteppedClock, public_url: str, desk: SmallDesk | None = None,
) -> web.Application:
    assets, site, app = Assets.read(STATIC), Site.of(public_url), web.Application()
    renderer = Renderer(content(), assets.url)
    protect(app, site)
    app.middlewares.append(error_pages(renderer))
    cookie = BrowserCookie(secure=site.secure)
    app.add_routes(
        secure_routes(reset, renderer, site=site, cookie=cookie, mac=mac, clock=clock, body_seconds=1))
    framed = Faces(renderer, Frame(TEAMS_HOSTS, "/teams.js"))
    app.add_routes(dialog_routes(Asked.of(reset, framed, site, mac, clock, body_seconds=1), None))
    app.add_routes(demo_routes(desk or SmallDesk(), renderer, Path(".keyturn")))
    app.add_routes(assets.routes())
    return app


@cache
def content() -> Content:
    """The real messages, without the topics: no page of ours shows those, and they take a while to read."""
    with TemporaryDirectory() as folder:
        ours = Path(bot.content.__file__).parent
        for lang in ("nb", "en"):
            (Path(folder) / lang).mkdir()
            (Path(folder) / lang / "messages").symlink_to(ours / lang / "messages")
        return load_content(Path(folder))


def token_in(html: str) -> str:
    found = re.search(r'name="token" value="([\w-]+)"', html)
    assert found, "the page has no anti-forgery token"
    return found[1]
