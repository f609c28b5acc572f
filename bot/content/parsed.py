"""What files of YAML hold, kept by the hash of their text: getting it out of them took a tenth of every start."""

import hashlib
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from bot import quick_json

_READ_BY = Path(__file__).with_name("yaml_texts.py")

_log = structlog.get_logger(__name__)


class Unreadable(ValueError):
    """A file that is no YAML, or no text; why, in one line."""


class Parsed:
    """The values of files. They may be kept in one file: a line with a hash of the rest, then for each text a line
    with its hash and its value as plain JSON (D2).

    What is not kept there, or in a file that was cut short or changed, is read from the texts themselves.
    """

    def __init__(self, path: Path | None = None) -> None:
        """`path` is where values are kept; nowhere when None."""
        self._path = path
        self._reader = _READ_BY.read_bytes() if path else b""
        self._before = _kept(path) if path else {}
        self._used: dict[bytes, bytes] = {}

    def yaml(self, path: Path) -> Any:
        """What a YAML file holds. Raises Unreadable."""
        return self._value(path, "value_of")

    def page(self, path: Path) -> tuple[Any, str]:
        """Front matter and body of a Markdown file. Raises Unreadable."""
        head, body = self._value(path, "page_of")
        return head, body

    def keep(self) -> None:
        """Keep what was asked for since this was made, and nothing else; where it cannot be kept, it is not."""
        if self._path is None or self._used.keys() <= self._before.keys():
            return
        lines = b"".join(b"%b %b\n" % one for one in self._used.items())
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._path.parent) as folder:
                fresh = Path(folder) / self._path.name
                fresh.write_bytes(_hash(lines) + b"\n" + lines)
                fresh.replace(self._path)       # atomic: another process finds a whole file
        except OSError as trouble:
            _log.debug("content.not_kept", file=str(self._path), error=str(trouble))

    def _value(self, path: Path, kind: str) -> Any:
        text = path.read_bytes()
        # The code that reads is part of what the value depends on.
        name = _hash(self._reader, kind.encode(), text)
        if (kept := self._before.get(name)) is not None:
            self._used[name] = kept
            return quick_json.loads(kept)
        value = _read(text, kind)
        with suppress(TypeError):       # half a character is no JSON
            self._used[name] = quick_json.dumps(value)
        return value


def _read(text: bytes, kind: str) -> Any:
    # Only where it is needed: yaml takes 30 ms to load.
    from bot.content import yaml_texts  # noqa: PLC0415

    try:
        return getattr(yaml_texts, kind)(text.decode().replace("\r\n", "\n").replace("\r", "\n"))
    except (yaml_texts.BadYaml, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error


def _kept(path: Path) -> dict[bytes, bytes]:
    try:
        digest, _, lines = path.read_bytes().partition(b"\n")
    except OSError:
        return {}
    if digest != _hash(lines):
        _log.warning("content.kept_is_broken", file=str(path))
        return {}
    return {line[:len(digest)]: line[len(digest) + 1:] for line in lines.splitlines()}


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"\0".join(parts)).hexdigest().encode()
