"""Sixteen callers and more at once, split over two real processes on one Redis: all happens once (G3, V1-V7, F2, F9).

The same over two houses in one process: `tests/journeys/test_races.py`, `test_races_of_rooms.py`, in more cases.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from itertools import cycle, islice
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from bot.journeys.unlock_account import LOOK_AGAIN
from bot.rules.helpdesk import MOST_TRIED
from bot.rules.holds import FROZEN
from bot.secret import Secret
from bot.serving.desk import Desk
from bot.store import keys
from dialogs.answer_question import SMALL_TALK
from tests.admin.conftest import Browser as StaffBrowser
from tests.faults.pair import FIRST_PASSWORD, Employee, Pair, a_pair, at, until
from tests.journeys.stage import GOOD, TeamsPerson, Visitor, heard, last, link_of, texts
from tests.journeys.test_helpdesk import asked as help_asked
from tests.journeys.test_owner import begin
from tests.journeys.test_register import asked as register_asked
from tests.support.browser import Browser
from tests.support.chat import SecurePage
from tests.support.house import content
from tests.support.people import mails_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLERS = 16
CROWD = 24      # more than LIMIT
LIMIT = 20
One = TypeVar("One")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Limits wide enough that what is raced for is what decides."""
    wide = dict.fromkeys((
        "RESET_STARTS_24H", "RESETS_24H", "HELP_CASES_OPEN", "HELP_CASES_24H", "ACCOUNT_FAILURES_24H",
        "REQUESTER_FAILURES_5MIN", "REQUESTER_FAILURES_1H"), "100")
    limits = {f"KEYTURN_LIMIT_{name}": value for name, value in wide.items()}
    limits["KEYTURN_LIMIT_ACCOUNT_FAILURES_15MIN"] = str(LIMIT)
    async with a_pair(tmp_path_factory.mktemp("pair"), **limits) as both:
        yield both


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def staff(pair: Pair) -> AsyncIterator[dict[str, StaffBrowser]]:
    """Both people of IT, signed in at one process, and so at both."""
    async with AsyncExitStack() as at_end:
        found = {}
        for name in ("mona.ute", "john.smith"):
            found[name] = await at_end.enter_async_context(StaffBrowser(pair.here))
            assert (await found[name].sign_in(name)).status == 303
        yield found


def both(pair: Pair, count: int, make: Callable[[Desk], One]) -> list[One]:
    """So many, by turns at the one process and at the other."""
    return [make(desk) for desk in islice(cycle(pair.desks), count)]


async def visitors(pair: Pair, at_end: AsyncExitStack, count: int, who: Employee) -> list[Visitor]:
    """So many conversations in the web chat, each about this account and asked for the app's code."""
    people = both(pair, count, Visitor)
    await asyncio.gather(*[at_end.enter_async_context(one) for one in people])
    await asyncio.gather(*[one.start(who.account.username) for one in people])
    return people


async def page_of(at_end: AsyncExitStack, person: TeamsPerson, link: str) -> tuple[Browser, SecurePage]:
    browser = await at_end.enter_async_context(Browser(person.desk.site.base_url))
    return browser, await browser.go_on_here(await browser.open(link))


async def where_a_code_is_typed(
        at_end: AsyncExitStack, person: TeamsPerson, ask: Callable[[TeamsPerson], Awaitable[object]],
) -> tuple[Browser, SecurePage]:
    """The page for a code from paper or from IT, of a conversation of its own."""
    await ask(person)
    return await page_of(at_end, person, link_of(await person.ask("x", value={"keyturn": {"do": "recovery"}})))


async def typed_everywhere(pages: Sequence[tuple[Browser, SecurePage]], **fields: str) -> list[str]:
    """What each page said when all were sent at once."""
    return [one.text for one in await asyncio.gather(*[
        browser.submit(page, **fields) for browser, page in pages])]


async def test_one_code_of_the_app_in_many_conversations(pair: Pair) -> None:
    """V7, S-053: one of them passes; all others are counted, as wrong ones."""
    who = await pair.hire()
    async with AsyncExitStack() as at_end:
        people = await visitors(pair, at_end, CALLERS, who)
        code = pair.phone(who)
        said = [last(one) for one in await asyncio.gather(*[one.ask(code) for one in people])]
        assert sum(one.startswith("Takk, den stemte") for one in said) == 1, said
        assert await pair.wrong_tries(who, "anonymous") == CALLERS - 1
        late, = await visitors(pair, at_end, 1, who)
        assert last(await late.ask(code)).startswith("Den koden virket ikke")
    judged = await pair.on_record(who, "reset.proof", CALLERS + 1)
    assert Counter(one["outcome"] for one in judged) == {"ok": 1, "wrong": CALLERS}


