"""Every transcript, played on the real thing."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conversations.script import Play
from tests.support.chat import Chat
from tests.support.clock import SteppedClock
from tests.support.graph import graph_double
from tests.support.house import house

HERE = Path(__file__).parent
TRANSCRIPTS = sorted(HERE.glob("*.chat"))
WITH_ENTRA = sorted((HERE / "entra").glob("*.chat"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_conversation(path: Path, redis_url: str, tmp_path: Path) -> None:
    """The bot says exactly what the transcript says."""
    await played(path, redis_url, tmp_path, SteppedClock(), {})


@pytest.mark.parametrize("path", WITH_ENTRA, ids=lambda path: path.stem)
async def test_conversation_with_entra(path: Path, redis_url: str, tmp_path: Path) -> None:
    """The accounts are in Entra ID; John's, Per's and Mona's are synced, and one password is on the service's list.

    Microsoft's own page would serve John, not Per, who has registered too little there, and not Mona at all.
    """
    clock = SteppedClock()
    async with graph_double(clock) as double:
        double.add_demo_people()
        for number, page in ((2, (True, True)), (5, (True, False)), (7, (False, False))):
            double.change(f"00000000-0000-0000-0000-0000000000{number:02}", onPremisesSyncEnabled=True, page=page)
        double.too_simple.add("Fire ulike ord fra lista 2026")
        await played(path, redis_url, tmp_path, clock, double.settings)


async def played(path: Path, redis_url: str, folder: Path, clock: SteppedClock, settings: Mapping[str, str]) -> None:
    async with house(redis_url, folder, clock, settings) as desk:
        play = Play(desk, clock, Chat(desk.site.base_url))
        try:
            await play.run(path)
        finally:
            await play.chat.close()
