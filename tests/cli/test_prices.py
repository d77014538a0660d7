"""The price commands: exit codes, one sentence, and on stdout the answer alone."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from ingest import Publisher
from schemas.topics import PRICES
from settings import Pulsar
from tests.cli.running import NOWHERE, hongbao
from tests.prices.rules import LEAST, write
from tests.prices.test_plan import minute
from tests.waiting import eventually
from tests.warehouse.landing import START, land


def test_valid_files_are_counted_without_a_broker(tmp_path: Path) -> None:
    write(tmp_path, "a")
    done = hongbao("price", "check", "--folder", str(tmp_path), **NOWHERE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 price rules are valid\n", "")
    done = hongbao("price", "check", "--json", HONGBAO_PRICES_FOLDER=str(tmp_path), **NOWHERE)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"categories": ["tea"], "faults": []})


def test_faults_are_the_answer_of_check_and_keep_the_others_from_running(tmp_path: Path) -> None:
    path = write(tmp_path, "a", LEAST.replace("high = 0.5", "high = 0.1"))
    checked = hongbao("price", "check", "--folder", str(tmp_path))
    assert (checked.returncode, checked.stderr) == (1, "")
    assert checked.stdout == f"{path}: high: it must be above low 0.2, got 0.1\n"
    refused = hongbao("price", "apply", "--folder", str(tmp_path), **NOWHERE)
    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", f"hongbao: {checked.stdout}")


def test_plan_tells_how_the_price_would_have_moved(tmp_path: Path) -> None:
    write(tmp_path, "tea", LEAST + 'window = "tumble_1m"\n')
    land(tmp_path / "warehouse", "conversion", [minute(n, 10, 0) for n in range(9)])
    ours = {"HONGBAO_WAREHOUSE_FOLDER": str(tmp_path / "warehouse"), **NOWHERE}
    done = hongbao("price", "plan", "--day", f"{START:%Y-%m-%d}", "--folder", str(tmp_path), **ours)
    ends = [(START + timedelta(minutes=number)).isoformat(timespec="seconds") for number in (1, 2, 3)]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"On {START:%Y-%m-%d} (UTC), from the list price on:",
        "tea: 3 changes, between 70 and 100 percent; 9 of 9 windows had enough viewers",
        *(f"  {end} {percent} percent, below_low" for end, percent in zip(ends, (90, 80, 70), strict=True)),
    ]


@pytest.mark.stack
def test_rule_is_applied_paused_resumed_and_stands(own_topics: Pulsar, tmp_path: Path) -> None:
    write(tmp_path, "tea")
    ours = {
        "HONGBAO_PULSAR_TENANT": own_topics.tenant,
        "HONGBAO_PRICES_FOLDER": str(tmp_path),
        "HONGBAO_WAREHOUSE_FOLDER": str(tmp_path / "warehouse"),
    }
    for command, said in (
        (["apply"], "tea: version 1, active"),
        (["apply"], "nothing to change"),
        (["pause", "tea"], "tea: version 2, paused"),
        (["resume", "tea"], "tea: version 3, active"),
    ):
        done = hongbao("price", *command, **ours)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{said}\n", "")
    (standing,) = json.loads(hongbao("price", "status", "--json", **ours).stdout)
    found = {key: standing[key] for key in ("category", "version", "state", "file", "price_percent", "changed_at")}
    assert found == {
        "category": "tea",
        "version": 3,
        "state": "active",
        "file": "same",
        "price_percent": 100,
        "changed_at": None,
    }
    unknown = hongbao("price", "pause", "cup", **ours)
    assert (unknown.returncode, unknown.stderr) == (2, "hongbao: price: no rule for 'cup' was applied; there are tea\n")


@pytest.mark.stack
def test_tail_prints_a_change_as_it_is_sent(own_topics: Pulsar) -> None:
    change = {
        "price_id": "6f3f0d0e-8a34-5d0f-9a4e-2b1f5f6c2027",
        "category": "tea",
        "rule_version": 1,
        "reason": "below_low",
        "previous_percent": 100,
        "price_percent": 90,
        "window_kind": "tumble_1m",
        **dict.fromkeys(("window_start", "window_end", "decided_at"), START),
        **dict.fromkeys(("viewers", "buyers", "floor_percent", "ceiling_percent"), 1),
        **dict.fromkeys(("low", "high"), 0.5),
    }
    with (
        ThreadPoolExecutor(1) as terminal,
        Publisher(own_topics, topic=PRICES.path, record=PRICES.record) as publisher,
    ):
        tail = terminal.submit(hongbao, "tail", "prices", "--count", "1", HONGBAO_PULSAR_TENANT=own_topics.tenant)

        def printed() -> bool:
            # What was sent before it follows is not for it.
            publisher.send(publisher.encode(change), "tea", None)
            publisher.flush()
            return tail.done()

        eventually(printed, True)
    assert (tail.result().returncode, tail.result().stdout) == (0, "00:00:00 tea 100 -> 90 % below_low\n")
