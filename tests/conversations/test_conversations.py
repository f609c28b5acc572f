"""Every transcript, played on the real thing."""

from pathlib import Path

import pytest

from tests.conversations.script import Play
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.house import house

TRANSCRIPTS = sorted(Path(__file__).parent.glob("*.chat"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_conversation(path: Path, redis_url: str, tmp_path: Path) -> None:
    """The bot says exactly what the transcript says."""
    clock = SteppedClock()
    async with house(redis_url, tmp_path, clock) as desk:
        play = Play(desk, clock, Chat(desk.site.base_url))
        try:
            await play.run(path)
        finally:
            await play.chat.close()
