"""How long the secrets of the settings have been in use, and how each is changed: one that ends unnoticed stops all."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial

from bot.doctor import Look
from bot.errors import SettingsError, StoreUnavailable
from bot.secret import Secret
from bot.settings import Settings

KEYS, BOT, DIRECTORY = "KEYTURN_SECRET_KEYS", "MicrosoftAppPassword", "KEYTURN_ENTRA_SECRET"

_DAY = 86400
_MOST_DAYS = {KEYS: 365, BOT: 335, DIRECTORY: 335}
"""Secrets of registrations are made for a year: a month is left to make the next."""

Age = Callable[[str, Secret], Awaitable[float | None]]
"""For how many seconds the secret of that setting has been in use; None when it never was."""


def in_use(settings: Settings) -> Mapping[str, Secret]:
    """The secrets whose ages are watched, by the names of their settings; of the keys the newest, which seals."""
    found = {
        KEYS: settings.secret_keys[0].get_secret_value() if settings.secret_keys else "",
        BOT: "" if settings.app_type == "UserAssignedMSI" else settings.app_password.get_secret_value(),
        DIRECTORY: settings.entra_secret.get_secret_value()
        if settings.directory == "entra" and settings.entra_credential == "secret" else ""}
    return {name: Secret(value) for name, value in found.items() if value}


def looks(settings: Settings, age: Age) -> Iterator[Look]:
    """One for each secret that is set."""
    for name, secret in in_use(settings).items():
        app = settings.directory_app_id if name == DIRECTORY else settings.app_id
        yield Look(f"age of {name}", partial(_young, name, secret, age, _end(name, app)), _remedy(name, app))


async def _young(name: str, secret: Secret, age: Age, end: str) -> str:
    try:
        seconds = await age(name, secret)
    except (StoreUnavailable, SettingsError):
        return f"cannot be checked until the store and the keys work{end}"
    if seconds is None:
        return f"not in use with this store yet{end}"
    days = int(seconds // _DAY)
    if days >= _MOST_DAYS[name]:
        raise SettingsError(f"in use for {days} days{end}")
    return f"in use for {days} days{end}"


def _end(name: str, app: str) -> str:
    """No permission that Keyturn has lets it read when a secret ends."""
    return "" if name == KEYS else f"; to see when it expires: az ad app credential list --id {app}"


def _remedy(name: str, app: str) -> str:
    if name == KEYS:
        return ("put a new one first, with a comma between them, and restart: python3 -c \"import base64,secrets; "
                "print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())\"")
    return f"add a new one, set it here and restart: az ad app credential reset --id {app} --append --years 1"
