"""The helpdesk's cases on the admin pages: listed, taken by one, answered, closed (U1, U4, F9, N2, G4, O7)."""

from collections.abc import Callable
from typing import Any

from bot.directory import demo
from bot.people import WEB_CHAT, Speaker
from bot.rules.helpdesk import About, HelpCase, Stage, Tried
from bot.serving.desk import Desk
from tests.admin.conftest import Browser, records
from tests.support.chat import Chat

SignedIn = Callable[[str], Any]


async def a_case(desk: Desk, words: str = "", *, account: str = "", urgent: bool = False, once: str = "1") -> HelpCase:
    speaker = Speaker("msteams", demo.TENANT, "a:1", "29:1", account) if account \
        else Speaker(WEB_CHAT, "", "chat", "user", None, source="10.0.0.1", browser="b")
    case = await desk.journeys.fetch_a_person.open(
        speaker, "nb", {}, About.CHAT, [Tried("topic", "reset-password")], words, urgent=urgent, once=once)
    assert isinstance(case, HelpCase)
    return case


async def from_the_chat(chat: Chat) -> None:
    for value in ({"do": "start", "journey": "fetch_a_person"}, {"do": "help_skip"}, {"do": "help_send"}):
        await chat.say("trykk", value={"keyturn": value})
    await chat.quiet()


async def test_nobody_sees_a_case_who_is_not_signed_in(desk: Desk, browser: Browser) -> None:
    """U4."""
    case = await a_case(desk)
    for path in ("/admin/cases", f"/admin/cases/{case.number}"):
        assert (await browser.open(path)).status == 303
    assert (await browser.post(f"/admin/cases/{case.number}/close")).status == 401
    assert (await desk.journeys.helpdesk.read(case.number)) == case


async def test_the_urgent_one_stands_first_and_words_are_shown_as_they_are(desk: Desk, signed_in: SignedIn) -> None:
    """N2: what a visitor wrote is text; that nobody knows who they are stands beside it (E1)."""
    calm = await a_case(desk, "<script>alert(1)</script> hei")
    haste = await a_case(desk, urgent=True, once="2")
    it = await signed_in("john.smith")
    page = await it.open("/admin/cases?lang=nb")
    assert page.text.index(haste.number) < page.text.index(calm.number)
    assert "(haster)" in page.text
    page = await it.open(f"/admin/cases/{calm.number}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; hei" in page.text
    assert "Vi vet ikke hvem det er" in page.text
    assert "Leste «" in page.text
    assert "Det er ingen chat å svare i" in page.text
    assert (await it.open("/admin/cases/K-9")).status == 404


async def test_an_answer_comes_into_the_chat_and_the_case_is_closed(desk: Desk, signed_in: SignedIn) -> None:
    async with Chat(desk.site.base_url) as chat:
        await chat.hear()
        await from_the_chat(chat)
        case = (await desk.journeys.helpdesk.open_ones())[0]
        it = await signed_in("mona.ute")
        path = f"/admin/cases/{case.number}"
        page = await it.open(f"{path}?lang=en")
        done = await it.post(f"{path}/answer", token=page.token, text="Kom innom skranken.")
        assert (done.status, done.headers["Location"]) == (303, f"{path}?done=answered")
        assert "The answer was sent" in (await it.open(done.headers["Location"])).text
        assert "The answer was sent" not in (await it.open(f"{path}?done=%3Cb%3E")).text
        assert "Kom innom skranken." in (await chat.hear()).text
        page = await it.open(path)
        assert "Answered" in page.text
        assert (await it.post(f"{path}/close", token=page.token)).status == 303
        assert "lukket" in (await chat.hear()).text
        assert "No cases are waiting" in (await it.open("/admin/cases")).text
    assert [(one["event"], one["actor"], one["outcome"]) for one in
            await records(desk, "help.answered", "help.closed")] == [
        (event, "staff:demo-mona.ute", outcome)
        for event in ("help.answered", "help.closed") for outcome in ("begun", "ok")]


async def test_of_two_who_take_it_one_is_told(desk: Desk, signed_in: SignedIn) -> None:
    """F9: both looked at the same page; the second learns who has it, and may take it over from there."""
    case = await a_case(desk)
    john, mona = await signed_in("john.smith"), await signed_in("mona.ute")
    path = f"/admin/cases/{case.number}"
    pages = [await one.open(f"{path}?lang=nb") for one in (john, mona)]
    assert (await john.post(f"{path}/take", token=pages[0].token, seen="")).status == 303
    late = await mona.post(f"{path}/take", token=pages[1].token, seen="")
    assert late.status == 409
    assert "En kollega har saken" in late.text
    assert "Overta saken fra john.smith" in late.text
    assert (await mona.post(f"{path}/take", token=late.token, seen="john.smith")).status == 303
    now = await desk.journeys.helpdesk.read(case.number)
    assert now is not None
    assert (now.taken_by, now.stage) == ("mona.ute", Stage.TAKEN)


async def test_nobody_acts_on_their_own_case(desk: Desk, signed_in: SignedIn) -> None:
    """O7: the page has no forms for it, and one that is sent all the same is refused and recorded."""
    john = next(one.account.id for one in demo.PEOPLE if one.account.username.startswith("john"))
    case = await a_case(desk, account=john)
    it = await signed_in("john.smith")
    page = await it.open(f"/admin/cases/{case.number}?lang=nb")
    assert "Dette er din egen sak" in page.text
    assert f"/admin/cases/{case.number}/" not in page.text
    assert (await it.post(f"/admin/cases/{case.number}/close", token=page.token)).status == 409
    assert [(one["outcome"], one["reason"]) for one in await records(desk, "help.closed")] == [("refused", "own")]


async def test_an_answer_with_a_password_in_it_is_neither_sent_nor_shown_again(
        desk: Desk, signed_in: SignedIn) -> None:
    """G4, D4."""
    async with Chat(desk.site.base_url) as chat:
        await chat.hear()
        await from_the_chat(chat)
        case = (await desk.journeys.helpdesk.open_ones())[0]
        it = await signed_in("mona.ute")
        path = f"/admin/cases/{case.number}"
        page = await it.open(f"{path}?lang=nb")
        said = await it.post(f"{path}/answer", token=page.token, text="passordet ditt er Sommer2026!")
        assert said.status == 409
        assert "ikke sendt" in said.text
        assert "Sommer2026" not in said.text
        assert await chat.quiet() == []
        said = await it.post(f"{path}/answer", token="made-up", text="hei")
        assert said.status == 403
