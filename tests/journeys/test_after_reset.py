"""What a reset ends, and what is looked at again before it happens (O4, I5, G2, V4)."""

from bot.rules.registered import TOTP
from bot.secret import Secret
from bot.serving.desk import Desk
from tests.journeys.conftest import Visit
from tests.journeys.stage import EVA, GOOD, KARI, last, link_of, mailed_code, records, texts
from tests.support.clock import SteppedClock
from tests.support.people import code_for, mails_of, sign_in


async def test_sessions_end_and_the_owner_is_told(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """O4, O6, S-096: sessions from before are void, later ones stand; each address of the owner gets one notice."""
    before = clock.now()
    clock.advance(60)
    kari = await visit(desk)
    page = await kari.reset(clock, GOOD)
    assert "Passordet er byttet" in page.text
    assert not await desk.people.directory.session_valid(KARI, before)
    clock.advance(1)
    assert await desk.people.directory.session_valid(KARI, clock.now())
    assert await sign_in(desk, "kari.nordmann", Secret(GOOD))
    assert last(await kari.quiet()).startswith("Passordet er byttet, og du er logget av")
    notices = [one for one in await mails_of(desk, "kari.nordmann") if one.subject == "Passordet ditt er byttet"]
    assert len(notices) == 2


async def test_other_flows_of_the_account_end(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """I5, O4: half-proven and proven flows elsewhere die with their tickets, and say why when asked."""
    half, proven, winner = [await visit(desk) for _ in range(3)]
    other_ticket = await proven.proven(clock)
    await half.start("kari.nordmann")
    clock.advance(30)
    await half.ask(await code_for(desk, "kari.nordmann"))
    half_code = await mailed_code(desk)
    await winner.reset(clock, GOOD)

    assert last(await half.ask(half_code)).startswith("Noe ble endret på kontoen i en annen samtale")
    page = await proven.page(other_ticket)
    assert page.status == 404
    assert last(await proven.ask("ferdig")).startswith("Noe ble endret på kontoen i en annen samtale")
    assert [one["outcome"] for one in await records(desk, "reset.outcome")] == ["done"]


async def test_cancelling_a_superseded_flow_tells_the_truth(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """F1: who cancels what another conversation has ended must not hear that nothing was changed."""
    loser, winner = await visit(desk), await visit(desk)
    await loser.proven(clock)
    await winner.reset(clock, GOOD)
    said = texts(await loser.ask("avbryt"))
    assert said == [("Noe ble endret på kontoen i en annen samtale, så denne er avsluttet. Var ikke det deg, må du "
                    "ringe brukerstøtte med en gang.")]


async def test_an_account_disabled_while_proving(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """S-029, G2: what was true at the start is looked at again before the effect; the chat hears it too."""
    kari = await visit(desk)
    page = await kari.page(await kari.proven(clock))
    await desk.kept.accounts.mark(KARI, enabled=False)
    page = await kari.submit(page, GOOD)
    assert "Passordet er ikke byttet" in page.text
    assert "Denne kontoen kan vi ikke bytte passord for her" in page.text
    # The knock comes by itself: nobody has to ask.
    assert (await kari.hear()).text.startswith("Dette kan jeg ikke gjøre for denne kontoen")
    await desk.kept.accounts.mark(KARI, enabled=True)
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))
    outcome, = await records(desk, "reset.outcome")
    assert (outcome["outcome"], outcome["reason"]) == ("refused", "contact_it")
    assert outcome["tenant"] == "00000000-0000-0000-0000-000000000100"


async def test_a_protected_account_is_told_only_when_proven(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """I8, S-027: both codes right, and then "contact IT", with an alert; eva (disabled) likewise, without a page."""
    for name in ("ingrid.admin", "eva.sluttet"):
        person = await visit(desk)
        await person.start(name)
        clock.advance(30)
        await person.ask(await code_for(desk, name))
        said = await person.ask(await mailed_code(desk, name))
        assert texts(said) == [("Dette kan jeg ikke gjøre for denne kontoen. Kontakt brukerstøtte, så tar de "
                               "det videre. Ingenting er endret.")]
    alerts = await records(desk, "reset.alert")
    assert [one["target"] for one in alerts].count(EVA) == 1
    assert len({one["target"] for one in alerts}) == 2


async def test_becoming_administrator_on_the_way(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """I8, G2: an account that was put among the protected ones meanwhile is not served any more."""
    kari = await visit(desk)
    page = await kari.page(await kari.proven(clock))
    await desk.kept.accounts.mark(KARI, protected=True)
    assert "ikke byttet" in (await kari.submit(page, GOOD)).text
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))


async def test_a_pause_holds_for_work_begun_before_it(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """V4: wrong codes elsewhere pause the account while its page is open; the page refuses and says so."""
    kari, stranger = await visit(desk), await visit(desk)
    page = await kari.page(await kari.proven(clock))
    await stranger.fail("kari.nordmann")
    page = await kari.submit(page, GOOD)
    assert "Det har vært for mange forsøk på kontoen" in page.text
    assert (await kari.hear()).text.startswith("Det har vært for mange forsøk på kontoen")
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))
    assert not await records(desk, "reset.intent")


async def test_the_mailed_code_goes_where_it_is_registered_now(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """A4: an authenticator that is removed in the middle of a flow proves nothing any more."""
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    clock.advance(30)
    code = await code_for(desk, "kari.nordmann")
    enrolment = await desk.kept.enrolments.read(KARI)
    await desk.kept.enrolments.change(KARI, enrolment.without(enrolment.of_kind(TOTP)[0].id))
    assert last(await kari.ask(code)).startswith("Den koden virket ikke")


async def test_the_chat_hears_of_it_without_asking(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """Design §3: the knock tells the chat; a second word about it is answered as anything else is."""
    kari = await visit(desk)
    await kari.reset(clock, GOOD)
    assert (await kari.hear()).text.startswith("Passordet er byttet")
    assert not [one for one in await kari.ask("takk") if "byttet" in one.text]


async def test_new_links_kill_old_ones(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """P1, S-078: of several links only the newest opens; cancelling kills that one too."""
    kari = await visit(desk)
    first = await kari.proven(clock)
    await kari.ask("hvor ble det av siden?")
    clock.advance(5)
    second = link_of(await kari.hit("Gi meg en ny lenke"))
    assert (await kari.page(first)).status == 404
    assert (await kari.page(second)).status == 200
    assert last(await kari.ask("avbryt")).startswith("Da stopper vi her")
    assert (await kari.page(second)).status == 404
