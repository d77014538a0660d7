"""Sum up when coupons arrived: a histogram of the whole way, and how long each stage of it took."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from hdrh.histogram import HdrHistogram

# In milliseconds; three digits are kept.
LONGEST_MS = 3_600_000
PERCENTILES = {"p50": 50.0, "p99": 99.0, "p999": 99.9}
# Each ends where the next begins; `appended` comes from what the same event landed with.
STAGES = {
    "publisher: schedule to client, batch": ("occurred_ms", "published_ms"),
    "broker: to disk and acknowledged": ("published_ms", "appended_ms"),
    "fetch and decode": ("appended_ms", "read_ms"),
    "shuffle, state, patterns, Python, governance": ("read_ms", "decided_ms"),
    "to the sink": ("decided_ms", "sent_ms"),
    "sink's batch, broker, delivery": ("sent_ms", "received_ms"),
}

Receipt = Mapping[str, Any]


def histogram(latencies_ms: Iterable[float] = ()) -> HdrHistogram:
    """A histogram of milliseconds; below one they count as one."""
    made = HdrHistogram(1, LONGEST_MS, 3)
    for latency_ms in latencies_ms:
        made.record_value(max(1, round(latency_ms)))
    return made


def merged(histograms: Iterable[HdrHistogram]) -> HdrHistogram:
    """One of all of them."""
    whole = histogram()
    for one in histograms:
        whole.add(one)
    return whole


def percentiles(found: HdrHistogram) -> dict[str, float]:
    """p50, p99, p999 and max in milliseconds, and how many coupons they are of."""
    return {
        **{name: found.get_value_at_percentile(percent) for name, percent in PERCENTILES.items()},
        "max": found.get_max_value(),
        "coupons": found.get_total_count(),
    }


def receipts(file: Path, from_ms: float) -> list[dict[str, Any]]:
    """A subscriber's first receipts of coupons whose event was due from then on."""
    first: dict[str, dict[str, Any]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        receipt = json.loads(line)
        if receipt["occurred_ms"] >= from_ms:
            first.setdefault(receipt["coupon_id"], receipt)
    return list(first.values())


def whole_ms(receipt: Receipt) -> int:
    """From the moment that the causing event was to be sent to the coupon's receipt."""
    return int(receipt["received_ms"] - receipt["occurred_ms"])


def budget(found: Iterable[Receipt]) -> dict[str, float]:
    """The mean of each stage in milliseconds, over receipts that have all its times; they sum up to the whole."""
    complete = [receipt for receipt in found if receipt.get("appended_ms") is not None]
    return {
        stage: round(fmean(receipt[ends] - receipt[begins] for receipt in complete), 1) if complete else 0.0
        for stage, (begins, ends) in STAGES.items()
    }
