"""Answers at an even pace: how long one takes says nothing about what was found (E2)."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def evenly(beat: float) -> AsyncIterator[None]:
    """Make the block end on a whole multiple of `beat` seconds after its start, failed or not."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        yield
    finally:
        beats = max(1, math.ceil((loop.time() - started) / beat))
        await asyncio.sleep(started + beats * beat - loop.time())
