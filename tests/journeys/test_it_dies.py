"""Whoever dies over something IT asked for, after whichever command: another replica brings it to its true end (F1-F3).

The person of IT, the owner and the trail then learn the same, once; and nothing stays begun.
"""

import asyncio
from hashlib import sha256
from itertools import count

import pytest

from bot.admin.signing_in import SigningIn
from bot.directory.demo_staff import STAFF
from bot.journeys.ending_pause import EndingPause
from bot.journeys.helping import Became
from bot.rules.helping import Act
from bot.rules.holds import FROZEN, PAUSED, Hold
from bot.rules.limits import Limits
from bot.rules.staff import HELPDESK, Staff
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.store.protocol import Attempt
from bot.store.staff import StaffRecord
from bot.verification.totp import current_code, new_seed
from tests.journeys.conftest import OpenHouse
from tests.journeys.stage import KARI, records
from tests.support.clock import SteppedClock
from tests.support.mortal import MortalStore, killed_after
from tests.support.people import mails_of

MONA, OTHER = STAFF
INGRID = "00000000-0000-0000-0000-000000000004"
LATER = 62.0
ROW = Limits().anonymous_failures_in_a_row
KINDS = {Act.PAUSE: PAUSED, Act.RESUME: PAUSED, Act.THAW: FROZEN}


async def as_before(desk: Desk, act: Act) -> None:
    """Kari's account as it is when IT wants that."""
    for kind in (FROZEN, PAUSED):
        await desk.kept.holds.lift(KARI, kind)
    if act in (Act.RESUME, Act.THAW):
        await desk.kept.holds.put(Hold(KARI, KINDS[act], "somebody", desk.clock.now()))
    if act is Act.REOPEN:
        attempt = Attempt("", KARI, owner=False, requester="", source="")
        for _ in range(ROW - (await desk.kept.tries.budgets(KARI, owner=False))[-1].used):
            await desk.kept.tries.count(attempt)
            desk.clock.advance(86400)


async def happened(desk: Desk, act: Act) -> bool:
    if act is Act.CODE:
        return await desk.kept.one_time_codes.pending(KARI) is not None
    if act is Act.REOPEN:
        return any(one.seconds is None and not one.used for one in await desk.kept.tries.budgets(KARI, owner=False))
    return any(one.kind == KINDS[act] for one in await desk.kept.holds.of(KARI)) is (act is Act.PAUSE)


async def followed(desk: Desk, form: str) -> str:
    """What became of the form, once whoever held it counts as gone."""
    await mails_of(desk, "kari.nordmann")   # one that is being carried while the clock jumps would be carried twice
    desk.clock.advance(LATER)
    async with asyncio.timeout(10):
        while await desk.journeys.errands.due.count():
            await desk.journeys.errands.run_due()
            await asyncio.sleep(0)
    return await desk.journeys.helping.forms.outcome(form)


def told(became: str) -> int:
    """Kari has two addresses."""
    return 2 if became in ("done", "shown") else 0


@pytest.mark.parametrize("act", list(Act))
async def test_an_act_of_one_person(open_house: OpenHouse, clock: SteppedClock, act: Act) -> None:
    dying, other = await open_house(stores=MortalStore), await open_house()
    ends, mails = set(), 0
    for commands in count():
        await as_before(other, act)
        number = f"{commands:024}"
        killed = await killed_after(commands, dying.journeys.helping.wish(number, act, MONA, KARI, "Sak 7", "10.0.0.1"))
        effect = await happened(other, act)
        form = f"{MONA.id} {act} {KARI} {number}"
        became = await followed(other, form)
        ends.add(became)
        wish = sha256(form.encode()).hexdigest()[:24]
        said = [one["outcome"] for one in await records(other, f"staff.{act}") if one["correlation"] == wish]
        if act is Act.CODE and became != Became.SHOWN:
            # Made or not, nobody was shown it; the owner may have been told before the process died.
            assert became in ("", Became.NOT_DONE), commands
            assert not await happened(other, act), commands
        else:
            assert (became in (Became.DONE, Became.SHOWN)) is effect, (commands, became)
        assert said in ([], ["begun", became], [Became.NOT_DONE], ["begun", "shown", "not_done"]), (commands, said)
        assert bool(said) is bool(became)
        mails += told(became) if "shown" not in said else len(await mails_of(other, "kari.nordmann")) - mails
        assert len(await mails_of(other, "kari.nordmann")) == mails, commands
        if not killed:
            break
    assert ends >= {"", Became.NOT_DONE, Became.SHOWN if act is Act.CODE else Became.DONE}
    assert await other.kept.audit.verify() is None
    # Once more, by the person who never heard how it ended: the same answer, and nothing is done again.
    again = await other.journeys.helping.wish(number, act, MONA, KARI, "Sak 7", "10.0.0.1")
    assert (again.became, again.code) == (became, None)


