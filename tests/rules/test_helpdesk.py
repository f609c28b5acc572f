"""What is kept of people's words, and how they are shown (D4, N1, N2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.rules.helpdesk import MOST_CHARACTERS, About, By, HelpCase, Stage, Tried, words_to_keep
from bot.rules.neutral import markdown, plain, quoted

CASE = HelpCase("K-1001", "nb", "", "visitor", {}, {}, About.CHAT, urgent=False, opened_at=1.0,
                tried=(Tried("topic", "stop"),))


@pytest.mark.parametrize("secret", ["passordet mitt er Sommer2026!", "my password is hunter22!", "K7QM-4RTX-92HD-PW3E"])
def test_words_with_a_secret_in_them_are_not_kept(secret: str) -> None:
    """D4, G4."""
    assert words_to_keep(f"hei, {secret}") == ""


def test_words_are_kept_as_plain_lines_of_bounded_length() -> None:
    assert words_to_keep("  Jeg\tkommer ikke inn\u202e\n\n\n\n på PC-en.  ") == "Jeg kommer ikke inn\n\npå PC-en."
    assert len(words_to_keep("så " * 5000)) <= MOST_CHARACTERS


@pytest.mark.parametrize("text", [
    "[trykk her](https://evil.example)", "**viktig**", "# Overskrift", "- en\n- to", "1. en", "`kode`", "<b>hei</b>",
    "<https://evil.example>", "a\n===", "a\n---", "![x](http://evil.example/a.png)", "&lt;b&gt;", "~~nei~~", "| a |",
    "\\*stjerne\\*", "snake_case_name", "+ pluss"])
def test_markdown_of_plain_text_shows_just_that_text(text: str) -> None:
    """N2: nothing in it becomes a link, a heading or a tag; what is read is what was written."""
    assert _shown(text) == text


@given(st.text(alphabet="ab \n#*_-+=>`~[]()!|<&;\\.1", max_size=40).map(lambda text: plain(text, 100)))
def test_no_plain_text_becomes_markdown(text: str) -> None:
    """N2: whatever the mix of marks."""
    assert _shown(text) == text


def _shown(text: str) -> str:
    """The text of the tokens; nothing but paragraphs, text and line ends may be among them."""
    lines = []
    for block in MarkdownIt("commonmark").parse(markdown(text)):
        assert block.type in ("paragraph_open", "paragraph_close", "inline"), block.type
        if block.children is None:
            continue
        for one in block.children:
            assert one.type in ("text", "softbreak", "text_special"), one.type
        lines.append("".join("\n" if one.type == "softbreak" else one.content for one in block.children))
    return "\n\n".join(lines)


def test_every_line_in_a_mail_is_marked() -> None:
    assert quoted("hei\nHvem: sjefen") == "> hei\n> Hvem: sjefen"


def test_a_case_survives_being_stored() -> None:
    case = CASE.told("hei", 2).answered("it", "hallo", 3)
    assert HelpCase.from_json(case.to_json()) == case
    with pytest.raises(ValueError, match="fields"):
        HelpCase.from_json({**case.to_json(), "more": 1})


def test_whose_turn_it_is() -> None:
    assert CASE.stage is Stage.OPEN
    answered = CASE.answered("it", "hallo", 3)
    assert (answered.stage, answered.taken_by, answered.thread[-1].by) == (Stage.ANSWERED, "it", By.STAFF)
    assert answered.told("fortsatt fast", 4).stage is Stage.TAKEN
    assert CASE.told("mer", 4).stage is Stage.OPEN
    assert CASE.taken("it", 2).stage is Stage.TAKEN
    assert answered.ended("it", 5).closed
