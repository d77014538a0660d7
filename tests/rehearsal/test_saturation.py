"""What was full first is found by when it began, and a cause goes before what follows from it."""

from typing import Any

import pytest

from ingest.profile import Phase
from rehearsal.saturation import Saturation, saturations, short
from tests.rehearsal import planted

PHASES = [Phase("warm_up", 500, 500, 10), Phase("ramp", 500, 50_000, 50)]
RATES = [500.0] * 10 + planted.ramp(500, 50_000, 50)


def found(behind_ms: list[float] | None = None, **of: Any) -> list[Saturation]:
    return saturations(planted.run(PHASES, planted.samples(RATES, **of), behind_ms=behind_ms))


def test_nothing_was_full() -> None:
    assert found(machine=lambda _: 1.0, busy=lambda _: 1.0) == []


def test_slots_that_fill_up_on_a_machine_with_room() -> None:
    (one,) = found(machine=lambda _: 1.0, busy=lambda rate: min(2.0, 60e-6 * rate))
    assert (one.resource, one.where, one.phase) == ("slot", "coupons, Source: clicks-source", "ramp")
    # 90 % of two slots at 60 µs an event are 30,000 events/s, which is second 39.
    assert one.since_s == pytest.approx(37, abs=3)
    assert one.published_per_s == pytest.approx(30_000, rel=0.1)


def test_slots_are_busy_because_the_machine_is_full() -> None:
    def full(rate: float) -> float:
        return min(2.0, 60e-6 * rate)

    assert [one.resource for one in found(machine=full, busy=full)] == ["machine", "slot"]


@pytest.mark.parametrize(
    ("of", "resource"),
    [
        ({"blocked": 0.6}, "back-pressure"),
        ({"disk": 0.95}, "disk"),
        ({"collecting": 0.2}, "garbage"),
        ({"publisher": lambda rate: min(1.0, 40e-6 * rate)}, "process"),
    ],
)
def test_each_resource_is_found(of: dict[str, Any], resource: str) -> None:
    quiet: dict[str, Any] = {"machine": lambda _: 0.5, "busy": lambda _: 0.1}
    assert [one.resource for one in found(**quiet, **of)] == [resource]


def test_a_disk_that_nobody_sees_is_never_full() -> None:
    assert found(machine=lambda _: 1.0, busy=lambda _: 1.0, disk=None) == []


def test_a_late_publisher_is_found_but_not_in_the_warm_up() -> None:
    behind_ms = [900.0] * 10 + [5.0] * 30 + [250.0] * 20
    (one,) = found(behind_ms, machine=lambda _: 1.0, busy=lambda _: 1.0)
    assert (one.resource, one.since_s, one.value) == ("publisher", 40, 250)
    assert "an event sent 250 ms after it was due, from second 40 on (ramp" in one.sentence


def test_a_chain_is_called_by_its_first_operator_with_a_name() -> None:
    assert short("Source: clicks-source -> clicks-gate") == "Source: clicks-source"
    assert (
        short("clicks[1] -> TableToDataSteam -> coupons-activity -> *anonymous$2*[3] -> (Calc[4])")
        == "coupons-activity"
    )
    assert short("clicks[33] -> TableToDataSteam -> (landed -> landed[35])") == "landed"
    # It only splits: what its third branch lands is not what it is for.
    assert (
        short("messages[43] -> Calc[44] -> (*anonymous$1*[46] -> Calc[47], parquet-late_events: Writer)")
        == "messages[43]"
    )
    assert short("ConstraintEnforcer[54] -> TableToDataSteam") == "ConstraintEnforcer[54]"