@pytest.mark.parametrize("press", ["confirm", "decline"])
async def test_the_second_person(open_house: OpenHouse, press: str) -> None:
    """O7: what waits is confirmed or declined once; wherever it was cut off, it waits still, or it is over."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    ends = set()
    for commands in count():
        await other.kept.holds.lift(INGRID, PAUSED)
        asked = await other.journeys.helping.wish(f"{commands:024}", Act.PAUSE, MONA, INGRID, "Sak 7", "")
        assert asked.became == Became.ASKED
        request, = await other.journeys.helping.forms.waiting()
        pressed = getattr(dying.journeys.helping, press)
        killed = await killed_after(commands, pressed(request.id, OTHER, ""))
        became = await followed(other, f"request {request.id}")
        ends.add(became)
        held = bool(await other.kept.holds.of(INGRID))
        said = [one["outcome"] for one in await records(other, "staff.pause") if one["correlation"] == request.id]
        waits = await other.journeys.helping.forms.waiting()
        assert held is (became == Became.DONE), commands
        assert said[0] == "asked"
        assert said[1:] in ([], ["begun", became], [became]), (commands, said)
        assert [one.id for one in waits] == ([request.id] if became == "" else []), commands
        for one in waits:
            assert (await other.journeys.helping.decline(one.id, OTHER, "")).became == Became.DECLINED
        if not killed:
            break
    assert ends == {"", Became.DECLINED} if press == "decline" else {"", Became.NOT_DONE, Became.DONE}


async def test_asking_for_a_second_person(open_house: OpenHouse) -> None:
    """It is asked for, and on the list; or it is not, and whoever wanted it is told so."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    ends = set()
    for commands in count():
        number = f"{commands:024}"
        killed = await killed_after(commands, dying.journeys.helping.wish(number, Act.PAUSE, MONA, INGRID, "Sak 7", ""))
        became = await followed(other, f"{MONA.id} pause {INGRID} {number}")
        ends.add(became)
        waits = await other.journeys.helping.forms.waiting()
        assert len(waits) == (became == Became.ASKED), commands
        assert not await other.kept.holds.of(INGRID)
        for one in waits:
            await other.journeys.helping.decline(one.id, OTHER, "")
        if not killed:
            break
    assert ends == {"", Became.NOT_DONE, Became.ASKED}


async def test_ending_a_pause_of_verification(open_house: OpenHouse, clock: SteppedClock) -> None:
    """F5: it is over for everybody, or it goes on; the trail says which."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    ends, seen = set(), 0
    for commands in count():
        clock.advance(1)
        await other.kept.trust.hold("records are gone")
        clock.advance(1)
        killed = await killed_after(commands, EndingPause(
            dying.kept.trust, dying.kept.audit, dying.journeys.errands).end("cli", "Sak 7"))
        over = not await other.kept.trust.staff_wait()
        assert over is (await other.kept.trust.held() == 0)
        await followed(other, "")
        outcomes = [one["outcome"] for one in await records(other, "staff.end_pause")]
        said, seen = outcomes[seen:], len(outcomes)
        ends.add(over)
        assert said in ([["begun", "done"]] if over else [[], ["begun", "not_done"], ["not_done"]]), (commands, said)
        if not killed:
            break
    assert ends == {True, False}


@pytest.mark.parametrize("act", ["added", "removed"])
async def test_who_is_let_in(open_house: OpenHouse, act: str) -> None:
    """U1: on record as let in or shut out exactly when they were."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    ends, seen = set(), 0
    for commands in count():
        who = Staff(f"s{commands}", "siri", "Siri Dahl", "nb", HELPDESK, "a1")
        if act == "removed":
            await other.kept.it.put(StaffRecord(who))
        killed = await killed_after(
            commands, dying.journeys.staffing.add(who, "cli") if act == "added"
            else dying.journeys.staffing.remove(who, "cli"))
        done = (await other.kept.it.read(who.id) is not None) is (act == "added")
        await followed(other, "")
        assert ((await other.kept.it.read(who.id) is not None) is (act == "added")) is done
        outcomes = [one["outcome"] for one in await records(other, f"staff.{act}")]
        said, seen = outcomes[seen:], len(outcomes)
        ends.add(done)
        assert said in ([["begun", "done"]] if done else [[], ["begun", "not_done"], ["not_done"]]), (commands, said)
        if not killed:
            break
    assert ends == {True, False}


async def test_setting_up_somebodys_access(open_house: OpenHouse, clock: SteppedClock) -> None:
    """V7, U1: the code that ended a set-up signs nobody in, whenever the process died; the link sets up once, and the
    trail says whether it did."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    ends, seen = set(), 0
    for commands in count():
        clock.advance(901)      # the tries of the round before count no more
        seed, password = new_seed(), "elgen drakk kald kakao i regn"
        await other.kept.it.put(StaffRecord(Staff("s1", "siri", "Siri Dahl", "nb", HELPDESK, "a1")))
        await other.kept.it.remove("s1")
        await other.kept.it.put(StaffRecord(Staff("s1", "siri", "Siri Dahl", "nb", HELPDESK, "a1")))
        token = (await other.kept.it.issue_set_up("s1", seed)).reveal()
        assert await other.kept.it.bind_set_up(token, "b")
        code = current_code(seed, clock.now())
        killed = await killed_after(commands, signing_in(dying).set_up(
            token, "b", Secret(password), code, f"session {commands}", "", "fresh"))
        known = await other.kept.it.read("s1")
        assert known is not None
        ready = bool(known.password_hash)
        ends.add(ready)
        await followed(other, "")
        outcomes = [one["outcome"] for one in await records(other, "staff.set_up")]
        said, seen = outcomes[seen:], len(outcomes)
        assert said in ([["begun", "done"]] if ready else [[], ["begun", "not_done"], ["not_done"]]), (commands, said)
        assert (await other.kept.it.set_up(token) is None) is ready, commands
        assert await signing_in(other).sign_in(
            "siri", Secret(password), code, "another session", "", "", "fresh") is None, commands
        if not killed:
            break
    assert ends == {True, False}


def signing_in(desk: Desk) -> SigningIn:
    return SigningIn(
        desk.kept.it, desk.kept.it_sessions, desk.journeys.staffing, desk.people.hashes,
        desk.kept.enrolments, desk.kept.tries, desk.kept.audit, desk.password_rules(), desk.clock)
