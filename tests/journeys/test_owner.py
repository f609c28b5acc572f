"""The signed-in owner in Teams: reset, change and unlock, and what is said before the first proof (I7, V4, V8, P3)."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from bot.rules.holds import FROZEN, PAUSED, Hold
from bot.rules.registered import TOTP
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.verification.recovery_code import new_codes
from tests.journeys.conftest import InTeams, Visit
from tests.journeys.stage import EVA, GOOD, JOHN, KARI, WRONG, TeamsPerson, last, link_of, records, titles
from tests.support.browser import Browser
from tests.support.chat import Message, SecurePage
from tests.support.clock import SteppedClock
from tests.support.people import code_for, mails_of, sign_in

INGRID, PER, MONA, OLA = (f"00000000-0000-0000-0000-0000000000{number:02}" for number in (4, 5, 7, 3))

Browse = Callable[[Desk], Awaitable[Browser]]


@pytest.fixture
async def browse() -> AsyncIterator[Browse]:
    async with AsyncExitStack() as at_end:
        async def opened(desk: Desk) -> Browser:
            return await at_end.enter_async_context(Browser(desk.site.base_url))

        yield opened


def start(journey: str) -> dict[str, object]:
    return {"keyturn": {"do": "start", "journey": journey}}


def teams_person(in_teams: InTeams, desk: Desk, object_id: str, name: str = "Kari Nordmann") -> TeamsPerson:
    return in_teams(desk, **{"from": {"id": f"29:{object_id}", "name": name, "aadObjectId": object_id}})


async def begin(person: TeamsPerson, journey: str) -> list[Message]:
    return await person.ask("start", value=start(journey))


async def proven(person: TeamsPerson, clock: SteppedClock, journey: str, name: str = "kari.nordmann") -> list[Message]:
    await begin(person, journey)
    clock.advance(30)
    return await person.ask(await code_for(person.desk, name))


async def test_a_reset_from_the_first_word_to_the_new_password(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """One typed proof is enough beside the channel's word (V8); the link asks for a press before it opens (P2)."""
    kari = in_teams(desk)
    link = link_of(await proven(kari, clock, "forgot_password"))
    browser = await browse(desk)
    page = await browser.open(link)
    assert page.status == 200
    assert "Fortsett i denne nettleseren" in page.text
    page = await browser.go_on_here(page)
    assert page.password_field == "password"
    done = await browser.submit(page, password=GOOD)
    assert "Passordet er byttet" in done.text
    assert await sign_in(desk, "kari.nordmann", Secret(GOOD))
    assert any("Passordet er byttet" in str(one.get("text")) for one in kari.connector.said)
    outcome, = await records(desk, "reset.outcome")
    assert (outcome["outcome"], outcome["target"], outcome["proofs"]) == ("done", KARI, ["totp"])


async def test_the_link_belongs_to_the_first_browser_whose_person_presses(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """P2, P3, S-069, S-070: a scanner's GETs take nothing; after the press every other browser meets a dead link."""
    kari = in_teams(desk)
    link = link_of(await proven(kari, clock, "forgot_password"))
    scanner, mine, thief = await browse(desk), await browse(desk), await browse(desk)
    for _ in range(3):
        assert (await scanner.open(link)).status == 200
    seen_before = await thief.open(link)
    page = await mine.go_on_here(await mine.open(link))
    assert page.password_field
    assert (await thief.open(link)).status == 404
    assert (await thief.go_on_here(seen_before)).status == 404
    assert (await thief.submit(seen_before, password=GOOD)).status == 404
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))
    assert "Passordet er byttet" in (await mine.submit(page, password=GOOD)).text


