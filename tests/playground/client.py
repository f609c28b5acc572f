"""The Microsoft 365 Agents Playground: fetched once, pinned, never part of this repository, and kept on loopback.

Its licence (Microsoft's pre-release terms) allows evaluation only, so nothing fetches it unasked.
"""

import asyncio
import os
import shutil
import signal
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import yaml

from bot.directory import demo
from bot.directory.protocol import Account
from bot.pages.bundle import Bundle, BundleError

PLAYGROUND = Bundle(
    "Agents Playground", "@microsoft/m365agentsplayground", "0.2.28",
    "sha512-EevhYW8xtEATwNg5eiFqTgZT0P5gjfCsLBwBWESSrB6+0lr9Yi9R27HJwjNGUlT3JQlxoWMgnvEQunUuyI/+2Q==",
    "package/cli.js", "package/LICENSE", "playground.js")
HOW_TO_GET_IT = "the Agents Playground is not installed: make playground-client"
_LOOPBACK = Path(__file__).parent / "loopback.cjs"
_SECONDS = 30


def present(data_dir: Path) -> bool:
    return (PLAYGROUND.folder(data_dir) / "package" / "cli.js").is_file()


def fetch(data_dir: Path) -> bool:
    """Put it into the data folder; False when it was there already. Raises BundleError."""
    if present(data_dir):
        return False
    folder = PLAYGROUND.folder(data_dir)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        whole = Path(scratch) / "whole"
        with tarfile.open(PLAYGROUND.archive(Path(scratch))) as archive:
            archive.extractall(whole, filter="data")
        shutil.rmtree(folder, ignore_errors=True)
        whole.replace(folder)
    return True


def scene() -> str:
    """Its settings: Kari speaks, in the demo people's tenant. It wants five others, and says nothing if it has not."""
    kari, *others = (one.account for one in demo.PEOPLE)
    return yaml.safe_dump({
        "version": "0.1.1",
        "tenantId": demo.TENANT,
        "bot": {"id": "28:keyturn", "name": "Keyturn"},
        "currentUser": _person(kari),
        "users": [_person(one) for one in others[:5]],
        "personalChat": {"id": "a:keyturn-personal"},
        "groupChat": {"id": "19:keyturn-group@thread.v2", "name": "Group chat"},
        "team": {"id": "19:keyturn-team@thread.tacv2", "name": "Team", "aadGroupId": demo.TENANT,
                 "channels": [{"id": "19:keyturn-channel@thread.tacv2", "name": "Announcements"}]},
    }, allow_unicode=True)


def _person(account: Account) -> dict[str, str]:
    given, _, family = account.display_name.partition(" ")
    return {"id": f"29:{account.id}", "name": account.display_name, "userPrincipleName": account.username,
            "aadObjectId": account.id, "givenName": given, "surname": family, "email": account.username}


@asynccontextmanager
async def playing(data_dir: Path, bot: str, port: int, folder: Path) -> AsyncIterator[str]:
    """The address of a Playground that talks to the bot at the address `bot`; `folder` is for its settings.

    Raises BundleError when it cannot be started.
    """
    (folder / ".m365agentsplayground.yml").write_text(scene(), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        _node(), str(PLAYGROUND.folder(data_dir).absolute() / "package" / "cli.js"), "-e", f"{bot}/api/messages",
        "-c", "msteams", "-p", str(port), "--disable-telemetry", cwd=folder,
        env=os.environ | {"NODE_OPTIONS": f"--require {_LOOPBACK}", "BROWSER": "true"},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True)
    try:
        address = f"http://localhost:{port}"
        await _answering(address, process)
        yield address
    finally:
        # The node of a Python environment is a program that runs another one: both have to end.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


async def _answering(address: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_SECONDS), aiohttp.ClientSession() as session:
        while process.returncode is None:
            try:
                async with session.get(address) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise BundleError(f"the Agents Playground ended at once, with exit code {process.returncode}")


def _node() -> str:
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    if found is None:
        raise BundleError("node was not found, though npm was: install Node.js")
    return found
