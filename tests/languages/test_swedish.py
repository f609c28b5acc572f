"""One more language is a folder more: Swedish, by an organisation's own files and without a line of Python."""

import json
import re
from collections.abc import AsyncIterator
from datetime import date
from io import BytesIO
from pathlib import Path
from shutil import copytree
from zipfile import ZipFile

import pytest

import bot.content
from bot.content import Content, ContentError, load_content
from bot.content.proofreading import proofread, read_styles
from bot.serving.desk import Desk
from bot.store import keys
from bot.teams_app.package import About, App, package
from bot.understanding import Reader, open_reader
from tests.admin.conftest import Browser
from tests.journeys.stage import GOOD, KARI
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.house import CACHE, house
from tests.support.people import code_for, mails_of
from tests.support.tcp import free_port

OWN = Path(__file__).with_name("content")
SHIPPED = Path(bot.content.__file__).parent


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content(own=OWN)


@pytest.fixture(scope="module")
def reader(content: Content) -> Reader:
    return open_reader(content, CACHE)


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path, content: Content, reader: Reader) -> AsyncIterator[Desk]:
    extra = {"KEYTURN_ADMIN_PORT": str(free_port())}
    async with house(redis_url, tmp_path, SteppedClock(), extra, words=content, reads=reader) as desk:
        yield desk


def test_the_files_are_whole(content: Content) -> None:
    assert content.languages == ("nb", "en", "sv")
    spoken = [topic.id for topic in content.topics.values() if "sv" in topic.texts]
    assert spoken == ["change-password", "language", "reset-password"]
    found = proofread(content, read_styles(SHIPPED, OWN), date(2026, 11, 23))
    assert [one.line() for one in found if one.where.startswith("sv/") and one.wrong] == []


def test_a_message_that_is_missing_or_differs_is_a_fault_as_in_any_other_language(tmp_path: Path) -> None:
    own = copytree(OWN, tmp_path / "own")
    (own / "sv/messages/not_me.yaml").unlink()
    for name, here, there in (("password.yaml", "{length}", "{longest}"), ("mail.yaml", "{code}", "koden")):
        text = (own / "sv/messages" / name).read_text("utf-8")
        (own / "sv/messages" / name).write_text(text.replace(here, there), "utf-8")
    with pytest.raises(ContentError) as refused:
        load_content(own=own)
    assert {"sv/messages: not_me.sure is missing", "sv/messages: password.rule.too_short has other places than in nb",
            "sv/messages: mail.code.body has other places than in nb"} <= set(refused.value.problems)


def test_no_message_is_a_copy_of_another_languages(content: Content) -> None:
    alike = {key for key, sentence in content.messages["sv"].items()
             if len("".join(sentence.pieces).split()) > 4
             and sentence.pieces in (content.messages["nb"][key].pieces, content.messages["en"][key].pieces)}
    assert alike == set()


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
        assert (await chat.hear()).text.startswith("1. Vill du använda Microsofts sida öppnar du länken")
        await chat.say("ja")
        assert (await chat.hear()).text.startswith("Vad vill du ha hjälp med?")


async def test_a_reset_from_the_first_word_to_the_mail(desk: Desk) -> None:
    profile = json.loads(await desk.store.do("HGET", keys.account(KARI), "profile")) | {"language": "sv-SE"}
    await desk.store.do("HSET", keys.account(KARI), "profile", json.dumps(profile))
    async with Chat(desk.site.base_url, "sv-SE") as chat:
        await chat.hear()
        await chat.press("Skapa nytt lösenord")
        assert (await chat.hear()).text.startswith("Vilket konto gäller det?")
        await chat.say("kari.nordmann")
        assert (await chat.hear()).text.startswith("Öppna autentiseringsappen på telefonen")
        await chat.say("111111")
        assert (await chat.hear()).text.startswith("Den koden fungerade inte.")
        await chat.say(await code_for(desk, "kari.nordmann"))
        assert (await chat.hear()).text.startswith("Tack, den stämde.")
        code_mail = (await mails_of(desk, "kari.nordmann"))[0]
        assert code_mail.subject == "Din kod till chatten"
        found = re.search(r"Din kod är (\d+)\.", code_mail.body)
        assert found
        await chat.say(found[1])
        assert (await chat.hear()).text.startswith("Då vet jag att det är du.")
        page = await chat.page(chat.link("Välj nytt lösenord"))
        assert '<html lang="sv"' in page.html
        assert "Keyturn ber dig aldrig att skriva ett lösenord i chatten." in page.text
        assert "Så måste lösenordet vara" in page.text
        page = await chat.submit(page, "kort")
        assert "Lösenordet är för kort. Använd minst" in page.text
        page = await chat.submit(page, GOOD)
        assert "Lösenordet är bytt" in page.text
        assert (await chat.hear()).text.startswith("Lösenordet är bytt, och du är utloggad överallt")
        notice = (await mails_of(desk, "kari.nordmann"))[0]
        assert notice.subject == "Ditt lösenord är bytt"
        assert re.search(r"byttes 15 januari 2027 kl\. \d\d\.\d\d \(UTC\) genom Keyturn", notice.body)
        link = re.search(r"http\S+/alarm/\S+", notice.body)
        assert link
        assert "Spärra självbetjäningen" in (await chat.page(link[0])).text


async def test_a_password_in_the_chat_is_noticed_in_swedish(desk: Desk) -> None:
    """D4: what it is called there stands in the content."""
    async with Chat(desk.site.base_url, "sv-SE") as chat:
        await chat.hear()
        await chat.say("mitt lösenord är Sommarkatt26")
        assert (await chat.hear()).text.startswith("Det där kan se ut som ett lösenord.")
        await chat.say("jag har glömt lösenordet till datorn")
        assert (await chat.hear()).text.startswith("Jag hjälper dig gärna")


async def test_an_error_is_explained_in_swedish(desk: Desk) -> None:
    async with Chat(desk.site.base_url, "sv-SE") as chat:
        await chat.hear()
        await chat.say("jag får SSPR_0014 när jag ska återställa lösenordet")
        assert (await chat.hear()).text.startswith("Sidan har för lite att känna igen dig på")
        await chat.say("jag får felkoden AADSTS99999 när jag ska byta lösenord")
        assert (await chat.hear()).text.startswith("Koden AADSTS99999 känner jag inte till")


async def test_its_questions_are_kept_for_those_who_keep_the_content(desk: Desk) -> None:
    await desk.kept.unanswered.note("sv", "var är … på kontoret", "lost-phone")
    question, = await desk.kept.unanswered.all()
    async with Browser(desk) as browser:
        await browser.sign_in("mona.ute")
        assert "Svenska" in (await browser.open("/admin/questions?lang=sv")).text
        form = await browser.open(f"/admin/questions/{question.id}?lang=sv")
    assert "Byt ut ”…” mot egna ord." in form.text


async def test_an_error_page_and_the_app_package_speak_it(desk: Desk, content: Content) -> None:
    async with Chat(desk.site.base_url, "sv-SE") as chat:
        dead = await chat.page(f"{desk.site.base_url}/secure/{'x' * 43}")
        assert "Den här länken fungerar inte längre" in dead.text
    about = About("Example", *["https://keyturn.example.no/"] * 3)
    packed = package(App("7d6a6a4e-4f6b-4a57-9d5b-0a5f3a1c2b3d", "https://keyturn.example.no", "1.0.0", about),
                     content)
    with ZipFile(BytesIO(packed)) as zipped:
        assert "Keyturn – hjälp med lösenord och inloggning" in zipped.read("sv.json").decode()


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
