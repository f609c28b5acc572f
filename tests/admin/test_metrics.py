"""`/metrics`: for whoever has the token, and without a word about anybody (U4, D3)."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import Desk
from tests.admin.conftest import Browser


def bearer(folder: Path) -> dict[str, str]:
    return {"Authorization": f"Bearer {(folder / 'metrics-token').read_text().strip()}"}


@pytest.mark.parametrize("sent", ["", "Bearer ", "Bearer wrong", "Basic eDp5", "wrong"])
async def test_nobody_reads_it_without_the_token(browser: Browser, sent: str) -> None:
    answer = await browser.open("/metrics", **({"Authorization": sent} if sent else {}))
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_prometheus_reads_it(desk: Desk, browser: Browser, tmp_path: Path) -> None:
    """By the address it scrapes, whatever host that is; every family has a help line and a value."""
    await browser.sign_in("mona.ute")
    answer = await browser.open("/metrics", Host="10.0.0.7:3979", **bearer(tmp_path))
    assert answer.status == 200
    found = {one.name: one for one in text_string_to_metric_families(answer.text)}
    assert {"keyturn_build_info", "keyturn_turns", "keyturn_turn_seconds", "keyturn_records", "keyturn_mails_queued",
            "keyturn_mails_failed", "keyturn_settlements_pending", "keyturn_verification_paused"} <= set(found)
    assert all(one.documentation for one in found.values())
    signed_in = {"operation": "staff", "event": "sign_in", "outcome": "ok"}
    assert [one.value for one in found["keyturn_records"].samples if one.labels == signed_in] == [1]
    assert (tmp_path / "metrics-token").stat().st_mode & 0o077 == 0
