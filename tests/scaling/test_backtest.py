"""Over a short season the forecast wins: fewer late coupons than the reactive policy, at no more slot-hours."""

from dataclasses import replace

from scaling.autoscaler import HORIZON_MINUTES, limits_of
from scaling.backtest import Outcome, Rescale, forecasts, replay
from scaling.capacity import Capacity
from scaling.season import Plan, season
from scaling.trial import AHEAD, REFERENCE, wins
from settings import Autoscale

# Four weeks of history would teach no more here.
PLAN = Plan(history_days=15, days=5)
MODEL = Capacity("coupons", 24_000, 0.04, 0.05, 6, 2)


def test_forecast_has_fewer_late_coupons_at_no_more_slot_hours() -> None:
    of, limits = season(1, PLAN), limits_of(Autoscale(), 8)
    ahead = forecasts(of, HORIZON_MINUTES)
    ours, dearer = (replay(of, ahead, MODEL, limits, Rescale(downtime_s, 1.0)) for downtime_s in (5.0, 30.0))
    reactive = replay(of, None, MODEL, replace(limits, headroom=0.3), Rescale(5.0, 1.0))
    assert 0 < ours.late_coupons < reactive.late_coupons
    assert ours.slot_hours <= reactive.slot_hours
    assert wins({AHEAD: ours, REFERENCE: reactive})
    # It pays for its own rescales.
    assert ours.rescales > 5
    assert dearer.late_coupons > ours.late_coupons


def test_no_win_where_a_reactive_policy_is_as_good_or_cheaper() -> None:
    ours, worse, dearer = Outcome(10, 100.0, 5, 8), Outcome(20, 110.0, 5, 8), Outcome(9, 120.0, 5, 8)
    assert wins({AHEAD: ours, REFERENCE: worse, "other": dearer})
    assert not wins({AHEAD: ours, REFERENCE: dearer})
    assert not wins({AHEAD: dearer, REFERENCE: worse})
    assert not wins({AHEAD: ours, REFERENCE: worse, "other": Outcome(10, 99.0, 5, 8)})


def test_same_seed_is_the_same_season_and_another_is_another() -> None:
    one, same, other = season(1, PLAN), season(1, PLAN), season(2, PLAN)
    assert (one.per_second == same.per_second).all()
    assert (one.per_second != other.per_second).any()
    assert one.surprise not in one.windows
