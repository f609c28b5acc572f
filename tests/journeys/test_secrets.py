"""One whole reset with recognisable secrets, and then a search for them wherever anything is kept (D1, D3, D4, G4)."""

import base64
import json
import logging
import re
from collections.abc import Mapping
from typing import Any

import pytest
import structlog

from bot.directory.demo_staff import STAFF, shown_staff
from bot.rules.helping import Act
from bot.serving.desk import Desk
from bot.store.connection import Store
from bot.store.staff import StaffRecord
from bot.verification.totp import current_code, new_seed
from tests.admin.conftest import Browser as StaffBrowser
from tests.journeys.conftest import InTeams, OpenHouse, Visit
from tests.journeys.stage import KARI, last, link_of, mailed_code, texts
from tests.journeys.test_owner import OLA, Browse, begin, browse, teams_person
from tests.journeys.test_register import asked, opened, seed_on, stepped_up
from tests.support.clock import SteppedClock
from tests.support.demo_people import SEED
from tests.support.people import code_for, mails_of
from tests.support.tcp import free_port

__all__ = ["browse"]    # a fixture

PASSWORD = "Zq9 plantet hemmelighet elg i myra"
VOLUNTEERED = "Frivillig7!Passord"
REFUSED = "kort Zq9!x"


async def test_no_secret_is_left_behind(
        desk: Desk, store: Store, visit: Visit, in_teams: InTeams, clock: SteppedClock,
        caplog: pytest.LogCaptureFixture) -> None:
    """S-093, S-094, S-105: nothing in Redis, in any log at any level, in the trail, in mails or in the chat."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logged:
        kari = await visit(desk)
        warned = await kari.ask(f"passordet mitt er {VOLUNTEERED}")
        assert last(warned).startswith("Det der kan se ut som et passord")
        assert last(await in_teams(desk).ask(VOLUNTEERED)).startswith("Det der kan se ut som et passord")
        await kari.start("kari.nordmann")
        clock.advance(30)
        totp = await code_for(desk, "kari.nordmann")
        await kari.ask(totp)
        mailed = await mailed_code(desk)
        link = link_of(await kari.ask(mailed))
        page = await kari.submit(await kari.page(link), REFUSED)
        assert page.status == 422
        assert "Passordet er byttet" in (await kari.submit(page, PASSWORD)).text
        assert (await kari.hear()).text.startswith("Passordet er byttet")
        cookie, = [one.value for one in kari.session.cookie_jar if one.key == desk.channels.cookie.name]
    ticket = link.rpartition("/")[2]
    secrets = {"password": PASSWORD, "refused": REFUSED, "volunteered": VOLUNTEERED, "seed": SEED,
               "ticket": ticket, "token": kari.token, "cookie": cookie, "form": page.fields["token"]}
    codes = {"totp": totp, "mailed": mailed}

    kept = await _everything(store)
    # The search sees what is there: who it was about stands in plain in the trail.
    assert sum(KARI.encode() in one for one in kept) > 5
    trail = [json.dumps(one).encode() async for one in desk.kept.audit.export()]
    lines = [json.dumps(one, default=str).encode() for one in logged]
    lines += [f"{one.name} {one.getMessage()} {one.exc_text or ''}".encode() for one in caplog.records]
    mails = [f"{one.subject}\n{one.body}".encode() for one in await mails_of(desk, "kari.nordmann")]
    said = [one.encode() for one in texts(kari.said)]
    for place, found in {"store": kept, "trail": trail, "logs": lines, "mails": mails, "chat": said}.items():
        _search(place, found, secrets)
        if place != "mails":        # Its own code stands in the mail, and nowhere else.
            _search_codes(place, found, codes)
    assert sum(mailed.encode() in one for one in mails) == 1
    assert not any(totp.encode() in one for one in mails)


async def test_the_chats_record_forgets_a_password(desk: Desk, visit: Visit) -> None:
    """D4: what looked like a password is taken out of the conversation's own record; a reload shows dots."""
    kari = await visit(desk)
    await kari.ask(f"passordet mitt er {VOLUNTEERED}")
    await kari.hit("Lag nytt passord")
    await kari.ask(VOLUNTEERED)
    url = f"{kari.base_url}/v3/directline/conversations/{kari.conversation}/activities"
    async with kari.session.get(url, headers={"Authorization": f"Bearer {kari.token}"}) as answer:
        text = await answer.text()
    assert VOLUNTEERED not in text
    assert text.count("•••") == 2


