"""What is made up about things that are not ours."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.content import Content
from bot.understanding import Reader
from bot.understanding.elsewhere import made
from bot.understanding.lesson import OUT_OF_SCOPE, lesson_of

ELSEWHERE = """
services:
  things: [a, b, c]
  sentences: ["forgot {}", "{} is locked"]
ours:
  things: [work]
  sentences: {account-locked: ["{} is locked"], no-such-topic: ["{} is down"]}
"""


def test_each_thing_has_sentences_and_so_has_what_is_ours(tmp_path: Path) -> None:
    (tmp_path / "xx.yaml").write_text(ELSEWHERE)
    assert set(made("xx", tmp_path)) == {
        ("", "forgot a"), ("", "a is locked"), ("", "forgot b"), ("", "b is locked"), ("", "forgot c"),
        ("", "c is locked"), ("account-locked", "work is locked"), ("no-such-topic", "work is down"),
    }
    assert list(made("yy", tmp_path)) == []


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_each_topic_of_the_files_is_there(lang: str, content: Content) -> None:
    assert {topic for topic, _ in made(lang) if topic} <= content.topics.keys()


def test_a_lesson_has_what_is_made_once_and_apart(content: Content) -> None:
    lesson = lesson_of(content)
    standing = {phrase.text.casefold() for phrase in lesson.phrases}
    assert {phrase.label for phrase in lesson.made} > {OUT_OF_SCOPE, "unlock_account"}
    assert not standing & {phrase.text.casefold() for phrase in lesson.made}


@pytest.mark.parametrize(("said", "answer"), [
    ("hva er koden til printeren", "out-of-scope"), ("what's the code to the back door", "out-of-scope"),
    ("korleis bestiller eg møterom", "out-of-scope"), ("my Gmail password is wrong", "out-of-scope"),
    ("dette var helt håpløst", "not-happy"), ("what a stupid bot", "not-happy"),
])
def test_what_is_not_ours_is_declined_and_only_complaints_are_comforted(
        said: str, answer: str, reader: Reader) -> None:
    """What is made is of the answer that declines, though others share its label."""
    assert reader.read(said).answers[0] == answer


def test_content_without_those_topics_is_taught_nothing_of_them(content: Content) -> None:
    only = replace(content, topics={"greeting": content.topics["greeting"]})
    assert lesson_of(only).made == ()
