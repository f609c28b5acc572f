"""Opens the Playground for a developer, beside a Keyturn that runs here already: `make playground`."""

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

from bot.pages.bundle import BundleError, default_folder
from tests.playground.client import PLAYGROUND, fetch, playing

PORT = 56150


async def _open(bot: str) -> None:
    # However it is told to end: the Playground is a program of its own, which would stay behind.
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(one, ended.set)
    with tempfile.TemporaryDirectory() as folder:
        async with playing(default_folder(), bot, PORT, Path(folder)) as address:
            print(f"The Agents Playground is ready: {address} (Kari Nordmann, talking to {bot})", flush=True)
            await ended.wait()


def main() -> int:
    try:
        if fetch(default_folder()):
            print(f"{PLAYGROUND.name} {PLAYGROUND.version} is now in {PLAYGROUND.folder(default_folder())}. "
                  "Its licence allows evaluation only.")
        if "--fetch" not in sys.argv:
            asyncio.run(_open(f"http://127.0.0.1:{os.environ.get('PORT', '3978')}"))
    except (BundleError, TimeoutError) as error:
        print(error or "the Agents Playground did not start in time", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
