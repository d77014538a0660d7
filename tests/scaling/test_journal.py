"""Every decision is a line with its reasons, the newest is a metric, and a new command knows the last rescale."""

import json
from dataclasses import replace
from pathlib import Path

from scaling.journal import KEPT_DAYS, Entry, Journal

ENTRY = Entry(
    at="2027-02-05T16:00:00+00:00",
    job="coupons",
    action="up",
    slots=2,
    target_slots=6,
    wanted_slots=9,
    reasons=("in 3 min 90,000 are forecast", "6 slots are the ceiling"),
    events_per_second=12_000.5,
    waiting_events=0,
    forecast_events_per_second=80_000,
    forecast_upper_events_per_second=90_000,
)


def test_line_says_what_and_why(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(replace(ENTRY, rescaled=True, downtime_s=4.25))
    (line,) = (tmp_path / "decisions-2027-02-05.jsonl").read_text(encoding="utf-8").splitlines()
    found = json.loads(line)
    assert (found["target_slots"], found["rescaled"], found["reasons"][1]) == (6, True, "6 slots are the ceiling")
    sentence = replace(ENTRY, rescaled=True, downtime_s=4.25).sentence
    assert "coupons up from 2 to 6, done in 4.2 s; in 3 min 90,000 are forecast; 6 slots" in sentence
    assert "not done: no slot" in replace(ENTRY, rescaled=False, failure="no slot").sentence
    assert "coupons stays at 2; " in replace(ENTRY, action="stay", target_slots=2).sentence


def test_metrics_are_the_newest_of_each_job_and_counts_of_all(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(replace(ENTRY, rescaled=True, downtime_s=4.25))
    journal.add(replace(ENTRY, slots=6, action="stay", rescaled=None))
    journal.add(replace(ENTRY, job="landing", rescaled=False, failure="no slot"))
    found = (tmp_path / "autoscale.prom").read_text(encoding="utf-8").splitlines()
    for line in (
        'hongbao_autoscale_slots{job="coupons"} 6',
        'hongbao_autoscale_slots{job="landing"} 2',
        'hongbao_autoscale_decisions_total{job="coupons",action="up"} 1',
        'hongbao_autoscale_decisions_total{job="coupons",action="stay"} 1',
        'hongbao_autoscale_rescale_seconds_total{job="coupons"} 4.25',
        'hongbao_autoscale_failed_rescales_total{job="landing"} 1',
    ):
        assert line in found
    assert all(line.startswith(("# HELP hongbao_", "# TYPE hongbao_", "hongbao_")) for line in found)


def test_new_command_knows_when_a_job_was_last_rescaled(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(replace(ENTRY, rescaled=True))
    journal.add(replace(ENTRY, at="2027-02-05T16:30:00+00:00"))
    journal.add(replace(ENTRY, at="2027-02-05T16:31:00+00:00", job="landing", rescaled=False))
    with (tmp_path / "decisions-2027-02-05.jsonl").open("a") as lines:
        lines.write('{"at": "2027-02')
    assert Journal(tmp_path).last_rescales() == {"coupons": 1_801_843_200.0}


def test_files_of_more_than_thirty_days_are_deleted(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for day in range(KEPT_DAYS + 5):
        journal.add(replace(ENTRY, at=f"2027-{3 + day // 28:02}-{1 + day % 28:02}T00:00:00+00:00"))
    kept = sorted(path.name for path in tmp_path.glob("decisions-*"))
    assert len(kept) == KEPT_DAYS
    assert kept[0] == "decisions-2027-03-06.jsonl"
