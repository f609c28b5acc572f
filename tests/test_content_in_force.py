"""Changed content holds without a restart; content that will not do changes nothing, and says so."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.content import Content, load_content
from bot.content.own_phrases import OwnPhrase, OwnPhrases, with_own
from bot.content_in_force import ContentInForce
from bot.errors import StoreUnavailable
from bot.understanding import ErrorFinder, LearningError, Reader, learn_aside, open_reader
from tests.content.test_content import changed, root
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.house import CACHE, house

__all__ = ["root"]      # a fixture


class Trail:
    """Keeps what is recorded, unless it is away."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.away = False

    async def append(self, entry: Mapping[str, Any], once: str = "") -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.said.append((entry["event"], entry["outcome"], entry["reason"]))


class Files:
    """The small content of `root`, and an organisation's phrases beside it."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.own, self.trail = root, OwnPhrases(folder / "data"), Trail()
        self.content = self.load()
        self.taken: list[tuple[Reader, ErrorFinder]] = []
        self.cache = folder / "models"
        self.in_force = ContentInForce(
            self.content, self.load, [root, self.own.path], self.cache,
            lambda *learned: self.taken.append(learned), self.trail)

    def load(self) -> Content:
        return with_own(load_content(self.root), self.own.all())

    async def look_twice(self) -> None:
        await self.in_force.check()
        await self.in_force.check()

    def said(self) -> str:
        return self.content.topics["reset"].texts["en"].short


@pytest.fixture
def files(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(root, tmp_path_factory.mktemp("house"))


async def test_a_change_holds_once_it_stood_still(files: Files) -> None:
    await files.look_twice()
    assert (files.taken, files.trail.said) == ([], [])
    changed(files.root, "en/faq/reset.md", "First line.", "Another line.")
    await files.in_force.check()
    assert files.said() == "First line.\nSecond line."
    await files.in_force.check()
    assert files.said() == "Another line.\nSecond line."
    await files.look_twice()
    assert files.trail.said == [("content.changed", "done", "en/faq/reset.md")]
    assert len(files.taken) == 1


async def test_a_phrase_that_is_added_is_learned_by_those_who_hold_the_content(files: Files) -> None:
    files.own.add(OwnPhrase("nb", "reset", "xyzzy plugh"))
    await files.look_twice()
    (reader, _), = files.taken
    assert reader.read("xyzzy plugh").topic == "reset_password"
    assert files.content.topics["reset"].texts["nb"].phrases[-1] == "xyzzy plugh"
    assert files.trail.said == [("content.changed", "done", files.own.path.parts[-3] + "/data/phrases.jsonl")]


async def test_content_that_will_not_do_changes_nothing_and_is_refused_once(files: Files) -> None:
    changed(files.root, "en/faq/reset.md", "audience: user", "audience: all")
    await files.look_twice()
    await files.look_twice()
    assert files.content.topics["reset"].audience == "user"
    assert files.trail.said == [("content.refused", "refused", "en/faq/reset.md")]
    changed(files.root, "en/faq/reset.md", "audience: all", "audience: user")
    await files.look_twice()
    changed(files.root, "nb/faq/reset.md", "First line.", "Ny linje.")
    await files.look_twice()
    assert [event for event, *_ in files.trail.said] == ["content.refused", "content.changed"]
    assert files.content.topics["reset"].texts["nb"].short.startswith("Ny linje.")


async def test_a_sentence_that_the_code_says_may_not_go(files: Files) -> None:
    """Files of another release beside a running one (F10)."""
    for lang in ("nb", "en"):
        changed(files.root, f"{lang}/messages/reset.yaml", "yes: no\n", "")
    await files.look_twice()
    assert files.content.say("en", "reset.yes") == "no"
    assert files.trail.said[0][:2] == ("content.refused", "refused")


async def test_nothing_changes_without_its_record(files: Files) -> None:
    """(U1)"""
    changed(files.root, "en/faq/reset.md", "First line.", "Another line.")
    files.trail.away = True
    await files.in_force.check()
    with pytest.raises(StoreUnavailable):
        await files.in_force.check()
    assert files.said() == "First line.\nSecond line."
    files.trail.away = False
    await files.in_force.check()
    assert files.said() == "Another line.\nSecond line."


async def test_a_file_that_says_the_same_is_no_change(files: Files) -> None:
    before = (files.root / "links.yaml").read_text()
    (files.root / "links.yaml").write_text(before + "# a comment\n")
    await files.look_twice()
    assert (files.taken, files.trail.said) == ([], [])


async def test_learning_that_is_cut_short_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    """(F11) The end of the service does not wait for it."""
    cache = tmp_path / "models"
    learning = asyncio.create_task(learn_aside(load_content(), cache))
    async with asyncio.timeout(60):
        while not any(cache.glob("*")):
            await asyncio.sleep(0.05)   # until it is on its way
    learning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await learning
    assert list(cache.iterdir()) == []


async def test_what_is_learned_aside_is_found_at_once(root: Path, tmp_path: Path) -> None:
    content = load_content(root)
    await learn_aside(content, tmp_path / "models")
    open_reader(content, tmp_path / "models", lambda: pytest.fail("it is learned again"))
    with pytest.raises(LearningError):
        await learn_aside(Content(("nb",), {}, {}, {"nb": {}}, {"nb": {}}), tmp_path / "models")


async def test_the_whole_house_speaks_by_the_changed_files(redis_url: str, tmp_path: Path) -> None:
    """Chat, page and link, in a conversation that had begun before."""
    (tmp_path / "understanding").symlink_to(CACHE)
    async with house(redis_url, tmp_path, SteppedClock(), words=load_content()) as desk, \
            Chat(desk.site.base_url, "en-GB") as chat:
        await chat.hear()
        own = tmp_path / "content"
        for path, text in (("en/messages/answer.yaml", "unsure: Pardon?\nwhat_then: So?\n"),
                           ("links.yaml", "u-register: https://register.example.no/\n"),
                           ("en/messages/web_chat.yaml", "title: Our own helpdesk\n")):
            (own / path).parent.mkdir(parents=True, exist_ok=True)
            (own / path).write_text(text)
        await chat.say("how do I register?")
        before = (await chat.hear()).text
        await desk.content_in_force.check()
        await desk.content_in_force.check()
        for wanted in ("Great. Just say if there's anything else.", "So?"):
            await chat.say("ok")
            assert (await chat.hear()).text == wanted
        await chat.say("how do I register?")
        after = (await chat.hear()).text
        assert "https://register.example.no/" in after
        assert "https://register.example.no/" not in before
        assert "Our own helpdesk" in (await chat.page(desk.site.base_url + "/")).html
        assert ("content.changed", "done") in [
            (one["event"], one["outcome"]) async for one in desk.kept.audit.export()]