async def test_a_press_without_the_pages_token_takes_nothing(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """P4."""
    kari = in_teams(desk)
    link = link_of(await proven(kari, clock, "forgot_password"))
    browser = await browse(desk)
    page = await browser.open(link)
    page.fields["token"] = "made-up"
    assert (await browser.go_on_here(page)).status == 403
    assert (await browser.open(link)).status == 200


async def test_a_new_link_may_be_opened_elsewhere(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """The person asked for it, perhaps because the first browser was the wrong one; the old link is dead (P1)."""
    kari = in_teams(desk)
    old = link_of(await proven(kari, clock, "forgot_password"))
    first, second = await browse(desk), await browse(desk)
    await first.go_on_here(await first.open(old))
    await kari.ask("hvor er siden?")
    clock.advance(5)
    said = await kari.ask("Gi meg en ny lenke", value={"keyturn": {"do": "new_link"}})
    page = await second.go_on_here(await second.open(link_of(said)))
    assert page.password_field
    assert (await first.open(old)).status == 404


@pytest.mark.parametrize(("object_id", "said"), [
    (INGRID, "bare IT som kan endre"), (EVA, "slått av"), (OLA, "ikke registrert nok"),
    ("00000000-0000-0000-0000-000000000099", "finner ikke kontoen din")])
async def test_what_cannot_succeed_is_said_before_the_first_proof(
        desk: Desk, in_teams: InTeams, object_id: str, said: str) -> None:
    """Pre-flight; of a protected account no reason is given (I8), and the attempt is on record."""
    person = teams_person(in_teams, desk, object_id)
    answer = await begin(person, "forgot_password")
    assert said in last(answer)
    assert "Snakk med et menneske" in titles(answer)
    refused, = await records(desk, "reset.refused")
    assert refused["target"] == object_id
    assert bool(await records(desk, "reset.alert")) is (object_id == INGRID)


@pytest.mark.parametrize(("kind", "said"), [(FROZEN, "sperret"), (PAUSED, "på pause")])
async def test_a_held_account_is_not_served(
        desk: Desk, in_teams: InTeams, visit: Visit, clock: SteppedClock, kind: str, said: str) -> None:
    """O7: the owner hears why, a visitor only after both proofs (E1)."""
    await desk.kept.holds.put(Hold(KARI, kind, "it", clock.now()))
    assert said in last(await begin(in_teams(desk), "forgot_password"))
    visitor = await visit(desk)
    assert last(await visitor.start("kari.nordmann")).startswith("Åpne godkjenningsappen")


async def test_a_hold_stops_what_was_begun_before_it(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """G2: asked again right before the effect."""
    kari = in_teams(desk)
    browser = await browse(desk)
    page = await browser.go_on_here(await browser.open(link_of(await proven(kari, clock, "forgot_password"))))
    await desk.kept.holds.put(Hold(KARI, FROZEN, "kari", clock.now()))
    assert "Passordet er ikke byttet" in (await browser.submit(page, password=GOOD)).text
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))


async def test_a_proof_dies_with_its_method(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """A4: the phone is removed while the page is open."""
    kari = in_teams(desk)
    browser = await browse(desk)
    page = await browser.go_on_here(await browser.open(link_of(await proven(kari, clock, "forgot_password"))))
    found = await desk.kept.enrolments.read(KARI)
    await desk.kept.enrolments.change(KARI, found.without(found.of_kind(TOTP)[0].id))
    assert "ble endret mens du holdt på" in (await browser.submit(page, password=GOOD)).text
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))


