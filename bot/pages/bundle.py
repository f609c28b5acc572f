"""Fetches the public Web Chat client once, at set-up: `python -m bot.pages.bundle [folder]`.

The package comes by npm (from the PATH, else from the Python environment it is installed in by
requirements-node.txt) and is used only if it is, byte for byte, the one that was looked at.
"""

import base64
import gzip
import hashlib
import hmac
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PACKAGE = "botframework-webchat"
VERSION = "4.18.1"
INTEGRITY = "sha512-7jpEUJ7olT62Xm+8eh7BhhIcXVfU2xD4pZDaeBt8K4XcNy6K/83UGIxE9BFkXmHMZ4hDEVOzs5cre07GWuaXzg=="
SUBFOLDER = Path("webchat") / VERSION
COMMAND = "python -m bot.pages.bundle"

SCRIPT = "webchat.js"
PACKED = "webchat.js.gz"
LICENSE = "webchat.js.LICENSE.txt"
_TAKEN = {f"package/dist/{SCRIPT}": SCRIPT, f"package/dist/{LICENSE}": LICENSE}
_SECONDS = 120
_LARGEST = 32 * 1024 * 1024


def default_folder() -> Path:
    """In the data folder, where the service looks for it."""
    return Path(os.environ.get("KEYTURN_DATA_DIR") or ".keyturn") / SUBFOLDER


class BundleError(Exception):
    """Why there is no bundle, in one line for the person at the terminal."""


def present(folder: Path) -> bool:
    """Whether everything is there; files are put in place complete or not at all."""
    return all((folder / name).is_file() for name in (SCRIPT, PACKED, LICENSE))


def fetch(folder: Path) -> bool:
    """Put the client into `folder`; False when it was there already. Raises BundleError."""
    if present(folder):
        return False
    with tempfile.TemporaryDirectory() as scratch:
        archive = _pack(_npm(), Path(scratch))
        _check(archive)
        files = packed(_unpack(archive))
    keep(folder, files)
    return True


def keep(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put the files into `folder`, each complete or not at all. Raises BundleError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            part = folder / f".{name}.{os.getpid()}"
            part.write_bytes(content)
            part.replace(folder / name)
    except OSError as trouble:
        raise BundleError(f"nothing can be kept in {folder}: {trouble.strerror}") from trouble


def packed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files, and the script as browsers get it."""
    return {**files, PACKED: gzip.compress(files[SCRIPT], 9, mtime=0)}


def _npm() -> str:
    beside_python = Path(sys.executable).parent
    found = shutil.which("npm") or shutil.which("npm", path=str(beside_python))
    if found is None:
        raise BundleError(
            "npm was not found: install Node.js, or `pip install --require-hashes -r requirements-node.txt`")
    return found


def _pack(npm: str, scratch: Path) -> Path:
    # npm needs node, which stands beside it in a Python environment that is not on the PATH.
    surroundings = os.environ | {"PATH": f"{os.environ.get('PATH', '')}{os.pathsep}{Path(npm).parent}"}
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--loglevel=error"]
    try:
        ran = subprocess.run(  # noqa: S603 - our own words
            command, cwd=scratch, env=surroundings, check=False, timeout=_SECONDS, capture_output=True, text=True)
    except (OSError, subprocess.SubprocessError) as trouble:
        raise BundleError(f"npm could not fetch {PACKAGE}@{VERSION}: {trouble}") from trouble
    if ran.returncode:
        why = next((line for line in ran.stderr.splitlines() if line.strip()), "is there a network?")
        raise BundleError(f"npm could not fetch {PACKAGE}@{VERSION}: {why}")
    archives = list(scratch.glob("*.tgz"))
    if len(archives) != 1:
        raise BundleError("npm left no package behind")
    return archives[0]


def _check(archive: Path) -> None:
    algorithm, _, wanted = INTEGRITY.partition("-")
    found = base64.b64encode(hashlib.new(algorithm, archive.read_bytes()).digest()).decode()
    if not hmac.compare_digest(found, wanted):
        raise BundleError(f"the package is not the one that was checked: {algorithm}-{found}")


def _unpack(archive: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(archive) as opened:
        for member in opened:
            name = _TAKEN.get(member.name)
            wanted = name is not None and member.isfile() and member.size < _LARGEST
            content = opened.extractfile(member) if wanted else None
            if name and content:
                files[name] = content.read()
    if files.keys() != set(_TAKEN.values()):
        raise BundleError("the package has not the files it should have")
    return files


def main(arguments: Sequence[str]) -> int:
    if len(arguments) > 1 or any(one.startswith("-") for one in arguments):
        sys.stderr.write(f"usage: {COMMAND} [folder]   (default {default_folder()})\n")
        return 0 if {"-h", "--help"} & set(arguments) else 2
    folder = Path(arguments[0]) if arguments else default_folder()
    try:
        fetched = fetch(folder)
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Web Chat {VERSION} {'is now' if fetched else 'was already'} in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
