"""A plot is drawn for the smallest and oddest answers too, without a warning."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from notebooks import plots

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
WINDOW = {"window_start": NOON, "viewers": 0, "adders": 0, "checkouts": 0, "buyers": 1, "conversion_rate": None}

ODD: list[tuple[Any, list[dict[str, Any]], str]] = [
    (plots.funnel, [{"event_type": "product_viewed", "visits": 0}] * 4, "Of 100 visits that saw a product, 0 ended"),
    (plots.conversion, [WINDOW], "Busiest at 12:00:00: 0 viewers, 1 buyers in 10 s"),
    (plots.revenue, [{"value": "tea", "revenue_minor": 0, "orders": 1}], "tea brought 0% of the revenue"),
    (plots.latency, [{"ms": 0}], "p99 is 1 ms: all 1 coupons within 1 s"),
    (plots.latency, [{"ms": 12}, {"ms": 90_000}], "p99 is 1.5 min: 1 of 2 coupons took longer than 1 s"),
    (
        plots.budget,
        [{"rule": "qr_claim", "coupons": 1, "broker and read": 0.0, "match and judge": 3.0, "send": 1.0}],
        "75% of the time goes to: match and judge",
    ),
    (plots.outcome, [{"rule": "qr_claim", "outcome": "open", "coupons": 1}], "0% of the coupons were used so far"),
    (plots.dead_letters, [{"field": "price_minor", "messages": 1, "example": "x" * 500}], "1 dead letters"),
    (plots.late_events, [{"late_by_s": 0.0}], "1 late events are in no conversion figure"),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("draw", "rows", "title"), ODD, ids=lambda value: getattr(value, "__name__", None))
def test_an_odd_answer_has_a_plot(draw: Any, rows: list[dict[str, Any]], title: str) -> None:
    figure = draw(pd.DataFrame(rows))
    figure.draw_without_rendering()
    assert figure.axes[0].get_title(loc="left").startswith(title)


@pytest.mark.filterwarnings("error")
def test_no_rows_are_a_sentence() -> None:
    figure = plots.latency(pd.DataFrame({"ms": []}))
    assert [text.get_text() for text in figure.axes[0].texts] == ["No coupon has been sent yet."]


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(40, "40 ms"), (1_000, "1 s"), (1_540, "1.5 s"), (60_000, "1 min"), (750_000, "12 min"), (90_000_000, "1 d")],
)
def test_a_duration_is_said_as_a_person_says_it(milliseconds: float, words: str) -> None:
    assert plots._milliseconds(milliseconds) == words
