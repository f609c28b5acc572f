"""Whatever is typed or posted: a clear answer or a clean refusal, no echo of it, and the next message works."""

import json
from io import BytesIO
from typing import Any

import pytest

from bot.secret import Secret
from bot.serving.desk import Desk
from tests.journeys.conftest import InTeams, Visit
from tests.journeys.stage import GOOD, WRONG, Visitor, last, link_of, mailed_code, records, texts
from tests.support.clock import SteppedClock
from tests.support.people import code_for, sign_in

MARK = "Zqxj7"
TEXTS = {
    "blank": "   \n\t ",
    "zero width": "\u200b\u200d\ufeff\u2060",
    "four thousand": MARK + " hvordan bytter jeg passord? " * 140,
    "twenty thousand": f"{MARK} " + "å" * 20_000,
    "one long word": MARK + "a" * 28 * 1024,
    "many words": f"{MARK} " + "passord " * 3000,
    "right to left": f"\u202e{MARK} drossap\u202c \u05d0\u05d1\u05d2 \u0627\u0644",
    "zalgo": MARK + "".join(f"p{chr(0x300 + number % 100)}" for number in range(900)),
    "emoji": f"{MARK} 👩🏽‍🚀🇳🇴 🔑🔑🔑",
    "null bytes": f"{MARK}\u0000\u0000\u0007\u001b[31m",
    "markdown": f"[{MARK}](javascript:alert(1)) ![{MARK}](https://evil.example/x.png) **{MARK}** `{MARK}`",
    "html": f"<img src=x onerror=alert('{MARK}')><script>{MARK}</script><at>{MARK}</at>",
    "a card": json.dumps({"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": MARK}]}),
    "a place": "{left} {minutes} {0} %s ${" + MARK + "}",
    "ldap": f"*)(uid={MARK}))(|(uid=*",
    "lines": f"{MARK}\r\n\r\n" + '{"seq":1,"event":"reset.outcome","outcome":"done"}',
    "a regex bomb": f"{MARK} passord er " + "=: " * 1200,
    "digits": "1" * 4000,
}
BODIES: dict[str, tuple[bytes, str, set[int]]] = {
    "a megabyte": (b'{"type":"message","text":"' + b"a" * (1 << 20) + b'"}', "application/json", {413}),
    "deep": (b'{"type":"message","value":' + b"[" * 5000 + b"]" * 5000 + b"}", "application/json", {400}),
    "deep objects": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "application/json", {400}),
    "broken": (b'{"type":"message","text":', "application/json", {400}),
    "a list": (b"[1,2]", "application/json", {400}),
    "a text": (b'"hei"', "application/json", {400}),
    "nothing": (b"", "application/json", {400}),
    "not UTF-8": (b'{"type":"message","text":"\xff\xfe"}', "application/json", {400}),
    "a key twice": (b'{"type":"message","type":"event","text":"hei"}', "application/json", {400}),
    "not a number": (b'{"type":"message","text":"hei","value":NaN}', "application/json", {400}),
    "a huge number": (b'{"type":"message","text":"","value":1' + b"0" * 5000 + b"}", "application/json", {400}),
    "a form": (b"type=message&text=hei", "application/x-www-form-urlencoded", {415}),
    "text of another kind": (b'{"type":"message","text":{"a":1}}', "application/json", {400}),
}


async def _works(visitor: Visitor) -> None:
    said = await visitor.ask("hva kan du hjelpe meg med?")
    assert said
    assert "passord" in said[0].text


def _clean(said: list[str]) -> None:
    """Something was said, and nothing of what the person wrote."""
    assert said
    assert not [one for one in said if MARK in one or "noe gikk galt" in one or "evil.example" in one]


@pytest.mark.parametrize("what", TEXTS)
async def test_any_text_at_any_step(desk: Desk, visit: Visit, clock: SteppedClock, what: str) -> None:
    """N1, N2, S-085, S-087, F14: idle, where a name is asked for, and where a code is asked for."""
    visitor, text = await visit(desk), TEXTS[what]
    _clean(texts(await visitor.ask(text)))
    await _works(visitor)
    await visitor.hit("Lag nytt passord")
    _clean(texts(await visitor.ask(text)))
    if not any(one.text.startswith("Åpne godkjenningsappen") for one in visitor.said):
        await visitor.ask("kari.nordmann")
    _clean(texts(await visitor.ask(text)))
    assert not await records(desk, "reset.proof")
    assert last(await visitor.ask(WRONG[0])).endswith(("Du har 4 forsøk igjen.", "You have 4 tries left."))
    for record in await records(desk):
        assert MARK not in json.dumps(record)
    assert await desk.kept.audit.verify() is None


