"""Kill after whichever command of a change of what is registered, an alarm, a wish to be forgotten (F1-F3, U1).

The owner, the page, IT and the trail end with one truth, and nothing half done stays. Real processes: `tests/faults`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from itertools import count

import pytest

from bot.directory import demo
from bot.journeys.register_method import RegisterAppPage
from bot.people import Speaker
from bot.rules.case import Case, State, WhyEnded
from bot.rules.helpdesk import About, HelpCase
from bot.rules.holds import FROZEN
from bot.rules.registered import EMAIL_CODE, TOTP, Enrolment
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.settings import DEMO_HELPDESK
from bot.verification.totp import current_code, new_seed
from tests.journeys.conftest import OpenHouse
from tests.journeys.stage import KARI, records
from tests.support.clock import SteppedClock
from tests.support.mortal import MortalStore, killed_after
from tests.support.people import mails_of

HERE = Speaker("msteams", demo.TENANT, "a:1", "29:kari", KARI)
BROWSER = "b" * 64
ADDRESS = "kari.ny@annen.example.com"


async def proven(desk: Desk, operation: str, number: int) -> Case:
    """Kari has just proven herself for this; there is no chat to knock at."""
    now, known = desk.clock.now(), await desk.kept.enrolments.read(KARI)
    app, = known.of_kind(TOTP)[:1]
    mail, = known.of_kind(EMAIL_CODE)
    plan = {"register_app": {"replaces": app.id}, "register_mail": {"replaces": mail.id, "gone": mail.address,
            "address": f"{number}.{ADDRESS}"}, "rename_method": {"method": app.id, "label": f"Telefon {number}"},
            "remove_method": {"method": known.recovery.id if known.recovery else ""}}.get(operation, {})
    return await desk.kept.cases.open(Case(
        f"case-{number}", operation, "nb", KARI, asdict(HERE), {}, f"key-{number}", "tog fjell", (),
        {"register_mail": ("totp", "new_address")}.get(operation, ("totp",)), (app.id,), BROWSER,
        state=State.PROVEN, opened_at=now, first_proof_at=now, proven_at=now, plan=plan,
        draft=new_seed().reveal() if operation == "register_app" else ""))


def changes(desk: Desk, case: Case) -> Awaitable[object]:
    half = desk.journeys.pages.halves["register_app"]
    assert isinstance(half, RegisterAppPage)
    return half.changes.make(case)


async def on_its_page(desk: Desk, other: Desk, case: Case) -> tuple[str, Callable[[], Awaitable[object]]]:
    ticket, case = await other.kept.cases.issue_ticket(case, case.operation, 300)
    fields = {"make": Secret("yes")} if case.operation == "recovery_codes" else {
        "code": Secret(current_code(Secret(case.draft), desk.clock.now())), "label": Secret("Ny telefon")}
    return ticket, lambda: desk.journeys.pages.finish(ticket, BROWSER, fields)


def as_planned(before: Enrolment, after: Enrolment, case: Case) -> bool:
    """Whether it is what was asked for, and no more; else it must be as before."""
    if after.rev == before.rev:
        return False
    assert after.rev == before.rev + 1
    match case.operation:
        case "register_app":
            app, = after.of_kind(TOTP)
            assert app.seed is not None
            assert (app.seed.reveal(), app.label, app.backed) == (case.draft, "Ny telefon", True)
        case "register_mail":
            assert [one.address for one in after.of_kind(EMAIL_CODE)] == [case.plan["address"]]
        case "rename_method":
            assert [one.label for one in after.of_kind(TOTP)] == [case.plan["label"]]
        case "remove_method":
            assert after.recovery is None
            assert [one.id for one in after.methods] == [one.id for one in before.methods]
        case "recovery_codes":
            assert after.recovery
            assert after.recovery != before.recovery
    return True


@pytest.mark.parametrize("operation", [
    "register_app", "register_mail", "rename_method", "remove_method", "recovery_codes"])
async def test_a_change_of_what_is_registered(open_house: OpenHouse, clock: SteppedClock, operation: str) -> None:
    """A1, F2: as planned and told to every address, or as before; the sweeper says which, and the page shows it."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    first = await other.kept.enrolments.read(KARI)
    ends, mails = set(), 0
    for number in count(0, 2 if operation == "recovery_codes" else 1):      # ten slow hashes each time
        now = await other.kept.enrolments.read(KARI)
        if now.recovery is None and first.recovery is not None:
            await other.kept.enrolments.change(KARI, Enrolment(now.methods, first.recovery, now.confirmed_at, now.rev))
        case = await proven(other, operation, number)
        before = await other.kept.enrolments.read(KARI)
        ticket, work = "", lambda one=case: changes(dying, one)
        if operation in ("register_app", "recovery_codes"):
            ticket, work = await on_its_page(dying, other, case)
        killed = await killed_after(number, work())
        await mails_of(other, "kari.nordmann")
        clock.advance(65)
        while await other.kept.pending.count():
            await other.journeys.settlement.sweep(orphaned=True)
        after, ended = await other.kept.enrolments.read(KARI), await other.kept.cases.read(case.id)
        assert ended is not None
        done = as_planned(before, after, case)
        ends.add(ended.state)
        said = [(one["event"].rpartition(".")[2], one["outcome"]) for one in await records(other)  # type: ignore[attr-defined]
                if one["correlation"] == case.id]
        assert said in ([[("intent", "pending"), ("outcome", "done")]] if done else [
            [], [("intent", "pending"), ("outcome", "refused")], [("outcome", "refused")]]), (number, said)
        assert ended.state is (State.DONE if done else State.PROVEN if not said else State.REFUSED), number
        assert ended.draft == (case.draft if ended.state is State.PROVEN else "")
        if done:
            private = {one.address for one in (*before.methods, *after.methods) if one.address}
            mails += 1 + len(private)
        assert sum([len(await other.kept.mailbox.read(one)) for one in await addresses(other, number)]) == mails, number
        if ticket:
            shown = await other.journeys.pages.look(ticket, BROWSER)
            assert getattr(shown, "codes", ()) == ()
        if not killed:
            break
        if ended.state is State.PROVEN:
            await other.kept.cases.save(ended.closed(State.ENDED, clock.now()))
    assert ends == {State.PROVEN, State.REFUSED, State.DONE}
    assert not await other.journeys.errands.due.count()
    assert await other.kept.audit.verify() is None


