"""The organisation's own folder goes before what is shipped, and what is wrong in it is named."""

from pathlib import Path

import pytest

from bot.content import ContentError, MessageError, load_content
from bot.content.own_phrases import OwnPhrase, with_own
from tests.content.test_content import changed, page, root, written

__all__ = ["root"]      # a fixture


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Beside the shipped folder, which is `root`'s."""
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


def problems(root: Path, own: Path) -> list[str]:
    with pytest.raises(ContentError) as refused:
        load_content(root, own=own)
    return refused.value.problems


@pytest.fixture(autouse=True)
def _apart(root: Path, own: Path) -> None:
    """`root` is the folder that holds `own`: what is in it must not be taken for a language."""
    assert load_content(root, own=own).languages == ("nb", "en")


def test_a_folder_that_is_not_there_changes_nothing(root: Path, tmp_path: Path) -> None:
    assert load_content(root, own=tmp_path / "nowhere").topics == load_content(root).topics


def test_a_link_is_replaced_everywhere(root: Path, own: Path) -> None:
    written(own, "links.yaml", "help: https://hjelp.example.no/\n")
    content = load_content(root, own=own)
    assert content.link("nb", "help") == content.link("en", "help") == "https://hjelp.example.no/"
    assert content.topics["reset"].texts["nb"].links[0][0] == "https://hjelp.example.no/"
    assert content.link("nb", "sspr") == "https://aka.ms/sspr"
    with pytest.raises(MessageError):
        content.link("nb", "nothing")


def test_a_link_is_replaced_in_one_language(root: Path, own: Path) -> None:
    written(own, "links.yaml", "sspr: {nb: https://passord.example.no/}\n")
    content = load_content(root, own=own)
    assert (content.link("nb", "sspr"), content.link("en", "sspr")) == (
        "https://passord.example.no/", "https://aka.ms/sspr")


def test_an_answer_a_sentence_and_a_topic_of_its_own(root: Path, own: Path) -> None:
    written(own, "nb/faq/reset.md", page("Glemt passord", start="vi sier").replace("First line.", "Ring 1234."))
    written(own, "en/messages/reset.yaml", "'yes': of course\n")
    for lang, title in (("nb", "Visma"), ("en", "Visma in English")):
        written(own, f"{lang}/faq/visma.md", page(title, "visma", "other"))
    content = load_content(root, own=own)
    assert content.topics["reset"].texts["nb"].short == "Ring 1234.\nSecond line."
    assert content.topics["reset"].texts["en"].short == "First line.\nSecond line."
    assert content.say("en", "reset.yes") == "of course"
    assert content.say("en", "reset.ask.who", name="Kari", count=3) == "en: Kari has {3}"
    assert content.topics["visma"].texts["nb"].title == "Visma"


@pytest.mark.parametrize(("path", "text", "fault"), [
    ("links.yaml", "helpp: https://hjelp.example.no/", "own/links.yaml: helpp is no link of the shipped"),
    ("links.yaml", "sspr: http://example.no/", "'http://example.no/' is not a https address"),
    ("links.yaml", "sspr: {da: https://example.no/}", "sspr has no address, or for a language there is not: da"),
    ("links.yaml", "[", "own/links.yaml: "),
    ("nb/messages/reset.yaml", "ask: {who: '{nome}'}", "other places"),
    ("nb/messages/reset.yaml", "unheard: of", "en/messages: reset.unheard is missing"),
    ("nb/faq/reset.md", "no front matter", "own/nb/faq/reset.md: has no front matter"),
    ("nb/faq/more.md", page("Mer", "more", "other"), "en/faq/more.md: is missing"),
], ids=str)
def test_a_fault_is_named(root: Path, own: Path, path: str, text: str, fault: str) -> None:
    written(own, path, text)
    assert any(fault in line for line in problems(root, own)), problems(root, own)


def test_a_language_of_its_own_may_lack_answers(root: Path, own: Path) -> None:
    for lang, title in (("nb", "Mer"), ("en", "More")):
        written(root, f"{lang}/faq/more.md", page(title, "more", "other"))
    written(own, "sv/faq/reset.md", page("Glömt lösenord"))
    written(own, "sv/messages/reset.yaml", "'yes': japp\n")
    assert problems(root, own) == ["sv/messages: reset.ask.who is missing"]
    written(own, "sv/messages/reset.yaml", "{'yes': japp, ask: {who: 'sv: {name} har {count}'}}\n")
    content = load_content(root, own=own)
    assert content.languages == ("nb", "en", "sv")
    assert content.topics["reset"].texts["sv"].title == "Glömt lösenord"
    assert content.topics["more"].texts["sv"].title == "Mer"
    assert content.say("sv", "reset.yes") == "japp"
    assert content.link("sv", "help") == "https://support.example.com/nb"
    taught = with_own(content, [OwnPhrase("sv", "more", "mera"), OwnPhrase("sv", "reset", "lösen")]).topics
    assert taught["more"].texts["sv"].phrases == taught["more"].texts["nb"].phrases
    assert taught["reset"].texts["sv"].phrases[-1] == "lösen"
    assert taught["reset"].texts["tlh"].title == "Glemt passord"
    changed(own, "sv/faq/reset.md", "label: reset_password", "label: thanks")
    assert any("own/sv/faq/reset.md: label differs" in line for line in problems(root, own))