async def test_what_is_too_new_says_when_it_counts(desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    """Limit 17, in the person's own time."""
    found = replace(await desk.kept.enrolments.read(JOHN), recovery=None)
    app, = found.of_kind(TOTP)
    await desk.kept.enrolments.change(JOHN, found.having(replace(app, since=clock.now(), backed=False)))
    john = teams_person(in_teams, desk, JOHN, "John Smith")
    said = last(await begin(john, "forgot_password"))
    assert "så nytt at det ikke gjelder ennå" in said
    assert "kl. " in said
    clock.advance(86400)
    assert last(await begin(john, "forgot_password")).startswith("Åpne godkjenningsappen")


async def test_wrong_codes_pause_the_owner_and_say_until_when(
        desk: Desk, in_teams: InTeams, visit: Visit, clock: SteppedClock) -> None:
    """Limits 3 and 4; the visitors' way in has a budget of its own (V4)."""
    kari = in_teams(desk)
    await begin(kari, "forgot_password")
    said = [last(await kari.ask(code)) for code in WRONG]
    assert "Du har 4 forsøk igjen" in said[0]
    assert "Det ble for mange koder" in said[-1]
    again = last(await begin(kari, "forgot_password"))
    assert "Pausen varer til kl. " in again
    assert "15 minutter" in again
    visitor = await visit(desk)
    await visitor.start("kari.nordmann")
    clock.advance(30)
    assert last(await visitor.ask(await code_for(desk, "kari.nordmann"))).startswith("Takk, den stemte")
    clock.advance(901)
    assert last(await begin(kari, "forgot_password")).startswith("Åpne godkjenningsappen")


# -- changing --------------------------------------------------------------------------------------

async def changing(desk: Desk, in_teams: InTeams, browse: Browse) -> tuple[TeamsPerson, Browser, SecurePage]:
    kari = in_teams(desk)
    link = link_of(await begin(kari, "change_password"))
    browser = await browse(desk)
    return kari, browser, await browser.go_on_here(await browser.open(link))


async def initial(desk: Desk, object_id: str = KARI) -> str:
    found = await desk.kept.accounts.initial_password(object_id)
    assert found is not None
    return found.reveal()


async def test_a_change_proves_itself_by_the_current_password(
        desk: Desk, in_teams: InTeams, browse: Browse) -> None:
    kari, browser, page = await changing(desk, in_teams, browse)
    assert 'autocomplete="current-password"' in page.html
    done = await browser.submit(page, current=await initial(desk), password=GOOD)
    assert "Passordet er byttet" in done.text
    assert await sign_in(desk, "kari.nordmann", Secret(GOOD))
    assert any("logget av alle andre steder" in str(one.get("text")) for one in kari.connector.said)
    assert any("av en som kunne det gamle" in mail.body for mail in await mails_of(desk, "kari.nordmann"))
    outcome, = await records(desk, "change.outcome")
    assert outcome["outcome"] == "done"


async def test_a_wrong_current_password_may_be_mended_and_counts(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """O5, O6, V4: the fifth ends the page, whatever the sixth would be; the owner hears how many are left, then until
    when the account is paused, as for codes, and by mail: it may be somebody else who sits there (S-111)."""
    kari, browser, page = await changing(desk, in_teams, browse)
    for left in (4, 3, 2, 1):
        clock.advance(2)
        page = await browser.submit(page, current=f"ikke dette {left}", password=GOOD)
        assert f"stemmer ikke. Skriv det en gang til. Forsøk igjen: {left}." in page.text
        assert re.search(r'id="current"[^>]* aria-invalid', page.html)
        assert not re.search(r'id="password"[^>]* aria-invalid', page.html)
    clock.advance(2)
    assert "Passordet er ikke byttet" in (await browser.submit(page, current="heller ikke", password=GOOD)).text
    assert "Du kan prøve igjen kl. " in kari.connector.said[-1]["text"]
    clock.advance(2)
    over = await browser.submit(page, current=await initial(desk), password=GOOD)
    assert "Passordet er ikke byttet" in over.text
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))
    assert "Pausen varer" in last(await begin(in_teams(desk), "forgot_password"))
    assert len(await records(desk, "change.paused")) == 1
    assert {mail.subject for mail in await mails_of(desk, "kari.nordmann")} == {"Mange forsøk på kontoen din"}


