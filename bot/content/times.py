"""Dates and times of day as a language writes them; `say` gives the words of a key in it."""

from collections.abc import Callable
from datetime import date, datetime

Say = Callable[..., str]


def written_date(say: Say, day: date) -> str:
    """"27. november 2026"."""
    month = say("common.months").split()[day.month - 1]
    return say("common.date", day=day.day, month=month, year=day.year)


def clock_time(say: Say, at: datetime) -> str:
    """"14.05"."""
    return say("common.clock", hour=f"{at:%H}", minute=f"{at:%M}")
