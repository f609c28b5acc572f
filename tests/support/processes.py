"""Processes that tests have started, or that were started by those."""

from pathlib import Path


def gone(pid: int) -> bool:
    """Whether it has ended; one that nobody has buried yet has, too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"