async def test_a_change_that_came_to_nothing_is_none_of_the_days_three(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """Limit 9 counts completed ones: three tabs with a wrong or an old password shut nobody out."""
    for typed in ({"current": "ikke dette", "password": GOOD}, {"current": "nei", "password": GOOD},
                  {"current": await initial(desk), "password": await initial(desk)}):
        _, browser, page = await changing(desk, in_teams, browse)
        assert "Passordet er" not in (await browser.submit(page, **typed)).text
    budgets = {one.what: one.used for one in await desk.kept.tries.budgets(KARI, owner=True)}
    assert budgets["change_done"] == 0
    _, browser, page = await changing(desk, in_teams, browse)
    assert "Passordet er byttet" in (await browser.submit(page, current=await initial(desk), password=GOOD)).text
    budgets = {one.what: one.used for one in await desk.kept.tries.budgets(KARI, owner=True)}
    assert budgets["change_done"] == 1


async def test_a_weak_new_password_costs_no_try(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """F7, O5: the rules are looked at before the current password is."""
    _, browser, page = await changing(desk, in_teams, browse)
    for _ in range(6):
        clock.advance(2)
        page = await browser.submit(page, current="feil", password="kort")
        assert "for kort" in page.text
    clock.advance(2)
    done = await browser.submit(page, current=await initial(desk), password=GOOD)
    assert "Passordet er byttet" in done.text


async def test_a_reset_form_takes_no_current_password(
        desk: Desk, in_teams: InTeams, browse: Browse, clock: SteppedClock) -> None:
    """P4, I6: exactly the fields of the page."""
    kari = in_teams(desk)
    browser = await browse(desk)
    page = await browser.go_on_here(await browser.open(link_of(await proven(kari, clock, "forgot_password"))))
    assert (await browser.submit(page, current="x", password=GOOD)).status in (400, 404)
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))


# -- unlocking -------------------------------------------------------------------------------------

async def test_a_locked_account_is_unlocked_without_a_reset(
        desk: Desk, in_teams: InTeams, clock: SteppedClock) -> None:
    per = teams_person(in_teams, desk, PER, "Per Låst")
    said = await proven(per, clock, "unlock_account", "per.laast")
    assert "nå er den åpen igjen" in " ".join(one.text for one in said) + " ".join(
        str(one.get("text")) for one in per.connector.said)
    assert await sign_in(desk, "per.laast", Secret(await initial(desk, PER)))
    outcome, = await records(desk, "unlock.outcome")
    assert outcome["outcome"] == "done"
    assert "Kontoen din er låst opp" in [mail.subject for mail in await mails_of(desk, "per.laast")]


@pytest.mark.parametrize(("object_id", "name", "said"), [
    (KARI, "kari.nordmann", "Kontoen din er ikke låst, så"), (MONA, "mona.ute", "har gått ut på dato")])
async def test_what_is_no_lock_is_said(
        desk: Desk, in_teams: InTeams, clock: SteppedClock, object_id: str, name: str, said: str) -> None:
    person = teams_person(in_teams, desk, object_id)
    answer = await proven(person, clock, "unlock_account", name)
    heard = " ".join([*(one.text for one in answer), *(str(one.get("text")) for one in person.connector.said)])
    assert said in heard
    refused, = await records(desk, "unlock.outcome")
    assert refused["outcome"] == "refused"


# -- recovery codes --------------------------------------------------------------------------------

async def codes_for(desk: Desk, account: str, now: float) -> tuple[Secret, ...]:
    kept, shown = await new_codes(now, backed=True)
    await desk.kept.enrolments.change(account, replace(await desk.kept.enrolments.read(account), recovery=kept))
    return shown


