"""The organisation's own phrases: beside the content, kept once, and never in the way of a start."""

import subprocess
import sys
from pathlib import Path

from bot.content import load_content
from bot.content.own_phrases import FILE, LONGEST, OwnPhrase, OwnPhrases, folded, standing_phrases, with_own
from bot.understanding.lesson import lesson_of

FJORD = OwnPhrase("nb", "lost-phone", "mobilen ligger på bunnen av fjorden")


def test_kept_once_and_taken_away(tmp_path: Path) -> None:
    own = OwnPhrases(tmp_path / "new folder")
    assert own.all() == []
    assert not own.remove(FJORD)
    assert [own.add(FJORD), own.add(FJORD)] == [True, False]
    other = OwnPhrase("en", "lost-phone", "my phone sleeps with the fishes")
    own.add(other)
    assert own.all() == [FJORD, other]
    assert own.remove(FJORD)
    assert own.all() == [other]


def test_two_processes_write_one_file(tmp_path: Path) -> None:
    """No line is lost, and none is torn."""
    code = ("import sys; from pathlib import Path; from bot.content.own_phrases import OwnPhrase, OwnPhrases\n"
            "own = OwnPhrases(Path(sys.argv[1]))\n"
            "for n in range(50): own.add(OwnPhrase('nb', 'lost-phone', f'{sys.argv[2]} {n}'))")
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in ("a", "b")]
    assert [one.wait(60) for one in both] == [0, 0]
    assert {one.text for one in OwnPhrases(tmp_path).all()} == {f"{name} {n}" for name in "ab" for n in range(50)}


def test_taught_with_the_topic() -> None:
    """The understanding learns it as if the content had it; the content itself stays as it was."""
    content = load_content()
    taught = with_own(content, [FJORD])
    place = "nb", folded(" MOBILEN ligger på bunnen av fjorden")
    assert standing_phrases(taught)[place] == "lost-phone"
    assert place not in standing_phrases(content)
    assert [one.topic for one in lesson_of(taught).phrases if one.text == FJORD.text] == ["lost-phone"]
    assert lesson_of(with_own(content, [])) == lesson_of(content)


def test_what_does_not_fit_stops_nothing(tmp_path: Path) -> None:
    """A topic that is gone, a language there is not, a phrase another topic has, a line edited wrong."""
    content = load_content()
    taken = content.topics["privacy"].texts["nb"].phrases[0]
    wrong = [OwnPhrase("nb", "no-such-topic", "a"), OwnPhrase("tlh", "privacy", "b"),
             OwnPhrase("nb", "lost-phone", taken), OwnPhrase("nb", "lost-phone", " "),
             OwnPhrase("nb", "lost-phone", "x" * (LONGEST + 1))]
    assert with_own(content, [*wrong, FJORD, FJORD]) == with_own(content, [FJORD])
    (tmp_path / FILE).write_text('{"lang": "nb"}\nnot json\n[1]\n{"lang": 1, "topic": "a", "text": "b"}\n"x"\n\xff\n')
    assert OwnPhrases(tmp_path).all() == []