def _search(place: str, found: list[bytes], secrets: Mapping[str, str]) -> None:
    for name, secret in secrets.items():
        for form, needle in _forms(secret).items():
            assert not any(needle in one for one in found), f"{name} stands as {form} in the {place}"


def _search_codes(place: str, found: list[bytes], codes: Mapping[str, str]) -> None:
    """Six digits are in any long number: only those that stand alone are the code."""
    for name, code in codes.items():
        alone = re.compile(rb"(?<![0-9A-Za-z.])" + code.encode() + rb"(?![0-9A-Za-z])")
        for one in found:
            # In sealed bytes, they may stand alone by chance.
            assert not (one.isascii() and alone.search(one)), f"the {name} code stands in the {place}"
        for form, needle in _forms(f"koden er {code}").items():
            assert not any(needle in one for one in found), f"the {name} code stands as {form} in the {place}"


def _forms(secret: str) -> dict[str, bytes]:
    plain = secret.encode()
    # Wherever it begins in what was encoded, these characters of base64 are the same.
    inner = {f"base64, {skip} off": base64.b64encode(bytes(skip) + plain)[4 if skip else 0:-4] for skip in range(3)}
    url_safe = {f"url-safe {name}": one.translate(bytes.maketrans(b"+/", b"-_")) for name, one in inner.items()}
    return {"plain": plain, "hex": plain.hex().encode(), "upper hex": plain.hex().upper().encode(),
            "utf-16-le": secret.encode("utf-16-le"), "utf-16-be": secret.encode("utf-16-be"),
            "escaped": json.dumps(secret)[1:-1].encode(), "reversed": plain[::-1], **inner, **url_safe}


async def _everything(store: Store) -> list[bytes]:
    """Every key and every value of every type, as it stands and as it is dumped (which may be compressed)."""
    found: list[bytes] = []
    for key in await store.do("KEYS", "*"):
        kind = (await store.do("TYPE", key)).decode()
        read: dict[str, tuple[Any, ...]] = {
            "string": ("GET", key), "hash": ("HGETALL", key), "list": ("LRANGE", key, 0, -1),
            "set": ("SMEMBERS", key), "zset": ("ZRANGE", key, 0, -1, "WITHSCORES"),
            "stream": ("XRANGE", key, "-", "+")}
        found += [key, await store.do("DUMP", key), *_flat(await store.do(*read[kind]))]
    return found


def _flat(value: Any) -> list[bytes]:
    if isinstance(value, list):
        return [one for inner in value for one in _flat(inner)]
    return [value if isinstance(value, bytes) else str(value).encode()]


