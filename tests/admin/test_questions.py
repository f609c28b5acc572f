"""What the people who keep the content see and do: nothing personal in it, every act on record (D3, D4, U1)."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.content.own_phrases import LONGEST, OwnPhrase, OwnPhrases
from bot.serving.desk import Desk
from bot.store.ratings import GIVEN, NO, PERSON, STARTED, YES, Rating
from bot.store.unanswered import Unanswered
from tests.admin.conftest import Browser, Page, records
from tests.support.chat import Chat

SignedIn = Callable[[str], Any]
QUESTION = "skriveren på kontoret til Kari Nordmann virker ikke, ring 41234567"


@pytest.fixture
async def chat(desk: Desk) -> AsyncIterator[Chat]:
    async with Chat(desk.site.base_url) as one:
        await one.hear()
        yield one


async def asked(desk: Desk, text: str = "hvor er … på kontoret") -> Unanswered:
    await desk.kept.unanswered.note("nb", text, "lost-phone")
    return next(one for one in await desk.kept.unanswered.all() if one.text == text)


async def added(browser: Browser, question: Unanswered, **typed: str) -> Page:
    path = f"/admin/questions/{question.id}"
    token = (await browser.open(path)).token
    return await browser.post(path, **{"token": token, "text": "hvor er skjermen", "topic": "lost-phone", "lang": "nb",
                                       **typed})


async def test_what_the_bot_could_not_answer_is_listed(desk: Desk, chat: Chat, signed_in: SignedIn) -> None:
    """From the chat to the page, asked by two; neither the store nor the page has who it was about."""
    browser = await signed_in("mona.ute")
    assert "Her er det tomt" in (await browser.open("/admin/questions")).text
    await chat.say(QUESTION)
    await chat.quiet()
    async with Chat(desk.site.base_url) as other:
        await other.hear()
        await other.say(QUESTION.replace("Kari", "Ola").replace("41234567", "999 88 777"))
        await other.quiet()
    [question] = await desk.kept.unanswered.all()
    assert question.count == 2
    page = (await browser.open("/admin/questions")).text
    assert "skriveren på kontoret til … virker ikke ring …" in page
    for private in ("Kari", "kari", "nordmann", "Nordmann", "Ola", "41234567", "777"):
        assert private not in re.sub(r'(?s)<script.*?</script>|nonce="[^"]*"|value="[^"]*"', "", page)
        assert private not in question.text
    assert desk.kept.audit.head.seq > 0
    assert "skriveren" not in str([one async for one in desk.kept.audit.export()])


@pytest.mark.parametrize("said", [
    "hei", "hvordan bytter jeg passord", "avbryt", "passordet mitt er Sommer2026!", "ja", "det var ikke meg",
    "K7QM-4RTX-92HD-PW3E"])
async def test_what_was_understood_or_is_secret_is_not_kept(desk: Desk, chat: Chat, said: str) -> None:
    await chat.say(said)
    await chat.quiet()
    assert await desk.kept.unanswered.all() == []


async def test_an_answer_to_a_prompt_is_not_kept(desk: Desk, chat: Chat) -> None:
    """Names and codes that a conversation asks for are no questions."""
    await chat.say("start", value={"keyturn": {"do": "start", "journey": "forgot_password"}})
    for text in ("kari.nordmann", "jeg har mista hunden på kontoret"):
        await chat.say(text)
        await chat.quiet()
    assert await desk.kept.unanswered.all() == []


async def test_adding_to_a_topic(desk: Desk, signed_in: SignedIn, tmp_path: Path) -> None:
    """The phrase stands in the organisation's file, the question is done with, and the trail says who, not what."""
    browser = await signed_in("mona.ute")
    question = await asked(desk)
    form = await browser.open(f"/admin/questions/{question.id}")
    assert 'value="hvor er … på kontoret"' in form.text
    assert '<option value="lost-phone" selected>' in form.text
    went = await added(browser, question, text="  hvor er   hunden min ")
    assert (went.status, went.headers["Location"]) == (303, "/admin/questions?done=added")
    assert OwnPhrases(tmp_path).all() == [OwnPhrase("nb", "lost-phone", "hvor er hunden min")]
    page = (await browser.open("/admin/questions?done=added")).text
    assert "Lagt til." in page
    assert "Her er det tomt" in page
    said = await records(desk, "content.add_phrase")
    assert [(one["actor"], one["outcome"], one["reason"]) for one in said] == [
        ("staff:demo-mona.ute", "begun", "nb lost-phone"), ("staff:demo-mona.ute", "done", "nb lost-phone")]
    assert "hunden" not in str(said)
    assert (await browser.open(f"/admin/questions/{question.id}")).status == 404


