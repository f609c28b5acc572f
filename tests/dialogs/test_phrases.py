"""Short answers and what they are about, in both languages and however they are written."""

import pytest

from dialogs.phrases import mentions, plain, says, yes_or_no
from tests.support.house import content


@pytest.mark.parametrize(("text", "found"), [
    ("I don't remember", True),
    ("i don\u2019t know!", True),
    ("Jeg vet ikke.", True),
    ("jeg  husker   ikke helt", True),
    ("kari.nordmann", False),
    ("forgotpassword", False),
    ("", False),
])
def test_a_phrase_is_found_in_words_as_a_whole(text: str, found: bool) -> None:
    assert mentions(content(), plain(text), "case.words_for_not_knowing") is found


@pytest.mark.parametrize(("text", "is_one"), [
    ("Ferdig!", True), ("I'm done.", True), ("done", True),
    ("I'm not done", False), ("er du ferdig?", False), ("", False),
])
def test_a_message_is_one_of_the_phrases(text: str, is_one: bool) -> None:
    assert says(content(), plain(text), "case.words_for_done") is is_one


def test_no_list_holds_nothing() -> None:
    assert not says(content(), "ja")
    assert not mentions(content(), "ja")


@pytest.mark.parametrize(("text", "meant"), [
    ("ja", True), ("Ja takk!", True), ("ja, det hjalp veldig", True), ("yes thanks", True),
    ("it helped, thank you", True),
    ("nei", False), ("nope", False), ("nei det hjalp ikke", False), ("det hjalp ikke", False),
    ("no it didn\u2019t", False),
    ("ja, men det hjalp ikke", False), ("it didn't help me at all", False),
    ("takk", None), ("nei, hvordan registrerer jeg meg?", None), ("ja hva er kravene", None), ("", None),
])
def test_yes_and_no_and_nothing_else(text: str, meant: bool | None) -> None:
    assert yes_or_no(content(), plain(text)) is meant
