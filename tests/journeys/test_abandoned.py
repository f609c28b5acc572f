"""Whatever is left lying goes by itself: every kind of key has its time, or its reason (limits 12-15, 27)."""

import inspect
import re
from collections.abc import Awaitable, Callable

import pytest

from bot.rules.staff import KNOWN_SECONDS
from bot.serving.desk import Desk
from bot.store import keys
from bot.store.alarm_links import LINK_SECONDS
from tests.journeys.conftest import InTeams, Visit
from tests.journeys.stage import GOOD, WRONG, last, link_of, mailed_code
from tests.support.clock import SteppedClock
from tests.support.people import code_for, mails_of

HOUR, DAY = 3600, 86400

LASTS = {
    # Conversations and requests: limit 27; a ticket outlives its five minutes to show its first result (P2).
    "conversation": DAY, "lease": 60, "activity": DAY, "case": DAY, "cases_of": DAY, "ticket": 1500, "code": 600,
    "direct_line": DAY,
    # What is to be told outlives a weekend and a holiday: an answer that nobody has heard yet (F13).
    "news": 14 * DAY, "news_once": 14 * DAY,
    # Marks that something was done once: longer than anything that may come back to it.
    "mail_once": 7 * DAY, "directory_effect": 7 * DAY, "enrolment_effect": 7 * DAY,
    "hold_effect": 7 * DAY, "staff_effect": 7 * DAY, "help_once": DAY, "help_form": DAY, "help_effect": DAY,
    # Counters live as long as their longest window (V2). The row of failures has no end in time (limit 5); that of
    # a name nobody has is forgotten 400 days after its last failure, so that nobody can fill the store with names.
    "tries": 1000 * 365 * DAY, "starts": DAY, "targets": DAY, "refusals": 2 * 300, "help_window": DAY,
    "GLOBAL_TRIES": DAY, "snoozes": 400 * DAY,
    # Letters, links and cases for people.
    "mailbox": 7 * DAY, "alarm_link": LINK_SECONDS, "MAIL_DEAD": 30 * DAY, "one_time_code": HOUR,
    "help_case": 90 * DAY, "help_of": 90 * DAY,
    "staff_session": 12 * HOUR, "staff_set_up": HOUR, "staff_link": HOUR, "staff_browser": KNOWN_SECONDS,
    # What could not be answered, without who asked; that IT is done with it; what became of answers.
    "UNANSWERED": 14 * DAY, "unanswered": 14 * DAY, "unanswered_settled": 90 * DAY, "ratings": 200 * DAY,
    "OPINIONS": 2 * DAY,
    "audit_of": 400 * DAY, "READY": 60}

STAYS = {
    "AUDIT_RECORDS": "the trail", "AUDIT_HEAD": "the trail", "AUDIT_ONCE": "a month, by its entries' times",
    "AUDIT_MARK": "the trail", "MAIL_ITEMS": "tried for a day, then dead", "MAIL_DUE": "tried for a day, then dead",
    "PENDING": "until it is settled, within minutes", "PENDING_LOOKS": "as PENDING",
    "ERRANDS": "until it is run", "ERRAND_LOOKS": "as ERRANDS",
    "HELD": "until IT thaws", "holds": "until IT thaws",
    "HELP_NUMBER": "a counter", "HELP_OPEN": "until the case is closed or gone",
    "MODE": "whose the store is", "AGES": "since when our secrets are in use",
    "POLICY": "which policy was last", "LIFE": "what shows that the store forgot nothing",
    "STAFF": "the people of IT", "HELP_REQUESTS": "out of date by their own times",
    "DIRECT_LINE_WAKES": "the newest thousand: ids of chats, nothing that was said",
    "enrolment": "until it is removed", "last_used": "as enrolment", "totp_step": "never twice (V7)",
    "recovery_spent": "never twice (A5)", "account": "the embedded directory", "account_name": "the embedded directory",
    "effect": "the embedded directory: void for ever (F3)"}


def families() -> dict[str, re.Pattern[str]]:
    """Every kind of key there is, and what its keys look like."""
    found = {name: re.compile(re.escape(value)) for name, value in vars(keys).items()
             if isinstance(value, str) and value.startswith("kt:")}
    for name, make in inspect.getmembers(keys, inspect.isfunction):
        if name == "digest" or name.startswith("_") or make.__module__ != keys.__name__:
            continue
        made = make(*["whose" for one in inspect.signature(make).parameters.values()])
        for kind, key in made._asdict().items() if isinstance(made, keys.OfTurn) else [(name, made)]:
            shape = re.sub(r"[0-9a-f]{32}", "[0-9a-f]{32}", re.escape(key)).replace("whose", "[a-z_]+")
            found[kind] = re.compile(shape)
    # What begins as another kind does and has its own word there comes first.
    return dict(sorted(found.items(), key=lambda one: "[a-z_]+" in one[1].pattern))


async def overstaying(desk: Desk) -> list[str]:
    """Keys that are of no kind, or that live longer than their kind."""
    kinds = families()
    found = []
    for key in [one.decode() for one in await desk.store.do("KEYS", "*")]:
        kind = next((name for name, shape in kinds.items() if shape.fullmatch(key)), "of no kind")
        left = await desk.store.do("TTL", key)
        gone = left == -2
        if not gone and kind not in STAYS and not 0 <= left <= LASTS.get(kind, -1):
            found.append(f"{key} {kind} {left}")
    return found


