"""A variant changes one thing, and its figures stand beside the others'."""

import re

import pytest

from errors import SettingsError
from rehearsal import plots, text
from rehearsal.variants import figures, parse, summed
from tests.rehearsal.test_report import outcome


def test_partitions_change_the_topic_and_parallelism_every_job_and_the_slots() -> None:
    assert [one.settings for one in parse("partitions=8,32")] == [
        {"HONGBAO_PULSAR_CLICK_PARTITIONS": "8"},
        {"HONGBAO_PULSAR_CLICK_PARTITIONS": "32"},
    ]
    (one,) = parse("parallelism=4")
    assert one.settings["HONGBAO_LANDING_PARALLELISM"] == one.settings["HONGBAO_COUPONS_PARALLELISM"] == "4"
    assert one.settings["HONGBAO_STACK_SLOTS"] == "12"


def test_batching_and_compression_change_the_load() -> None:
    found = [*parse("batch_delay_ms=1,20"), *parse("compression=none,zstd")]
    assert [one.load for one in found] == [
        {"batch_delay_ms": 1},
        {"batch_delay_ms": 20},
        {"compression": "none"},
        {"compression": "zstd"},
    ]
    assert not any(one.settings for one in found)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("speed=1", "--vary takes factor=value,value; factors: partitions, .*; got 'speed=1'"),
        ("partitions", "factors: partitions, parallelism, batch_delay_ms, compression; got 'partitions'"),
        ("partitions=8,0", "--vary partitions takes a whole number from 1 on, got '0'"),
        ("compression=gzip", "--vary compression takes one of none, lz4, zstd, got 'gzip'"),
    ],
)
def test_what_cannot_be_varied_is_refused(asked: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        parse(asked)


def test_figures_are_those_of_the_peak_and_their_spread_is_told() -> None:
    found = figures(outcome())
    assert found["bytes_per_event"] == pytest.approx(130)
    assert found["read_per_s"] == pytest.approx(20_000)
    slower = {**found, "p99_ms": found["p99_ms"] + 10}
    undrained = {name: value for name, value in slower.items() if name != "drain_s"}
    rows = [
        {"factor": "partitions", "value": "8", **summed([found, slower])},
        {"factor": "partitions", "value": "32", **summed([undrained])},
    ]
    table = text.variants(rows).splitlines()
    assert re.match(r"partitions 8 .*\(\d+–\d+\)", table[1])
    assert "never" in table[2]
    panels = plots.variants(rows).axes
    # The one that never drained has no bar.
    assert [len(axes.patches) for axes in panels] == [2, 2, 2, 2, 1, 2, 2]