async def test_a_recovery_code_stands_in_for_the_phone(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """V8, G4, O6: typed on the page; the chat goes on by itself, and the owner is told that one is spent."""
    codes = await codes_for(desk, KARI, clock.now())
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    page = await kari.page(link_of(await kari.hit("Jeg har ikke telefonen")))
    async with kari.session.post(page.url, data={**page.fields, "code": codes[0].reveal()}, headers={
            "Origin": desk.site.base_url, "Sec-Fetch-Site": "same-origin"}) as answer:
        assert "Koden stemte" in await answer.text()
    headers = {"Origin": desk.site.base_url}
    async with kari.session.post(page.url, data={**page.fields, "code": codes[1].reveal()}, headers=headers) as answer:
        assert "Koden stemte" in await answer.text()        # A double submit spends no second one (P2).
    assert (await kari.hear()).text.startswith("Takk, den stemte")
    recovery = (await desk.kept.enrolments.read(KARI)).recovery
    assert recovery is not None
    assert len(await desk.kept.enrolments.spent_codes(recovery.id)) == 1
    assert any("gjenopprettingskode er brukt" in mail.subject for mail in await mails_of(desk, "kari.nordmann"))
    assert not [one for one in kari.said if codes[0].reveal() in one.text]


@pytest.mark.parametrize("name", ["kari.nordmann", "ola.hansen", "finnes.ikke", "ingrid.admin"])
async def test_the_page_for_recovery_codes_tells_nothing_of_the_account(
        desk: Desk, visit: Visit, clock: SteppedClock, name: str) -> None:
    """E1, E3, S-033, S-038: five wrong codes, the same five answers, whatever is behind the name."""
    visitor = await visit(desk)
    await visitor.start(name)
    page = await visitor.page(link_of(await visitor.hit("Jeg har ikke telefonen")))
    assert name.partition(".")[0] not in page.text.lower()
    said = []
    for _ in range(5):
        async with visitor.session.post(page.url, data={"token": page.fields["token"], "code": "K7QM4RTX92HDPW3E"},
                                        headers={"Origin": desk.site.base_url}) as answer:
            said.append((answer.status, "Du har" in await answer.text()))
    assert said == [(422, True)] * 4 + [(200, False)]
    assert (await visitor.hear()).text.startswith("Det ble for mange koder")


async def test_a_recovery_code_in_the_chat_is_not_kept(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """G4, D4: it proves nothing there, is taken out of the record, and its owner is told where it belongs."""
    codes = await codes_for(desk, KARI, clock.now())
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    said = await kari.ask(f"koden min er {codes[0].reveal()}")
    assert "aldri skrive her" in said[0].text
    assert last(said).startswith("Åpne godkjenningsappen")
    await kari.fetch()
    async with kari.session.get(f"{desk.site.base_url}/v3/directline/conversations/{kari.conversation}/activities",
                                headers={"Authorization": f"Bearer {kari.token}"}) as answer:
        assert codes[0].reveal() not in await answer.text()


@pytest.mark.parametrize("locale", ["nb-NO", "en-GB"])
async def test_every_journey_says_before_the_first_proof_why_it_cannot_be_done(
        desk: Desk, in_teams: InTeams, clock: SteppedClock, locale: str) -> None:
    """Pre-flight: exactly why, and whose move it is, in each language; nothing is asked for first (I8, V4, limit 9)."""
    messages = desk.content.messages[locale[:2]]

    async def said(journey: str, account: str) -> str:
        person = in_teams(desk, locale=locale, **{"from": {"id": f"29:{account}", "name": "N", "aadObjectId": account}})
        last_said = await begin(person, journey)
        for chosen in ("register_app", "") if journey == "register_method" else ():
            if "Cancel" in titles(last_said) or "Avbryt" in titles(last_said):
                last_said = await person.ask("x", value={"keyturn": {"do": "register", "chosen": chosen}})
        return last(last_said)

    async def all_say(reason: str, account: str, journeys: tuple[str, ...]) -> None:
        begins = messages[f"case.cannot.{reason}"].pieces[0]
        for journey in journeys:
            assert (await said(journey, account)).replace("  \n", "\n").startswith(begins), (reason, journey)

    every = ("forgot_password", "change_password", "unlock_account", "recovery_codes", "register_method")
    await all_say("protected", INGRID, every)
    await all_say("disabled", EVA, every)
    await all_say("unregistered", OLA, ("forgot_password", "unlock_account"))
    await desk.kept.holds.put(Hold(JOHN, FROZEN, "owner", clock.now()))
    await all_say("frozen", JOHN, every)
    await desk.kept.holds.put(Hold(PER, PAUSED, "it", clock.now()))
    await all_say("held", PER, every)
    enrolment = replace(await desk.kept.enrolments.read(MONA), recovery=None)
    app, = enrolment.of_kind(TOTP)
    await desk.kept.enrolments.change(MONA, enrolment.having(replace(app, since=clock.now(), backed=False)))
    await all_say("cool_down", MONA, ("forgot_password", "unlock_account"))
    for _ in range(desk.settings.limits.reset_starts_24h):
        await said("forgot_password", KARI)
    await all_say("starts", KARI, ("forgot_password",))
