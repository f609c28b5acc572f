"""Limit 7 where one visitor tries all the demo people: as wide as it may be, and no wider."""

from pathlib import Path

import pytest

from bot.rules.limits import too_loose
from bot.settings import load


@pytest.mark.parametrize(("given", "wanted"), [({}, 10), ({"KEYTURN_LIMIT_REQUESTER_TARGETS_24H": "3"}, 3)])
def test_a_newcomer_may_try_all_demo_people(tmp_path: Path, given: dict[str, str], wanted: int) -> None:
    """The ceiling in development mode, unless somebody sets it; nothing to be loud about (G5)."""
    settings = load({"KEYTURN_MODE": "development", **given}, tmp_path / "no.env")
    assert settings.limits.requester_targets_24h == wanted
    assert too_loose(settings.limits) == []


def test_production_keeps_the_default(tmp_path: Path) -> None:
    settings = load({
        "MicrosoftAppId": "an-app", "MicrosoftAppPassword": "its secret", "REDIS_URL": "redis://127.0.0.1:6379",
        "KEYTURN_SECRET_KEYS": "A" * 43, "KEYTURN_PUBLIC_URL": "https://keyturn.example.no"}, tmp_path / "no.env")
    assert settings.limits.requester_targets_24h == 5
