"""A campaign's step is the operator's word or what campaigns alike did, and says which."""

import numpy as np
import pytest

from scaling.calendar import OPENING_S, Calendar, Step, Window, learn
from scaling.history import HOUR_S, History

DAY_S = 86_400
FLAT = History(0, np.full(10 * 1440, 100.0))


def flat(seconds: np.ndarray) -> np.ndarray:
    return np.full(len(seconds), 100.0)


def with_sale(day: int, hours: int, opening: float, after: float) -> tuple[History, Window]:
    rates = FLAT.per_minute.copy()
    first = day * 1440
    rates[first : first + 60] *= opening
    rates[first + 60 : first + hours * 60] *= after
    return History(0, rates), Window("earlier", day * DAY_S, day * DAY_S + hours * HOUR_S)


def only(calendar: Calendar, name: str) -> Step:
    (step,) = [step for step in calendar.steps if step.window.name == name]
    return step


def test_what_a_campaign_did_is_opening_and_after() -> None:
    history, earlier = with_sale(2, 5, 6.0, 2.0)
    step = only(learn(history, flat, [earlier]), "earlier")
    assert [step.opening, step.after] == pytest.approx([6, 2])
    assert step.source == "as it began"


def test_coming_campaign_does_what_one_alike_did() -> None:
    history, earlier = with_sale(2, 5, 6.0, 2.0)
    coming = Window("coming", 10 * DAY_S, 10 * DAY_S + 3 * HOUR_S)
    step = only(learn(history, flat, [earlier, coming]), "coming")
    assert [step.opening, step.after] == pytest.approx([6, 2])
    assert step.source == "as earlier"


def test_fortnight_is_not_like_an_hour() -> None:
    history, earlier = with_sale(2, 1, 6.0, 1.0)
    coming = Window("coming", 10 * DAY_S, 24 * DAY_S)
    step = only(learn(history, flat, [earlier, coming]), "coming")
    assert step.opening == 1
    assert step.source.startswith("unknown")


def test_operator_s_word_goes_before_others_like_it() -> None:
    history, earlier = with_sale(2, 5, 6.0, 2.0)
    coming = Window("coming", 10 * DAY_S, 10 * DAY_S + 5 * HOUR_S, expected=20.0)
    step = only(learn(history, flat, [earlier, coming]), "coming")
    assert [step.opening, step.after] == pytest.approx([20, 2])
    assert step.source == "as the operator expects"


def test_times_are_those_of_the_largest_window_and_one_outside() -> None:
    long, short = Window("long", 0, 10 * HOUR_S), Window("short", 2 * HOUR_S, 3 * HOUR_S)
    calendar = Calendar((Step(long, 4.0, 2.0, ""), Step(short, 3.0, 3.0, "")))
    moments = np.array([-1, 0, OPENING_S - 1, OPENING_S, 2 * HOUR_S, 3 * HOUR_S, 10 * HOUR_S])
    assert calendar.times(moments).tolist() == [1, 4, 4, 2, 3, 2, 1]


def test_campaign_that_quiets_the_shop_may_be_below_the_usual() -> None:
    calendar = Calendar((Step(Window("quiet", 0, HOUR_S), 0.5, 0.5, ""),))
    assert calendar.times(np.array([0, HOUR_S])).tolist() == [0.5, 1]
