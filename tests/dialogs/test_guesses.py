"""What is offered to somebody who was not understood."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.understanding import Reader, Reading
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.house import house

FETCH = "Send a case to the helpdesk"


class Doubtful(Reader):
    """Is sure of nothing, and guesses the same each time."""

    def __init__(self, **guesses: str) -> None:
        self._guesses = guesses

    def read(self, text: str, hint: str | None = None) -> Reading:
        labels = tuple(self._guesses)
        return Reading(
            topic=labels[0], confidence=0.3, sure=False, lang="en", lang_confidence=0.9,
            candidates=labels, answers=tuple(self._guesses.values()), error_code=None)


@pytest.mark.parametrize(("guesses", "first", "second"), [
    pytest.param(
        {"cancel": "stop", "unlock_account": "account-locked", "privacy": "privacy"},
        ["Account locked", "Privacy"], ["Account locked", "Privacy", FETCH], id="small talk is no guess"),
    pytest.param(
        {"human_agent": "contact-a-person", "register": "register", "help": "what-can-you-do"},
        ["Talk to a person", "Register security info"], ["Register security info", FETCH],
        id="a person is offered once"),
    pytest.param(
        {"greeting": "greeting", "thanks": "thanks", "language": "language"},
        ["Set a new password", "What can you help with?"], [FETCH], id="nothing but small talk"),
])
async def test_the_nearest_topics_are_always_offered_and_soon_a_person(
    redis_url: str, tmp_path: Path, guesses: dict[str, str], first: list[str], second: list[str],
) -> None:
    async with house(redis_url, tmp_path, SteppedClock()) as desk:
        desk.turns = replace(desk.turns, desk=replace(desk.turns.desk, reader=Doubtful(**guesses)))
        async with Chat(desk.site.base_url) as chat:
            await chat.hear()
            for wanted in (first, second, second, second):
                await chat.say("xyzzy plugh")
                assert [one["title"] for one in (await chat.hear()).buttons] == wanted
