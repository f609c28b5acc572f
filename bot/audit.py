"""The audit trail: what a record says, how records are chained, and how a chain is verified (U1-U3)."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.clock import utc

FIELDS = ("seq", "time", "event", "actor", "tenant", "target", "operation", "proofs", "outcome", "reason",
          "source", "correlation", "replica", "key", "prev", "hash")
"""A record's fields, in this order (design §4)."""

SAID = ("event", "actor", "tenant", "target", "operation", "outcome", "reason", "source", "correlation",
        "key")
"""The fields of text that whoever records something may fill."""

GENESIS = "0" * 64
"""The `prev` of the first record."""

LOST = "audit.lost"
"""The event recorded when records that were there are gone; a trail with it in it never verifies again."""

LONGEST = 500
"""Characters of a field; what is longer is cut, so that nobody can flood the trail with one message."""

MOST_PROOFS = 16

Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes], bool]
"""Whether some key of ours made this MAC (second) of this data (first)."""


def entry(
        event: str, *, actor: str = "", tenant: str = "", target: str = "", operation: str = "",
        proofs: Sequence[str] = (), outcome: str = "", reason: str = "", source: str = "",
        correlation: str = "", key: str = "",
) -> dict[str, Any]:
    """What a caller records; `key` is the idempotency key of the operation."""
    return {
        "event": event, "actor": actor, "tenant": tenant, "target": target, "operation": operation,
        "proofs": list(proofs), "outcome": outcome, "reason": reason, "source": source,
        "correlation": correlation, "key": key}


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of a trail: its number and hash. A fresh trail's is (0, GENESIS)."""

    seq: int
    hash: str

    def signed_bytes(self) -> bytes:
        return f"{self.seq} {self.hash}".encode()


START = Head(0, GENESIS)


def chained(said: Mapping[str, Any], after: Head, now: float, replica: str, sign: Sign) -> dict[str, Any]:
    """The record that follows `after`. Raises TypeError or ValueError for an entry that is not one."""
    if unknown := set(said) - {*SAID, "proofs"}:
        raise ValueError(f"an audit record has no fields {sorted(unknown)}")
    record: dict[str, Any] = dict.fromkeys(FIELDS, "")
    record.update({name: _text(said.get(name, "")) for name in SAID})
    record["seq"] = after.seq + 1
    record["time"] = utc(now).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record["proofs"] = [_text(proof) for proof in said.get("proofs", ())][:MOST_PROOFS]
    record["replica"] = _text(replica)
    record["prev"] = after.hash
    record["hash"] = sign(_signed_bytes(record)).hex()
    return record


def line(record: Mapping[str, Any]) -> str:
    """A record as one line of JSON. Line breaks and the like are escaped: no text forges a line (U3)."""
    return json.dumps(record, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing wrong with a trail."""

    seq: int
    why: str


class Verification:
    """Looks at a trail's records one after another; each may be forgotten once it was looked at."""

    def __init__(self, head: Head, check: Check, *others: Head) -> None:
        """`others`: heads that the trail had at other times, or has elsewhere; all of them must be in it."""
        self._heads = (head, *others)
        self._check = check
        self._last = START

    def look(self, record: Mapping[str, Any]) -> Broken | None:
        """What is wrong with the next record, if anything."""
        seq = self._last.seq + 1
        if why := self._misplaced(record, seq) or self._not_genuine(record, seq):
            return Broken(seq, why)
        self._last = Head(seq, record["hash"])
        return None

    def _misplaced(self, record: Mapping[str, Any], seq: int) -> str:
        if set(record) != set(FIELDS):
            return "the record does not have the fields of one"
        if record["seq"] != seq:
            return f"the record is missing: number {record['seq']} stands in its place"
        if record["prev"] != self._last.hash:
            return "the record does not follow the one before it"
        return ""

    def _not_genuine(self, record: Mapping[str, Any], seq: int) -> str:
        if not self._check(_signed_bytes(record), _unhex(record["hash"])):
            return "the record was changed, or is not ours"
        if record["event"] == LOST:
            return f"records before it were lost: {record['reason']}"
        if any(seq == head.seq and record["hash"] != head.hash for head in self._heads):
            return "the record is not the one that the head of the trail names"
        return ""

    def end(self) -> Broken | None:
        """What is missing at the end, if anything. Records newer than the head were appended meanwhile."""
        newest = max(head.seq for head in self._heads)
        if self._last.seq < newest:
            return Broken(self._last.seq + 1, f"the last records are missing, up to number {newest}")
        return None


def verify(records: Iterable[Mapping[str, Any]], head: Head, check: Check) -> Broken | None:
    """The first thing wrong with a whole trail, or None. Whoever calls vouches for the head."""
    verification = Verification(head, check)
    for record in records:
        if broken := verification.look(record):
            return broken
    return verification.end()


def genuine(record: Mapping[str, Any], check: Check) -> bool:
    """Whether a record, looked at by itself, is as it was written by somebody with a key of ours."""
    return set(record) == set(FIELDS) and check(_signed_bytes(record), _unhex(record["hash"]))


def _signed_bytes(record: Mapping[str, Any]) -> bytes:
    bare = {name: value for name, value in record.items() if name != "hash"}
    canonical = json.dumps(bare, sort_keys=True, separators=(",", ":"))
    return f"{record['prev']}{canonical}".encode()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a {type(value).__name__} cannot stand in an audit record")
    return str(value) if len(value) <= LONGEST else str(value)[:LONGEST - 1] + "…"


def _unhex(text: Any) -> bytes:
    try:
        return bytes.fromhex(text)
    except (TypeError, ValueError):
        return b""
