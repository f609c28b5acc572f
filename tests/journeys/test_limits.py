"""The numbers of the security requirements §1, seen from the chat and the page (limits 3 to 15; V1, V2, V5)."""

import pytest

from bot.secret import Secret
from bot.serving.desk import Desk
from tests.journeys.conftest import OpenHouse, Visit
from tests.journeys.stage import GOOD, KARI, WRONG, Visitor, last, link_of, mailed_code, records, texts
from tests.support.clock import SteppedClock
from tests.support.people import code_for, mails_of, sign_in

NOT_THIS = "Den koden virket ikke"
DEAD = "Det ble for mange koder som ikke virket"
HERE = "Det har vært for mange forsøk herfra"
QUARTER, DAY = 901, 86401


async def test_limit_3_a_challenge_dies_with_the_fifth_wrong_code(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """Its conversation is over; a right code after it is no answer to anything."""
    kari = await visit(desk)
    said = await kari.fail("kari.nordmann")
    assert [one.startswith(NOT_THIS) for one in said] == [True] * 4 + [False]
    assert said[-1].startswith(DEAD)
    await kari.ask(await code_for(desk, "kari.nordmann"))
    assert not [one for one in kari.said if one.text.startswith("Takk, den stemte")]
    assert not [one for one in await records(desk, "reset.proof") if one["outcome"] == "ok"]


async def test_limit_4_five_in_a_quarter(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """V3, O6, S-040: the account is paused for every visitor; its owner hears of it once; it ends with time."""
    await (await visit(desk)).fail("kari.nordmann")
    paused = [one for one in await mails_of(desk, "kari.nordmann") if one.subject == "Mange forsøk på kontoen din"]
    assert len(paused) == 2     # One to each address, as soon as the pause begins.
    other = await visit(desk)
    await other.start("kari.nordmann")
    assert last(await other.ask(await code_for(desk, "kari.nordmann"))).startswith(NOT_THIS)
    clock.advance(60)
    assert (await other.fail("kari.nordmann", 1))[0].startswith(NOT_THIS)
    assert len([one for one in await mails_of(desk, "kari.nordmann") if "forsøk" in one.subject]) == 2
    assert len(await records(desk, "reset.paused")) == 1
    clock.advance(QUARTER)
    assert (await visit(desk)) is not None
    kari = await visit(desk)
    assert "/secure/" in await kari.proven(clock)


async def test_limit_4_twenty_in_a_day(open_house: OpenHouse, visit: Visit, clock: SteppedClock) -> None:
    """After twenty wrong codes a quarter of an hour helps no more; a day does."""
    desk = await open_house(KEYTURN_LIMIT_RESET_STARTS_24H="10")
    for _ in range(4):
        await (await visit(desk)).fail("kari.nordmann")
        clock.advance(QUARTER)
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    assert last(await kari.ask(await code_for(desk, "kari.nordmann"))).startswith(NOT_THIS)
    clock.advance(DAY)
    kari = await visit(desk)
    assert "/secure/" in await kari.proven(clock)


async def test_limit_5_a_row_without_a_success(open_house: OpenHouse, visit: Visit, clock: SteppedClock) -> None:
    """No time opens the way again; IT does (NIST SP 800-63B-4 §3.2.2)."""
    desk = await open_house(KEYTURN_LIMIT_ANONYMOUS_FAILURES_IN_A_ROW="5")
    await (await visit(desk)).fail("kari.nordmann")
    clock.advance(3 * DAY)
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    assert last(await kari.ask(await code_for(desk, "kari.nordmann"))).startswith(NOT_THIS)
    await desk.kept.tries.reopen(KARI, owner=False)
    kari = await visit(desk)
    assert "/secure/" in await kari.proven(clock)


async def test_limit_6_ten_in_five_minutes_by_one_requester(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """Whoever tries too much is told so, and for how long, whatever the account; then may go on."""
    guesser = await visit(desk)
    await guesser.fail("finnes.ikke")
    await guesser.fail("kari.nordmann")
    said = await guesser.start("ola.hansen")
    assert last(said) == f"{HERE}. Prøv igjen om 5 minutter, eller ring brukerstøtte hvis det haster."
    limited, = await records(desk, "reset.limited")
    assert (limited["outcome"], limited["reason"], limited["target"]) == ("refused", "requester_paused", "")
    assert limited["actor"] == f"directline::{guesser.user}"
    clock.advance(301)
    assert last(await guesser.start("finnes.ikke")).startswith("Åpne godkjenningsappen")


async def test_limit_6_in_the_middle_of_a_challenge(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """The eleventh code is not looked at, though its challenge has tries left."""
    address = "10.200.0.1"
    first, second = await visit(desk, address=address), await visit(desk, address=address)
    await second.start("finnes.ikke")
    await second.ask(WRONG[0])
    await first.fail("kari.nordmann")
    await first.fail("ola.hansen", 4)
    said = last(await second.ask(WRONG[1]))
    assert said.startswith(HERE)


async def test_limit_6_fifty_in_an_hour(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """Slower guessing from one address ends too."""
    for _ in range(5):
        for name in ("finnes.ikke", "ingen.her"):
            await (await visit(desk, address="10.200.0.2")).fail(name)
        clock.advance(301)
    guesser = await visit(desk, address="10.200.0.2")
    said = last(await guesser.start("finnes.ikke"))
    assert said.startswith(HERE)
    assert "om 35 minutter" in said
    clock.advance(3600)
    later = await visit(desk, address="10.200.0.2")
    assert last(await later.start("finnes.ikke")).startswith("Åpne")


async def test_limit_7_five_accounts_a_day(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """S-042: counted by requester and by address, over conversations; a name used before stays possible."""
    address = "10.200.0.3"
    names = ("kari.nordmann", "john.smith", "finnes.ikke", "ola.hansen", "eva.sluttet")
    for name in names:
        assert last(await (await visit(desk, address=address)).start(name)).startswith("Åpne")
    sixth = await visit(desk, address=address)
    assert last(await sixth.start("mona.ute")).startswith("Det er spurt om flere kontoer herfra")
    assert [one["reason"] for one in await records(desk, "reset.limited")] == ["targets_paused"]
    assert last(await sixth.start("kari.nordmann")).startswith("Åpne")
    elsewhere = await visit(desk)
    assert last(await elsewhere.start("mona.ute")).startswith("Åpne")
    clock.advance(DAY)
    assert last(await (await visit(desk, address=address)).start("mona.ute")).startswith("Åpne")


async def test_limit_8_everybody_together(open_house: OpenHouse, visit: Visit, clock: SteppedClock) -> None:
    """S-120: a storm pauses all anonymous flows, and is in the trail."""
    desk = await open_house(KEYTURN_LIMIT_GLOBAL_FAILURES_5MIN="10")
    for name in ("finnes.ikke", "ingen.her"):
        await (await visit(desk)).fail(name)
    calm = await visit(desk)
    for _ in range(2):
        assert last(await calm.start("kari.nordmann")).startswith("Det er uvanlig mange forsøk")
    # Once for each that ran into it; the same said twice is one record (U1).
    assert [one["reason"] for one in await records(desk, "reset.limited")] == ["global_paused"]
    alarm, = await records(desk, "reset.alarm")
    assert alarm["reason"] == "global_paused"
    clock.advance(301)
    assert last(await calm.start("kari.nordmann")).startswith("Åpne")


async def test_limit_7_counts_names_only(desk: Desk, visit: Visit) -> None:
    """I7: a sentence, a display name, a list of names is nobody; saying so costs no target."""
    kari = await visit(desk)
    await kari.press("Lag nytt passord")
    for typed in ("jeg vet ikke", "Kari Nordmann", "den til e-posten min", "a@example.no, b@example.no",
                  "kari.*", "kåre", "\u212aari.nordmann", "nei"):
        assert last(await kari.ask(typed)).startswith(("Jeg fant ikke noe brukernavn", "Brukernavnet er")), typed
    assert not await records(desk)
    assert last(await kari.ask("kari.nordmann")).startswith("Åpne godkjenningsappen")


async def test_limit_9_five_starts_a_day(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """E1: the sixth looks like the others, and right codes are refused like wrong ones; a day later all is well."""
    for _ in range(5):
        await (await visit(desk)).start("kari.nordmann")
    kari = await visit(desk)
    assert last(await kari.start("kari.nordmann")).startswith("Åpne")
    assert last(await kari.ask(await code_for(desk, "kari.nordmann"))).startswith(NOT_THIS)
    assert not await mails_of(desk, "kari.nordmann")
    clock.advance(DAY)
    kari = await visit(desk)
    assert "/secure/" in await kari.proven(clock)


async def test_limit_9_three_resets_a_day(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """The fourth is refused on the page, and page and chat say why: by then the person is proven."""
    for number in range(3):
        kari = await visit(desk)
        assert "Passordet er byttet" in (await kari.reset(clock, f"{GOOD} {number}")).text
        clock.advance(QUARTER)      # limit 11
    kari = await visit(desk)
    page = await kari.reset(clock, f"{GOOD} 3")
    assert "allerede byttet flere ganger i dag" in page.text
    assert (await kari.hear()).text.startswith("Dette er allerede gjort flere ganger i dag")
    assert await sign_in(desk, "kari.nordmann", Secret(f"{GOOD} 2"))
    outcomes = [(one["outcome"], one["reason"]) for one in await records(desk, "reset.outcome")]
    assert outcomes == [("done", "")] * 3 + [("refused", "too_many")]


async def test_limit_11_three_codes_in_a_quarter(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """S-048: also over conversations; the newest code sent stays good."""
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    await kari.ask(await code_for(desk, "kari.nordmann"))
    for _ in range(2):
        assert last(await kari.hit("Send koden på nytt")).startswith("Jeg har sendt en ny kode")
        clock.advance(5)
    assert last(await kari.hit("Send koden på nytt")).startswith("Jeg kan ikke sende flere koder akkurat nå")
    assert len(await mails_of(desk, "kari.nordmann")) == 3
    again = await visit(desk)
    await again.start("kari.nordmann")
    clock.advance(30)
    said = last(await again.ask(await code_for(desk, "kari.nordmann")))
    assert said.startswith("Jeg har sendt så mange koder")
    assert len(await mails_of(desk, "kari.nordmann")) == 3
    assert "/secure/" in link_of(await kari.ask(await mailed_code(desk)))
    assert [one["reason"] for one in await records(desk, "reset.limited")] == ["codes_paused"] * 2


async def test_limit_11_ten_codes_a_day(open_house: OpenHouse, visit: Visit, clock: SteppedClock) -> None:
    """However slowly they are asked for."""
    desk = await open_house(KEYTURN_LIMIT_RESET_STARTS_24H="10")
    for _ in range(4):
        kari = await visit(desk)
        await kari.start("kari.nordmann")
        clock.advance(30)
        await kari.ask(await code_for(desk, "kari.nordmann"))
        for _ in range(2):
            await kari.hit("Send koden på nytt")
            clock.advance(5)
        clock.advance(QUARTER)
    assert len(await mails_of(desk, "kari.nordmann")) == 10


async def test_limit_12_a_mailed_code_lives_five_minutes_and_the_newest_only(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """V9, S-061: superseded, old and foreign codes are wrong ones."""
    kari, other = await visit(desk), await visit(desk)
    await kari.start("kari.nordmann")
    await kari.ask(await code_for(desk, "kari.nordmann"))
    first = await mailed_code(desk)
    clock.advance(30)
    await other.start("kari.nordmann")
    await other.ask(await code_for(desk, "kari.nordmann"))
    assert last(await other.ask(first)).startswith(NOT_THIS)        # Another conversation's.
    clock.advance(1)
    await kari.hit("Send koden på nytt")
    second = await mailed_code(desk)
    assert second == first or last(await kari.ask(first)).startswith(NOT_THIS)
    clock.advance(300)
    assert last(await kari.ask(second)).startswith(NOT_THIS)


async def test_limit_13_fifteen_minutes_from_the_first_proof(
        desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """A right code after that ends the flow; nothing of it stays proven."""
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    clock.advance(600)
    await kari.ask(await code_for(desk, "kari.nordmann"))
    clock.advance(720)      # Twenty-two minutes after the account was named, twelve after its first proof.
    await kari.hit("Send koden på nytt")
    clock.advance(181)
    said = texts(await kari.ask(await mailed_code(desk)))
    assert said[0].startswith("Det gikk for lang tid")
    assert not [one for one in kari.said if "sikker side" in one.text]
    assert [one["reason"] for one in await records(desk, "reset.ended")] == ["expired"]


async def test_limit_13_holds_without_the_chat(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """G2: the page refuses a flow that is over, whatever link it has got."""
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    await kari.ask(await code_for(desk, "kari.nordmann"))
    clock.advance(700)
    await kari.hit("Send koden på nytt")
    page = await kari.page(link_of(await kari.ask(await mailed_code(desk))))
    assert page.status == 200
    clock.advance(201)
    assert (await kari.submit(page, GOOD)).status == 404
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))


async def test_limit_14_ten_minutes_from_the_last_proof(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """No new link after that, and the newest one opens nothing."""
    kari = await visit(desk)
    await kari.proven(clock)
    clock.advance(400)
    await kari.ask("hvor er siden?")
    link = link_of(await kari.hit("Gi meg en ny lenke"))
    page = await kari.page(link)
    assert page.status == 200
    clock.advance(201)
    assert (await kari.submit(page, GOOD)).status == 404
    assert last(await kari.hit("Gi meg en ny lenke")).startswith("Det gikk for lang tid")
    assert not await sign_in(desk, "kari.nordmann", Secret(GOOD))


async def test_limit_15_a_link_lives_five_minutes(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """It is dead for looking, checking and sending; the chat gives a new one."""
    kari = await visit(desk)
    page = await kari.page(await kari.proven(clock))
    clock.advance(301)
    assert (await kari.page(page.url)).status == 404
    assert (await kari.submit(page, GOOD)).status == 404
    await kari.ask("hva nå?")
    fresh = await kari.page(link_of(await kari.hit("Gi meg en ny lenke")))
    assert "Passordet er byttet" in (await kari.submit(fresh, GOOD)).text


@pytest.mark.parametrize("way", ["cancel", "new conversation", "language", "another name form"])
async def test_nothing_a_visitor_does_clears_a_counter(
        desk: Desk, visit: Visit, clock: SteppedClock, way: str) -> None:
    """V2, S-045: four wrong codes here and one there make five."""
    visitor = await visit(desk)
    await visitor.fail("kari.nordmann", 4)
    if way == "new conversation":
        visitor = await visit(desk)
    elif way == "language":
        await visitor.ask("english please")
        assert last(await visitor.ask(WRONG[4])).startswith("There were too many codes")
    if way != "language":
        if way != "new conversation":
            assert last(await visitor.ask("avbryt")).startswith("Da stopper vi her")
        await visitor.fail("KARI.Nordmann@example.no" if way == "another name form" else "kari.nordmann", 1)
    kari = await visit(desk)
    await kari.start("kari.nordmann")
    assert last(await kari.ask(await code_for(desk, "kari.nordmann"))).startswith(NOT_THIS)


async def test_a_success_clears_only_its_own_failures(desk: Desk, visit: Visit, clock: SteppedClock) -> None:
    """V2: somebody who can prove one account gets no new tries at another."""
    address = "10.200.0.4"
    guesser: Visitor = await visit(desk, address=address)
    await guesser.fail("john.smith")
    await guesser.fail("ola.hansen", 4)
    await guesser.ask("avbryt")
    assert "/secure/" in await guesser.proven(clock)
    await guesser.ask("avbryt")
    assert (await guesser.fail("finnes.ikke", 1))[0].startswith(NOT_THIS)
    assert last(await guesser.ask(WRONG[1])).startswith(HERE)


@pytest.mark.parametrize(("proxies", "header"), [
    ("0", "10.9.9.{}"), ("1", "10.9.9.{}, 192.0.2.7"), ("1", "192.0.2.{}, not an address"),
], ids=["no proxy is trusted", "only the last hop is ours", "the hop is unreadable"])
async def test_no_header_of_a_client_makes_another_source(
        open_house: OpenHouse, visit: Visit, proxies: str, header: str) -> None:
    """V5, S-043: ten wrong codes by ten browsers with ten stories of where they are make one address."""
    desk = await open_house(KEYTURN_TRUSTED_PROXIES=proxies)
    for number in range(5):
        await (await visit(desk, address=header.format(number))).fail(f"finnes.ikke{number % 3}", 2)
    said = last(await (await visit(desk, address=header.format(77))).start("finnes.ikke0"))
    assert said.startswith(HERE)


async def test_one_network_is_one_source(desk: Desk, visit: Visit) -> None:
    """Limits 6 and 7: whoever has an IPv6 network has 2^64 addresses, and one budget."""
    for number in range(5):
        await (await visit(desk, address=f"2001:db8:1:2::{number}")).fail(f"finnes.ikke{number % 3}", 2)
    said = last(await (await visit(desk, address="2001:db8:1:2:77::1")).start("finnes.ikke0"))
    assert said.startswith(HERE)
    assert not last(await (await visit(desk, address="2001:db8:1:3::1")).start("finnes.ikke0")).startswith(HERE)


async def test_one_network_may_name_five_accounts(desk: Desk, visit: Visit) -> None:
    """Limit 7, S-042; the audit trail keeps the address in full."""
    for number in range(5):
        await (await visit(desk, address=f"2001:db8:1:2::{number}")).start(f"finnes.ikke{number}")
    said = last(await (await visit(desk, address="2001:db8:1:2::9")).start("finnes.ikke9"))
    assert said.startswith("Det er spurt om flere kontoer herfra")
    assert (await records(desk, "reset.limited"))[0]["source"] == "2001:db8:1:2::9"