async def test_a_password_typed_into_the_chat_instead_of_the_page(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """D4: while the page waits for it, less of a sign will do; what else is said there is still heard."""
    kari = await visit(desk)
    await kari.proven(clock)
    told = await kari.ask("trommel77kaffe")
    assert told[0].text.startswith("Det der kan se ut som et passord")
    assert not any("trommel77kaffe" in one.text for one in told)
    assert not last(await kari.ask("ferdig")).startswith("Det der kan se ut som et passord")
    # Elsewhere it may be anything.
    other = await visit(desk)
    assert not last(await other.ask("trommel77kaffe")).startswith("Det der kan se ut som et passord")


async def test_no_secret_of_registering_or_of_it_is_left_behind(
        open_house: OpenHouse, store: Store, in_teams: InTeams, browse: Browse, clock: SteppedClock,
        caplog: pytest.LogCaptureFixture) -> None:
    """D1, D3, G4, A5, O7, P9: a new app's key, recovery codes, IT's code, staff's password, links, sessions."""
    caplog.set_level(logging.DEBUG)
    desk = await open_house(KEYTURN_ADMIN_PORT=str(free_port()))
    mona = STAFF[0]
    with structlog.testing.capture_logs() as logged:
        kari = in_teams(desk)
        app_link = await stepped_up(kari, clock)
        browser, page = await opened(browse, desk, app_link)
        seed = seed_on(page)
        await browser.submit(page, code="000000", label="")
        clock.advance(2)
        assert "Appen er registrert" in (
            await browser.submit(page, code=current_code(seed, clock.now()), label="")).text
        await begin(kari, "recovery_codes")
        clock.advance(30)
        codes_link = link_of(await kari.ask(current_code(seed, clock.now())))
        browser, page = await opened(browse, desk, codes_link)
        shown = (await browser.submit(page, make="yes")).text
        recovery = re.findall(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b", shown)
        assert len(recovery) == 10
        result = await desk.journeys.helping.wish("f" * 24, Act.CODE, mona, OLA, "Sak 7", "10.0.0.1")
        assert result.code is not None
        it_code = result.code.reveal()
        ola = teams_person(in_teams, desk, OLA, "Ola Hansen")
        await asked(ola, "register_app")
        clock.advance(5)
        said = await ola.ask("x", value={"keyturn": {"do": "recovery"}})
        it_link = link_of(said)
        browser, page = await opened(browse, desk, it_link)
        await browser.submit(page, code=recovery[0])        # another person's, and wrong here
        assert "Koden stemte" in (await browser.submit(page, code=it_code)).text
        staff = {one.name: one for one in await shown_staff(desk.kept.it, clock)}[mona.name]
        set_up = (await desk.kept.it.issue_set_up(STAFF[1].id, new_seed())).reveal()
        async with StaffBrowser(desk) as it:
            await it.sign_in(mona.name, password=PASSWORD)
            await it.sign_in(PASSWORD, password=REFUSED, code="000000")
            await it.open(f"/admin/set-up/{set_up}")
            clock.advance(30)
            assert (await it.sign_in(mona.name)).status == 303
            session = next(one.value for one in it.jar if "lang" not in one.key and len(one.value) > 20)
    alarm = re.findall(r"/alarm/([\w-]+)", "".join(one.body for one in await mails_of(desk, "kari.nordmann")))
    assert alarm
    staff_seed = (await desk.kept.it.read(mona.id) or StaffRecord(mona)).seed
    assert staff_seed is not None
    pages = {f"link {number}": one.rpartition("/")[2] for number, one in enumerate((app_link, codes_link, it_link))}
    secrets = {"seed": seed.reveal(), "spaced seed": " ".join(re.findall("....", seed.reveal())), "IT's code": it_code,
               "bare IT's code": it_code.replace("-", ""), "staff's password": staff.password, "typed": PASSWORD,
               "typed too": REFUSED, "staff's seed": staff_seed.reveal(), "set-up link": set_up, "session": session,
               **pages,
               **{f"recovery code {number}": one for number, one in enumerate(recovery)},
               **{f"bare recovery code {number}": one.replace("-", "") for number, one in enumerate(recovery)}}
    alarms = {f"alarm link {number}": one for number, one in enumerate(alarm)}

    trail = [json.dumps(one).encode() async for one in desk.kept.audit.export()]
    assert sum(b"register_app" in one for one in trail) > 2     # the search sees what is there
    lines = [json.dumps(one, default=str).encode() for one in logged]
    lines += [f"{one.name} {one.getMessage()} {one.exc_text or ''}".encode() for one in caplog.records]
    mails = [f"{one.subject}\n{one.body}".encode() for name in ("kari.nordmann", "ola.hansen")
             for one in await mails_of(desk, name)]
    _search("store", await _everything(store), secrets | alarms)
    _search("trail", trail, secrets | alarms)
    _search("logs", lines, secrets | alarms)
    _search("mails", mails, secrets)
    # A link of a page stands in the chat, and nothing that is on its page does.
    chat = [json.dumps(one, ensure_ascii=False).encode() for one in kari.connector.said]
    _search("chat", chat, {name: one for name, one in secrets.items() if name not in pages} | alarms)
