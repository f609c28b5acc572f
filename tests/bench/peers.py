"""The bots that are measured: each a process of its own, on one core, with nothing of our environment in it."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.bench.channel import PASSWORD, TENANT, Channel
from tests.support.identity import APP_ID
from tests.support.tcp import free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 10.0
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
_READY = (b"Keyturn is ready", b"Running on")   # ours; aiohttp's for the others

ECHOES = {
    "bare": ("-m", "tests.bench.echo_bare"),
    "stock": ("-m", "tests.bench.echo_stock"),
    "agents": ("-m", "tests.bench.echo_agents"),
    "echo": ("-m", "tests.bench.echo_keyturn"),
}
KEYTURN = (str(ROOT / "app.py"), "serve")


class DidNotStart(Exception):
    """The text is the last that the process said."""


@dataclass(frozen=True, slots=True)
class Use:
    """What one process has used so far, and holds."""

    name: str
    cpu_seconds: float
    rss_mb: float


class Peer:
    """One bot. `folder` is where it keeps what it keeps."""

    def __init__(self, name: str, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.port = free_port()
        self._folder = folder
        self._settings = settings or {}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, core: int | None = None) -> float:
        """Run until it says that it is ready; the seconds that took. DidNotStart."""
        self._folder.mkdir(parents=True, exist_ok=True)
        log = self._folder / f"{self.name}.log"
        begun = time.perf_counter()
        with log.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *ECHOES.get(self.name, KEYTURN), cwd=self._folder, env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=errors)
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})
        assert self._process.stdout is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                async for line in self._process.stdout:
                    if any(word in line for word in _READY):
                        return time.perf_counter() - begun
        await self.stop()
        raise DidNotStart(f"{self.name}: {log.read_text(errors='replace')[-2000:]}")

    async def stop(self) -> None:
        """End the process, and wait for it."""
        process = self._process
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.communicate()
        except TimeoutError:
            process.kill()
            await process.communicate()
        self._process = None

    def uses(self) -> list[Use]:
        """Its process first, then those it started; empty where there is no /proc."""
        assert self._process is not None
        return [use for pid in _family(self._process.pid) if (use := _use(pid)) is not None]

    def cpu_seconds(self) -> float:
        return sum(one.cpu_seconds for one in self.uses())

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        own = {"KEYTURN_MODE": "development", "KEYTURN_DATA_DIR": str(self._folder),
               "KEYTURN_ADMIN_PORT": str(free_port())} if self.name not in ECHOES else {}
        return kept | own | {
            "PORT": str(self.port), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | dict(self._settings)


def credentials(channel: Channel) -> dict[str, str]:
    """Settings by which a bot trusts the channel, and logs in with it. BENCH_… are our echoes' own."""
    return {
        "MicrosoftAppId": APP_ID, "MicrosoftAppPassword": PASSWORD, "MicrosoftAppTenantId": TENANT,
        "BENCH_LOGIN_URL": channel.url, "BENCH_METADATA_URL": channel.metadata_url}


def keyturn_credentials(channel: Channel) -> dict[str, str]:
    """The same for Keyturn, whose settings are its own."""
    mine = {name: value for name, value in credentials(channel).items() if not name.startswith("BENCH_")}
    return mine | {
        "KEYTURN_OPENID_METADATA_URL": channel.metadata_url, "KEYTURN_LOGIN_URL": channel.url,
        "KEYTURN_CHANNEL_HOSTS": channel.url, "KEYTURN_TENANTS": TENANT}


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(task).split():
            yield from _family(int(child))


def _use(pid: int) -> Use | None:
    head, _, rest = _read(Path(f"/proc/{pid}/stat")).rpartition(")")
    fields = rest.split()
    if not fields:
        return None
    ticks = int(fields[11]) + int(fields[12])
    return Use(head.partition("(")[2], ticks / os.sysconf("SC_CLK_TCK"),
               int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:     # It has just ended.
        return ""
