"""Hold autoscale's policy to reactive ones over seasons of several seeds, and keep what came of it."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from scaling import capacity
from scaling.autoscaler import HORIZON_MINUTES, limits_of
from scaling.backtest import Outcome, Rescale, forecasts, replay
from scaling.capacity import Capacity
from scaling.policy import Limits
from scaling.season import Plan, Season, season
from settings import Autoscale, Pulsar, read
from settings.reader import ROOT

KEPT = ROOT / "var" / "backtest.json"
JOB = "coupons"
# The policy was tuned on seasons 1 and 1001: what it is worth others must say.
FIRST_SEED = 2
# The shop is as large as its ceiling carries: New Year's opening, some sixteen times a mean second, takes most of it.
ORDINARY = 1 / 18
# What a reactive policy leaves free: from so little that it is cheap to so much that it is seldom surprised.
REACTIVE_HEADROOMS = (0.15, 0.2, 0.3, 0.4, 0.5)
AHEAD = "ahead"
# Flink's Kubernetes operator aims at 70 % by default.
REFERENCE = "reactive, 30% free"

Say = Callable[[str], None]


def run(
    seeds: int, days: int, serial: float | None = None, say: Say = lambda _: None, kept: Path = KEPT
) -> dict[str, Any]:
    """One object: the set-up, each seed's outcome a policy, and how many seeds were won, as `wins` says.

    With `serial` the curve goes from one slot on with this serial share, as of slots on machines of their own.
    """
    settings = read(Autoscale)
    limits = limits_of(settings, read(Pulsar).click_partitions)
    points = capacity.read_points(settings.points)
    model = capacity.fit(JOB, points) if serial is None else capacity.assumed(JOB, points, serial)
    plan = Plan(base=round(model.sure(limits.ceiling) * ORDINARY), days=days)
    rescale = Rescale(*capacity.read_rescale(settings.points))
    outcomes: dict[str, dict[str, Any]] = {}
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        found = outcomes_of(season(seed, plan), model, limits, rescale)
        outcomes[str(seed)] = {name: asdict(one) for name, one in found.items()}
        say(f"season {seed}: {'won' if wins(found) else 'not won'}")
        for name, one in found.items():
            say(f"  {name}: {one.late_coupons:,} late, {one.slot_hours:,.1f} slot-hours, {one.rescales} rescales")
    figures = {
        "job": JOB,
        "seeds": seeds,
        "won": sum(wins({name: Outcome(**one) for name, one in found.items()}) for found in outcomes.values()),
        "plan": asdict(plan),
        "capacity": asdict(model),
        "serial_assumed": serial is not None,
        "limits": asdict(limits),
        "rescale": asdict(rescale),
        "outcomes": outcomes,
    }
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return figures


def outcomes_of(of: Season, model: Capacity, limits: Limits, rescale: Rescale) -> dict[str, Outcome]:
    """What each policy makes of the season: autoscale's, and reactive ones by their headroom."""
    found = {AHEAD: replay(of, forecasts(of, HORIZON_MINUTES), model, limits, rescale)}
    for headroom in REACTIVE_HEADROOMS:
        reactive = replace(limits, headroom=headroom)
        found[f"reactive, {headroom:.0%} free"] = replay(of, None, model, reactive, rescale)
    return found


def wins(found: dict[str, Outcome]) -> bool:
    """Whether ours has fewer late coupons than the reference at no more slot-hours, and no reactive one is as good."""
    ours, reference = found[AHEAD], found[REFERENCE]
    as_good = [
        name
        for name, one in found.items()
        if name != AHEAD and one.late_coupons <= ours.late_coupons and one.slot_hours <= ours.slot_hours
    ]
    return ours.late_coupons < reference.late_coupons and ours.slot_hours <= reference.slot_hours and not as_good
