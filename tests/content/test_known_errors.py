"""The errors there are can be explained in every language, and what can't be is refused, all its faults named."""

from pathlib import Path

import pytest

from bot.content import load_content
from tests.content.test_content import TODAY, changed, page, problems, written

ROWS_OF = {
    "portal": range(1, 11), "registration": range(11, 45), "writeback": range(45, 97), "sign_in": range(97, 178),
    "graph": range(178, 204), "audit": range(204, 208),
}
FOLDER = Path(__file__).parents[2] / "bot" / "content" / "errors"
MISSING = [section for section in ROWS_OF if not (FOLDER / f"{section}.yaml").exists()]

ERROR = """
too_few:
  row: 1
  codes: [SSPR_0014]
  contexts: []
  audience: user
  guarded: false
  journey: register_method
  topic: reset
  links: [help]
not_there:
  row: 2
  codes: ["525"]
  contexts: [data]
  audience: user
  guarded: true
for_it:
  row: 3
  codes: ["31003"]
  contexts: [event]
  audience: admin
"""
WORDS = """
too_few:
  phrases: [some words]
  user: |-
    One.
    Two.
  admin: |-
    One.
    Two.
    Three.
    Four.
not_there: {admin: In general.}
for_it: {admin: Look.}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small folder without a fault."""
    written(tmp_path, "links.yaml", "sspr: https://aka.ms/sspr\nhelp: https://support.example.com/\n")
    for lang in ("nb", "en"):
        written(tmp_path, f"{lang}/faq/reset.md", page("Password"))
        written(tmp_path, f"{lang}/errors/portal.yaml", WORDS)
    written(tmp_path, "errors/portal.yaml", ERROR)
    return tmp_path


def test_the_rows_there_are_stand_in_their_sections_once() -> None:
    rows = [error.row for error in load_content().errors.values()]
    wanted = sorted(row for section, of in ROWS_OF.items() if section not in MISSING for row in of)
    assert rows == wanted


@pytest.mark.xfail(bool(MISSING), reason=f"not written yet: {', '.join(MISSING)}", strict=True)
def test_all_207_rows_are_there_once_in_every_language() -> None:
    """Counts by itself as soon as all six sections are there."""
    content = load_content()
    assert [error.row for error in content.errors.values()] == list(range(1, 208))
    for error in content.errors.values():
        assert set(error.texts) >= {"nb", "en"}
        assert all(text.admin for text in error.texts.values())


def test_an_error_is_read_whole(root: Path) -> None:
    content = load_content(root, today=TODAY)
    error = content.errors["too_few"]
    assert (error.row, error.codes, error.contexts, error.guarded) == (1, ("SSPR_0014",), (), False)
    assert (error.audience, error.journey, error.topic) == ("user", "register_method", "reset")
    english = error.texts["en"]
    assert (english.phrases, english.user) == (("some words",), "One.\nTwo.")
    assert english.admin == "One.\nTwo.\nThree.\nFour."
    assert english.links == ("https://support.example.com/",)
    assert content.errors["not_there"].guarded


@pytest.mark.parametrize(("path", "old", "new", "fault"), [
    ("errors/portal.yaml", "row: 2", "row: 1", "has the row of too_few"),
    ("errors/portal.yaml", "row: 2", "row: two", "row 'two' is not a number"),
    ("errors/portal.yaml", "audience: admin", "audience: all", "audience 'all'"),
    ("errors/portal.yaml", "guarded: true", "guarded: yes", "guarded 'yes'"),
    ("errors/portal.yaml", "journey: register_method", "journey: fly", "journey 'fly'"),
    ("errors/portal.yaml", "topic: reset", "topic: lost", "topic 'lost' does not exist"),
    ("errors/portal.yaml", "links: [help]", "links: [halp]", "link 'halp'"),
    ("errors/portal.yaml", "links: [help]", "link: [help]", "unknown field 'link'"),
    ("errors/portal.yaml", "codes: [SSPR_0014]", "codes: SSPR_0014", "codes is not a list"),
    ("errors/portal.yaml", "contexts: [data]", "contexts: []", "code '525' is a bare number"),
    ("errors/portal.yaml", 'codes: ["31003"]\n  contexts: [event]', 'codes: ["525"]\n  contexts: [data]',
     "for_it has code '525' of not_there"),
    ("errors/portal.yaml", "for_it:", "for-it:", "for-it is no id"),
    ("errors/portal.yaml", "for_it:", "too_few:", "given twice"),
    ("errors/portal.yaml", "for_it:", "for_them:", "en/errors/portal.yaml: for_them is missing"),
    ("errors/portal.yaml", "for_it:", "for_them:", "en/errors/portal.yaml: for_it is not in"),
    ("errors/portal.yaml", 'codes: ["31003"]', "codes: []", "for_it has neither codes nor phrases in nb"),
    ("en/errors/portal.yaml", "user: |-", "usr: |-", "too_few has no user lines in en"),
    ("en/errors/portal.yaml", "user: |-", "usr: |-", "unknown field 'usr' in en"),
    ("en/errors/portal.yaml", "{admin: Look.}", "{}", "for_it has no admin lines in en"),
    ("en/errors/portal.yaml", "{admin: Look.}", "Look.", "for_it is not a mapping in every language"),
    ("en/errors/portal.yaml", "Four.", "Four.\n    Five.", "has 5 admin lines in en"),
    ("en/errors/portal.yaml", "Two.\n  admin", "Two.\n    Three.\n  admin", "has 3 user lines in en"),
    ("en/errors/portal.yaml", "Look.", "L" + "o" * 240, "admin line longer than 240"),
    ("en/errors/portal.yaml", "Look.", "Look at https://example.com", "has a link in its admin lines"),
    ("en/errors/portal.yaml", "phrases: [some words]", "phrases: some words", "phrases is not a list"),
], ids=str)
def test_a_fault_is_named(root: Path, path: str, old: str, new: str, fault: str) -> None:
    changed(root, path, old, new)
    assert any(fault in line for line in problems(root)), problems(root)


def test_errors_without_words_in_a_language_are_a_fault(root: Path) -> None:
    (root / "en/errors/portal.yaml").unlink()
    assert any("en/errors/portal.yaml: too_few is missing" in line for line in problems(root))


def test_an_id_in_two_sections_is_a_fault(root: Path) -> None:
    written(root, "errors/other.yaml", "too_few: {row: 9, codes: [X1], audience: admin}\n")
    for lang in ("nb", "en"):
        written(root, f"{lang}/errors/other.yaml", "too_few: {admin: Look.}\n")
    assert any("too_few stands in errors/other.yaml too" in line for line in problems(root))
