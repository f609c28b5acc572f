"""Reads the settings from the environment or `.env`, and finds all that is wrong with them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.errors import SettingsError
from bot.rules.limits import Limits
from bot.settings.fitness import unfit
from bot.settings.listing import LIMIT_PREFIX, Line, listed
from bot.settings.model import Mode, Settings

# Whoever tries the bot out is one visitor who plays all the demo people: the ceiling leaves room for that.
_DEVELOPMENT_LIMITS = {"requester_targets_24h": 10}


@dataclass(frozen=True, slots=True)
class Found:
    """What is set, as far as it can be understood: `settings` has the defaults where `problems` names a value."""

    settings: Settings
    problems: tuple[str, ...]
    lines: tuple[Line, ...]


def environment() -> Mapping[str, str]:
    """The process's environment."""
    return os.environ


def load(environment: Mapping[str, str], dotenv: Path = Path(".env")) -> Settings:
    """Read the settings; `environment` wins over the file. Raises SettingsError with one line per problem."""
    found = look(environment, dotenv)
    if found.problems:
        raise SettingsError("\n".join(found.problems))
    return found.settings


def look(environment: Mapping[str, str], dotenv: Path = Path(".env")) -> Found:
    """Read the settings whatever is wrong with them, and all that is wrong."""
    values, problems = _read_dotenv(dotenv)
    values |= environment
    development = values.get("KEYTURN_MODE") == Mode.DEVELOPMENT
    limits, wrong_limits = _limits(values, _DEVELOPMENT_LIMITS if development else {})
    known = {one.alias for one in Settings.model_fields.values() if one.alias}
    problems += wrong_limits
    problems += [
        f"{name} is not a setting of Keyturn" for name in sorted(values)
        if name.startswith("KEYTURN_") and name not in known and not name.startswith(LIMIT_PREFIX)]
    given = {name: values[name] for name in known if values.get(name, "") != ""}
    settings, wrong = _understood(given, limits)
    problems += wrong.values()
    # Without a mode that is one, nobody knows what would have to be there. What is wrong is not missing besides.
    problems += [] if "KEYTURN_MODE" in wrong else [one for one in unfit(settings) if one.split()[0] not in wrong]
    return Found(settings, tuple(problems), tuple(listed(settings, values, wrong)))


def _understood(given: Mapping[str, str], limits: Limits) -> tuple[Settings, dict[str, str]]:
    """The settings without the values that are wrong, and what is wrong with each."""
    try:
        return Settings.model_validate({**given, "limits": limits}), {}
    except ValidationError as error:
        wrong = {str(one["loc"][0]): _in_words(one) for one in error.errors(include_url=False, include_input=False)}
    rest = {name: value for name, value in given.items() if name not in wrong}
    return Settings.model_validate({**rest, "limits": limits}), wrong


def _limits(values: Mapping[str, str], defaults: Mapping[str, int]) -> tuple[Limits, list[str]]:
    known = {LIMIT_PREFIX + one.name.upper(): one.name for one in fields(Limits)}
    chosen, problems = {}, []
    for name in sorted(name for name in values if name.startswith(LIMIT_PREFIX)):
        if name not in known:
            problems.append(f"{name} is not a limit of Keyturn")
        elif not values[name].isdecimal() or int(values[name]) < 1:
            problems.append(f"{name} must be a whole number above 0")
        else:
            chosen[known[name]] = int(values[name])
    return Limits(**{**defaults, **chosen}), problems


def _read_dotenv(path: Path) -> tuple[dict[str, str], list[str]]:
    """What the file sets, and why it cannot be read."""
    if not path.is_file():
        return {}, []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as trouble:
        why = trouble.strerror if isinstance(trouble, OSError) else "it is not UTF-8"
        return {}, [f"{path} cannot be read: {why}"]
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("'\"")
    return found, []


def _in_words(error: Mapping[str, Any]) -> str:
    place = str(error["loc"][0]) if error["loc"] else ""
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {text}" if place else text
