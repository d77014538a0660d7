"""Read what came of decisions from the warehouse, as rows that a model can be asked about."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import warehouse
from jobs.campaign_rules import BASKET_RULES
from model.choice import Moment, asked

SQL = Path(__file__).parent / "outcomes.sql"
EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Outcome:
    """A decision that gave an offer or held out, and whether the shopper `ordered` within the horizon.

    `inputs` are what a model is asked; `propensity` is what `model`, such as "offers 3", expected then.
    """

    decision_id: str
    decided_ms: int
    rule: str
    inputs: dict[str, float | None]
    ordered: bool
    model: str | None
    propensity: float | None


def outcomes(horizon: timedelta, since: datetime = EVER, folder: Path | None = None) -> list[Outcome]:
    """Every decision since then whose horizon is over, in the order of time; by default of the settings' warehouse."""
    values = {"horizon": horizon, "since": since}
    return [
        Outcome(
            row["decision_id"],
            row["decided_ms"],
            row["rule"],
            asked(
                moment(row["rule"], row["membership_tier"], row["price_minor"], row["basket_minor"], row["features"]),
                row["kind"],
                row["cost_minor"],
                row["points"],
            ),
            row["ordered"],
            None if row["model"] is None else f"{row['model']} {row['model_version']}",
            row["propensity"],
        )
        for row in warehouse.query(SQL.read_text(encoding="utf-8"), folder, values)
    ]


def moment(rule: str, tier: str, price_minor: int | None, basket_minor: int, features: str | None) -> Moment:
    """The moment as the job had it: what a discount is of depends on the pattern."""
    return Moment(rule, tier, basket_minor if rule in BASKET_RULES else price_minor, basket_minor, features)
