"""The verdict says what was full first, what the peak needs, and names the settings to change."""

from dataclasses import replace
from typing import Any

from ingest.profile import Phase
from rehearsal.capacity import needs
from rehearsal.intervals import SPAN, intervals
from rehearsal.verdict import Verdict, judge, plain
from tests.rehearsal import planted

PHASES = [Phase("ramp", 500, 20_000, 60), Phase("peak", 20_000, 20_000, 20)]
RATES = [*planted.ramp(500, 20_000, 60), *[20_000.0] * 20]


def verdict(layout: Any = planted.LAYOUT, **of: Any) -> Verdict:
    sampled = planted.samples(RATES, **of)
    run = planted.run(PHASES, sampled, [planted.receipt(70, 90)])
    return judge(run, needs(intervals(sampled, planted.BEGUN_MS, step=SPAN), 20_000), layout)


def test_a_peak_that_passes_needs_no_change() -> None:
    found = verdict(busy=lambda rate: 10e-6 * rate)
    assert found.headline == "Nothing was full; at the peak p50 90 and p99 90 ms"
    assert (found.first, found.changes) == (None, [])
    assert found.needs["of_cluster"]["slots"] == {"needed": 1, "most": 1}


def test_slots_that_are_too_few_become_a_parallelism() -> None:
    # 110 µs an event: two slots are full at 16,000 events/s, 20,000 need three.
    found = verdict(busy=lambda rate: min(2.0, 110e-6 * rate))
    assert found.headline.startswith("Full first: coupons, Source: clicks-source: its slots busy for")
    assert found.needs["jobs"]["coupons"]["slots"] == {"needed": 3, "most": 3}
    assert "[coupons] parallelism: 3, it is 2" in found.changes


def test_more_subtasks_than_partitions_and_slots_ask_for_both() -> None:
    layout = replace(planted.LAYOUT, partitions=2, slots_per_taskmanager=2)
    changes = verdict(layout, busy=lambda rate: min(2.0, 110e-6 * rate)).changes
    assert "[pulsar] click_partitions: 3 at least, there are 2" in changes
    assert "[stack] slots × taskmanagers: 3, now 2" in changes


def test_a_machine_that_is_full_is_told_how_many_cores_the_peak_takes() -> None:
    def machine(rate: float) -> float:
        return min(2.0, 0.2 + 150e-6 * rate)

    found = verdict(machine=machine, worker=lambda rate: min(1.8, 140e-6 * rate), busy=lambda rate: 40e-6 * rate)
    assert found.first is not None
    assert found.first.resource == "machine"
    # 140 µs for the TaskManager and 10 for the publisher, at 20,000 events/s.
    assert found.needs["cores_in_all"]["needed"] == 3.0
    assert found.needs["of_cluster"]["taskmanagers"] == {"needed": 2, "most": 2}
    assert any(change.startswith("the machine: 20,000 events/s take 3.0 ± 0.0 cores") for change in found.changes)
    assert any("is beyond, in a straight line" in reason for reason in found.reasons)


def test_neighbours_are_told() -> None:
    # The machine uses a core more than our processes do.
    found = verdict(machine=lambda rate: 1.0 + 60e-6 * rate / 2, worker=lambda rate: 20e-6 * rate)
    assert any(reason.startswith("other programs took") for reason in found.reasons)


def test_checkpoints_longer_than_their_interval_are_told() -> None:
    changes = verdict(busy=lambda _: 0.1, checkpoint_ms=12_500).changes
    assert changes == ["[coupons] checkpoint_interval: a checkpoint took 12.5 s, and one begins every 10 s"]


def test_garbage_asks_for_memory_only_where_the_heap_is_full() -> None:
    sampled = planted.samples(RATES, busy=lambda _: 0.1, collecting=0.2)
    run = planted.run(PHASES, sampled)
    (change,) = judge(run, needs([], 20_000), planted.LAYOUT).changes
    assert change.startswith("[stack] taskmanagers: one more")
    for sample in sampled:
        sample["heaps"]["one"]["used_mb"] = 900.0
    (change,) = judge(planted.run(PHASES, sampled), needs([], 20_000), planted.LAYOUT).changes
    assert change == "[stack] taskmanager_memory_mb: more than 3072"


def test_a_job_that_restarted_is_told() -> None:
    sampled = planted.samples(RATES, busy=lambda _: 0.1)
    for second in (30, 31, 32):
        sampled[second]["jobs"]["coupons"]["state"] = "RESTARTING"
    found = judge(planted.run(PHASES, sampled), needs([], 20_000), planted.LAYOUT)
    assert "coupons was RESTARTING from second 30 on, in 3 samples" in found.reasons


def test_without_a_fit_it_says_so() -> None:
    found = verdict(machine=lambda _: 2.0)
    assert (found.needs["jobs"], found.needs["of_cluster"]) == ({}, None)
    assert any(reason.startswith("no capacity could be fitted") for reason in found.reasons)


def test_a_printed_saturation_has_its_sentence() -> None:
    printed = plain(verdict(busy=lambda rate: min(2.0, 110e-6 * rate)))
    assert printed["first"]["sentence"] == printed["saturated"][0]["sentence"]
