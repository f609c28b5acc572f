"""A model is learned once, kept, and learned again when it can't be used."""

import subprocess
import sys
from pathlib import Path

from bot.understanding.lesson import Lesson
from bot.understanding.opening import kept_or_learned


def test_a_model_is_learned_once_and_kept(small_lesson: Lesson, tmp_path: Path) -> None:
    cache = tmp_path / "not" / "there"
    told: list[str] = []
    learned = kept_or_learned(small_lesson, cache, lambda: told.append("wait"))
    (kept,) = cache.iterdir()
    written = kept.stat().st_mtime_ns
    again = kept_or_learned(small_lesson, cache, lambda: told.append("wait again"))
    assert told == ["wait"]
    assert again.vocabulary == learned.vocabulary
    assert kept.stat().st_mtime_ns == written


def test_other_phrases_make_another_model(small_lesson: Lesson, tmp_path: Path) -> None:
    kept_or_learned(small_lesson, tmp_path)
    fewer = Lesson(small_lesson.languages, small_lesson.phrases[:-1], small_lesson.prose)
    kept_or_learned(fewer, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_broken_model_is_learned_again(small_lesson: Lesson, tmp_path: Path) -> None:
    learned = kept_or_learned(small_lesson, tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:1000])
    assert kept_or_learned(small_lesson, tmp_path).vocabulary == learned.vocabulary
    assert kept.read_bytes() == whole


def test_where_nothing_can_be_kept_it_is_learned_all_the_same(small_lesson: Lesson, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    assert kept_or_learned(small_lesson, in_the_way / "models").labels
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_server_never_holds_scikit_learn() -> None:
    """Its memory would double every process."""
    code = "import sys, bot.understanding; print(sorted({'sklearn', 'scipy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
