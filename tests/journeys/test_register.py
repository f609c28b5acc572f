"""The owner registers, replaces, renames and removes: step-up first, told everywhere (A1-A4, V8, I6, O6, limit 16)."""

import asyncio
import re
from dataclasses import replace
from html import unescape

from bot.delivery.mailbox import Letter
from bot.pages.demo import DemoMail
from bot.rules.registered import EMAIL_CODE, TOTP, Method
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.verification.totp import current_code
from tests.journeys.conftest import InTeams, Visit
from tests.journeys.stage import KARI, TeamsPerson, last, link_of, records, texts, titles
from tests.journeys.test_owner import OLA, Browse, begin, browse, codes_for, teams_person
from tests.support.browser import Browser
from tests.support.chat import Message, SecurePage
from tests.support.clock import SteppedClock
from tests.support.demo_people import SEED
from tests.support.people import code_for, mails_of

__all__ = ["browse"]    # a fixture

KEY = re.compile(r"<code>([A-Z2-7 ]{39})</code>")


def choose(chosen: str) -> dict[str, object]:
    return {"keyturn": {"do": "register", "chosen": chosen}}


async def press(person: TeamsPerson, chosen: str) -> list[Message]:
    return await person.ask("x", value=choose(chosen))


async def asked(person: TeamsPerson, operation: str) -> list[Message]:
    await begin(person, "register_method")
    return await press(person, operation)


async def app_of(desk: Desk, account: str = KARI) -> tuple[Method, ...]:
    return (await desk.kept.enrolments.read(account)).of_kind(TOTP)


def seed_on(page: SecurePage) -> Secret:
    found = KEY.search(page.html)
    assert found, page.text
    return Secret(found.group(1).replace(" ", ""))


async def stepped_up(kari: TeamsPerson, clock: SteppedClock, which: str | None = "") -> str:
    """Choose an app beside the present one (or instead of `which`), prove; the page's address."""
    await asked(kari, "register_app")
    if which is not None:
        await press(kari, which)
    clock.advance(30)
    return link_of(await kari.ask(await code_for(kari.desk, "kari.nordmann")))


async def opened(browse: Browse, desk: Desk, link: str) -> tuple[Browser, SecurePage]:
    browser = await browse(desk)
    return browser, await browser.go_on_here(await browser.open(link))


