"""The settings in words, without what is secret in them (D3)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic import SecretStr

from bot.rules.limits import Limits
from bot.settings.model import Settings

LIMIT_PREFIX = "KEYTURN_LIMIT_"

# What stands between the first colon after the user and the last @ is the password, whatever signs are in it.
_URL_PASSWORD = re.compile(r"://([^:@]*:)?.*@", re.DOTALL)
_URL_QUERY = re.compile(r"(?<=[?&])([^=&]*)=[^&]*")
_SECRET = frozenset(one.alias for one in Settings.model_fields.values() if "SecretStr" in str(one.annotation))


@dataclass(frozen=True, slots=True)
class Line:
    """One setting as `app.py settings` lists it."""

    name: str
    value: str
    default: str
    ceiling: str
    what: str


def listed(settings: Settings, values: Mapping[str, str], wrong: Mapping[str, str]) -> Iterator[Line]:
    """Every setting with the value in force, or the wrong one that was given."""
    for name, one in Settings.model_fields.items():
        if one.alias is None:
            continue
        secret = one.alias in _SECRET
        value = values[one.alias] if one.alias in wrong else getattr(settings, name)
        yield Line(one.alias, _shown(value, secret), _shown(one.default, secret), "", one.description or "")
    for limit in fields(Limits):
        ceiling, floor = limit.metadata["ceiling"], limit.metadata["floor"]
        name = LIMIT_PREFIX + limit.name.upper()
        yield Line(
            name, _shown(values.get(name) or getattr(settings.limits, limit.name)), str(limit.default),
            f"≤ {ceiling}" if ceiling is not None else f"≥ {floor}" if floor else "",
            f"{limit.metadata['why']} ({limit.metadata['unit']})")


def _shown(value: Any, secret: bool = False) -> str:
    """A value in one line, without what is secret in it."""
    if isinstance(value, SecretStr):
        value, secret = value.get_secret_value(), True
    if isinstance(value, tuple):
        return ",".join(_shown(one, secret) for one in value)
    text = "" if value is None else str(value)
    if "://" in text:
        text = _URL_QUERY.sub(r"\1=***", _URL_PASSWORD.sub(r"://\1***@", text))
    elif secret and text:
        text = "(set)"
    return "".join(one if one.isprintable() else "?" for one in text)
