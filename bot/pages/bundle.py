"""Fetches the scripts of others that pages of ours need, once, at set-up: `python -m bot.pages.bundle [data folder]`.

The packages come by npm (from the PATH, else from the Python environment it is installed in by
requirements-node.txt) and are used only if they are, byte for byte, the ones that were looked at.
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
from dataclasses import dataclass
from pathlib import Path

COMMAND = "python -m bot.pages.bundle"

_SECONDS = 120
_LARGEST = 32 * 1024 * 1024


class BundleError(Exception):
    """Why there is no bundle, in one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One script out of a package, and its licence; `name` is how the person at the terminal knows it."""

    name: str
    package: str
    version: str
    integrity: str              # as npm has it
    script_in: str              # where it is in the package
    license_in: str
    script: str                 # what it is called here

    @property
    def license(self) -> str:
        return f"{self.script}.LICENSE.txt"

    @property
    def packed_script(self) -> str:
        return f"{self.script}.gz"

    @property
    def _taken(self) -> Mapping[str, str]:
        return {self.script_in: self.script, self.license_in: self.license}

    def folder(self, data_dir: Path) -> Path:
        """Where the service looks for it in its data folder."""
        return data_dir / Path(self.script).stem / self.version

    def present(self, data_dir: Path) -> bool:
        """Whether everything is there; files are put in place complete or not at all."""
        return all((self.folder(data_dir) / name).is_file() for name in (self.script, self.packed_script, self.license))

    def fetch(self, data_dir: Path) -> bool:
        """Put it into the data folder; False when it was there already. Raises BundleError."""
        if self.present(data_dir):
            return False
        with tempfile.TemporaryDirectory() as scratch:
            files = self.packed(self._unpack(self.archive(Path(scratch))))
        keep(self.folder(data_dir), files)
        return True

    def archive(self, scratch: Path) -> Path:
        """The whole package, packed, in `scratch`: the one that was looked at. Raises BundleError."""
        archive = self._pack(_npm(), scratch)
        self._check(archive)
        return archive

    def packed(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The files, and the script as browsers get it."""
        return {**files, self.packed_script: gzip.compress(files[self.script], 9, mtime=0)}

    def _pack(self, npm: str, scratch: Path) -> Path:
        # npm needs node, which stands beside it in a Python environment that is not on the PATH.
        surroundings = os.environ | {"PATH": f"{os.environ.get('PATH', '')}{os.pathsep}{Path(npm).parent}"}
        command = [npm, "pack", f"{self.package}@{self.version}", "--ignore-scripts", "--loglevel=error"]
        try:
            ran = subprocess.run(  # noqa: S603 - our own words
                command, cwd=scratch, env=surroundings, check=False, timeout=_SECONDS, capture_output=True, text=True)
        except (OSError, subprocess.SubprocessError) as trouble:
            raise BundleError(f"npm could not fetch {self.package}@{self.version}: {trouble}") from trouble
        if ran.returncode:
            why = next((line for line in ran.stderr.splitlines() if line.strip()), "is there a network?")
            raise BundleError(f"npm could not fetch {self.package}@{self.version}: {why}")
        archives = list(scratch.glob("*.tgz"))
        if len(archives) != 1:
            raise BundleError("npm left no package behind")
        return archives[0]

    def _check(self, archive: Path) -> None:
        algorithm, _, wanted = self.integrity.partition("-")
        found = base64.b64encode(hashlib.new(algorithm, archive.read_bytes()).digest()).decode()
        if not hmac.compare_digest(found, wanted):
            raise BundleError(f"the package is not the one that was checked: {algorithm}-{found}")

    def _unpack(self, archive: Path) -> dict[str, bytes]:
        files: dict[str, bytes] = {}
        with tarfile.open(archive) as opened:
            for member in opened:
                name = self._taken.get(member.name)
                wanted = name is not None and member.isfile() and member.size < _LARGEST
                content = opened.extractfile(member) if wanted else None
                if name and content:
                    files[name] = content.read()
        if files.keys() != set(self._taken.values()):
            raise BundleError("the package has not the files it should have")
        return files


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


WEB_CHAT = Bundle(
    "Web Chat client", "botframework-webchat", "4.18.1",
    "sha512-7jpEUJ7olT62Xm+8eh7BhhIcXVfU2xD4pZDaeBt8K4XcNy6K/83UGIxE9BFkXmHMZ4hDEVOzs5cre07GWuaXzg==",
    "package/dist/webchat.js", "package/dist/webchat.js.LICENSE.txt", "webchat.js")
TEAMS = Bundle(
    "Teams library", "@microsoft/teams-js", "2.58.0",
    "sha512-g4M1pWqdOgH4V3YjppuMzuYFcFnNk92/C0RlebTlxRIzKW0q/4QWYFBoRHt4xbDFRwHOedHueDz+I0ecpM/GaA==",
    "package/dist/umd/MicrosoftTeams.min.js", "package/LICENSE", "teams.js")
BUNDLES = (WEB_CHAT, TEAMS)


def default_folder() -> Path:
    """The data folder."""
    return Path(os.environ.get("KEYTURN_DATA_DIR") or ".keyturn")


def _npm() -> str:
    beside_python = Path(sys.executable).parent
    found = shutil.which("npm") or shutil.which("npm", path=str(beside_python))
    if found is None:
        raise BundleError(
            "npm was not found: install Node.js, or `pip install --require-hashes -r requirements-node.txt`")
    return found


def main(arguments: Sequence[str]) -> int:
    if len(arguments) > 1 or any(one.startswith("-") for one in arguments):
        sys.stderr.write(f"usage: {COMMAND} [data folder]   (default {default_folder()})\n")
        return 0 if {"-h", "--help"} & set(arguments) else 2
    folder = Path(arguments[0]) if arguments else default_folder()
    try:
        for one in BUNDLES:
            fetched = one.fetch(folder)
            there = "is now" if fetched else "was already"
            sys.stdout.write(f"{one.name} {one.version} {there} in {one.folder(folder)}\n")
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
