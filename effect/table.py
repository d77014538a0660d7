"""Show effects as rows for a terminal."""

import math
from collections.abc import Iterable
from typing import Any

from effect.campaigns import Arm, Effect
from effect.intervals import Uplift


def table(found: Iterable[Effect]) -> list[dict[str, Any]]:
    """A row an effect; an interval is value [low, high], an end without bound is left open."""
    return [
        {
            "campaign": one.campaign_id,
            **({} if one.membership_tier is None else {"tier": one.membership_tier}),
            "treated / held out": f"{one.treated.shoppers:,} / {one.held_out.shoppers:,}",
            "conversion": f"{_conversion(one.treated)} / {_conversion(one.held_out)}",
            "uplift in points": _interval(one.conversion, "+.2f", 100),
            "uplift in %": _interval(one.relative, "+.1f", 100),
            "revenue_minor a shopper": _interval(one.revenue_minor, "+,.0f"),
            "cost_minor an additional order": _interval(one.cost_per_additional_order_minor, ",.0f"),
            "currency": one.currency,
        }
        for one in found
    ]


def _conversion(arm: Arm) -> str:
    return f"{arm.buyers / arm.shoppers:.2%}" if arm.shoppers else "-"


def _interval(uplift: Uplift, digits: str, scale: float = 1) -> str:
    value, low, high = (
        "" if end is None else format(end * scale, digits) for end in (uplift.value, uplift.low, uplift.high)
    )
    return f"{value} [{low}, {high}]".strip() if low or high else value


def flat(found: Iterable[Effect]) -> list[dict[str, Any]]:
    """A row an effect, for a plot: `what` is campaign, tier and currency; each interval three columns, NaN for null."""
    return [
        {
            "what": " · ".join(filter(None, (one.campaign_id, one.membership_tier, one.currency))),
            "shoppers": one.treated.shoppers + one.held_out.shoppers,
            "currency": one.currency,
            "broken": bool(one.findings),
            **_columns("conversion", one.conversion),
            **_columns("cost_minor", one.cost_per_additional_order_minor),
        }
        for one in found
    ]


def _columns(name: str, uplift: Uplift) -> dict[str, float]:
    ends = {"": uplift.value, "_low": uplift.low, "_high": uplift.high}
    return {name + end: math.nan if value is None else value for end, value in ends.items()}
