"""Say what a model expects of a shopper or of a decision, and what each input adds to that."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import warehouse
from errors import SettingsError
from model.choice import asked
from model.definition import Model
from model.inputs import value_of
from model.outcomes import moment

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Explained:
    """What the model expects, and of each input its value and what it adds: points, or log-odds of a boosted one."""

    about: str
    model: str
    propensity: float
    unit: str
    inputs: list[dict[str, Any]]


def decision(decision_id: str, model: Model, folder: Path | None = None) -> Explained:
    """A landed decision, with the offer that was chosen; raises SettingsError where there is none with features."""
    row = _row("decision", folder, decision_id=decision_id)
    if row is None or row["features"] is None:
        raise SettingsError(f"decision {decision_id}: none with features has landed")
    about = f"{row['rule']} of {row['shopper_id']}, offer {row['offer'] or 'none'}, {row['outcome']}"
    return _explained(about, row, model)


def shopper(
    shopper_id: str, model: Model, currency: str, buyers: timedelta, visitors: timedelta, folder: Path | None = None
) -> Explained:
    """A shopper after the newest landed event, without an offer; raises SettingsError for one who never came."""
    row = _row("shopper", folder, shopper_id=shopper_id, currency=currency, buyers_for=buyers, visitors_for=visitors)
    if row is None:
        raise SettingsError(f"shopper {shopper_id}: no event has landed")
    return _explained(f"{shopper_id} after event {row['events']}, without an offer", row, model)


def _row(name: str, folder: Path | None, **values: Any) -> dict[str, Any] | None:
    found = warehouse.query((FOLDER / f"{name}.sql").read_text(encoding="utf-8"), folder, values)
    return found[0] if found else None


def _explained(about: str, row: dict[str, Any], model: Model) -> Explained:
    at = moment(row["rule"], row["membership_tier"], row["price_minor"], row["basket_minor"], row["features"])
    inputs = asked(at, row["kind"], row["cost_minor"], row["points"])
    added = sorted(model.contributions(inputs).items(), key=lambda pair: -abs(pair[1]))
    return Explained(
        about,
        f"{model.name} {model.version}",
        model.propensity(inputs),
        "points" if model.kind == "scorecard" else "log-odds",
        [{"input": name, "value": value_of(inputs, name), "adds": add} for name, add in added],
    )


def told(found: Explained) -> str:
    """It as a person reads it, the weightiest input first."""
    lines = [f"{found.about}: {found.model} expects an order with {found.propensity:.1%}"]
    for one in found.inputs:
        value = "unknown" if one["value"] is None else f"{one['value']:g}"
        lines.append(f"  {one['input']:28}{value:>12}{one['adds']:+12.3f} {found.unit}")
    return "\n".join(lines)
