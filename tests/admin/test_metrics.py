"""`/metrics`: for whoever has the token, and without a word about anybody (U4, D3)."""

import re
import tomllib
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.directory import demo
from bot.metrics import Metrics
from bot.serving.desk import Desk
from tests.admin.conftest import Browser
from tests.journeys.stage import GOOD, Visitor
from tests.support.clock import SteppedClock


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
    [build] = found["keyturn_build_info"].samples
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert build.labels == {"version": pyproject["project"]["version"], "mode": "development", "directory": "embedded"}
    signed_in = {"operation": "staff", "event": "sign_in", "outcome": "ok"}
    assert [one.value for one in found["keyturn_records"].samples if one.labels == signed_in] == [1]
    assert (tmp_path / "metrics-token").stat().st_mode & 0o077 == 0


async def test_a_whole_reset_leaves_nothing_personal_in_it(
        desk: Desk, browser: Browser, clock: SteppedClock, tmp_path: Path) -> None:
    """U4, D3: counts of what happened, in words of the code; neither who nor what was typed."""
    async with Visitor(desk, "nb-NO", "") as kari:
        await kari.reset(clock, GOOD)
        await kari.ask("finnes.ikke@example.no")
    await browser.sign_in("mona.ute", password="feil passord", code="123456")
    text = (await browser.open("/metrics", **bearer(tmp_path))).text
    found = {one.name: one for one in text_string_to_metric_families(text)}
    counted = {tuple(one.labels.values()): one.value for one in found["keyturn_records"].samples}
    values = {frozenset(labels): value for labels, value in counted.items()}
    assert values[frozenset(("reset", "proof", "ok"))] == 2
    assert values[frozenset(("staff", "sign_in", "wrong"))] == 1
    turns = sum(one.value for one in found["keyturn_turns"].samples)
    seconds = {one.name: one.value for one in found["keyturn_turn_seconds"].samples if not one.labels}
    assert turns == seconds["keyturn_turn_seconds_count"] >= 5
    labels = {value for one in found.values() for sample in one.samples for value in sample.labels.values()}
    assert all(re.fullmatch(r"[a-z_]+|[0-9.]+|\+Inf", one) for one in labels), labels
    for person in demo.PEOPLE:
        assert not labels & {one.lower() for one in person.account.names}
        for private in (person.account.id, person.account.username, person.mail):
            assert private not in text


async def test_words_that_are_not_the_codes_are_not_shown() -> None:
    """Whatever came into a record by mistake, a label has none of it."""
    metrics = Metrics()
    metrics.record({"event": "reset.Kari Nordmann", "outcome": "kari@example.no"})
    text = metrics.text({}, {}).decode()
    assert 'event="other",operation="reset",outcome="other"' in text
