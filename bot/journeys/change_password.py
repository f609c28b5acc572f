"""Changing a known password, the chat half: the present password is typed on the page, as the last proof."""

from dataclasses import dataclass
from typing import ClassVar

from bot.journeys.casework import CHANGE, Casework


@dataclass(frozen=True, slots=True)
class ChangePassword(Casework):
    operation: ClassVar[str] = CHANGE
