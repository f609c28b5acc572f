"""Looks at every setting and every outside service it names: what is well, what is wrong, what to do."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.errors import KeyturnError, StoreUnavailable

LOOK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `remedy` is empty when all is well."""

    name: str
    well: bool
    said: str
    remedy: str = ""

    def line(self) -> str:
        return f"ok    {self.name}: {self.said}" if self.well else f"WRONG {self.name}: {self.said} - {self.remedy}"


@dataclass(frozen=True, slots=True)
class Look:
    """One thing to look at: `at` returns what to say when it is well, and raises when it is not."""

    name: str
    at: Callable[[], Awaitable[str]]
    remedy: str


async def examine(looks: list[Look]) -> list[Finding]:
    """Look at everything, one after the other; nothing that fails stops the rest."""
    return [await _finding(one) for one in looks]


async def _finding(look: Look) -> Finding:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return Finding(look.name, True, await look.at())
    except TimeoutError:
        return Finding(look.name, False, f"no answer within {LOOK_SECONDS:.0f} s", look.remedy)
    except StoreUnavailable as error:
        return Finding(look.name, False, f"the store does not answer ({error})", look.remedy)
    except (KeyturnError, OSError, ValueError) as error:
        said = str(error).removeprefix(f"{look.name}: ")
        return Finding(look.name, False, said or type(error).__name__, look.remedy)


