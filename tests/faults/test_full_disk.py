"""A disk that is full under the logs, or under what a command prints; `/dev/full` is one."""

import asyncio
import subprocess
import sys
from pathlib import Path

from aiohttp import ClientSession

from tests.faults.served import PATIENCE, ROOT, environment
from tests.support.tcp import free_port


async def test_under_the_logs(tmp_path: Path) -> None:
    """The start has something to log, cannot, and serves; the line that says that it is ready is lost as well."""
    env = environment(tmp_path, PORT=str(free_port()), KEYTURN_ADMIN_PORT="0", KEYTURN_LIMIT_TICKET_SECONDS="3600")
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", 'exec "$0" "$1" serve > /dev/full 2>&1', sys.executable, str(ROOT / "app.py"), env=env,
        cwd=tmp_path, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        async with ClientSession() as session, asyncio.timeout(PATIENCE):
            while (status := await _asked(session, f"http://127.0.0.1:{env['PORT']}/healthz")) == 0:
                assert process.returncode is None
                await asyncio.sleep(0.05)
            assert status == 200
            assert await _asked(session, f"http://127.0.0.1:{env['PORT']}/%00nonsense") == 404
        process.terminate()
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _asked(session: ClientSession, url: str) -> int:
    """The status; 0 while nobody listens."""
    try:
        async with session.get(url) as answer:
            return answer.status
    except OSError:
        return 0


def test_under_what_a_command_prints(tmp_path: Path) -> None:
    """One line says so, whatever the command; nothing else is the matter."""
    env = environment(tmp_path)
    for words in (["settings"], ["ask", "hei", "--json"]):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [sys.executable, str(ROOT / "app.py"), *words], env=env, cwd=tmp_path, stdout=full,
                stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 1
        assert done.stderr == "what was asked for cannot be written: No space left on device\n"
