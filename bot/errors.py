"""Our own exceptions: each carries the key of what to tell the person, and facts for it."""

import traceback


class KeyturnError(Exception):
    """Something a caller on the spot cannot handle; `message` is a key of the content."""

    message = "error.general"

    def __init__(self, detail: str = "", **facts: str) -> None:
        super().__init__(detail)
        self.facts = facts


class StoreUnavailable(KeyturnError):
    """The store did not answer, or refused to write: nothing sensitive may go on (G1, F6)."""

    message = "error.store"


class VerificationPaused(KeyturnError):
    """What was spent or counted may be forgotten, or the time is not known: nobody can be verified (F5, F12)."""

    message = "error.verification_paused"


class Conflict(KeyturnError):
    """Somebody else changed the record first; read it again."""

    message = "error.conflict"


class Overtaken(KeyturnError):
    """A turn met a Conflict that nothing on its way could settle: nothing of it is kept, and the person is told."""

    message = "error.conflict"


class DirectoryUnavailable(KeyturnError):
    """The home of accounts did not answer in time; whether it acted may be unknown (F3)."""

    message = "error.directory"


class DirectoryRefused(KeyturnError):
    """The home of accounts does not let us, and will not later either: trying again is of no use (F7)."""

    message = "error.directory"


class SettingsError(KeyturnError):
    """The settings cannot be run with; the text is one line for the person who set them."""


def place(error: BaseException) -> str:
    """Where it was raised, as file:line; an error's own text may quote what must not be logged (D3)."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
