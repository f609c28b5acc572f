"""One interpreter of this test process that has loaded Keyturn, and runs a command in a fork of itself.

Loading takes most of what a command takes, and is the same each time. From there on it is the real thing: a process of
its own with its own environment, folder, output, signals and end. That loading itself works, and how it is
interrupted, is seen where `app.py` is started anew (`served.anew`).
"""

import asyncio
import atexit
import gc
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
_NUMBER = struct.Struct("!i")


class Forked:
    """A command that was begun; `pid` leads a session of its own."""

    def __init__(self, line: socket.socket, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._line = line

    @classmethod
    def begin(cls, words: tuple[str, ...], env: Mapping[str, str], folder: Path, out: int, err: int) -> Self:
        """`app.py` with these words; `out` and `err` are file descriptors, nothing is there to read."""
        line = socket.socket(socket.AF_UNIX)
        line.connect(_door())
        asked = json.dumps([words, dict(env), str(folder)]).encode()
        with Path(os.devnull).open("rb") as nothing:
            socket.send_fds(line, [_NUMBER.pack(len(asked))], [nothing.fileno(), out, err])
            line.sendall(asked)
        return cls(line, _NUMBER.unpack(_read(line, _NUMBER.size))[0])

    def ended(self, seconds: float) -> int:
        """Its exit code, once it has ended. Raises TimeoutError."""
        self._line.settimeout(seconds)
        self._note(_read(self._line, _NUMBER.size))
        assert self.returncode is not None
        return self.returncode

    async def wait(self) -> int:
        if self.returncode is None:
            self._line.setblocking(False)
            self._note(await asyncio.get_running_loop().sock_recv(self._line, _NUMBER.size))
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Hear no more of it."""
        self._line.close()

    def _note(self, said: bytes) -> None:
        self.returncode = os.waitstatus_to_exitcode(_NUMBER.unpack(said)[0])
        self.close()


def run(words: tuple[str, ...], env: Mapping[str, str], folder: Path, patience: float,
        ) -> subprocess.CompletedProcess[str]:
    """A command to its end, as `subprocess.run` has it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = Forked.begin(words, env, folder, out.fileno(), err.fileno())
        try:
            code = process.ended(patience)
        finally:
            process.kill()
            process.close()
        said = [(one.seek(0), one.read().decode())[1] for one in (out, err)]
    return subprocess.CompletedProcess(words, code, *said)


@cache
def _door() -> str:
    """Where the loaded interpreter takes commands; it ends with this process."""
    path = str(Path(tempfile.mkdtemp()) / "door")
    process = subprocess.Popen(
        # One thread: what forks has no other.
        [sys.executable, __file__, path], env={"PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None

    def end() -> None:
        process.communicate()
        Path(path).unlink()
        Path(path).parent.rmdir()

    atexit.register(end)
    assert process.stdout.readline() == b"loaded\n"
    return path


def _read(line: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        if not (more := line.recv(size - len(found))):
            raise EOFError
        found += more
    return found


def _serve(path: str) -> None:
    """Take commands until nobody is left who could send one."""
    gc.disable()    # as `app.py` does while it loads
    sys.path[0] = str(ROOT)
    import app  # noqa: PLC0415  in this interpreter alone
    for name in app.cli.commands:
        app.cli.commands[name]      # loads it

    door = socket.socket(socket.AF_UNIX)
    door.bind(path)
    door.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("loaded", flush=True)
    while door in select.select([door, sys.stdin], [], [])[0]:
        line, _ = door.accept()
        if os.fork() == 0:
            door.close()
            if _is_the_command(line):
                app.main()
            return
        line.close()


def _is_the_command(line: socket.socket) -> bool:
    """Forks once more. The parent tells how the command ends; it is no child of who asked."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, *_ = socket.recv_fds(line, _NUMBER.size, 3)
    words, env, folder = json.loads(_read(line, _NUMBER.unpack(size)[0]))
    pid = os.fork()
    if pid:
        for one in (0, 1, 2, *streams):
            os.close(one)
        line.sendall(_NUMBER.pack(pid))
        line.sendall(_NUMBER.pack(os.waitpid(pid, 0)[1]))
        os._exit(0)
    line.close()
    os.setsid()
    for standard, one in enumerate(streams):
        os.dup2(one, standard)
        os.close(one)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.argv[:] = [str(ROOT / "app.py"), *words]
    return True


if __name__ == "__main__":
    _serve(sys.argv[1])
