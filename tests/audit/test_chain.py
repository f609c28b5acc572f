"""The chain of audit records, as values (U2, U3)."""

import hmac
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest

from bot import audit
from bot.audit import Broken, Head

NOW = 1_800_000_000.125


def sign(data: bytes) -> bytes:
    return hmac.digest(b"key", data, "sha256")


def check(data: bytes, mac: bytes) -> bool:
    return hmac.compare_digest(sign(data), mac)


def trail(*reasons: str) -> tuple[list[dict[str, Any]], Head]:
    records, head = [], audit.START
    for reason in reasons:
        record = audit.chained(audit.entry("reset.refused", reason=reason), head, NOW, "replica-1", sign)
        records.append(record)
        head = Head(record["seq"], record["hash"])
    return records, head


def test_a_record_has_exactly_the_fields_of_the_contract() -> None:
    """Outside programs read these names (design §4)."""
    said = audit.entry("reset.done", actor="a", tenant="t", target="x", operation="reset", proofs=("totp",),
                       outcome="done", reason="r", source="s", correlation="c", key="k")
    record = audit.chained(said, audit.START, NOW, "one", sign)
    assert list(record) == [
        "seq", "time", "event", "actor", "tenant", "target", "operation", "proofs", "outcome", "reason",
        "source", "correlation", "replica", "key", "prev", "hash"]
    assert record["time"] == "2027-01-15T08:00:00.125Z"
    assert (record["seq"], record["prev"], record["proofs"]) == (1, "0" * 64, ["totp"])


def test_an_untouched_trail_verifies() -> None:
    records, head = trail("a", "b", "c")
    assert audit.verify(records, head, check) is None
    assert audit.verify([json.loads(audit.line(one)) for one in records], head, check) is None
    assert audit.verify([], audit.START, check) is None


@pytest.mark.parametrize(("touch", "seq"), [
    pytest.param(lambda r: r[1].update(reason="edited"), 2, id="a field edited"),
    pytest.param(lambda r: r[1].update(time="2020-01-01T00:00:00.000Z"), 2, id="the time edited"),
    pytest.param(lambda r: r[1].update(more="x"), 2, id="a field added"),
    pytest.param(lambda r: r[1].pop("reason"), 2, id="a field removed"),
    pytest.param(lambda r: r[1].update(hash="zz"), 2, id="a hash that is none"),
    pytest.param(lambda r: r[1].update(hash=None), 2, id="no hash"),
    pytest.param(lambda r: r.pop(0), 1, id="the first deleted"),
    pytest.param(lambda r: r.pop(1), 2, id="one in the middle deleted"),
    pytest.param(lambda r: r.pop(), 4, id="the last deleted"),
    pytest.param(lambda r: r.clear(), 1, id="all deleted"),
    pytest.param(lambda r: r.reverse(), 1, id="reversed"),
    pytest.param(lambda r: r.insert(1, r[1]), 3, id="one doubled"),
    pytest.param(lambda r: r[2:4].reverse() or r.insert(1, r.pop(2)), 2, id="two swapped"),
])
def test_tampering_is_found_at_the_first_bad_record(
        touch: Callable[[list[dict[str, Any]]], object], seq: int) -> None:
    records, head = trail("a", "b", "c", "d")
    touch(records)
    broken = audit.verify(records, head, check)
    assert isinstance(broken, Broken)
    assert broken.seq == seq


def test_a_trail_rewritten_under_another_key_is_found() -> None:
    _, head = trail("a")
    forged = audit.chained(
        audit.entry("x"), audit.START, NOW, "r", lambda data: hmac.digest(b"other", data, "sha256"))
    assert audit.verify([forged], head, check) == Broken(1, "the record was changed, or is not ours")


def test_a_fork_of_the_trail_is_found() -> None:
    """Genuine records, but not the ones that the head names."""
    records, _ = trail("a", "b")
    _, head = trail("a", "another")
    broken = audit.verify(records, head, check)
    assert broken is not None
    assert broken.seq == 2


def test_a_loss_that_was_noticed_stays_visible() -> None:
    record = audit.chained(audit.entry(audit.LOST, reason="number 9 is gone"), audit.START, NOW, "r", sign)
    broken = audit.verify([record], Head(1, record["hash"]), check)
    assert broken == Broken(1, "records before it were lost: number 9 is gone")


@pytest.mark.parametrize("text", [
    'x\n{"seq":2}', "a\r\nb", "\u2028\u2029\x85", '","outcome":"done', "\x00\x1b[31m", "\ud800"])
def test_user_text_forges_no_line(text: str) -> None:
    """One record is one line of ASCII, whatever people type (U3, S-086)."""
    record = audit.chained(audit.entry("say", reason=text), audit.START, NOW, "r", sign)
    line = audit.line(record)
    assert [line] == line.splitlines()
    assert line.isascii()
    assert json.loads(line)["reason"] == text


def test_long_texts_are_cut() -> None:
    record = audit.chained(
        audit.entry("say", reason="x" * 10_000, proofs=["y" * 10_000] * 100), audit.START, NOW, "r", sign)
    assert len(record["reason"]) == audit.LONGEST
    assert record["reason"].endswith("…")
    assert len(audit.line(record)) < 20_000


@pytest.mark.parametrize("said", [{"reason": 1}, {"reason": None}, {"proofs": [b"x"]}])
def test_only_texts_stand_in_a_record(said: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="audit record"):
        audit.chained({"event": "x", **said}, audit.START, NOW, "r", sign)


@pytest.mark.parametrize("name", ["seq", "time", "prev", "hash", "replica", "password"])
def test_nobody_fills_the_chains_own_fields(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        audit.chained({"event": "x", name: "1"}, audit.START, NOW, "r", sign)


def test_a_member_of_an_enum_is_written_as_its_text() -> None:
    class Outcome(StrEnum):
        DONE = "done"

    record = audit.chained(audit.entry("x", outcome=Outcome.DONE), audit.START, NOW, "r", sign)
    assert type(record["outcome"]) is str
    assert audit.verify([record], Head(1, record["hash"]), check) is None
