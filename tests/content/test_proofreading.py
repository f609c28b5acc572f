"""What a writer is told beyond what loading refuses: each on content that is broken in one place."""

from datetime import date
from pathlib import Path

import pytest

from bot.content import load_content
from bot.content.proofreading import Finding, in_order, proofread, read_styles
from tests.content.test_content import changed, root, written

__all__ = ["root"]      # a fixture

EN, SAID = "en/faq/reset.md", "en/messages/reset.yaml"
TODAY = date(2026, 11, 23)
SHIPPED = Path(__file__).parents[2] / "bot" / "content"


def findings(root: Path, today: date = TODAY) -> list[Finding]:
    return in_order(proofread(load_content(root), read_styles(root), today))


def test_the_content_there_is_has_nothing_wrong() -> None:
    found = proofread(load_content(), read_styles(SHIPPED), TODAY)
    assert [one.line() for one in found if one.wrong] == []


@pytest.fixture
def good(root: Path) -> Path:
    written(root, "en/style.yaml", "avoid: {click here: 'say what it opens', SSO: write single sign-on}\n")
    assert findings(root) == []
    return root


@pytest.mark.parametrize(("path", "old", "new", "line"), [
    (EN, "## Admin\nFor admins.\n", "", f"WRONG {EN}: has no admin, and nb has"),
    ("nb/faq/reset.md", "## Admin\nFor admins.\n", "", f"WRONG {EN}: has admin, and nb has none"),
    (EN, "2. Two\n", "", f"WRONG {EN}: has 1 steps, and nb has 2"),
    (EN, "First line.", "Wait 15 minutes.", f"look  {EN}: its short has other numbers than nb: 15"),
    (EN, "For admins.", "8 or 15.", f"look  {EN}: its admin has other numbers than nb: 8, 15"),
    (EN, "Second line.\n", "", f"WRONG {EN}: its answer has 1 lines, not 2 to 5"),
    (EN, "First line.\n", "a\nb\n\nc\nd\ne\n", f"WRONG {EN}: its answer has 6 lines, not 2 to 5"),
    (EN, "First line.", "x" * 301, f"look  {EN}: its short has a line of 301 characters"),
    (EN, "title: Forgotten password", "title: Forgotten.", f"WRONG {EN}: its title is a button"),
    (EN, "text: Forgotten password", "text: here", "is called 'here': say what it opens"),
    (EN, "text: Forgotten password", "text: https://x.example.no", "say what it opens"),
    (EN, "First line.", "Just CLICK here.", f"WRONG {EN}: its short has 'click here'; say what"),
    (SAID, "yes: no", "yes: use SSO", "WRONG en/messages: reset.yes: it has 'SSO'; write single"),
    (EN, "First line.", "First  line.", "its short has a blank too much at 't  l'"),
    (EN, "First line.", "First line .", "its short has a blank too much at ' .'"),
    (EN, "First line.", "See https://aka.ms/sspr", "has the address https://aka.ms/sspr, which belongs"),
    (SAID, "yes: no", "yes: at www.example.no now", "has the address www.example.no, which belongs"),
    (EN, "First line.", "so " * 33 + ".", f"look  {EN}: its short has a sentence of 33 words: so so"),
    ("links.yaml", "https://aka.ms/sspr", "https://docs.microsoft.com/sspr", "WRONG links.yaml: sspr: pages of docs"),
    ("links.yaml", "https://aka.ms/sspr", "https://example.no/?ocid=1", "WRONG links.yaml: sspr: follows people about"),
    ("links.yaml", "sspr:", "more: https://example.no/\nsspr:", "look  links.yaml: more is used by no topic"),
], ids=str)
def test_what_is_told(good: Path, path: str, old: str, new: str, line: str) -> None:
    changed(good, path, old, new)
    assert [one for one in (found.line() for found in findings(good)) if line in one] != [], findings(good)


def test_a_word_is_avoided_as_a_whole_word_only(good: Path) -> None:
    changed(good, "en/faq/reset.md", "First line.", "SSOs are many.")
    assert findings(good) == []


def test_far_fewer_phrases_in_one_language(good: Path) -> None:
    more = "\n".join(f"  - mer {at}" for at in range(13))
    changed(good, "nb/faq/reset.md", "phrases:", f"phrases:\n{more}")
    assert [one.line() for one in findings(good)] == ["look  en/faq/reset.md: has 12 phrases, and nb has 25"]


def test_facts_grow_old(good: Path) -> None:
    assert [one.line() for one in findings(good, date(2027, 11, 21))] == [
        "look  faq/reset.md: its facts were last checked on 2026-11-20"]


def test_what_is_wrong_comes_first_and_once() -> None:
    found = [Finding("b", "2", wrong=False), Finding("z", "1"), Finding("a", "3", wrong=False), Finding("z", "1")]
    assert [one.what for one in in_order(found)] == ["1", "3", "2"]


@pytest.mark.parametrize("text", ["avoid: [a]", "other: {}", "avoid: {", "[]"])
def test_a_style_that_is_none(root: Path, text: str) -> None:
    written(root, "en/style.yaml", text)
    with pytest.raises(ValueError, match=r"en/style.yaml: is no list of words to avoid"):
        read_styles(root)