async def test_one_link_to_a_new_password(pair: Pair) -> None:
    """F2, P2, S-067, R-046: set once, whichever password was first; all see that one result."""
    who = await pair.hire()
    person = pair.in_teams(who, pair.here)
    await begin(person, "forgot_password")
    async with AsyncExitStack() as at_end:
        browser, page = await page_of(at_end, person, link_of(await person.ask(pair.phone(who))))
        passwords = [f"{GOOD} {number}" for number in range(CALLERS)]
        sent = await asyncio.gather(*[
            browser.at(desk.site.base_url).submit(at(page, desk), password=password)
            for desk, password in zip(cycle(pair.desks), passwords, strict=False)])
        # 429: too fast for one page, and not looked at.
        assert {one.status for one in sent} <= {200, 429}
        assert sum(one.status == 200 for one in sent) >= 2
        assert all("Passordet er byttet" in one.text or "Vi sjekker" in one.text for one in sent if one.status == 200)
        seen = await asyncio.gather(*both(pair, CALLERS, lambda desk: browser.open(at(page, desk).url)))
        assert all("Passordet er byttet" in one.text for one in seen)
    known = await pair.here.kept.accounts.credentials(who.id)
    assert known is not None
    assert known.version == 2
    opens = [bool(await pair.here.people.directory.sign_in(who.account.username, Secret(one)))
             for one in (*passwords, FIRST_PASSWORD)]
    assert opens.count(True) == 1
    for event in ("reset.intent", "reset.outcome", "reset.sessions_ended"):
        assert len(await pair.on_record(who, event)) == 1, event
    assert told(person, "Passordet er byttet") == 1
    await mails_of(pair.here, "kari.nordmann")      # all that was queued is carried out
    assert len(await pair.here.kept.mailbox.read(who.account.username)) == 1


async def test_one_recovery_code_on_many_pages(pair: Pair) -> None:
    """A5, S-057: it opens one of the owner's conversations, and is spent."""
    who = await pair.hire(codes=True)
    async with AsyncExitStack() as at_end:
        pages = await asyncio.gather(*both(pair, CALLERS, lambda desk: where_a_code_is_typed(
            at_end, pair.in_teams(who, desk), lambda person: begin(person, "forgot_password"))))
        said = await typed_everywhere(pages, code=who.codes[0].reveal())
    assert sum("Koden stemte" in one for one in said) == 1, said
    assert sum("Den koden virket ikke" in one for one in said) == CALLERS - 1
    recovery = (await pair.here.kept.enrolments.read(who.id)).recovery
    assert recovery is not None
    assert len(await pair.here.kept.enrolments.spent_codes(recovery.id)) == 1
    assert await pair.wrong_tries(who, "owner") == CALLERS - 1
    judged = await pair.on_record(who, "reset.proof", CALLERS)
    assert Counter(one["outcome"] for one in judged) == {"ok": 1, "wrong": CALLERS - 1}


async def test_one_code_from_it_on_many_pages(pair: Pair) -> None:
    """A2, O7: it vouches for one registration, once."""
    who = await pair.hire(registered=False)
    code = (await pair.here.kept.one_time_codes.issue(who.id, "staff:it", 1800)).reveal()
    async with AsyncExitStack() as at_end:
        pages = await asyncio.gather(*both(pair, CALLERS, lambda desk: where_a_code_is_typed(
            at_end, pair.in_teams(who, desk), lambda person: register_asked(person, "register_app"))))
        said = await typed_everywhere(pages, code=code)
    assert sum("Koden stemte" in one for one in said) == 1, said
    assert await pair.there.kept.one_time_codes.pending(who.id) is None
    assert await pair.wrong_tries(who, "owner") == CALLERS - 1
    judged = await pair.on_record(who, "register_app.proof", CALLERS)
    assert Counter(one["outcome"] for one in judged) == {"ok": 1, "wrong": CALLERS - 1}


async def test_guesses_from_both_sides(pair: Pair) -> None:
    """V1, V3, V4, S-041: no more are looked at than the limit of each way in; then a right one is not even spent."""
    who = await pair.hire()
    async with AsyncExitStack() as at_end:
        guessers = await visitors(pair, at_end, CROWD, who)
        owner = both(pair, CROWD, lambda desk: pair.in_teams(who, desk))
        await asyncio.gather(*[begin(one, "forgot_password") for one in owner])
        wrong = next(one for one in ("111111", "222222", "333333") if one != pair.phone(who))
        said = await asyncio.gather(*[one.ask(wrong) for one in (*guessers, *owner)])
        assert {tuple(texts(one)) for one in said[:CROWD]} == {tuple(texts(said[0]))}   # E1: nobody learns of it
        paused = [one for one in said[CROWD:] if "fått en pause" in last(one)]
        assert len(paused) == CROWD - LIMIT, [last(one) for one in said[CROWD:]]
        for way in ("anonymous", "owner"):
            assert await pair.wrong_tries(who, way) == LIMIT
        late, = await visitors(pair, at_end, 1, who)
        assert texts(await late.ask(pair.phone(who))) == texts(said[0])
    app = (await pair.here.kept.enrolments.read(who.id)).methods[0]
    assert not await pair.here.store.do("EXISTS", keys.totp_step(app.id))