@pytest.mark.parametrize(("typed", "said"), [
    ({"text": "  "}, "Skriv hvordan noen kan spørre."), ({"text": "hvor er … på"}, "med egne ord først"),
    ({"text": "passordet mitt er Sommer2026!"}, "ikke lagret"), ({"text": "x" * (LONGEST + 1)}, "for langt"),
    ({"topic": "no-such"}, "Velg et emne som finnes"), ({"topic": ""}, "Velg et emne som finnes"),
    ({"lang": "tlh"}, "Velg et emne som finnes"), ({"text": "Personvern"}, "allerede under «Personvern»")])
async def test_what_cannot_be_added(
        desk: Desk, signed_in: SignedIn, tmp_path: Path, typed: dict[str, str], said: str) -> None:
    """It is said why, what was typed is still there, but for secrets (D4); nothing is written."""
    browser = await signed_in("mona.ute")
    answer = await added(browser, await asked(desk), **typed)
    assert answer.status == 422
    assert said in answer.text
    assert "Sommer2026" not in answer.text
    assert OwnPhrases(tmp_path).all() == []
    assert await records(desk, "content.add_phrase") == []
    assert len(await desk.kept.unanswered.all()) == 1


async def test_what_the_bot_understands_is_for_administrators(desk: Desk, signed_in: SignedIn) -> None:
    """S-102: the helpdesk sees how the answers do; it teaches the bot nothing."""
    await desk.kept.unanswered.note("nb", "hvor er …", "")
    await desk.kept.unanswered.note("nb", "hvor er …", "")
    [question] = await desk.kept.unanswered.all()
    browser = await signed_in("john.smith")
    start = await browser.open("/admin")
    assert "/admin/questions" not in start.text
    assert (await browser.open("/admin/answers")).status == 200
    for path in ("/admin/questions", "/admin/phrases", f"/admin/questions/{question.id}"):
        assert (await browser.open(path)).status == 403
        assert (await browser.post(path, token=start.token, text="hvor er skjermen", topic="lost-phone", lang="nb",
                                   )).status == 403
    assert await records(desk, "content.add_phrase") == []


async def test_dismissing(desk: Desk, chat: Chat, signed_in: SignedIn) -> None:
    """Gone from the list, also when it is asked again."""
    browser = await signed_in("mona.ute")
    await chat.say(QUESTION)
    await chat.quiet()
    [question] = await desk.kept.unanswered.all()
    token = (await browser.open("/admin/questions")).token
    went = await browser.post(f"/admin/questions/{question.id}/dismiss", token=token)
    assert went.headers["Location"] == "/admin/questions?done=dismissed"
    assert (await browser.post(f"/admin/questions/{question.id}/dismiss", token=token)).status == 404
    await chat.say(QUESTION)
    await chat.quiet()
    assert await desk.kept.unanswered.all() == []
    [said] = await records(desk, "content.dismiss")
    assert (said["actor"], said["outcome"], said["correlation"]) == ("staff:demo-mona.ute", "done", question.id)


async def test_taking_a_phrase_away(desk: Desk, signed_in: SignedIn, tmp_path: Path) -> None:
    browser = await signed_in("mona.ute")
    await added(browser, await asked(desk), text="hvor er <b>hunden</b>")
    page = await browser.open("/admin/phrases")
    assert "hvor er &lt;b&gt;hunden&lt;/b&gt;" in page.text
    went = await browser.post("/admin/phrases", **page.fields)
    assert went.headers["Location"] == "/admin/phrases?done=removed"
    assert OwnPhrases(tmp_path).all() == []
    assert "Dere har ikke lagt til noe" in (await browser.open("/admin/phrases")).text
    await browser.post("/admin/phrases", **page.fields)
    assert [one["outcome"] for one in await records(desk, "content.remove_phrase")] == [
        "begun", "done", "begun", "already"]


