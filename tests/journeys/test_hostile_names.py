"""Names that want to be more than names, from the directory and from Teams: wherever they come out, they are text, in
one line and of a decent length, or they are not there at all (N2, S-080, S-085, S-086).
"""

import json
import re
from html import unescape
from itertools import chain

import pytest

from bot.directory.demo_staff import STAFF
from bot.serving.desk import Desk
from bot.settings import DEMO_HELPDESK
from tests.admin.conftest import Browser as AdminBrowser
from tests.journeys.conftest import InTeams, OpenHouse
from tests.journeys.stage import KARI, TeamsPerson, link_of, records
from tests.journeys.test_entra import STRONG
from tests.journeys.test_owner import Browse, begin, browse, proven
from tests.support.clock import SteppedClock
from tests.support.graph import GraphDouble
from tests.support.people import mails_of
from tests.support.tcp import free_port

__all__ = ["browse"]    # a fixture

EVIL = ('=HYPERLINK("https://evil.example") <script>alert(1)</script> **[trykk](https://evil.example)** {account} %s'
        "\r\nBcc: tyv@evil.example\u202egpj\u2066\x00\x1b[31m\u2028" + "x" * 5000)
NAMES = ("<script>alert(1)</script><img src=x onerror=alert(1)>", "**[trykk](https://evil.example)** `x` # y",
         "\u202egro.live\u2066\u200f", "kari\r\nBcc: tyv@evil.example\r\n\r\n", "=cmd|'/C calc'!A0\t@SUM(1)",
         "x" * 20_000, "{account} {{7*7}} %s %(name)s ${x}", "<at>evil</at>", "\x00\x1b[31mred", "")
MARKS = ("evil", "<script>alert", "<script/", "onerror", "HYPERLINK", "cmd|", "Bcc:", "\u202e", "\u2066",
         "\u2028", "\x1b", "\x00", "x" * 300)


def clean(text: str) -> str:
    """The text, with none of what the names brought in it."""
    assert [mark for mark in MARKS if mark in text] == []
    return text


def shown(person: TeamsPerson) -> str:
    """All that the chat shows: texts, cards, what they say to screen readers; not who it is addressed to."""
    return json.dumps([[one.get(name) for name in ("text", "speak", "summary", "attachments", "suggestedActions")]
                       for one in person.connector.said], ensure_ascii=False)


async def trail(desk: Desk) -> str:
    """What `audit export` writes: a line for each record, of ASCII, whatever is in it."""
    lines = [json.dumps(one) for one in await records(desk)]
    assert lines
    assert all(line.isascii() and line.isprintable() for line in lines)
    return "".join(lines)


async def test_names_from_the_directory(
        double: GraphDouble, open_house: OpenHouse, in_teams: InTeams, browse: Browse, clock: SteppedClock,
        capsys: pytest.CaptureFixture[str]) -> None:
    """In the chat and its cards, on the secure page, in mails to the owner and to the helpdesk, on the admin pages, in
    the trail and in the log."""
    desk = await open_house(**double.settings, KEYTURN_ADMIN_PORT=str(free_port()))
    double.change(KARI, displayName=EVIL, givenName=EVIL, surname=EVIL,
                  upn="kari.nordmann\r\nSubject: hei\u202e<b>@example.no")
    account = await desk.people.directory.read(KARI)
    assert account is not None
    for name in (account.display_name, account.username):
        assert name.isprintable()
        assert len(name) < 300
    assert account.username == "kari.nordmann Subject: hei <b>@example.no"

    kari = in_teams(desk)
    link = link_of(await proven(kari, clock, "forgot_password"))
    browser = await browse(desk)
    page = await browser.go_on_here(await browser.open(link))
    done = await browser.submit(page, password=STRONG)
    assert "Passordet er byttet" in done.text
    for html in (page.html, done.html):
        assert "<b>" not in clean(html)
    for value in ({"do": "start", "journey": "fetch_a_person"}, {"do": "help_skip"}, {"do": "help_send"}):
        await kari.ask("trykk", value={"keyturn": value})
    clean(shown(kari))

    to_helpdesk = [one for one in await mails_of(desk, "ingrid.admin") if one.to == DEMO_HELPDESK]
    to_kari = await mails_of(desk, "kari.nordmann")
    assert to_helpdesk
    assert to_kari
    for mail in chain(to_kari, to_helpdesk):
        assert "\n" not in clean(mail.subject)
        clean(mail.body)
        assert re.search(r"(?m)^\s*(Subject|Bcc):", mail.body) is None

    async with AdminBrowser(desk) as it:
        clock.advance(30)
        assert (await it.sign_in(STAFF[0].name)).status == 303
        case, = await desk.journeys.helpdesk.open_ones()
        seen = await it.open(f"/admin/accounts/{KARI}")
        title = re.search(r"<h1><bdi>(.*?)</bdi></h1>", seen.text)
        assert title
        assert unescape(title[1]) == account.display_name      # as it is, and as nothing but text
        for path in (f"/admin/accounts/{KARI}", "/admin/cases", f"/admin/cases/{case.number}"):
            html = (await it.open(path)).text
            assert [mark for mark in ("<script>alert", "<b>", "\u202e", "\u2066", "\x1b") if mark in html] == []
    clean(await trail(desk))
    clean("".join(capsys.readouterr()))


async def test_names_from_teams(
        desk: Desk, in_teams: InTeams, clock: SteppedClock, capsys: pytest.CaptureFixture[str]) -> None:
    """I1: they name nobody, so they are told, mailed, kept and logged nowhere; nor are the bot's own and the chat's."""
    for name in NAMES:
        kari = in_teams(desk)
        kari._fields = {
            "from": {"id": "29:kari", "name": name, "aadObjectId": KARI}, "recipient": {"id": "28:bot", "name": name},
            "conversation": kari.activity()["conversation"] | {"name": name}}
        await kari.ask("hei")
        await begin(kari, "forgot_password")
        await kari.ask("avbryt")
    for value in ({"do": "start", "journey": "fetch_a_person"}, {"do": "help_skip"}, {"do": "help_send"}):
        await kari.ask("trykk", value={"keyturn": value})
    clean(shown(kari))
    for mail in await mails_of(desk, "ingrid.admin"):
        clean(mail.subject + mail.body)
    clean(await trail(desk))
    clean("".join(capsys.readouterr()))


@pytest.mark.parametrize("name", [7, None, True, ["x"], {"a": 1}, "\ud800"], ids=repr)
async def test_names_that_are_none(desk: Desk, in_teams: InTeams, name: object) -> None:
    """C4, C5: answered as if it were not there, or refused; never a failure."""
    kari = in_teams(desk)
    status = await kari.post(kari.activity("hei", **{"from": {"id": "29:kari", "name": name, "aadObjectId": KARI}}))
    assert status in (200, 400)
