"""The numpy model says what scikit-learn says, survives its file, and refuses any other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.understanding.families import load_families
from bot.understanding.features import features
from bot.understanding.lesson import OUT_OF_SCOPE, Lesson
from bot.understanding.model import Model, ModelError, read_model
from bot.understanding.train import LEAN, SLOPE, as_table, learn, separation


@pytest.fixture(scope="module")
def model(small_lesson: Lesson) -> Model:
    return learn(small_lesson)


def test_it_agrees_with_scikit_learn(model: Model, small_lesson: Lesson) -> None:
    families = load_families()
    found = [features(phrase.text, families) for phrase in small_lesson.phrases]
    table = as_table(found, dict(model.vocabulary), model.rarity)
    others = ("mistet den nye telefonen", "my password is gone", "error", "æøå")
    unseen = [features(text, families) for text in others]
    for column, label in enumerate(model.labels):
        fitted = separation().fit(table, [phrase.label == label for phrase in small_lesson.phrases])
        distances = fitted.decision_function(as_table(found + unseen, dict(model.vocabulary), model.rarity))
        expected = SLOPE * distances + (LEAN if label == OUT_OF_SCOPE else 0.0)
        ours = [model.scores(one)[column] for one in found + unseen]
        np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_learning_twice_gives_the_same_bytes(model: Model, small_lesson: Lesson) -> None:
    assert learn(small_lesson).to_bytes() == model.to_bytes()


def test_what_two_parts_of_a_message_share_counts_once(model: Model) -> None:
    families = load_families()
    one, other = (features(text, families) for text in ("mistet telefonen", "ny telefon"))
    rows, others = model.rows(one), model.rows(other)
    assert np.intersect1d(rows, others).size
    np.testing.assert_array_equal(model.scores_of(rows, others), model.scores(one | other))
    np.testing.assert_array_equal(model.scores({"never learned"}), model.bias)


def test_a_lesson_survives_its_json(small_lesson: Lesson) -> None:
    assert Lesson.from_json(small_lesson.to_json()) == small_lesson


def test_a_model_survives_its_file(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(model.to_bytes())
    read = read_model(path)
    assert (read.labels, read.topics, read.languages) == (model.labels, model.topics, model.languages)
    assert read.vocabulary == model.vocabulary
    assert read.names == model.names != frozenset()
    np.testing.assert_array_equal(read.weights, model.weights)


def test_only_labels_that_topics_share_have_topics(model: Model) -> None:
    assert model.topics == (("lost_phone", "lost-phone"), ("lost_phone", "new-phone"))


@pytest.mark.parametrize("spoiled", [
    lambda whole: b"", lambda whole: whole[: len(whole) // 2], lambda whole: b"PK" + bytes(200),
    lambda whole: whole.replace(b"rarity", b"rarest"), lambda whole: b"\x93NUMPY" + whole,
], ids=["empty", "cut short", "no zip", "a part missing", "no archive"])
def test_a_broken_file_is_refused(spoiled, model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(spoiled(model.to_bytes()))
    with pytest.raises(ModelError):
        read_model(path)


def test_parts_that_do_not_fit_are_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(replace(model, labels=model.labels[1:]).to_bytes())
    with pytest.raises(ModelError, match="fit together"):
        read_model(path)


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    one = np.zeros(1)
    np.savez(path, names=np.array([print], dtype=object), rarity=one, weights=one, bias=one)
    with pytest.raises(ModelError):
        read_model(path)
