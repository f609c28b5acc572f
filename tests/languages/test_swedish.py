"""One more language is a folder more: Swedish, by an organisation's own files and without a line of Python."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from app import Desk
from bot.content import Content, load_content
from bot.content.proofreading import proofread
from bot.understanding import Reader, open_reader
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.house import CACHE, house

OWN = Path(__file__).with_name("content")


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content(own=OWN)


@pytest.fixture(scope="module")
def reader(content: Content) -> Reader:
    return open_reader(content, CACHE)


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path, content: Content, reader: Reader) -> AsyncIterator[Desk]:
    async with house(redis_url, tmp_path, SteppedClock(), words=content, reads=reader) as desk:
        yield desk


def test_the_files_are_whole(content: Content) -> None:
    assert content.languages == ("nb", "en", "sv")
    spoken = [topic.id for topic in content.topics.values() if "sv" in topic.texts]
    assert spoken == ["change-password", "language", "reset-password"]
    found = proofread(content, {}, date(2026, 11, 23))
    assert [one.line() for one in found if one.where.startswith("sv/messages") and one.wrong] == []


@pytest.mark.parametrize(("text", "topic", "lang"), [
    ("jag har glömt lösenordet till datorn", "reset-password", "sv"),
    ("hur gör jag för att byta mitt lösenord?", "change-password", "sv"),
    ("svenska tack", "language", "sv"), ("jeg har glemt passordet", "reset-password", "nb"),
    ("I forgot my password", "reset-password", "en"), ("hva er kravene til passord?", "password-rules", "nb"),
])
def test_swedish_is_understood_beside_the_others(reader: Reader, text: str, topic: str, lang: str) -> None:
    reading = reader.read(text)
    assert (reading.answers[0], reading.lang, reading.sure) == (topic, lang, True)


async def test_a_conversation_in_swedish(desk: Desk) -> None:
    async with Chat(desk.site.base_url, "sv-SE") as chat:
        hello = await chat.hear()
        assert hello.text.startswith("Hej! Jag hjälper dig med lösenord")
        assert [one["title"] for one in hello.buttons] == ["Skapa nytt lösenord", "Vad kan du hjälpa till med?"]
        await chat.say("jag har glömt lösenordet till datorn")
        answer = await chat.hear()
        assert answer.text.startswith("Jag hjälper dig gärna att skapa ett nytt lösenord.")
        assert "[Microsofts sida för nytt lösenord](https://" in answer.text
        assert "Senast kontrollerat 23 november 2026" in answer.text
        assert {"Skapa nytt lösenord", "Visa stegen", "Byta lösenord", "Ja, det hjälpte"} <= {
            one["title"] for one in answer.buttons}
        await chat.say("hur gör jag det?")
        assert (await chat.hear()).text.startswith("1. Öppna länken och skriv ditt användarnamn")
        await chat.say("ja")
        assert (await chat.hear()).text.startswith("Vad vill du ha hjälp med?")


async def test_a_reset_begins_in_swedish_and_is_left(desk: Desk) -> None:
    async with Chat(desk.site.base_url, "sv-SE") as chat:
        await chat.hear()
        await chat.press("Skapa nytt lösenord")
        assert (await chat.hear()).text.startswith("Vilket konto gäller det?")
        await chat.say("kari.nordmann")
        assert (await chat.hear()).text.startswith("Öppna autentiseringsappen på telefonen")
        await chat.say("111111")
        assert (await chat.hear()).text.startswith("Den koden fungerade inte.")
        await chat.say("fel konto")
        assert (await chat.hear()).text.startswith("Då slutar vi här, och ingenting har ändrats.")


async def test_what_there_is_not_in_swedish_is_said_in_norwegian(desk: Desk, content: Content) -> None:
    async with Chat(desk.site.base_url, "sv-SE") as chat:
        await chat.hear()
        await chat.say("svenska tack")
        assert (await chat.hear()).text == "Då fortsätter vi på svenska."
        await chat.say("what are the password rules?")
        rules = content.topics["password-rules"].texts["nb"].short.partition("\n")[0]
        assert (await chat.hear()).text.startswith(rules)


async def test_the_language_is_switched_to_and_from(desk: Desk) -> None:
    async with Chat(desk.site.base_url, "en-GB") as chat:
        assert (await chat.hear()).text.startswith("Hi!")
        for wish, said in (("svenska tack", "Då fortsätter vi på svenska."), ("English please", "English it is"),
                           ("kan vi ta det på svenska", "Då fortsätter vi på svenska."),
                           ("norsk takk", "Da fortsetter vi på norsk.")):
            await chat.say(wish)
            assert (await chat.hear()).text.startswith(said)


async def test_the_page_shows_it(desk: Desk) -> None:
    async with Chat(desk.site.base_url, "sv-SE") as chat:
        page = await chat.page(f"{desk.site.base_url}/")
        assert '<html lang="sv"' in page.html
        assert "Lösenordshjälp" in page.text
        other = await chat.page(f"{desk.site.base_url}/?lang=en")
        assert '<html lang="en"' in other.html
        assert 'hreflang="sv"' in other.html
        assert "Svenska" in other.text
