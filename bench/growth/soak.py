"""Keep all jobs under load with horizons that are soon full, and watch state and memory."""

import time
from collections.abc import Callable
from typing import Any

from bench.growth import footprint, visitors
from bench.growth.trend import Trend, trend
from errors import CannotRun
from jobs.submit import submit_and_check
from settings import Flink, Stack, read
from settings.reader import ROOT
from stack.flink_rest import FlinkRest
from stack.private import private

JOBS = ("coupons", "landing", "conversion")
EVENTS_PER_S = 500
# All of them have come within the first minutes.
USERS = 5_000
SAMPLE_S = 10.0
HORIZONS = {
    "HONGBAO_COUPONS_DUPLICATE_HORIZON": "2 min",
    "HONGBAO_LANDING_DUPLICATE_HORIZON": "2 min",
    "HONGBAO_CONVERSION_DUPLICATE_HORIZON": "2 min",
    "HONGBAO_COUPONS_FORGET_AFTER": "2 min",
    "HONGBAO_COUPONS_PRICE_DROP_WITHIN": "2 min",
    "HONGBAO_COUPONS_COOLDOWN": "2 min",
    "HONGBAO_COUPONS_ABANDONED_AFTER": "1 min",
    "HONGBAO_CONVERSION_SESSION_GAP": "1 min",
    # The least above the jump of a quiet stream: with the largest window, 5 min, it is the longest horizon.
    "HONGBAO_CONVERSION_ALLOWED_LATENESS": "310 s",
}
# The same, and how far the watermark trails.
FULL_AFTER_S = 300 + 310 + 5

Say = Callable[[str], None]


def run(minutes: float, say: Say) -> dict[str, Any]:
    """Each series' change over the soak's second half: the heap that collections leave, resident memory, each state."""
    samples: dict[str, list[float]] = {}
    with private(ROOT / "var" / "bench", HORIZONS, say):
        submit_and_check(JOBS, say)
        with FlinkRest(read(Flink).rest_url) as rest:
            ids = {job: rest.running_id(job) for job in JOBS}
            ledger = read(Stack).folder / "ledger"
            with visitors.visiting(ledger, USERS, EVENTS_PER_S, minutes * 60) as visits:
                began_s = time.monotonic()
                while visits.is_alive():
                    _sample(samples, time.monotonic() - began_s, rest, ids, say)
                    visits.join(SAMPLE_S)
                visits.finish()
    seconds = samples.pop("seconds")
    return {
        "minutes": minutes,
        "events_per_s": EVENTS_PER_S,
        "users": USERS,
        # Of the second half.
        "horizons_full": minutes * 30 >= FULL_AFTER_S,
        "trends": {name: summary(trend(seconds, values)) for name, values in samples.items()},
    }


def summary(found: Trend) -> dict[str, Any]:
    """A trend as the bench prints it: mean in bytes, change and its interval in percent of it."""
    percent = {name: round(getattr(found, name) * 100, 1) for name in ("change", "low", "high")}
    return {"mean_bytes": round(found.mean), **percent, "samples": found.samples, "verdict": found.verdict}


def _sample(samples: dict[str, list[float]], at_s: float, rest: FlinkRest, ids: dict[str, str], say: Say) -> None:
    taken = footprint.memory()
    found = {"seconds": at_s, "heap": taken["heap_bytes"], "resident": taken["resident_bytes"]}
    for job, job_id in ids.items():
        if not rest.running(job_id):
            raise CannotRun(f"bench: {job} stopped in the soak: {rest.failure(job_id) or 'no reason is known'}")
        if rest.newest_checkpoint(job_id) is None:
            # Too soon: the next sample is the first.
            return
        found[f"{job} state"] = footprint.checkpoint(rest, job_id)["state_bytes"]
    for name, value in found.items():
        samples.setdefault(name, []).append(value)
    say(f"{at_s / 60:.1f} min: {found['heap'] / 1e6:,.0f} MB on the heap")