async def addresses(desk: Desk, upto: int) -> list[str]:
    await mails_of(desk, "kari.nordmann")
    return ["kari.nordmann@example.no", "kari@privat.example.no", *(f"{one}.{ADDRESS}" for one in range(upto + 1))]


@pytest.mark.parametrize("way", ["owner", "link"])
async def test_an_alarm(open_house: OpenHouse, clock: SteppedClock, way: str) -> None:
    """O6, P2: what was begun is finished by the sweeper; a link says that the account is shut only when it is."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    ends = set()
    for number in count():
        await other.kept.holds.lift(KARI, FROZEN)
        clock.advance(1)    # no two alarms of one account in one moment
        cases = len(await other.journeys.helpdesk.open_ones())
        outcomes = len(await records(other, "freeze.outcome"))
        link = await dying.journeys.alarm.links.issue(KARI, "nb") if way == "link" else ""
        work = dying.journeys.alarm.press(link, "10.0.0.1") if link else dying.journeys.alarm.sound(HERE, "nb", {})
        killed = await killed_after(number, work)
        await mails_of(other, "kari.nordmann")
        clock.advance(65)
        while await other.kept.pending.count():
            await other.journeys.settlement.sweep(orphaned=True)
        held = [one.kind for one in await other.kept.holds.of(KARI)] == [FROZEN]
        ends.add(held)
        begun = len(await records(other, "freeze.intent"))
        assert len(await records(other, "freeze.outcome")) == begun == outcomes + held, number
        opened = await other.journeys.helpdesk.open_ones()
        assert len(opened) == cases + held, number
        assert all(one.about is About.NOT_ME and one.urgent for one in opened)
        if link:
            clock.advance(3 * 86400)    # a look long after, when the request itself is forgotten
            await other.store.do("DEL", "none", *await other.store.do("KEYS", "kt:{cases}:*"))
            seen = await other.journeys.alarm.look(link)
            assert seen is not None
            assert (seen.alarmed is not None) is held, number
            if not held:
                assert await other.journeys.alarm.press(link, "10.0.0.1")
                assert [one.kind for one in await other.kept.holds.of(KARI)] == [FROZEN]
        for one in await other.journeys.helpdesk.open_ones():
            await other.journeys.helpdesk.cases.save(one.ended("it", clock.now()))
        if not killed:
            break
    assert ends == {True, False}
    assert await other.kept.audit.verify() is None


async def test_a_wish_to_be_forgotten(open_house: OpenHouse, clock: SteppedClock) -> None:
    """Limit 27: whatever was ended is on record as ended, and asked once more all of it is gone."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    for number in count():
        case = await proven(other, "rename_method", number)
        killed = await killed_after(number, dying.journeys.forgetting.forget(HERE, case.id))
        clock.advance(65)
        while await other.kept.pending.count():
            await other.journeys.settlement.sweep(orphaned=True)
        left = await other.kept.cases.read(case.id)
        said = [(one["event"], one["outcome"]) for one in await records(other) if one["correlation"] == case.id]
        assert said == {
            State.PROVEN: [], State.REFUSED: [("rename_method.outcome", "refused")]}.get(
            left.state if left else State.ENDED, [("rename_method.ended", "not_done")]), (number, said)
        kept = await other.journeys.forgetting.forget(HERE, case.id)
        assert not kept.under_way
        left = await other.kept.cases.read(case.id)
        assert left is None or left.state is State.REFUSED
        if not killed:
            break


