"""Keyturn's real command line in a process of its own: started, asked things, told to end, killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Self

from tests.faults import loaded
from tests.faults.loaded import ROOT, Forked
from tests.support.house import CACHE, reader
from tests.support.tcp import free_port

PATIENCE = 30.0


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """What a process needs and no more; development mode on `folder`, with the model learned before."""
    reader()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "understanding").exists():
        (folder / "understanding").symlink_to(CACHE, target_is_directory=True)
    return {"PATH": os.environ["PATH"], "KEYTURN_MODE": "development", "KEYTURN_DATA_DIR": str(folder)} | settings


def run(
    *words: str, env: Mapping[str, str], folder: Path, patience: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """`app.py` with these words, to its end; loaded before."""
    return loaded.run(words, env, folder, patience)


def anew(
    *words: str, env: Mapping[str, str], folder: Path, patience: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """As `run`, in an interpreter that was started for it, as a shell does."""
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *words], env=dict(env), cwd=folder, capture_output=True, text=True,
        timeout=patience, check=False)


class Served:
    """One `app.py serve`, leader of a process group as under a terminal."""

    def __init__(
            self, process: asyncio.subprocess.Process | Forked, said: asyncio.StreamReader, errors: Path) -> None:
        self.process = process
        self.said = said        # what it prints
        self.base_url = ""      # as it says itself, without the slash at the end
        self.errors = errors

    @classmethod
    async def start(cls, env: Mapping[str, str], port: int, *, anew: bool = False) -> Self:
        """Start it and wait until it says that it is ready; loaded before, unless it is started `anew`."""
        folder = Path(env["KEYTURN_DATA_DIR"])
        errors = folder / "serve.log"
        begin = _begun_anew if anew else _begun
        with errors.open("ab") as log:
            served = cls(*await begin(dict(env) | {"PORT": str(port)}, folder, log), errors)
        async with asyncio.timeout(PATIENCE):
            said = await served.said.readline()
        if not said.startswith(b"Keyturn is ready"):
            await served.kill()
            raise AssertionError(f"not ready: {said!r}\n{errors.read_text()}")
        served.base_url = said.decode().split()[-1].rstrip("/")
        return served

    def tell(self, what: signal.Signals, *, group: bool = False) -> None:
        """Send a signal, to the whole group as Ctrl-C at a terminal does."""
        (os.killpg if group else os.kill)(self.process.pid, what)

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Its exit code, once it has ended."""
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    async def kill(self) -> None:
        """kill -9, if it still runs."""
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()
        await self.said.read()


@asynccontextmanager
async def serving(env: Mapping[str, str], port: int = 0, *, anew: bool = False) -> AsyncIterator[Served]:
    """A running Keyturn, ended whatever happens."""
    served = await Served.start(env, port or free_port(), anew=anew)
    try:
        yield served
    finally:
        await served.kill()


async def _begun_anew(
        env: Mapping[str, str], folder: Path, log: BinaryIO) -> tuple[asyncio.subprocess.Process, asyncio.StreamReader]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "app.py"), "serve", env=env, cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=log, start_new_session=True)
    assert process.stdout is not None
    return process, process.stdout


async def _begun(env: Mapping[str, str], folder: Path, log: BinaryIO) -> tuple[Forked, asyncio.StreamReader]:
    ours, its = os.pipe()
    said = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(said), os.fdopen(ours, "rb", 0))
    try:
        return await asyncio.to_thread(Forked.begin, ("serve",), env, folder, its, log.fileno()), said
    finally:
        os.close(its)
