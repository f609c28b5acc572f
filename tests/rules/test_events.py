"""What an owner reads of the trail: one line for a request, no address, no name."""

import pytest

from bot.rules.events import Telling, tellings

ME = "msteams:t:me"
VISITOR = "directline::dl_1"


def record(event: str, outcome: str, correlation: str = "c1", actor: str = VISITOR, minute: int = 0) -> dict[str, str]:
    return {"event": event, "outcome": outcome, "correlation": correlation, "actor": actor,
            "time": f"2026-11-23T12:{minute:02}:00.000Z"}


def test_a_request_is_told_by_how_it_ended() -> None:
    """Newest first, as the trail gives them."""
    found = tellings([
        record("reset.sessions_ended", "done"), record("reset.outcome", "done", minute=5),
        record("reset.intent", "pending"), record("reset.proof", "ok"), record("reset.opened", "ok")], 10)
    assert [(one.what, one.way) for one in found] == [("done.reset", "web_chat")]
    assert found[0].at == 1795435500.0


def test_wrong_codes_of_one_request_are_one_line() -> None:
    found = tellings([record("reset.proof", "wrong")] * 3 + [record("reset.opened", "ok")], 10)
    assert [(one.what, one.times) for one in found] == [("wrong_code", 3)]


def test_a_request_that_was_only_begun_is_told() -> None:
    """Somebody else may have begun it."""
    assert [one.what for one in tellings([record("unlock.opened", "refused")], 10)] == ["began.unlock"]


@pytest.mark.parametrize(("actor", "way"), [
    (ME, "teams"), (VISITOR, "web_chat"), ("staff:abc", "it"), ("mail:t:me", "mail"), ("cli", "other"), ("", "other")])
def test_whoever_did_it_is_told_by_the_way_alone(actor: str, way: str) -> None:
    assert tellings([record("change.outcome", "done", actor=actor)], 10)[0].way == way


@pytest.mark.parametrize(("event", "outcome", "what"), [
    ("reset.outcome", "refused", "not_done.reset"), ("reset.ended", "not_done", "stopped.reset"),
    ("change.refused", "refused", "not_done.change"), ("reset.paused", "refused", "paused"),
    ("reset.limited", "refused", "limited"), ("recovery_codes.outcome", "done", "done.recovery_codes"),
    ("staff.pause", "done", "it_pause"), ("staff.code", "shown", "it_code"),
    ("registered.confirmed", "ok", "confirmed"), ("help.opened", "ok", "help_opened"),
    ("new.outcome", "done", "done.other")])
def test_what_is_told(event: str, outcome: str, what: str) -> None:
    assert [one.what for one in tellings([record(event, outcome)], 10)] == [what]


@pytest.mark.parametrize(("event", "outcome"), [
    ("reset.alert", "refused"), ("reset.alarm", "refused"), ("staff.look", "ok"), ("staff.pause", "begun"),
    ("staff.code", "begun"), ("registered.confirmed", "not_done"),
    ("reset.intent", "pending"), ("reset.not_taken", "not_done"), ("help.added", "ok"),
    ("help.opened", "begun"), ("help.opened", "not_done"), ("odd", "ok")])
def test_what_is_not(event: str, outcome: str) -> None:
    assert tellings([record(event, outcome)], 10) == []


def test_the_newest_are_told() -> None:
    found = tellings([record("reset.outcome", "done", f"c{n}", minute=59 - n) for n in range(20)], 10)
    assert len(found) == 10
    assert found == sorted(found, key=lambda one: -one.at)
    assert isinstance(found[0], Telling)
