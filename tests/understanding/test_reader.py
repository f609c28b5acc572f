"""What a reading says about a message."""

import math

import pytest

from bot.content import Content
from bot.understanding import Reader
from tests.understanding.timing import HEAVY


@pytest.mark.parametrize(("text", "topic"), [
    ("SSPR_0014", "password_error"),
    ("AADSTS50126", "password_error"),
    ("feil: 0000052D", "password_error"),
    ("help", "help"),
    ("hjelp", "help"),
    ("hei", "greeting"),
    ("takk", "thanks"),
    ("avbryt", "cancel"),
    ("english please", "language"),
    ("engelsk", "language"),
    ("jeg har ikke glemt passordet, jeg vil bare bytte det", "change_password"),
    ("I know my password, the account is locked", "unlock_account"),
    ("æ har glømt passordet", "reset_password"),
    ("xqzv wkrr plmf", "out_of_scope"),
    ("", "out_of_scope"),
    ("🦖", "out_of_scope"),
    ("?", "help"),
    ("???", "help"),
    ("👍👍", "thanks"),
    ("får ikke låst opp kontoen", "unlock_account"),
    ("SSPR_0012: garasjeporten mangler lisenser", "password_error"),
    ("glemt passordet til kanoklubben", "out_of_scope"),
    ("forgot my password for Teams", "reset_password"),
])
def test_what_is_meant(reader: Reader, text: str, topic: str) -> None:
    assert reader.read(text).topic == topic


@pytest.mark.parametrize("text", [
    "kontoen er ikke låst", "kontoen er ikke lenger låst", "the account is not locked",
    "my account isn't locked any more",
])
def test_what_is_said_not_to_be_is_not_answered(reader: Reader, text: str) -> None:
    reading = reader.read(text)
    assert not (reading.sure and reading.topic == "unlock_account")


def test_a_reading_is_whole(reader: Reader, content: Content) -> None:
    reading = reader.read("I forgot my password, SSPR_0009 it says")
    assert reading.candidates[0] == reading.topic
    assert len(set(reading.candidates)) == len(reading.answers) == 3
    assert [content.topics[answer].label for answer in reading.answers] == list(reading.candidates)
    assert 0 <= reading.confidence <= 1
    assert reading.error_code == "SSPR_0009"


def test_the_same_message_is_always_read_the_same(reader: Reader) -> None:
    assert len({reader.read("telefonen er borte og jeg må inn i Teams") for _ in range(20)}) == 1


@pytest.mark.parametrize(("text", "hint", "lang"), [
    ("jeg har glemt passordet mitt", "en", "nb"),
    ("eg har gløymt passordet mitt", None, "nb"),
    ("jag har glömt mitt lösenord", None, "nb"),
    ("jeg har glemt min adgangskode", None, "nb"),
    ("I cannot remember my password", "nb", "en"),
    ("what is the weather like", None, "en"),
    ("hvordan blir været", "en", "nb"),
    ("123456", "en", "en"),
    ("123456", "nb", "nb"),
    ("ok", "en", "en"),
    ("ok", "nb", "nb"),
    ("", "en", "en"),
    ("SSPR_0014", "nb", "nb"), ("SSPR_0014 ???", "nb", "nb"),
    ("SSPR_0014", "en", "en"),
])
def test_the_language_is_the_messages_or_the_conversations(
    reader: Reader, text: str, hint: str | None, lang: str,
) -> None:
    assert reader.read(text, hint).lang == lang


@pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY.keys())
def test_28_kib_of_anything_is_read(reader: Reader, text: str) -> None:
    """N1; what it costs is measured by `tests.understanding.timing`."""
    reading = reader.read(text, "nb")
    assert math.isfinite(reading.confidence)
    assert math.isfinite(reading.lang_confidence)
