"""What is counted of a running Keyturn, without a word about anybody (U4), and the one door to prometheus-client.

Counting is adding to plain numbers, so that a turn costs nothing more; the library is loaded when somebody asks.
Every label comes from a closed set of the code's own words: what a person typed or is called cannot get into one.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of the turns' time classes in seconds; the last is limit 25."""

_WORD = re.compile(r"[a-z][a-z0-9_]{0,40}")
_OTHER = "other"


class Metrics:
    """The counts of this process since it started; another replica has its own."""

    def __init__(self) -> None:
        self._turns: dict[str, int] = defaultdict(int)
        self._classes = [0] * (len(_BOUNDS) + 1)
        self._seconds = 0.0
        self.broken = 0     # conversations that an error of ours ended, and whose turn was done all the same
        self._records: dict[tuple[str, str, str], int] = defaultdict(int)

    def turn(self, outcome: str, seconds: float) -> None:
        """One turn has ended. `outcome`: done, refused, conflict, unavailable or failed."""
        self._turns[outcome] += 1
        self._classes[bisect_left(_BOUNDS, seconds)] += 1
        self._seconds += seconds

    def record(self, said: Mapping[str, Any]) -> None:
        """One record was added to the audit trail: proofs, journeys, limits, alarms and IT's own acts are there."""
        about, _, event = said["event"].partition(".")
        self._records[_word(about), _word(event), _word(said["outcome"])] += 1

    def text(self, gauges: Mapping[str, float], about: Mapping[str, str]) -> bytes:
        """All of it in Prometheus' text format.

        `gauges`: how much there is of something now, by the name after `keyturn_`; `about`: the build.
        """
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415  100 ms, and seldom needed
        from prometheus_client.metrics_core import (  # noqa: PLC0415
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
            InfoMetricFamily,
            Metric,
        )

        def families() -> list[Metric]:
            turns = CounterMetricFamily(
                "keyturn_turns", "Turns of conversations, by how they ended.", labels=["outcome"])
            for outcome, count in self._turns.items():
                turns.add_metric([outcome], count)
            sums, buckets = 0, []
            for bound, count in zip((*map(str, _BOUNDS), "+Inf"), self._classes, strict=True):
                sums += count
                buckets.append((bound, sums))
            records = CounterMetricFamily(
                "keyturn_records", "Records of the audit trail, by what they are about, what happened, how it ended.",
                labels=["operation", "event", "outcome"])
            for words, count in self._records.items():
                records.add_metric(words, count)
            return [
                InfoMetricFamily("keyturn_build", "What runs here.", value=dict(about)), turns,
                HistogramMetricFamily(
                    "keyturn_turn_seconds", "How long turns took.", buckets=buckets, sum_value=self._seconds),
                CounterMetricFamily("keyturn_broken", "Conversations that an error of ours ended.", value=self.broken),
                records,
                *(GaugeMetricFamily(f"keyturn_{name}", _GAUGES[name], value) for name, value in gauges.items())]

        class Collector:
            def collect(self) -> list[Metric]:
                return families()

        registry = CollectorRegistry(auto_describe=False)
        registry.register(Collector())
        return generate_latest(registry)


_GAUGES = {
    "mails_queued": "Mails that wait or are being carried.",
    "mails_failed": "Mails that were given up.",
    "settlements_pending": "Operations whose outcome is not settled yet.",
    "accounts_held": "Accounts whose self-service is switched off.",
    "verification_paused": "1 while nobody can be verified.",
    "audit_records": "Number of the newest audit record this process knows.",
    "background_down": "Works beside the turns that have died.",
}


def _word(text: str) -> str:
    return text if _WORD.fullmatch(text) else _OTHER
