"""What is not ours is known by its name."""

from collections import Counter
from pathlib import Path

import pytest

from bot.content import Content
from bot.understanding.families import FOREIGN, load_families
from bot.understanding.features import features
from bot.understanding.lesson import OUT_OF_SCOPE, lesson_of
from bot.understanding.names import ANY_ENDING, files, load_names
from bot.understanding.text import words

MANY = 3        # phrases about what is ours: a word of theirs is no name


@pytest.mark.parametrize(("said", "named"), [
    ("glemt passordet til Spond", True), ("Spond-kontoen min", True), ("spondkontoen er låst", True),
    ("spo er låst", False), ("the bike lock", True), ("the bike", False), ("my lock and the bike", False),
])
def test_a_name_is_known_whatever_its_ending_and_beside_its_other_word(said: str, named: bool) -> None:
    families = load_families(names={"spond", "bike lock"})
    assert ("+foreign" in features(said, families)) is named


def test_a_name_keeps_what_else_it_means(tmp_path: Path) -> None:
    (tmp_path / "xx.yaml").write_text("card: [kort]\nphone: ['telefon*']\n")
    families = load_families(tmp_path, names={"kort", "telefonkiosk"})
    assert families["kort"] == FOREIGN | {"card"}
    assert families["telefonkiosken"] == FOREIGN | {"phone"}
    assert families["telefonen"] == {"phone"}


def test_names_stand_a_line_each_in_any_language_that_has_some(tmp_path: Path) -> None:
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx/locks.txt").write_text("Sykkellås\nbike lock\n", "utf-8")
    assert load_names(tmp_path) == {"sykelas", "bike lock"}
    assert load_names(tmp_path / "none") == set()


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_name_has_one_word_or_two(path: Path) -> None:
    assert [name for name in path.read_text("utf-8").splitlines() if not 1 <= len(words(name)) <= 2] == []


def test_no_name_is_a_word_of_ours(content: Content) -> None:
    """One that fails here goes out of its file, or every message with that word would lean away."""
    said: Counter[str] = Counter()
    for phrase in lesson_of(content).phrases:
        if phrase.label != OUT_OF_SCOPE:
            for word in set(words(phrase.text)):
                said.update({word[:end] for end in range(ANY_ENDING, len(word))} | {word})
    assert {name: said[name] for name in load_names() if said[name] > MANY} == {}
