"""Short answers and what they are about, in both languages and however they are written."""

from dataclasses import replace

import pytest

from bot.content.sentences import cut_up
from dialogs.phrases import asks, listed, made_of, mentions, opened, plain, stands_in, unquoted, yes_or_no
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


@pytest.mark.parametrize(("text", "rest", "turned"), [
    ("ok, men hvor finner jeg det?", "hvor finner jeg det", True),
    ("nei, jeg mente bytte det", "bytte det", True),
    ("Thanks, and how do I do that?", "how do i do that", True),
    ("tusen takk", "tusen takk", False),
    ("og s\u00e5?", "s\u00e5", True),
    ("hei", "hei", False),
    ("og " * 5000, " ".join(["og"] * 4988), True),      # no message is read for longer than it can stand (limit 23)
    ("hvordan bytter jeg passord", "hvordan bytter jeg passord", False),
    ("", "", False),
])
def test_what_is_said_after_the_opening_and_never_nothing(text: str, rest: str, turned: bool) -> None:
    assert opened(content(), plain(text)) == (rest, turned)


@pytest.mark.parametrize(("text", "asked"), [
    ("er dette trygt", True), ("ok, but why do you need it", True), ("123456?", True), ("kari.nordmann", False),
    ("I want a new one", False), ("", False),
])
def test_a_question_is_known_by_its_sign_or_its_first_word(text: str, asked: bool) -> None:
    assert asks(content(), text) is asked


@pytest.mark.parametrize(("text", "own"), [
    ('det st\u00e5r "Your password is too weak" n\u00e5', "det st\u00e5r   n\u00e5"),
    ('it says \u00abPassordet er for svakt\u00bb here now', "it says   here now"),
    ('"Your password is too weak"', '"Your password is too weak"'),
    ('fem " tommer er for lite', 'fem " tommer er for lite'),
])
def test_what_is_quoted_is_not_their_own(text: str, own: str) -> None:
    assert unquoted(text) == own


def test_a_phrase_of_a_topic_is_no_follow_up_of_another() -> None:
    """Words that say nothing by themselves are what greetings and small questions are made of, and no wish."""
    small = {"help", "greeting", "thanks", "cancel", "language", "out_of_scope"}
    wishes = [phrase for topic in content().topics.values() if topic.label not in small
              for text in topic.texts.values() for phrase in text.phrases]
    alike = [one for one in wishes if made_of(content(), opened(content(), plain(one))[0], "follow_up.words_of_asking")]
    assert len(alike) * 100 < len(wishes), alike
