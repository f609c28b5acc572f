"""Times in words: how long to wait, and when a wait ends, by the clock on the person's wall."""

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.clock import utc
from bot.content.times import clock_time, written_date
from dialogs.talk import Talk

MANY_MINUTES = 100          # from here on people count in hours
AT_HOME = ZoneInfo("Europe/Oslo")


def wait(talk: Talk, until: float, now: float) -> str:
    """How long to wait, in words, rounded up."""
    minutes = max(1, math.ceil((until - now) / 60))
    if minutes < MANY_MINUTES:
        return talk.words("common.wait.minute") if minutes == 1 else talk.words("common.wait.minutes", n=minutes)
    hours = math.ceil(minutes / 60)
    return talk.words("common.wait.hour") if hours == 1 else talk.words("common.wait.hours", n=hours)


def moment(talk: Talk, at: float, now: float) -> str:
    """A time of day, with the date when it is not today's."""
    zone = _zone(talk.heard.timezone)
    there, today = utc(at).astimezone(zone), utc(now).astimezone(zone).date()
    time = clock_time(talk.words, there)
    if there.date() == today:
        return talk.words("common.moment.today", time=time)
    return talk.words("common.moment.later", time=time, date=date(talk, there))


def lately(talk: Talk, at: float, now: float) -> str:
    """When something was: "i dag kl. 14.05", "i går kl. 14.05", else with the date."""
    zone = _zone(talk.heard.timezone)
    there, today = utc(at).astimezone(zone), utc(now).astimezone(zone).date()
    time = clock_time(talk.words, there)
    if there.date() == today:
        return talk.words("common.moment.this_day", time=time)
    if there.date() == today - timedelta(days=1):
        return talk.words("common.moment.yesterday", time=time)
    return talk.words("common.moment.on", time=time, date=date(talk, there))


def date(talk: Talk, day: datetime) -> str:
    """"27. november 2026", as the language writes it."""
    return written_date(talk.words, day)


def day(talk: Talk, at: float) -> str:
    """The date of a time, where the person is."""
    return date(talk, utc(at).astimezone(_zone(talk.heard.timezone)))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else AT_HOME
    except (ZoneInfoNotFoundError, ValueError):
        return AT_HOME
