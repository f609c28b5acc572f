"""Short answers and what they are about, in both languages and however they are written."""

from dataclasses import replace

import pytest

from bot.content.sentences import cut_up
from dialogs.phrases import listed, mentions, plain, stands_in, yes_or_no
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
    assert ("case.words_for_done" in stands_in(content(), plain(text))) is is_one


def test_every_list_and_every_button_is_known_by_its_words() -> None:
    words = content()
    for key, sentence in words.messages["nb"].items():
        if ".words_" in key:
            assert listed(words, key)
            assert all(key in stands_in(words, one) for one in listed(words, key))
        elif ".button." in key and not sentence.places:
            assert all(key in stands_in(words, plain(words.say(lang, key))) for lang in words.languages)


def test_new_words_are_known_at_once() -> None:
    words = replace(content())
    stands_in(words, "ja")
    button = {"common.button.person": cut_up("Ring oss")}
    words.become(replace(words, messages={lang: {**said, **button} for lang, said in words.messages.items()}))
    assert "common.button.person" in stands_in(words, "ring oss")


def test_no_list_holds_nothing() -> None:
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
