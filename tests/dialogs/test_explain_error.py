"""Every error there is can be explained in the chat, and what says something of an account never does (E1)."""

from pathlib import Path

import pytest

from tests.support.chat import Chat, Message
from tests.support.clock import SteppedClock
from tests.support.house import content, house

GUARDED = [error.id for error in content().errors.values() if error.guarded]


async def pressed(chat: Chat, do: str, error: str) -> Message:
    await chat.say("x", value={"keyturn": {"do": do, "error": error}})
    return await chat.hear()


@pytest.mark.parametrize("locale", ["nb-NO", "en"])
async def test_every_error_is_explained_to_users_and_administrators(
    locale: str, redis_url: str, tmp_path: Path,
) -> None:
    lang, clock = locale[:2], SteppedClock()
    async with house(redis_url, tmp_path, clock) as desk, Chat(desk.site.base_url, locale) as chat:
        await chat.hear()
        for error in content().errors.values():
            clock.advance(2)    # Two presses are as fast as the web chat takes them.
            text = error.texts[lang]
            told = await pressed(chat, "error", error.id)
            wanted = text.user if error.audience == "user" else text.admin
            if error.guarded:
                wanted = content().say(lang, "explain.guarded")
            assert wanted.replace("\n", "  \n") in told.text, error.id
            assert text.admin.replace("\n", "  \n") in (await pressed(chat, "error_admin", error.id)).text


async def test_what_is_guarded_reads_the_same_whatever_it_is(redis_url: str, tmp_path: Path) -> None:
    assert len(GUARDED) >= 2
    async with house(redis_url, tmp_path, SteppedClock()) as desk, Chat(desk.site.base_url) as chat:
        await chat.hear()
        said = [await pressed(chat, "error", one) for one in GUARDED]
        assert len({(one.text, *(button["title"] for button in one.buttons)) for one in said}) == 1


@pytest.mark.parametrize("do", ["error", "error_admin", "error_helped"])
async def test_a_button_for_no_error_is_stale(do: str, redis_url: str, tmp_path: Path) -> None:
    async with house(redis_url, tmp_path, SteppedClock()) as desk, Chat(desk.site.base_url) as chat:
        await chat.hear()
        assert (await pressed(chat, do, "no_such")).text == content().say("nb", "common.stale_button")
