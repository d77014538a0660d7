"""A sale is laid out in phases, as a profile that the publisher reads."""

import pytest

from errors import SettingsError
from ingest import profile
from rehearsal.phases import duration_s, peak_per_s, phase_at, sale, text


def test_a_sale_goes_from_its_base_to_its_peak_and_back() -> None:
    phases = sale(250, 25_000, 90, warm_up_s=30)
    assert [(one.name, one.events_per_s, one.events_per_s_end) for one in phases] == [
        ("warm_up", 2_500, 2_500),
        ("normal", 250, 250),
        ("ramp", 250, 25_000),
        ("peak", 25_000, 25_000),
        ("afterglow", 250, 250),
    ]
    assert (duration_s(phases), peak_per_s(phases)) == (120, 25_000)


def test_the_publisher_reads_the_same_phases() -> None:
    phases = sale(250, 25_000, 90)
    assert profile.parse(text(phases)) == phases


def test_a_moment_belongs_to_the_phase_that_begins_with_it() -> None:
    phases = sale(10, 20, 100, warm_up_s=10)
    assert [phase_at(phases, second) for second in (0, 9.99, 10, 60, 109.9)] == [
        "warm_up",
        "warm_up",
        "normal",
        "peak",
        "afterglow",
    ]
    assert (phase_at(phases, -1), phase_at(phases, 110)) == (None, None)


@pytest.mark.parametrize(("base", "peak"), [(0, 10), (20, 10)])
def test_rates_that_make_no_sale_are_refused(base: float, peak: float) -> None:
    with pytest.raises(SettingsError, match="--base must be above 0 and at most --peak, got"):
        sale(base, peak, 60)
