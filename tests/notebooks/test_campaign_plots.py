"""A plot is drawn for the smallest and oddest campaigns too, without a warning."""

import math
from typing import Any

import pandas as pd
import pytest

from effect import Arm
from effect.campaigns import effect
from effect.table import flat
from notebooks import campaign_plots as plots


def row(treated: Arm, held_out: Arm, share: float | None = None) -> dict[str, Any]:
    (found,) = flat([effect("tea", "CNY", None, treated, held_out, share)])
    return found


NOTHING_TO_COMPARE = row(Arm(5, 5, 1, 1), Arm())
ONE_EACH = row(Arm(1, 1, 1, 1), Arm(1))
NO_EFFECT = row(Arm(900, 900, 36, 40, cost_minor=9_000), Arm(100, 0, 4, 4))
EFFECT = row(Arm(9_000, 9_000, 900, 900, cost_minor=90_000), Arm(1_000, 0, 40, 40))
HARM = row(Arm(9_000, 9_000, 90, 90, cost_minor=90_000), Arm(1_000, 0, 100, 100))
BROKEN = row(Arm(9_000, 9_000, 900, 900, cost_minor=90_000), Arm(500, 0, 20, 20), 0.1)

ODD: list[tuple[Any, list[dict[str, Any]], str]] = [
    (plots.outcomes, [{"campaign_id": "tea", "outcome": "capped", "decisions": 1}], "0% of the candidates were issued"),
    (plots.uplift, [NOTHING_TO_COMPARE], "0 of 1 sold more"),
    (plots.uplift, [ONE_EACH], "0 of 1 sold more"),
    (plots.uplift, [EFFECT, NO_EFFECT, HARM, BROKEN, NOTHING_TO_COMPARE], "1 of 5 sold more"),
    (plots.cost, [NO_EFFECT], "For 0 of 1 an additional order has a price"),
    (plots.cost, [EFFECT, NO_EFFECT, HARM, BROKEN, NOTHING_TO_COMPARE], "For 1 of 5 an additional order has a price"),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("draw", "rows", "title"), ODD, ids=lambda value: getattr(value, "__name__", None))
def test_an_odd_campaign_has_a_plot(draw: Any, rows: list[dict[str, Any]], title: str) -> None:
    figure = draw(pd.DataFrame(rows))
    figure.draw_without_rendering()
    assert figure.axes[0].get_title(loc="left").startswith(title)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("draw", [plots.outcomes, plots.uplift, plots.cost])
def test_no_rows_are_a_sentence(draw: Any) -> None:
    (sentence,) = draw(pd.DataFrame({"what": []})).axes[0].texts
    assert sentence.get_text().startswith("No campaign has ")


def test_a_broken_split_is_drawn_as_one() -> None:
    said = [text.get_text() for text in plots.uplift(pd.DataFrame([EFFECT, BROKEN])).axes[0].texts]
    assert [("do not believe it" in one) for one in said] == [False, True]


def test_an_end_without_bound_is_nan() -> None:
    assert math.isnan(NOTHING_TO_COMPARE["conversion_low"])
