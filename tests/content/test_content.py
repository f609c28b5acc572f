"""The content there is can be answered from, and content that can't be is refused, all its faults named."""

from datetime import date
from pathlib import Path

import pytest

from bot.content import Content, ContentError, MessageError, load_content

TODAY = date(2026, 11, 23)
JOURNEYS = frozenset({
    "forgot_password", "change_password", "unlock_account", "register_method", "my_status", "fetch_a_person",
})

LINKS = """
sspr: https://aka.ms/sspr
help: {nb: https://support.example.com/nb, en: "https://support.example.com/en?a=b#c"}
"""
PAGE = """---
id: {id}
label: reset_password
audience: user
title: {title}
journey: forgot_password
related: []
links:
  - {{name: help, text: {title}}}
source: sspr
checked: 2026-11-20
phrases:
{phrases}
---
First line.
Second line.

## Steps
1. One
2. Two

## Admin
For admins.
"""
MESSAGES = "ask:\n  who: 'LANG: {name} has {{{count}}}'\nyes: no\n"


def written(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def page(title: str, name: str = "reset", start: str = "phrase") -> str:
    phrases = "\n".join(f"  - {start} {title} {at}" for at in range(12))
    return PAGE.format(id=name, title=title, phrases=phrases)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small folder without a fault."""
    written(tmp_path, "links.yaml", LINKS)
    for lang, title in (("nb", "Glemt passord"), ("en", "Forgotten password")):
        written(tmp_path, f"{lang}/faq/reset.md", page(title))
        written(tmp_path, f"{lang}/messages/reset.yaml", MESSAGES.replace("LANG", lang))
    return tmp_path


def changed(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text(encoding="utf-8")
    assert old in text
    (root / path).write_text(text.replace(old, new), encoding="utf-8")


def problems(root: Path, **settings: object) -> list[str]:
    with pytest.raises(ContentError) as refused:
        load_content(root, actions=JOURNEYS, today=TODAY, **settings)
    return refused.value.problems


def test_the_content_there_is_has_no_fault() -> None:
    content = load_content(actions=JOURNEYS, today=TODAY)
    assert content.languages[:2] == ("nb", "en")
    assert len({topic.label for topic in content.topics.values()}) == 24


def test_a_topic_is_read_whole(root: Path) -> None:
    content = load_content(root, actions=JOURNEYS, today=TODAY)
    topic = content.topics["reset"]
    assert (topic.label, topic.audience, topic.journey) == ("reset_password", "user", "forgot_password")
    assert (topic.related, topic.source, topic.checked) == ((), "sspr", date(2026, 11, 20))
    english = topic.texts["en"]
    assert english.title == "Forgotten password"
    assert english.short == "First line.\nSecond line."
    assert english.steps == "1. One\n2. Two"
    assert english.admin == "For admins."
    assert english.phrases[0] == "phrase Forgotten password 0"
    assert english.links == (("https://support.example.com/en?a=b#c", "Forgotten password"),)


def test_messages_are_said_with_their_facts(root: Path) -> None:
    content = load_content(root)
    assert content.say("nb", "reset.ask.who", name="Kari {x}", count=3) == "nb: Kari {x} has {3}"
    assert content.say("en", "reset.yes") == "no"


@pytest.mark.parametrize(("lang", "key", "facts"), [
    ("nb", "reset.ask", {}),
    ("sv", "reset.yes", {}),
    ("nb", "reset.yes", {"more": 1}),
    ("nb", "reset.ask.who", {"name": "Kari"}),
    ("nb", "reset.ask.who", {"name": "Kari", "count": 1, "more": 1}),
])
def test_what_does_not_fit_a_message_is_an_error(
    root: Path, lang: str, key: str, facts: dict[str, object],
) -> None:
    with pytest.raises(MessageError):
        load_content(root).say(lang, key, **facts)


def test_a_folder_more_is_a_language_more(root: Path) -> None:
    written(root, "sv/faq/reset.md", page("Glömt lösenord"))
    written(root, "sv/messages/reset.yaml", "ask: {who: '{count} {name}'}\nyes: nej\n")
    changed(root, "links.yaml", "{nb:", "{sv: https://support.example.com/sv, nb:")
    assert load_content(root).languages == ("nb", "en", "sv")


@pytest.mark.parametrize(("path", "old", "new", "fault"), [
    ("en/faq/reset.md", "id: reset", "id: other", "'other' is not the file's name"),
    ("en/faq/reset.md", "label: reset_password", "label: thanks", "label differs"),
    ("en/faq/reset.md", "audience: user", "audience: admin", "audience differs"),
    ("en/faq/reset.md", "audience: user", "audience: all", "audience 'all'"),
    ("en/faq/reset.md", "journey: forgot_password", "journey: fly", "journey 'fly'"),
    ("en/faq/reset.md", "name: help", "name: sspr", "links differ"),
    ("en/faq/reset.md", "name: help", "name: halp", "link 'halp'"),
    ("en/faq/reset.md", "{name: help", "{nome: help", "links is not a list"),
    ("en/faq/reset.md", "source: sspr", "source: nowhere", "link 'nowhere'"),
    ("en/faq/reset.md", "title: Forgotten password", f"title: {'x' * 41}", "longer than 40"),
    ("en/faq/reset.md", "title: Forgotten password", "title:", "has no title"),
    ("en/faq/reset.md", "2026-11-20", "2026-11-24", "in the future"),
    ("en/faq/reset.md", "2026-11-20", "yesterday", "is not a date"),
    ("en/faq/reset.md", "  - phrase Forgotten password 3\n", "", "fewer than 12"),
    ("en/faq/reset.md", "password 3\n", "password: 3\n", "phrases are not a list of texts"),
    ("en/faq/reset.md", "related: []", "related: [lost]", "related topic 'lost'"),
    ("en/faq/reset.md", "related: []", "related: lost", "related is not a list"),
    ("en/faq/reset.md", "First line.\nSecond line.\n", "", "has no answer"),
    ("en/faq/reset.md", "---\nid:", "id:", "has no front matter"),
    ("en/faq/reset.md", "related: []", "related: [", "en/faq/reset.md: "),
    ("en/faq/reset.md", "related: []", "title: again", "given twice"),
    ("en/messages/reset.yaml", "yes:", "nope:", "reset.yes is missing"),
    ("en/messages/reset.yaml", "{name}", "{nome}", "other places"),
    ("en/messages/reset.yaml", "{name}", "{name.title}", "lone {"),
    ("en/messages/reset.yaml", "{name}", "{0}", "lone {"),
    ("en/messages/reset.yaml", "{name}", "{name!r}", "lone {"),
    ("en/messages/reset.yaml", "{name}", "name}", "lone }"),
    ("en/messages/reset.yaml", "yes: no", "yes:", "is not a sentence"),
    ("en/messages/reset.yaml", "yes: no", "yes: [a, b]", "is not a sentence"),
    ("en/messages/reset.yaml", "yes: no", "yes: {", "en/messages/reset.yaml: "),
    ("links.yaml", "https://aka.ms", "http://aka.ms", "not a https address"),
    ("links.yaml", "https://aka.ms", "https://user@", "not a https address"),
    ("links.yaml", "https://aka.ms/sspr", '"https://aka.ms/) [x](https://a.example/"', "not a https address"),
    ("links.yaml", "en: ", "sv: ", "help has no address in en"),
], ids=str)
def test_a_fault_is_named(root: Path, path: str, old: str, new: str, fault: str) -> None:
    changed(root, path, old, new)
    assert any(fault in line for line in problems(root)), problems(root)


def test_a_topic_in_one_language_only_is_a_fault(root: Path) -> None:
    written(root, "nb/faq/more.md", page("Mer", "more"))
    assert problems(root) == ["en/faq/more.md: is missing"]


def test_a_phrase_under_two_labels_is_a_fault_whatever_its_case(root: Path) -> None:
    for lang, title in (("nb", "Glemt passord"), ("en", "Forgotten password")):
        other = page(title, "more", "other").replace("reset_password", "thanks")
        written(root, f"{lang}/faq/more.md", other)
    changed(root, "nb/faq/more.md", "other Glemt passord 5", "PHRASE glemt passord 5")
    assert [line for line in problems(root) if "under another label" in line] != []
    assert len(problems(root)) == 1


def test_all_faults_are_named_at_once(root: Path) -> None:
    changed(root, "en/faq/reset.md", "audience: user", "audience: all")
    changed(root, "en/messages/reset.yaml", "yes: no", "yes:")
    changed(root, "links.yaml", "https://aka.ms", "ftp://aka.ms")
    assert len(problems(root)) >= 4


def test_an_empty_folder_is_a_fault(tmp_path: Path) -> None:
    assert "there is no language" in problems(tmp_path)[0]


def test_content_is_loaded_alike_without_its_checks_of_others(root: Path) -> None:
    changed(root, "nb/faq/reset.md", "journey: forgot_password", "journey: fly")
    changed(root, "en/faq/reset.md", "journey: forgot_password", "journey: fly")
    assert isinstance(load_content(root), Content)
