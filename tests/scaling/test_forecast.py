"""The usual of the hour, a campaign's step before it begins, and the last minutes' level are in the forecast."""

import numpy as np
import pytest

from scaling.calendar import Calendar, Window
from scaling.forecast import DEFAULT, Forecaster, Shape, Smoothing, forecaster
from scaling.history import History
from scaling.season import BEGINS_S, DAY_S

DAYS = 16
MINUTES = np.arange(DAYS * 1440)


def usual(minutes: np.ndarray) -> np.ndarray:
    """A day's wave, and twice as much at weekends."""
    wave = 1_000 * np.exp(0.8 * np.sin(2 * np.pi * minutes / 1440))
    return np.asarray(wave * np.where(minutes // 1440 % 7 >= 5, 2.0, 1.0))


@pytest.fixture(scope="module")
def before() -> Window:
    return Window("sale-before", BEGINS_S + 9 * DAY_S, BEGINS_S + 9 * DAY_S + 3600)


@pytest.fixture(scope="module")
def learnt(before: Window) -> Forecaster:
    random = np.random.default_rng(7)
    rates = usual(MINUTES) * np.exp(random.normal(0, 0.03, len(MINUTES)))
    rates[9 * 1440 : 9 * 1440 + 60] *= 5
    coming = Window("sale-coming", BEGINS_S + DAYS * DAY_S + 600, BEGINS_S + DAYS * DAY_S + 4_200)
    stated = Window("stated", BEGINS_S + (DAYS + 1) * DAY_S, BEGINS_S + (DAYS + 9) * DAY_S, expected=12.0)
    return forecaster(History(BEGINS_S, rates), (before, coming, stated))


def test_usual_of_the_coming_day_is_within_a_tenth(learnt: Forecaster) -> None:
    coming = DAYS * 1440 + np.arange(1440)
    found = learnt.shape.usual(BEGINS_S + 60 * coming)
    assert np.median(np.abs(np.log(found / usual(coming)))) < 0.1


def test_earlier_sale_teaches_the_coming_one_and_not_the_usual(learnt: Forecaster) -> None:
    recent = usual(DAYS * 1440 - np.arange(60, 0, -1))
    found = learnt.ahead(BEGINS_S + DAYS * DAY_S, recent, 15)
    assert found.mean[9] == pytest.approx(usual(np.array([DAYS * 1440 + 9]))[0], rel=0.15)
    assert found.mean[10] / found.mean[9] == pytest.approx(5, rel=0.15)
    assert "sale-coming begins in 10 min with 5" in found.reason
    assert "as sale-before" in found.reason


def test_operator_s_word_is_taken_where_nothing_like_it_was(learnt: Forecaster) -> None:
    (step,) = [step for step in learnt.calendar.steps if step.window.name == "stated"]
    assert (step.opening, step.source) == (12.0, "as the operator expects")


def test_last_minutes_twice_as_high_double_the_forecast(learnt: Forecaster) -> None:
    now = (DAYS - 1) * 1440 + 600
    found = learnt.ahead(BEGINS_S + 60 * now, 2 * usual(now - np.arange(60, 0, -1)), 15)
    assert found.level == pytest.approx(2, rel=0.1)
    assert found.mean[0] == pytest.approx(2 * usual(np.array([now]))[0], rel=0.2)


def test_upper_end_holds_nine_of_ten_minutes() -> None:
    random = np.random.default_rng(3)
    flat = Forecaster(Shape(BEGINS_S, np.log(np.array([1_000.0])), ""), Calendar(()), Smoothing(0.3, 0.1))
    level, held = 0.0, []
    logs = []
    for _ in range(3_000):
        noise = random.normal(0, 0.1)
        logs.append(level + noise)
        level += 0.3 * noise
    rates = 1_000 * np.exp(np.array(logs))
    for now in range(100, 2_900, 7):
        found = flat.ahead(BEGINS_S + 60 * now, rates[now - 60 : now], 15)
        held.append(rates[now : now + 15] <= found.upper)
    assert 0.87 < np.mean(held) < 0.93


def test_without_history_the_last_minutes_and_the_calendar_are_all() -> None:
    sale = Window("first-sale", BEGINS_S + 3_600 + 300, BEGINS_S + 9_000, expected=4.0)
    found = forecaster(History(BEGINS_S, np.zeros(60)), (sale,))
    assert found.smoothing == DEFAULT
    ahead = found.ahead(BEGINS_S + 3_600, np.array([200.0]), 15)
    assert ahead.mean[:5] == pytest.approx(200)
    assert ahead.mean[5:] == pytest.approx(800)
    assert "less than two days of history: no shape" in ahead.reason
