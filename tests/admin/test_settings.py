"""What the admin listener refuses to be set to (U4, C1, P6)."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import load

PRODUCTION = {
    "MicrosoftAppId": "app", "MicrosoftAppPassword": "secret", "REDIS_URL": "redis://127.0.0.1",
    "KEYTURN_SECRET_KEYS": "k", "KEYTURN_PUBLIC_URL": "https://keyturn.example.no"}
DEVELOPMENT = {"KEYTURN_MODE": "development"}


@pytest.mark.parametrize(("given", "problem"), [
    (PRODUCTION | {"KEYTURN_METRICS_TOKEN": "short"}, "KEYTURN_METRICS_TOKEN is too easy to guess"),
    (PRODUCTION | {"KEYTURN_ADMIN_URL": "http://admin.example.no"}, "KEYTURN_ADMIN_URL must be https://"),
    (PRODUCTION | {"KEYTURN_ADMIN_HOST": "0.0.0.0"}, "KEYTURN_ADMIN_URL must be https://"),
    (DEVELOPMENT | {"KEYTURN_ADMIN_HOST": "0.0.0.0"}, "loopback KEYTURN_ADMIN_HOST only"),
    (DEVELOPMENT | {"KEYTURN_ADMIN_PORT": "70000"}, "KEYTURN_ADMIN_PORT"),
])
def test_what_is_refused(tmp_path: Path, given: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load(given, tmp_path / "no.env")


@pytest.mark.parametrize("given", [
    PRODUCTION, PRODUCTION | {"KEYTURN_METRICS_TOKEN": "x" * 32},
    PRODUCTION | {"KEYTURN_ADMIN_HOST": "0.0.0.0", "KEYTURN_ADMIN_URL": "https://it.example.no"},
    PRODUCTION | {"KEYTURN_ADMIN_HOST": "0.0.0.0", "KEYTURN_ADMIN_PORT": "0"},
    DEVELOPMENT | {"KEYTURN_ADMIN_HOST": "[::1]"}])
def test_what_is_taken(tmp_path: Path, given: dict[str, str]) -> None:
    load(given, tmp_path / "no.env")


def test_where_links_lead(tmp_path: Path) -> None:
    """To the proxy if there is one, else to the port that is listened on."""
    there = load(DEVELOPMENT | {"KEYTURN_ADMIN_HOST": "::1"}, tmp_path / "no.env")
    assert there.admin_base_url() == "http://[::1]:3979"
    assert there.admin_base_url(4000) == "http://[::1]:4000"
    behind = load(PRODUCTION | {"KEYTURN_ADMIN_URL": "https://it.example.no/"}, tmp_path / "no.env")
    assert behind.admin_base_url(4000) == "https://it.example.no"
