"""Say what a price rule is: the one object that its file, its record on the topic and the conversion job mean."""

from typing import Annotated, Literal

from pydantic import Field

from campaigns.definition import Amount, Count, Part, Text

WindowKind = Literal["tumble_10s", "tumble_1m", "hop_5m"]
Share = Annotated[float, Field(gt=0, le=1)]
Step = Annotated[int, Field(ge=1, le=100)]
# Of the list price; nobody means ten times as much.
Bound = Annotated[int, Field(ge=1, le=1_000)]


class PriceRule(Part):
    """What moves a category's price, as the topic carries it; time in milliseconds.

    `low` and `high` are buyers / viewers of a window; step, floor and ceiling are whole percents of the list price.
    """

    category: Text
    window_kind: WindowKind
    least_viewers: Count
    low: Share
    high: Share
    step_percent: Step
    floor_percent: Bound
    ceiling_percent: Bound
    hold_ms: Amount