async def test_guesses_in_one_conversation(pair: Pair) -> None:
    """Limit 3, F9: five of sixteen at once are looked at, and each is told of one try less than the one before."""
    who = await pair.hire()
    async with AsyncExitStack() as at_end:
        guesser, = await visitors(pair, at_end, 1, who)
        wrong = next(one for one in ("111111", "222222") if one != pair.phone(who))
        assert set(await asyncio.gather(*both(pair, CALLERS, lambda desk: said_at(guesser, desk, wrong)))) == {200}
        said = texts(await guesser.quiet())
    left = [one for one in said if "forsøk igjen" in one]
    assert [int(one.split("Du har ")[1][0]) for one in left[:3]] == [4, 3, 2], said
    assert len(left) == 4
    assert sum("for mange koder" in one for one in said) == 1
    assert await pair.wrong_tries(who, "anonymous") == 5
    assert len(await pair.on_record(who, "reset.ended")) == 1


async def test_wrong_present_passwords_from_both_sides(pair: Pair) -> None:
    """O5, V1, V3: each that was looked at is counted, no more than the limit are; then the right one does nothing."""
    who = await pair.hire()

    async def link_to_it(person: TeamsPerson) -> tuple[Browser, SecurePage]:
        return await page_of(at_end, person, link_of(await begin(person, "change_password")))

    async with AsyncExitStack() as at_end:
        pages = await asyncio.gather(*both(pair, CROWD, lambda desk: link_to_it(pair.in_teams(who, desk))))
        said = await typed_everywhere(pages, current="feil passord, helt feil", password=GOOD)
        looked_at = sum("Passordet du har nå, stemmer ikke" in one for one in said)
        assert (looked_at, sum("Passordet er ikke byttet" in one for one in said)) == (LIMIT, CROWD - LIMIT), said
        assert await pair.wrong_tries(who, "owner") == LIMIT
        open_ones = [one for one, text in zip(pages, said, strict=True) if "stemmer ikke" in text]
        again = await typed_everywhere(open_ones[:2], current=FIRST_PASSWORD, password=GOOD)
    assert all("Passordet er ikke byttet" in one for one in again), again
    known = await pair.here.kept.accounts.credentials(who.id)
    assert known is not None
    assert known.version == 1


