"""The stream of log lines: what it cannot take is lost, and nothing else fails for it.

A log file on a full disk, or a reader that went away, would otherwise fail whatever did its work and had something to
say of it. What must not be lost is on the audit trail, which is kept in the store (U1).
"""

import io
from typing import Any, TextIO


class _Losing(io.FileIO):
    def write(self, data: Any) -> int:
        try:
            written = super().write(data)
        except OSError:
            written = None
        return memoryview(data).nbytes if written is None else written


def losing(file: TextIO) -> TextIO:
    """The same file as UTF-8 by lines; half a character comes out as the escape that JSON has for it."""
    return io.TextIOWrapper(io.BufferedWriter(_Losing(file.fileno(), "w", closefd=False)),
                            encoding="utf-8", errors="backslashreplace", line_buffering=True)
