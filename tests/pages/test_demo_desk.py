"""The demo desk: the made-up people, their phones and mailboxes."""

from html import unescape

import pytest

from bot.pages.demo import DemoMail
from tests.pages.conftest import Open
from tests.pages.stage import PEOPLE, SmallDesk, a_reset, content


@pytest.mark.parametrize(("lang", "banner"), [("nb", "Bare en demo"), ("en", "Only a demo")])
async def test_all_people_are_listed_with_what_is_special_and_a_loud_warning(
    open_site: Open, lang: str, banner: str,
) -> None:
    client = await open_site(a_reset())
    page = await client.get(f"/demo?lang={lang}")
    html = unescape(await page.text())
    assert page.status == 200
    assert banner in html
    for person in PEOPLE:
        assert person.name in html
        assert person.username in html
        assert content().say(lang, f"demo.note.{person.note_key}") in html


async def test_code_password_and_mail_are_there_without_javascript(open_site: Open) -> None:
    desk = SmallDesk([
        DemoMail(1_795_000_000, "kari@privat.example", "Eldre", "Først"),
        DemoMail(1_795_000_600, "kari@privat.example", "Koden din", "Koden er 123 456.\nIkke del den."),
    ])
    client = await open_site(a_reset(), desk)
    html = await (await client.get("/demo?person=01")).text()
    assert "042 917" in html
    assert "Fjellbris-Kaffe-41" in html
    assert html.index("Koden din") < html.index("Eldre")
    assert "Til: <bdi>kari@privat.example</bdi>" in html
    assert "slett mappen .keyturn" in html
    assert html.index("K7QM-4RTX-92HD-PW3E") < html.index("9D2H-77TM-XRT4-MQ7K")
    assert html.count('class="used">brukt') == 1
    html = await (await client.get("/demo?person=02")).text()
    assert "Byttet. Bare du vet hva det er." in html
    assert "Ingen godkjenningsapp er registrert." in html
    assert "Ingen e-post ennå." in html
    assert "Gjenopprettingskoder" not in html


async def test_what_changes_comes_as_json(open_site: Open) -> None:
    desk = SmallDesk([DemoMail(1_795_000_000, "kari@privat.example", "Emne", "<b>brød</b>")])
    client = await open_site(a_reset(), desk)
    answer = await client.get("/demo/people/01.json")
    assert await answer.json() == {
        "code": "042917", "seconds_left": 21.4, "password": "Fjellbris-Kaffe-41",
        "recovery_codes": [
            {"code": "K7QM-4RTX-92HD-PW3E", "used": True}, {"code": "9D2H-77TM-XRT4-MQ7K", "used": False}],
        "mails": [{"time": "2026-11-18T11:06:40+00:00", "to": "kari@privat.example",
                   "subject": "Emne", "body": "<b>brød</b>"}],
        "staff": [],
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await client.get("/demo/people/99.json")).status == 404


async def test_an_unknown_person_shows_the_first_one(open_site: Open) -> None:
    client = await open_site(a_reset())
    assert 'data-news="/demo/people/01.json"' in await (await client.get("/demo?person=%3Cscript%3E")).text()


async def test_mails_are_shown_as_text(open_site: Open) -> None:
    """N2: what a mail carries runs nothing."""
    hostile = "<script>alert(1)</script>\u202e"
    client = await open_site(a_reset(), SmallDesk([DemoMail(1_795_000_000, hostile, hostile, hostile)]))
    html = await (await client.get("/demo")).text()
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(1)") == 3


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_the_desk_only_shows(open_site: Open, method: str) -> None:
    client = await open_site(a_reset())
    assert (await client.request(method, "/demo")).status == 405