async def test_what_was_written_is_kept_as_plain_text(desk: Desk, visit: Visit) -> None:
    """N2, S-085: the person's own words come back to their screen as plain text, never as Markdown or cards."""
    visitor = await visit(desk)
    await visitor.say(TEXTS["markdown"], textFormat="markdown", attachments=[{
        "contentType": "text/html", "content": TEXTS["html"]}], suggestedActions={"actions": []})
    url = f"{visitor.base_url}/v3/directline/conversations/{visitor.conversation}/activities"
    async with visitor.session.get(url, headers={"Authorization": f"Bearer {visitor.token}"}) as answer:
        activities = (await answer.json())["activities"]
    own, = [one for one in activities if one["from"]["id"] != "keyturn"]
    assert own["textFormat"] == "plain"
    assert "attachments" not in own
    assert "suggestedActions" not in own


@pytest.mark.parametrize("what", BODIES)
async def test_any_body_in_the_web_chat(desk: Desk, visit: Visit, what: str) -> None:
    """N1, C4, limit 22: refused with one short line; the next message works."""
    visitor = await visit(desk)
    body, kind, expected = BODIES[what]
    url = f"{visitor.base_url}/v3/directline/conversations/{visitor.conversation}/activities"
    headers = {"Authorization": f"Bearer {visitor.token}", "Content-Type": kind}
    async with visitor.session.post(url, data=BytesIO(body), headers=headers) as answer:
        assert answer.status in expected
        assert len(await answer.text()) < 300
    await _works(visitor)


@pytest.mark.parametrize("what", BODIES)
async def test_any_body_from_a_channel(desk: Desk, visit: Visit, in_teams: InTeams, what: str) -> None:
    """C4, S-003: never a 5xx; unfinished activities are acknowledged."""
    body, kind, expected = BODIES[what]
    visitor = await visit(desk)
    url, headers = f"{desk.site.base_url}/api/messages", {"Content-Type": kind}
    async with visitor.session.post(url, data=BytesIO(body), headers=headers) as answer:
        assert answer.status in expected | {400}
        assert len(await answer.text()) < 300
    kari = in_teams(desk)
    assert last(await kari.ask("hva kan du hjelpe meg med?"))


@pytest.mark.parametrize("what", ["html", "markdown", "one long word", "blank", "null bytes"])
async def test_any_text_in_teams(desk: Desk, in_teams: InTeams, what: str) -> None:
    """N2, S-085: as in the web chat."""
    kari = in_teams(desk)
    _clean(texts(await kari.ask(TEXTS[what])))
    assert last(await kari.ask("hva kan du hjelpe meg med?"))


async def test_halves_of_characters_are_answered(desk: Desk, visit: Visit, in_teams: InTeams) -> None:
    """N1, F14: a message cut in the middle of an emoji is one at both doors, and keeps its language."""
    visitor, kari = await visit(desk), in_teams(desk)
    assert "Åpne siden under" in texts(await visitor.ask("hvordan registrerer jeg meg? \ud83d"))[0]
    assert "Åpne siden under" in texts(await kari.ask("hvordan registrerer jeg meg? \udc00"))[0]
    await _works(visitor)


@pytest.mark.parametrize("fields", [
    {"text": ""}, {"text": None}, {"text": 7}, {"text": ["hei"]}, {"type": "x" * 5000, "text": "hei"},
    {"text": "", "value": {}}, {"text": "hei", "locale": "<script>"}, {"text": "hei", "locale": 7},
    {"text": "hei", "channelData": {"clientActivityID": "x" * 5000}},
    {"type": "event", "name": "keyturn.language", "value": {"a": "b" * 5000}},
    {"type": "event", "name": "keyturn.language", "value": "xx"},
], ids=str)
async def test_any_field(desk: Desk, visit: Visit, fields: dict[str, Any]) -> None:
    """N1: a wrong type, a missing text, an unknown language: 200 or 400, and the next message works."""
    visitor = await visit(desk)
    assert await visitor.post({"type": "message", "from": {"id": "me"}} | fields) in (200, 400)
    await visitor.quiet()
    await _works(visitor)


@pytest.mark.parametrize("typed", [
    "12345", "1234567", "12 34 5", "abcdef", "12345a", "１２３４５６", "١٢٣٤٥٦", "१२३४५६", "12345６",
    "123456 654321", "1e5000", "-123456", "123.456", "0x1E240", "①②③④⑤⑥", "¹²³⁴⁵⁶", "123456%", "12\u200e34\u200f5"])
async def test_what_is_no_code_costs_no_try(desk: Desk, visit: Visit, typed: str) -> None:
    """V6: one canonical form; wrong lengths, letters, signs, digits of other scripts are not counted."""
    visitor = await visit(desk)
    await visitor.start("kari.nordmann")
    said = last(await visitor.ask(typed))
    assert said == "Koden skal ha 6 sifre. Skriv bare sifrene, eller skriv «avbryt» for å stoppe."
    assert last(await visitor.ask(WRONG[0])).endswith(("Du har 4 forsøk igjen.", "You have 4 tries left."))


@pytest.mark.parametrize("shape", ["{} {}", "{}-{}", "koden er {}{}.", "«{}\u00a0{}»", " {}\u202f{} \n", "\u200b{}{}"])
async def test_codes_as_people_write_them(
        desk: Desk, visit: Visit, clock: SteppedClock, shape: str) -> None:
    """V6: groups, blanks of all kinds, a few words and invisible signs around it are one and the same code."""
    visitor = await visit(desk)
    await visitor.start("kari.nordmann")
    code = await code_for(desk, "kari.nordmann")
    assert last(await visitor.ask(shape.format(code[:3], code[3:]))).startswith("Takk, den stemte")