async def test_who_takes_a_case(pair: Pair, staff: dict[str, StaffBrowser]) -> None:
    """F9, U1: one of the two has it however often both press; the other is told so."""
    who = await pair.hire()
    number = await help_asked(pair.in_teams(who, pair.here))
    path = f"/admin/cases/{number}"
    tokens = {name: (await one.open(path)).token for name, one in staff.items()}
    presses = [(name, one.at(desk)) for desk in pair.desks for name, one in staff.items()] * (CALLERS // 4)
    answers = await asyncio.gather(*[one.post(f"{path}/take", token=tokens[name], seen="") for name, one in presses])
    case = await pair.there.journeys.helpdesk.read(number)
    assert case is not None
    assert case.taken_by in staff
    for (name, _), answer in zip(presses, answers, strict=True):
        assert answer.status == (303 if name == case.taken_by else 409), (name, answer.text)
    taken = [one for one in await pair.on_record(who, "help.taken") if one["outcome"] == "ok"]
    assert {one["actor"] for one in taken} == {f"staff:demo-{case.taken_by}"}


async def test_a_link_this_wasnt_me_in_many_browsers(pair: Pair) -> None:
    """P2, O6: one freeze, one case at the helpdesk, one mail; everybody sees the same result."""
    who = await pair.hire()
    link = f"/alarm/{await pair.here.journeys.alarm.links.issue(who.id, 'nb')}"
    async with AsyncExitStack() as at_end:
        browsers = both(pair, CALLERS, lambda desk: Browser(desk.site.base_url))
        pages = [await (await at_end.enter_async_context(one)).open(desk.site.base_url + link)
                 for one, desk in zip(browsers, cycle(pair.desks), strict=False)]
        said = await asyncio.gather(*[one.submit(page) for one, page in zip(browsers, pages, strict=True)])
        assert {one.status for one in said} == {200}
        seen = await asyncio.gather(*[one.open(page.url) for one, page in zip(browsers, pages, strict=True)])
    case, = await pair.here.journeys.fetch_a_person.cases.of(f"account {who.account.tenant} {who.id}")
    assert all("Selvbetjeningen er sperret" in one.text and case.number in one.text for one in seen)
    assert [one.kind for one in await pair.there.kept.holds.of(who.id)] == [FROZEN]
    assert len(await pair.on_record(who, "freeze.outcome")) == 1
    await mails_of(pair.here, "kari.nordmann")
    assert len(await pair.here.kept.mailbox.read(who.account.username)) == 1


async def test_many_messages_of_one_conversation(pair: Pair) -> None:
    """F9, R-034: each is answered once, turn by turn, and no turn forgets what another one noted."""
    topics = [one for one in content().topics.values() if one.label not in SMALL_TALK][:CALLERS]
    assert len(topics) == CALLERS
    async with AsyncExitStack() as at_end:
        person = await at_end.enter_async_context(Visitor(pair.here))
        assert set(await asyncio.gather(*[
            said_at(person, desk, one.id, value={"keyturn": {"do": "topic", "topic": one.id}})
            for desk, one in zip(cycle(pair.desks), topics, strict=False)])) == {200}
        answers = texts(await person.quiet())
        begins = {one.texts["nb"].short.partition("\n")[0]: one.texts["nb"].title for one in topics}
        turns = [title for one in answers for first, title in begins.items() if one.startswith(first)]
        assert len(answers) == len(turns) == len(set(turns)) == CALLERS
        await person.ask("x", value={"keyturn": {"do": "start", "journey": "fetch_a_person"}})
        said = last(await person.ask("x", value={"keyturn": {"do": "help_skip"}}))
    # The newest of what was answered stands there, in its order.
    assert re.findall("Leste «(.*)»", said) == turns[-MOST_TRIED:]


async def test_an_answer_is_told_once(pair: Pair, staff: dict[str, StaffBrowser]) -> None:
    """F2, F13: one form, sent to both again and again while its reader writes to both, is one answer."""
    who = await pair.hire()
    person = pair.in_teams(who, pair.here)
    number = await help_asked(person)
    it = staff["mona.ute"]
    path = f"/admin/cases/{number}"
    token = (await it.open(path)).token
    answer = {"token": token, "form": "f" * 24, "text": "Kom innom skranken."}
    sent, heard_of = await asyncio.gather(
        asyncio.gather(*both(pair, CALLERS, lambda desk: it.at(desk).post(f"{path}/answer", **answer))),
        asyncio.gather(*both(pair, CALLERS, lambda desk: person.post(person.activity("hei"), desk))))
    assert {one.status for one in sent} == {303}
    assert set(heard_of) == {200}
    case = await pair.there.journeys.helpdesk.read(number)
    assert case is not None
    assert [one.text for one in case.thread].count("Kom innom skranken.") == 1
    await person.ask("hei")     # what was not told yet would be now
    assert told(person, "Kom innom skranken.") == 1
    assert [one["outcome"] for one in await pair.on_record(who, "help.answered", 2)] == ["begun", "ok"]


async def test_errands_are_run_once(pair: Pair) -> None:
    """F1, F2: sixteen second looks, due at once for both processes; every owner is told once."""
    owners = []
    for desk in islice(cycle(pair.desks), CALLERS):
        who = await pair.hire(locked=True)
        owners.append((who, pair.in_teams(who, desk)))
    await asyncio.gather(*[begin(person, "unlock_account") for _, person in owners])
    said = await asyncio.gather(*[person.ask(pair.phone(who)) for who, person in owners])
    assert all("nå er den åpen igjen" in last(one) for one in said), [last(one) for one in said]
    for who, _ in owners:
        await pair.here.kept.accounts.mark(who.id, locked=True)
    errands = [one.decode() for one in await pair.here.store.do("ZRANGE", keys.ERRANDS, 0, -1)]
    looks = [one for one in errands if one.startswith(LOOK_AGAIN)]
    assert len(looks) == CALLERS
    await pair.here.store.do("ZADD", keys.ERRANDS, *[part for one in looks for part in (0, one)])

    async def run() -> bool:
        return not await pair.here.journeys.errands.due.count()

    await until(run)
    assert [told(person, "låst igjen") for _, person in owners] == [1] * CALLERS


def told(person: TeamsPerson, words: str) -> int:
    return sum(words in heard(one).text for one in person.connector.said
               if one["type"] == "message" and one["conversation"]["id"] == person.conversation)


async def said_at(visitor: Visitor, desk: Desk, text: str, **more: Any) -> int:
    """The same conversation, at whichever process; the HTTP status."""
    url = f"{desk.site.base_url}/v3/directline/conversations/{visitor.conversation}/activities"
    message = {"type": "message", "from": {"id": "me"}, "text": text, **more}
    headers = {"Authorization": f"Bearer {visitor.token}"}
    async with visitor.session.post(url, json=message, headers=headers) as answer:
        await answer.read()
        return answer.status
