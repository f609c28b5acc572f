"""Fetching others' scripts: once, the very bytes that were looked at, and in words when it cannot be done."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from bot.pages import bundle


def run(folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """The command, with only `path` on the PATH."""
    return subprocess.run(
        [sys.executable, "-m", "bot.pages.bundle", str(folder)], check=False, capture_output=True, text=True,
        env={"PATH": str(path)}, cwd=Path(bundle.__file__).parents[2])


def an_npm(folder: Path, script: str) -> Path:
    """A program called npm."""
    folder.mkdir()
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return folder


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    """A second run needs neither network nor npm."""
    for one in bundle.BUNDLES:
        bundle.keep(one.folder(tmp_path), dict.fromkeys((one.script, one.packed_script, one.license), b"x"))
    done = run(tmp_path, tmp_path)
    assert (done.returncode, done.stdout.count("was already")) == (0, len(bundle.BUNDLES))


def test_another_package_is_refused(tmp_path: Path) -> None:
    """Whatever npm brings is used only if its hash is the pinned one; nothing is left behind."""
    archive = tmp_path / "other.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(__file__, "package/dist/webchat.js")
    npm = an_npm(tmp_path / "bin", f"/bin/cp {archive} ./botframework-webchat-4.18.1.tgz")
    done = run(tmp_path / "out", npm)
    assert done.returncode == 1
    assert "not the one that was checked" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_takes_nothing_is_said_in_words(tmp_path: Path) -> None:
    """A data folder of somebody else's, or a file in its place."""
    (tmp_path / "file").touch()
    with pytest.raises(bundle.BundleError, match="nothing can be kept in"):
        bundle.keep(tmp_path / "file" / "webchat", {bundle.WEB_CHAT.script: b"x"})


def test_no_network_is_said_in_one_line(tmp_path: Path) -> None:
    """npm's failure is not a traceback."""
    done = run(tmp_path / "out", an_npm(tmp_path / "bin", "exit 1"))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), (["a", "b"], 2), (["--what"], 2)])
def test_usage(arguments: list[str], status: int) -> None:
    """Help is 0, nonsense is 2."""
    assert bundle.main(arguments) == status
