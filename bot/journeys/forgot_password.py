"""Resetting a forgotten password, the chat half: all of it is what every journey does."""

from dataclasses import dataclass
from typing import ClassVar

from bot.journeys.casework import Casework


@dataclass(frozen=True, slots=True)
class ForgotPassword(Casework):
    operation: ClassVar[str] = "reset"