async def test_a_new_app_takes_over_once_its_first_code_is_right(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """A1, A4, O6: until then the old one is in force; afterwards it is not, and every address hears of it."""
    kari = in_teams(desk)
    old, = await app_of(desk)
    before = await desk.kept.enrolments.read(KARI)
    browser, page = await opened(browse, desk, await stepped_up(kari, clock, old.id))
    assert 'href="otpauth://totp/Keyturn:kari.nordmann' in unescape(page.html)
    assert "<svg" in page.html
    seed = seed_on(page)
    assert len(seed) == 32                                      # 160 bit: limit 1
    assert (await desk.kept.enrolments.read(KARI)).ids == before.ids
    wrong = await browser.submit(page, code="000000", label="")
    assert "stemte ikke" in wrong.text
    assert (await desk.kept.enrolments.read(KARI)).ids == before.ids
    clock.advance(2)
    done = await browser.submit(page, code=current_code(seed, clock.now()), label=" Jobb<b>telefonen\u202e [x](y) ")
    assert "Appen er registrert" in done.text
    new, = await app_of(desk)
    assert new.seed is not None
    assert (new.seed.reveal(), new.backed, new.label) == (seed.reveal(), True, "Jobb b telefonen x y")
    assert not KEY.search((await browser.open(page.url)).html)       # P9: never again
    told = [(mail.subject, mail.to) for mail in await mails_with_addresses(desk)]
    assert {to for subject, to in told if "godkjenningsapp er registrert" in subject} == {
        "kari.nordmann@example.no", "kari@privat.example.no"}
    outcome, = await records(desk, "register_app.outcome")
    assert (outcome["outcome"], outcome["proofs"]) == ("done", ["totp"])
    everything = str(kari.connector.said) + str(await records(desk))
    assert seed.reveal() not in everything
    # The code that confirmed it is used up, and the old app's is nothing any more (V7, A4).
    await begin(kari, "forgot_password")
    assert "virket ikke" in last(await kari.ask(current_code(seed, clock.now())))
    clock.advance(30)
    assert "virket ikke" in last(await kari.ask(current_code(Secret(SEED), clock.now())))
    assert link_of(await kari.ask(current_code(seed, clock.now())))


async def mails_with_addresses(desk: Desk) -> list[DemoMail]:
    await mails_of(desk, "kari.nordmann")
    return list(await desk.demo_desk.mails("kari.nordmann"))


async def test_a_stolen_session_registers_nothing(desk: Desk, in_teams: InTeams) -> None:
    """S-062, A2: who is only signed in gets no page, whatever is pressed or claimed."""
    kari = in_teams(desk)
    before = await desk.kept.enrolments.read(KARI)
    await asked(kari, "register_app")
    said = await press(kari, "")
    assert "Først må jeg vite at det er deg" in last(said)
    for value in ({"do": "new_link"}, {"do": "register", "chosen": "register_app"}, {"do": "register", "step": "done"}):
        said = await kari.ask("x", value={"keyturn": value})
        assert not [one for message in said for one in message.buttons if one["type"] == "openUrl"], texts(said)
    after = await desk.kept.enrolments.read(KARI)
    assert (after.rev, after.ids) == (before.rev, before.ids)


async def test_there_may_be_so_many_apps_and_no_more(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """The next one replaces one of them; a press that says otherwise does nothing (I6, G2)."""
    most = desk.settings.limits.apps
    kari = in_teams(desk)
    browser, page = await opened(browse, desk, await stepped_up(kari, clock))
    enrolment = await desk.kept.enrolments.read(KARI)
    for number in range(most - 1):
        enrolment = enrolment.having(Method(f"app-{number}", TOTP, f"nr {number}", clock.now(), True, Secret(SEED)))
    await desk.kept.enrolments.change(KARI, enrolment)
    late = await browser.submit(page, code=current_code(seed_on(page), clock.now()), label="")
    assert "Appen er ikke registrert" in late.text
    assert len(await app_of(desk)) == most
    said = await asked(kari, "register_app")
    assert f"Du har {most} godkjenningsapper" in last(said)
    assert "Behold det jeg har" not in titles(said)
    assert "Trykk på en av knappene" in last(await press(kari, ""))
    assert "Først må jeg vite" in last(await press(kari, "app-0"))


async def test_half_finished_nothing_is_registered_and_a_new_link_has_another_seed(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """S-065, A1, P1: a reload shows the same, a new link kills seed and page of the old one."""
    kari = in_teams(desk)
    before = await desk.kept.enrolments.read(KARI)
    browser, page = await opened(browse, desk, await stepped_up(kari, clock))
    first = seed_on(page)
    assert seed_on(await browser.open(page.url)).reveal() == first.reveal()
    clock.advance(5)
    said = await kari.ask("ny lenke", value={"keyturn": {"do": "new_link"}})
    other, fresh = await opened(browse, desk, link_of(said))
    assert seed_on(fresh).reveal() != first.reveal()
    assert (await browser.submit(page, code=current_code(first, clock.now()), label="")).status == 404
    assert "stemte ikke" in (await other.submit(fresh, code=current_code(first, clock.now()), label="")).text
    await kari.ask("avbryt")
    assert (await other.open(fresh.url)).status == 404
    after = await desk.kept.enrolments.read(KARI)
    assert (after.rev, after.ids) == (before.rev, before.ids)


async def test_an_old_step_up_registers_nothing(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """Limit 16: five minutes, whatever link there is."""
    kari = in_teams(desk)
    await stepped_up(kari, clock)
    clock.advance(200)
    said = await kari.ask("ny lenke", value={"keyturn": {"do": "new_link"}})
    browser, page = await opened(browse, desk, link_of(said))
    clock.advance(101)
    refused = await browser.submit(page, code=current_code(seed_on(page), clock.now()), label="")
    assert "Appen er ikke registrert" in refused.text
    assert len(await app_of(desk)) == 1


async def test_wrong_first_codes_come_to_an_end_and_pause_nobody(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """Limit 3; they prove nothing about the owner, so the account's tries stay as they are."""
    kari = in_teams(desk)
    browser, page = await opened(browse, desk, await stepped_up(kari, clock))
    for _ in range(6):
        clock.advance(2)
        page_after = await browser.submit(page, code="000000", label="")
    assert "Appen er ikke registrert" in page_after.text
    assert len(await app_of(desk)) == 1
    await begin(kari, "forgot_password")
    clock.advance(30)
    assert link_of(await kari.ask(await code_for(desk, "kari.nordmann")))


async def test_of_sixteen_submits_at_once_one_registers(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """F2, G3."""
    kari = in_teams(desk)
    browser, page = await opened(browse, desk, await stepped_up(kari, clock))
    code = current_code(seed_on(page), clock.now())
    await asyncio.gather(*[browser.submit(page, code=code, label=str(n)) for n in range(16)])
    assert len(await app_of(desk)) == 2
    assert len(await records(desk, "register_app.outcome")) == 1


async def with_code_from_it(desk: Desk, ola: TeamsPerson, browse: Browse, code: str) -> SecurePage:
    clock = desk.clock
    clock.advance(5)
    said = await ola.ask("x", value={"keyturn": {"do": "recovery"}})
    browser, page = await opened(browse, desk, link_of(said))
    return await browser.submit(page, code=code)


async def test_who_has_nothing_needs_a_code_from_it_and_then_a_day(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """A2, A3, limit 17: the code is typed on the page, good once, and what it vouched for waits."""
    ola = teams_person(in_teams, desk, OLA, "Ola Hansen")
    said = await asked(ola, "register_app")
    assert "engangskode fra IT" in last(said)
    assert "Snakk med et menneske" in titles(said)
    code = (await desk.kept.one_time_codes.issue(OLA, "it:ingrid", 1800)).reveal()
    assert "Ikke skriv den" in last(await ola.ask("jeg venter på den"))
    assert "Koden stemte" in (await with_code_from_it(desk, ola, browse, code)).text
    links = [button for one in ola.connector.said for card in one.get("attachments", ())
             for button in card["content"].get("buttons", ()) if button["type"] == "openUrl"]
    browser, page = await opened(browse, desk, str(links[-1]["value"]))
    seed = seed_on(page)
    assert "Appen er registrert" in (
        await browser.submit(page, code=current_code(seed, clock.now()), label="")).text
    app, = await app_of(desk, OLA)
    assert not app.backed
    assert "må du vente før det" in str([one.get("text") for one in ola.connector.said])
    assert "så nytt at det ikke gjelder ennå" in last(await begin(ola, "forgot_password"))
    # Nor does it vouch for anything else yet; and the code is spent.
    await asked(ola, "register_mail")
    assert "engangskode fra IT" in last(await ola.ask("ola@annen.example.com"))
    clock.advance(86400)
    await begin(ola, "forgot_password")
    assert link_of(await ola.ask(current_code(seed, clock.now())))


async def test_a_recovery_code_steps_up_for_a_new_phone(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """A2, S-059: the old phone is gone."""
    codes = await codes_for(desk, KARI, clock.now())
    kari = in_teams(desk)
    await asked(kari, "register_app")
    await press(kari, "")
    said = await kari.ask("jeg har ikke telefonen", value={"keyturn": {"do": "recovery"}})
    browser, page = await opened(browse, desk, link_of(said))
    assert "Koden stemte" in (await browser.submit(page, code=codes[0].reveal())).text
    assert any("Legg til appen" in str(one) for one in kari.connector.said)


async def test_a_code_from_it_resets_no_password(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """V8, O7: it is for registering and for nothing else."""
    kari = in_teams(desk)
    await begin(kari, "forgot_password")
    code = (await desk.kept.one_time_codes.issue(KARI, "it:ingrid", 1800)).reveal()
    page = await with_code_from_it(desk, kari, browse, code)
    assert "Den koden virket ikke" in page.text
    assert await desk.kept.one_time_codes.pending(KARI)


async def test_a_private_address_is_proven_before_it_is_registered(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """Limits 11 and 12, O6: the old address hears of the new one."""
    kari = in_teams(desk)
    assert "Hvilken adresse" in last(await asked(kari, "register_mail"))
    assert "jobbadresse" in last(await kari.ask("kari.nordmann@example.no"))
    assert "ikke noen e-postadresse" in last(await kari.ask("kari@a.no og kari@b.no"))
    await kari.ask("den er kari.ny@annen.example.com")
    clock.advance(30)
    said = await kari.ask(await code_for(desk, "kari.nordmann"))
    assert "sendt en kode på e-post til adressen du ga meg" in last(said)
    old, = (await desk.kept.enrolments.read(KARI)).of_kind(EMAIL_CODE)
    assert "virket ikke" in last(await kari.ask("000000"))
    shown = await mails_with_addresses(desk)
    assert shown[0].to == "kari.ny@annen.example.com"       # on the demo desk, where its code is read
    code = re.search(r"\b\d{6}\b", (await newest(desk, "kari.ny@annen.example.com")).body)
    assert code
    assert (await desk.kept.enrolments.read(KARI)).of_kind(EMAIL_CODE)[0].id == old.id
    await kari.ask(code.group())
    new, = (await desk.kept.enrolments.read(KARI)).of_kind(EMAIL_CODE)
    assert (new.address, new.backed) == ("kari.ny@annen.example.com", True)
    for address in ("kari@privat.example.no", "kari.ny@annen.example.com", "kari.nordmann@example.no"):
        assert (await newest(desk, address)).subject == "Den private adressen din er endret"


async def test_what_happens_later_is_told_to_the_address_that_is_registered_then(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """A3, O6: a new address hears of other things too, and one that is gone of nothing any more (A4)."""
    old, = (await desk.kept.enrolments.read(KARI)).of_kind(EMAIL_CODE)
    enrolment = await desk.kept.enrolments.read(KARI)
    await desk.kept.enrolments.change(KARI, enrolment.having(replace(old, address="kari.ny@annen.example.com")))
    kari = in_teams(desk)
    app, = await app_of(desk)
    await asked(kari, "rename_method")
    await press(kari, app.id)
    await kari.ask("Jobbtelefonen")
    clock.advance(30)
    await kari.ask(await code_for(desk, "kari.nordmann"))
    for address in ("kari.ny@annen.example.com", "kari.nordmann@example.no"):
        assert (await newest(desk, address)).subject == "En godkjenningsapp har fått nytt navn"
    assert await desk.kept.mailbox.read(old.address) == []


async def newest(desk: Desk, address: str) -> Letter:
    await mails_of(desk, "kari.nordmann")
    found = await desk.kept.mailbox.read(address)
    return max(found, key=lambda mail: mail.at)


async def test_an_app_is_renamed(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    kari = in_teams(desk)
    app, = await app_of(desk)
    await asked(kari, "rename_method")
    await press(kari, app.id)
    await kari.ask("Jobbtelefonen")
    clock.advance(30)
    await kari.ask(await code_for(desk, "kari.nordmann"))
    renamed, = await app_of(desk)
    assert (renamed.id, renamed.label) == (app.id, "Jobbtelefonen")
    assert renamed.seed is not None
    assert "Godkjenningsapp (Jobbtelefonen), siden" in last(await kari.ask("hva har jeg registrert på meg?"))


async def test_the_last_one_is_not_removed_without_a_warning(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """A4: what is removed proves nothing any more, at once."""
    kari = in_teams(desk)
    app, = await app_of(desk)
    await asked(kari, "remove_method")
    assert "det siste du har" not in last(await press(kari, app.id))    # there are recovery codes
    await kari.ask("nei")
    await desk.kept.enrolments.change(KARI, replace(await desk.kept.enrolments.read(KARI), recovery=None))
    await asked(kari, "remove_method")
    assert "det siste du har" in last(await press(kari, app.id))
    assert "la det stå" in last(await kari.ask("tja"))
    assert "ingenting er endret" in last(await kari.ask("nei"))
    assert (await app_of(desk))[0].id == app.id
    await asked(kari, "remove_method")
    await press(kari, app.id)
    await press(kari, "yes")
    clock.advance(30)
    await kari.ask(await code_for(desk, "kari.nordmann"))
    assert await app_of(desk) == ()
    assert "ikke registrert nok" in last(await begin(kari, "forgot_password"))


async def test_somebody_elses_method_cannot_be_named(desk: Desk, in_teams: InTeams) -> None:
    """I6: a forged card value."""
    john, = await app_of(desk, "00000000-0000-0000-0000-000000000002")
    kari = in_teams(desk)
    await asked(kari, "remove_method")
    assert "Trykk på en av knappene" in last(await press(kari, john.id))


async def test_a_visitor_registers_nothing(desk: Desk, visit: Visit) -> None:
    """V8."""
    visitor = await visit(desk)
    said = await visitor.ask("", value={"keyturn": {"do": "start", "journey": "register_method"}})
    assert "kan jeg ikke gjøre her" in last(said)


async def test_the_status_offers_it(desk: Desk, in_teams: InTeams) -> None:
    assert "Registrer eller endre" in titles(await in_teams(desk).ask("hva har jeg registrert på meg?"))
