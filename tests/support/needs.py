"""What a test needs that pip does not bring: without it, it is skipped, or fails where all have to run."""

import os
import shutil
from typing import Never

import pytest


def need_program(name: str, package: str) -> str:
    """The path of a program; `package` says what to install for it."""
    return shutil.which(name) or missing(f"{name} was not found: install {package}")


def missing(reason: str) -> Never:
    """Skip, in one line; with REQUIRE_ALL=1 fail instead, so that nothing goes untested unseen."""
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