async def test_a_folder_that_takes_nothing(desk: Desk, signed_in: SignedIn, tmp_path: Path) -> None:
    """The trail has the truth, and the question stays (F1)."""
    browser = await signed_in("mona.ute")
    (tmp_path / "phrases.lock").mkdir()
    assert (await added(browser, await asked(desk))).status == 503
    assert [one["outcome"] for one in await records(desk, "content.add_phrase")] == ["begun", "not_done"]
    assert len(await desk.kept.unanswered.all()) == 1


@pytest.mark.parametrize("path", ["/admin/questions/x", "/admin/questions/x/dismiss", "/admin/phrases"])
async def test_no_form_of_others(desk: Desk, signed_in: SignedIn, tmp_path: Path, path: str) -> None:
    """P4: from another site, and without this browser's token."""
    browser = await signed_in("mona.ute")
    question = await asked(desk)
    await added(browser, question)
    path = path.replace("/x", f"/{question.id}")
    token = (await browser.open("/admin/phrases")).token
    fields = {"lang": "nb", "topic": "lost-phone", "text": "hvor er skjermen"}
    evil = {"Origin": "https://evil.example"}
    assert (await browser.post(path, headers=evil, token=token, **fields)).status in (400, 403)
    assert (await browser.post(path, token="wrong", **fields)).status in (400, 403)
    assert len(OwnPhrases(tmp_path).all()) == 1


async def test_the_list_is_grouped(desk: Desk, signed_in: SignedIn) -> None:
    """By the topic that was nearest, the most asked first; a topic that is gone counts as none."""
    for text, near, times in (("a …", "privacy", 1), ("b …", "lost-phone", 3), ("c …", "no-such", 2), ("d …", "", 2)):
        for _ in range(times):
            await desk.kept.unanswered.note("nb", text, near)
    page = (await (await signed_in("mona.ute")).open("/admin/questions?lang=en")).text
    title = desk.content.topics["lost-phone"].texts["en"].title
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", page) == [
        "Close to no topic", f"Closest to “{title}”", "Closest to “Privacy”"]


# -- how the answers do -------------------------------------------------------------------------------

async def test_what_became_of_answers(desk: Desk, chat: Chat, signed_in: SignedIn) -> None:
    """Given, helped, went ahead: counted in a whole conversation, and shown by topic in numbers and in a bar."""
    browser = await signed_in("john.smith")
    assert "No answers have been given yet" in (await browser.open("/admin/answers")).text
    await chat.say("hva er kravene til passord?")
    await chat.quiet()
    await chat.say("ja")
    await chat.quiet()
    await chat.say("jeg har glemt passordet")
    await chat.quiet()
    await chat.say("start", value={"keyturn": {"do": "start", "journey": "forgot_password"}})
    await chat.quiet()
    await desk.kept.ratings.flush()
    counted = {one.topic: one for one in await desk.kept.ratings.counts()}
    assert counted["password-rules"] == Rating("password-rules", "nb", 1, 0, given=1)
    assert sum(one.started for one in counted.values()) == 1
    page = (await browser.open("/admin/answers")).text
    assert desk.content.topics["password-rules"].texts["en"].title in page
    assert "100%" in page
    assert 'aria-hidden="true"' in page


async def test_the_least_helpful_come_first(desk: Desk, signed_in: SignedIn) -> None:
    for topic, lang, *counted in (("privacy", "nb", YES, NO), ("privacy", "en", NO),
                                  ("lost-phone", "nb", YES, GIVEN, PERSON),
                                  ("error:aadsts_50053", "nb", GIVEN, STARTED),
                                  ("error:audit_blocked_from_reset", "en", GIVEN), ("gone", "nb", GIVEN)):
        for what in counted:
            desk.kept.ratings.note(topic, lang, what)
    await desk.kept.ratings.flush()
    page = (await (await signed_in("john.smith")).open("/admin/answers")).text
    rows = [[" ".join(re.sub("<[^>]+>", " ", cell).split())
             for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
            for row in re.findall(r"<tr[^>]*>(.*?)</tr>", page.partition("<tbody")[2], re.DOTALL)]
    assert rows[0] == ["Privacy", "0", "33%", "1", "2", "0", "0"]
    assert ["blocked from self-service password reset", "1", "No feedback", "0", "0", "0", "0"] in rows
    assert ["gone", "1", "No feedback", "0", "0", "0", "0"] in rows
    assert [row[0] for row in rows if row[5] == "1"] == ["AADSTS50053"]
    assert "style=" not in page