def test_every_kind_of_key_has_its_time_or_its_reason() -> None:
    """A new kind has to say which; nobody forgets one."""
    assert families().keys() == LASTS.keys() | STAYS.keys()
    assert not LASTS.keys() & STAYS.keys()


async def test_what_stays_too_long_is_noticed(desk: Desk) -> None:
    """The look itself: no end where there should be one, too late a one, a kind that nobody named."""
    for key, command in ((keys.code("c"), ()), (keys.case("c"), ("EX", 2 * DAY)), ("kt:new:kind", ())):
        await desk.store.do("SET", key, "x", *command)
    assert sorted(one.split()[0] for one in await overstaying(desk)) == sorted(
        [keys.code("c"), keys.case("c"), "kt:new:kind"])


async def named(visit: Visit, desk: Desk, _teams: InTeams, _clock: SteppedClock) -> None:
    await (await visit(desk)).start("kari.nordmann")


async def unknown(visit: Visit, desk: Desk, _teams: InTeams, _clock: SteppedClock) -> None:
    await (await visit(desk)).fail("nobody.here", 3)


async def half_proven(visit: Visit, desk: Desk, _teams: InTeams, clock: SteppedClock) -> None:
    visitor = await visit(desk)
    await visitor.start("kari.nordmann")
    clock.advance(30)
    await visitor.ask(await code_for(desk, "kari.nordmann"))
    await mailed_code(desk, "kari.nordmann")


async def page_open(visit: Visit, desk: Desk, _teams: InTeams, clock: SteppedClock) -> None:
    visitor = await visit(desk)
    await visitor.page(await visitor.proven(clock))


async def done(visit: Visit, desk: Desk, _teams: InTeams, clock: SteppedClock) -> None:
    await (await visit(desk)).reset(clock, GOOD)
    await mails_of(desk, "kari.nordmann")


async def dead(visit: Visit, desk: Desk, _teams: InTeams, _clock: SteppedClock) -> None:
    await (await visit(desk)).fail("kari.nordmann")


async def owner_left(_visit: Visit, desk: Desk, teams: InTeams, clock: SteppedClock) -> None:
    kari = teams(desk)
    for journey in ("forgot_password", "change_password", "recovery_codes", "unlock_account"):
        await kari.ask("start", value={"keyturn": {"do": "start", "journey": journey}})
        await kari.ask(WRONG[0])
        clock.advance(30)
        await kari.ask(await code_for(desk, "kari.nordmann"))


async def alarmed(_visit: Visit, desk: Desk, teams: InTeams, _clock: SteppedClock) -> None:
    kari = teams(desk)
    await kari.ask("det var ikke meg")
    await kari.ask("ja")
    await mails_of(desk, "kari.nordmann")


async def asked_people(visit: Visit, desk: Desk, _teams: InTeams, _clock: SteppedClock) -> None:
    visitor = await visit(desk)
    for do in ({"do": "start", "journey": "fetch_a_person"}, {"do": "help_skip"}, {"do": "help_urgent"}):
        await visitor.ask("trykk", value={"keyturn": do})


Leave = Callable[[Visit, Desk, InTeams, SteppedClock], Awaitable[None]]


@pytest.mark.parametrize("leave", [
    named, unknown, half_proven, page_open, done, dead, owner_left, alarmed, asked_people],
    ids=lambda one: one.__name__)
async def test_what_is_left_lying_goes_by_itself(
        leave: Leave, desk: Desk, visit: Visit, in_teams: InTeams, clock: SteppedClock) -> None:
    """Limit 27, R-045: at whatever step somebody leaves."""
    await leave(visit, desk, in_teams, clock)
    assert await overstaying(desk) == []


async def test_the_row_of_a_made_up_name_ends(desk: Desk, visit: Visit) -> None:
    """Limit 5 and V2: an account's row has no end in time; a name that nobody has takes no room for ever (E1)."""
    visitor = await visit(desk)
    await visitor.fail("nobody.here", 2)
    await visitor.ask("avbryt")
    await visitor.fail("kari.nordmann", 2)
    rows = sorted([await desk.store.do("TTL", key) for key in await desk.store.do("KEYS", "kt:{tries}:row:*")])
    assert [round(ttl / DAY) for ttl in rows] == [400, 365000]


@pytest.mark.parametrize("seconds", [301, 601, 901])
async def test_what_is_late_opens_nothing(desk: Desk, visit: Visit, clock: SteppedClock, seconds: int) -> None:
    """Limits 12-15, by the shared clock: whatever the store still holds."""
    visitor = await visit(desk)
    link = await visitor.proven(clock)
    clock.advance(seconds)
    assert (await visitor.page(link)).status == 404
    another = await visit(desk)
    await another.start("john.smith")
    clock.advance(seconds)
    said = await another.ask(await code_for(desk, "john.smith"))
    if seconds > 900:
        assert "for lang tid" in last(said)
    else:
        code = await mailed_code(desk, "john.smith")
        clock.advance(seconds)
        late = await another.ask(code)
        assert "lenke" not in last(late) or not any(button["type"] == "openUrl" for button in late[-1].buttons)
        with pytest.raises(AssertionError):
            link_of(late)