async def asked(desk: Desk, once: str, words: str = "Jeg kommer ikke inn.") -> object:
    return await desk.journeys.fetch_a_person.open(HERE, "nb", {}, About.CHAT, (), words, once=once, limited=False)


async def errands_run(desk: Desk, clock: SteppedClock) -> None:
    clock.advance(31)
    async with asyncio.timeout(10):
        while await desk.journeys.errands.due.count():
            await desk.journeys.errands.run_due()
            await asyncio.sleep(0)


async def test_opening_a_helpdesk_case(open_house: OpenHouse, clock: SteppedClock) -> None:
    """U1: on record as opened, and told to the helpdesk, exactly when it is; asked once more, it is the same case."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    ends, seen, letters = set(), 0, 0
    for number in count():
        cases = len(await other.journeys.helpdesk.open_ones())
        killed = await killed_after(number, asked(dying, str(number)))
        await errands_run(other, clock)
        there = len(await other.journeys.helpdesk.open_ones()) - cases
        ends.add(bool(there))
        said = [one["outcome"] for one in await records(other, "help.opened")][seen:]
        assert said in ([["begun", "ok"]] if there else [[], ["begun", "not_done"], ["not_done"]]), (number, said)
        assert await letters_of(other) == letters + there, number
        assert isinstance(await asked(other, str(number)), HelpCase)
        assert len(await other.journeys.helpdesk.open_ones()) == cases + 1, number
        outcomes = [one["outcome"] for one in await records(other, "help.opened")]
        assert outcomes[-1] == "ok"
        assert outcomes[seen:].count("ok") == 1
        seen, letters = len(outcomes), letters + 1
        assert await letters_of(other) == letters
        if not killed:
            break
    assert ends == {True, False}


async def letters_of(desk: Desk) -> int:
    await mails_of(desk, "ingrid.admin")
    return len(await desk.kept.mailbox.read(DEMO_HELPDESK))


@pytest.mark.parametrize("act", ["added", "closed"])
async def test_what_its_person_does_with_a_helpdesk_case(
        open_house: OpenHouse, clock: SteppedClock, act: str) -> None:
    """U1, F2: more words, or the end; recorded as done exactly when they were, and once when somebody else saved
    meanwhile."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    ends, seen = set(), 0
    for number in count():
        case = await asked(other, str(number))
        assert isinstance(case, HelpCase)

        def work(desk: Desk, case: HelpCase = case) -> Awaitable[HelpCase | None]:
            if act == "closed":
                return desk.journeys.fetch_a_person.close(case.number, HERE)
            return desk.journeys.fetch_a_person.add(case.number, HERE, "Det haster litt.", "1")

        killed = await killed_after(number, work(dying))
        await errands_run(other, clock)
        after = await other.journeys.helpdesk.read(case.number)
        assert after is not None
        changed = after.rev > case.rev
        ends.add(changed)
        said = [one["outcome"] for one in await records(other, f"help.{act}")][seen:]
        assert said in ([["begun", "ok"]] if changed else [[], ["begun", "not_done"], ["not_done"]]), (number, said)
        done = await work(other)
        assert done is not None
        assert (done.closed if act == "closed" else len(done.thread) == 2), number
        outcomes = [one["outcome"] for one in await records(other, f"help.{act}")]
        assert outcomes[seen:].count("ok") == 1
        seen = len(outcomes)
        if not killed:
            break
    assert ends == {True, False}


@pytest.mark.parametrize("why", ["cancelled", "superseded"])
async def test_ending_a_request(open_house: OpenHouse, clock: SteppedClock, why: str) -> None:
    """What is ended is on record as ended: given up by its owner, or by another one that came to its end (I5)."""
    dying, other = await open_house(stores=MortalStore), await open_house()
    ends = set()
    for number in count():
        case = await proven(other, "rename_method", number)
        killed = await killed_after(
            number, dying.journeys.forgot_password.cancel(case.id) if why == "cancelled"
            else changes(dying, await proven(other, "rename_method", 1000 + number)))
        clock.advance(65)
        while await other.kept.pending.count():
            await other.journeys.settlement.sweep(orphaned=True)
        left = await other.kept.cases.read(case.id)
        assert left is not None
        ends.add(left.state)
        said = [(one["event"].rpartition(".")[2], one["outcome"]) for one in await records(other)  # type: ignore[attr-defined]
                if one["correlation"] == case.id]
        assert said == {State.PROVEN: [], State.REFUSED: [("outcome", "refused")],
                        State.ENDED: [("ended", "not_done")]}[left.state], (number, said)
        if not killed:
            break
        for one in await other.kept.cases.others_of(KARI, but=""):
            await other.journeys.ending_cases.end(one, WhyEnded.CANCELLED)
    assert State.ENDED in ends
    assert len(ends) > 1
