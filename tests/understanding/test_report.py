"""What a writer learns about the understanding: how well it does, and where phrases stand in each other's way."""

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from bot.content import Content, load_content
from bot.understanding import Reader, Reading
from bot.understanding.overlaps import overlaps
from bot.understanding.report import (
    Row,
    RowsError,
    phrases_of,
    report,
    rows_of,
    share_right,
    understood,
    weakest_phrases,
)
from tests.content.test_content import page, root, written
from tests.faults.served import environment, run
from tests.support.house import reader

__all__ = ["root"]      # a fixture
LABELS = ("reset_password", "thanks", "out_of_scope")


class Told(Reader):
    """Understands as it was told: text to (topic, confidence, the topics' ids)."""

    def __init__(self, told: Mapping[str, tuple[str, float, str]]) -> None:
        self._told = told

    def read(self, text: str, hint: str | None = None) -> Reading:
        topic, confidence, answer = self._told[text]
        others = tuple(label for label in LABELS if label != topic)
        return Reading(
            topic, confidence, confidence >= 0.5, hint or "nb", 0.9, (topic, *others), (answer, "", ""), None)


def rows(*them: tuple[str, str, str]) -> list[Row]:
    return [Row(text, label, lang, {"style": "terse"}) for text, label, lang in them]


@pytest.fixture
def lines() -> list[str]:
    told = Told({"glemt": ("reset_password", 0.9, ""), "takk": ("reset_password", 0.8, ""), "ta": ("thanks", 0.4, ""),
                 "printer": ("thanks", 0.6, ""), "lost": ("out_of_scope", 0.7, "")})
    return list(report(understood(told, rows(
        ("glemt", "reset_password", "nb"), ("takk", "thanks", "nb"), ("ta", "thanks", "en"),
        ("printer", "out_of_scope", "en"), ("lost", "reset_password", "en")))))


@pytest.mark.parametrize("line", [
    "all                             5  40.0 %   100.0 %  80.0 %       25.0 % 100.0 %",
    "  nb                            2  50.0 %   100.0 % 100.0 %        0.0 %       -",
    "  en                            3  33.3 %   100.0 %  66.7 %       50.0 % 100.0 %",
    "  terse                         5  40.0 %   100.0 %  80.0 %       25.0 % 100.0 %",
    "                              1   2   3",
    "  1 out_of_scope              .   .   1",
    "  2 reset_password            1   1   .",
    "  3 thanks                    .   1   1",
    "    1  thanks -> reset_password: takk",
    "  -0.80  nb  takk (meant thanks, understood reset_password)",
    "   0.40  en  ta",
])
def test_the_report_says(lines: list[str], line: str) -> None:
    assert line in lines, "\n".join(lines)


def test_the_weakest_come_first(lines: list[str]) -> None:
    weakest = lines[lines.index("Weakest messages: wrong, or right with the least confidence") + 1:]
    assert [line.split()[0] for line in weakest] == ["-0.80", "-0.70", "-0.60", "0.40", "0.90"]