async def test_blanks_of_all_kinds_keep_words_apart(desk: Desk, visit: Visit) -> None:
    """What phones and word processors put between words is a blank to us too."""
    visitor = await visit(desk)
    plain = await visitor.ask("jeg har glemt passordet")
    other = await visitor.ask("jeg\u00a0har\u2003glemt\u202fpassordet")
    assert plain[0].text == other[0].text


async def _page_of(kari: Visitor, clock: SteppedClock) -> Any:
    await kari.start("kari.nordmann")
    await kari.ask(await code_for(kari.desk, "kari.nordmann"))
    return await kari.page(link_of(await kari.ask(await mailed_code(kari.desk))))


@pytest.mark.parametrize(("password", "words"), [
    ("kort", "for kort"), (f"{MARK} " * 60, "for langt"), (f"{MARK}\u0000 hest fjell båt hav", "ikke synes"),
    (f"\u202e{MARK} hest fjell båt hav", "ikke synes"), ("", "ikke skrevet noe nytt passord"),
    ("kari.nordmann@example.no 1", "navnet ditt"), ("aaaaaaaaaaaaaaaaaaaaaaa", "lett å gjette"),
    ("<script>alert(1)</script>\u2028xxx", "ikke synes"),
], ids=["short", "long", "null", "right to left", "empty", "name", "easy", "separator"])
async def test_passwords_that_will_not_do(
        desk: Desk, visit: Visit, clock: SteppedClock, password: str, words: str) -> None:
    """N3, F7, S-090: refused with the reason and without showing it again; the same page takes a better one."""
    kari = await visit(desk)
    page = await _page_of(kari, clock)
    again = await kari.submit(page, password)
    assert again.status == 422
    assert words in again.text
    assert MARK not in again.html
    assert "alert(1)" not in again.html
    assert "Passordet er byttet" in (await kari.submit(again, GOOD)).text


@pytest.mark.parametrize("password", [
    "  elgen drakk kald kakao i regnvær  ", "<b>elgen</b> & \"drakk\" 'kald' kakao", "鯨が紅茶を飲む静かな朝の港で歌",
    "**elgen** [drakk](kald) kakao; DROP TABLE", "🦌🥛❄️ elgen drakk kald kakao",
], ids=["blanks at the ends", "html", "japanese", "markdown", "emoji"])
async def test_unusual_passwords_are_set_as_typed(
        desk: Desk, visit: Visit, clock: SteppedClock, password: str) -> None:
    """N3: to the character; what differs in a blank does not open the account. (Ambiguous ones may be refused.)"""
    kari = await visit(desk)
    answer = await kari.submit(await _page_of(kari, clock), password)
    if answer.status == 422:
        assert "flere måter" in answer.text
        return
    assert "Passordet er byttet" in answer.text
    assert await sign_in(desk, "kari.nordmann", Secret(password))
    assert not await sign_in(desk, "kari.nordmann", Secret(password.strip() + " "))


@pytest.mark.parametrize("body", [
    "password=%ED%A0%80xxxxxxxxxxxxxxxxxx&token={token}", "password={good}&password={good}&token={token}",
    "password={good}&token={token}&account=other", "password={good}", "token={token}", "password=%zz&token={token}",
    "password={good}&token=AAAA", "password=" + "a" * 9000 + "&token={token}",
])
async def test_forms_that_are_not_ours(
        desk: Desk, visit: Visit, clock: SteppedClock, body: str) -> None:
    """P4, I6: one value per field, no other field, our token: else nothing is done, and the page still works."""
    kari = await visit(desk)
    page = await _page_of(kari, clock)
    good = "elgen+drakk+kald+kakao+i+snev%C3%A6r"
    headers = {"Origin": kari.base_url, "Sec-Fetch-Site": "same-origin",
               "Content-Type": "application/x-www-form-urlencoded"}
    data = body.format(token=page.fields["token"], good=good)
    async with kari.session.post(page.url, data=data, headers=headers) as answer:
        assert 400 <= answer.status < 500
    assert not await records(desk, "reset.intent")
    assert "Passordet er byttet" in (await kari.submit(page, GOOD)).text


async def test_a_language_told_late_still_counts(desk: Desk) -> None:
    """A client may name its language with its first message only, or leave that to its browser's own header."""
    async with Visitor(desk, "") as late:
        assert texts(late.said)[0].startswith("Hei!")
        late.locale = "en-US"
        assert texts(await late.ask("ok"))[0].startswith("What would you like help with?")
        late.locale = "nb-NO"
        assert texts(await late.ask("ok"))[0].startswith("What would you like help with?")
    stock = Visitor(desk, "")
    stock.session.headers["Accept-Language"] = "en-GB,en;q=0.9,nb;q=0.8"
    async with stock:
        assert texts(stock.said)[0].startswith("Hi!")