def test_messages_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    row = {"text": "a\u2028b", "label": "thanks", "lang": "nn", "kind": "near", "id": 1}
    file.write_text("\n" + json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert rows_of(file, LABELS) == [Row("a\u2028b", "thanks", "nn", {"kind": "near"})]


@pytest.mark.parametrize(("text", "said"), [
    ("", "there is no message"), ("{}", "line 1 is no message"), ("\nx", "line 2 is no message"),
    ('{"text": "a", "label": "weather", "lang": "nb"}', "line 1: 'weather' is not one of out_of_scope"),
])
def test_a_file_without_messages(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(text)
    with pytest.raises(RowsError, match=said):
        rows_of(file, LABELS)


def phrased(content: Content, otherwise: Mapping[str, tuple[str, float, str]]) -> Told:
    """Understands every phrase and title as its own topic."""
    def told(texts: Iterable[str], label: str, topic: str) -> dict[str, tuple[str, float, str]]:
        return dict.fromkeys(texts, (label, 0.9, topic))

    found: dict[str, tuple[str, float, str]] = {}
    for topic in content.topics.values():
        for text in topic.texts.values():
            found |= told([*text.phrases, text.title], topic.label, topic.id)
    return Told(found | dict(otherwise))


@pytest.fixture
def two_topics(root: Path) -> Content:
    for lang in ("nb", "en"):
        written(root, f"{lang}/faq/more.md", page("Thank you", "more", "other").replace("reset_password", "thanks"))
    return load_content(root)


def test_nothing_stands_in_the_way(two_topics: Content) -> None:
    assert list(overlaps(two_topics, phrased(two_topics, {}))) == []


def test_the_same_words_under_two_topics(root: Path, two_topics: Content) -> None:
    text = (root / "en/faq/more.md").read_text()
    (root / "en/faq/more.md").write_text(text.replace("phrases:\n", "phrases:\n  - 3, pasword forgotten PHRASE!\n"))
    content = load_content(root)
    found = [one.line() for one in overlaps(content, phrased(content, {}))]
    fits = "phrase 'phrase Forgotten password 3' fits more too, which has '3, pasword forgotten PHRASE!'"
    assert found == [f"WRONG en/faq/reset.md: {fits}"]


def test_a_topic_nobody_finds(two_topics: Content) -> None:
    text = two_topics.topics["more"].texts["en"]
    elsewhere = dict.fromkeys(text.phrases[:4], ("thanks", 0.9, "reset"))
    away = {text.phrases[5]: ("reset_password", 0.9, "reset"), text.title: ("reset_password", 0.9, "reset")}
    found = [one.line() for one in overlaps(two_topics, phrased(two_topics, elsewhere | away))]
    assert set(found) == {
        "WRONG en/faq/more.md: only 7 of its 12 phrases lead to it",
        "WRONG nb/faq/more.md: only 7 of its 12 phrases lead to it",
        "look  en/faq/more.md: phrase 'other Thank you 5' is understood as reset_password",
        "look  nb/faq/more.md: phrase 'other Thank you 5' is understood as reset_password",
        "look  en/faq/more.md: nobody finds it by its title 'Thank you'",
        "look  nb/faq/more.md: nobody finds it by its title 'Thank you'"}


def test_the_content_there_is_has_no_topic_that_nobody_finds() -> None:
    content = load_content()
    assert [one.line() for one in overlaps(content, reader()) if one.wrong] == []


def test_the_weakest_phrases_are_named_with_their_file(two_topics: Content) -> None:
    phrase = two_topics.topics["more"].texts["nb"].phrases[2]
    read = phrases_of(two_topics, phrased(two_topics, {phrase: ("reset_password", 0.8, "reset")}))
    _, first, *_ = weakest_phrases(read)
    assert first.split() == ["-0.80", "nb/faq/more.md", *phrase.split()]
    assert share_right(read) == 1 - 2 / 48     # in both languages


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`app.py content ...` with models learned before."""
    return run("content", *arguments, env=environment(folder), folder=folder, patience=110)


def test_check_on_the_command_line(tmp_path: Path) -> None:
    reader()    # so that the model is there
    good = command(tmp_path, "check")
    assert good.returncode == 0, good.stdout
    assert ": 0 wrong, " in good.stdout.splitlines()[-1]
    own = tmp_path / "ours"
    written(own, "nb/messages/common.yaml", "no_text: Vennligst skriv tekst.\n")
    wrong = command(tmp_path, "check", str(own))
    assert wrong.returncode == 1
    assert wrong.stdout.startswith("WRONG nb/messages: common.no_text: it has 'vennligst'; si bare")
    written(own, "nb/messages/common.yaml", "no_text: [\n")
    refused = command(tmp_path, "check", str(own))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "ours/nb/messages/common.yaml: " in refused.stderr
    assert command(tmp_path, "check", str(tmp_path / "nowhere")).returncode == 2


def test_report_on_the_command_line(tmp_path: Path) -> None:
    reader()
    good = command(tmp_path, "report", "--aim", "90")
    assert good.returncode == 0, good.stdout[:1500]
    assert "Meant (rows), understood as (columns)" in good.stdout
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "jeg har glemt passordet", "label": "greeting", "lang": "nb"}\n')
    assert command(tmp_path, "report", str(file)).returncode == 0
    assert command(tmp_path, "report", str(file), "--aim", "50").returncode == 1
    file.write_text('{"text": 1}\n')
    assert command(tmp_path, "report", str(file)).returncode == 2
