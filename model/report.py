"""Say how good a trained model is on decisions it has not seen: against the scorecard, and against knowing nothing."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from model.definition import Model
from model.inputs import OF_OFFER
from model.outcomes import Outcome
from model.training import SEED, Parts, Trained, expected

BINS = 10
# Times each input is shuffled: one is chance.
SHUFFLES = 3


def report(trained: Trained, scorecard: Model) -> dict[str, Any]:
    """Figures for a machine to keep and `told` to print; times are UTC, log loss is in nats (smaller is better)."""
    from sklearn.metrics import log_loss, roc_auc_score

    parts, model = trained.parts, trained.model
    answers = [one.ordered for one in parts.test]
    base_rate = sum(one.ordered for one in parts.fit) / len(parts.fit)
    guesses = {
        "model": expected(model, parts.test),
        "scorecard": expected(scorecard, parts.test),
        "constant": [base_rate] * len(parts.test),
    }
    return {
        "model": model.name,
        "version": model.version,
        "horizon_s": model.horizon_ms / 1000,
        "trees": len(model.trees),
        "characters": len(trained.text),
        "rows": {name: _rows(part) for name, part in _named(parts).items()},
        "left_out": parts.left_out,
        "auc": {name: float(roc_auc_score(answers, guess)) for name, guess in guesses.items()},
        "log_loss": {name: float(log_loss(answers, guess, labels=[False, True])) for name, guess in guesses.items()},
        "calibration": calibration(guesses["model"], answers),
        "importance": importance(model, parts.test),
    }


def calibration(guesses: Sequence[float], answers: Sequence[bool], bins: int = BINS) -> list[dict[str, Any]]:
    """Bins of equal size by what was expected: the mean of that, and the share that came true."""
    ranked = sorted(zip(guesses, answers, strict=True))
    edges = [round(number * len(ranked) / bins) for number in range(bins + 1)]
    parts = [ranked[low:high] for low, high in pairwise(edges) if high > low]
    return [
        {
            "rows": len(part),
            "expected": sum(guess for guess, _ in part) / len(part),
            "ordered": sum(answer for _, answer in part) / len(part),
        }
        for part in parts
    ]


def importance(model: Model, rows: Sequence[Outcome]) -> dict[str, float]:
    """By how much the log loss grows where an input is another row's, the largest first (Breiman, 2001).

    What an offer says is shuffled together: its parts tell of each other.
    """
    from sklearn.metrics import log_loss

    answers = [one.ordered for one in rows]
    as_is = log_loss(answers, expected(model, rows), labels=[False, True])
    dice = random.Random(SEED)
    groups = {"the offer": OF_OFFER} | {name: (name,) for name in _shopper_inputs(model)}
    found = {}
    for group, names in groups.items():
        grown = []
        for _ in range(SHUFFLES):
            others = dice.sample(rows, len(rows))
            mixed = [
                model.propensity(one.inputs | {name: other.inputs.get(name, 0.0) for name in names})
                for one, other in zip(rows, others, strict=True)
            ]
            grown.append(log_loss(answers, mixed, labels=[False, True]) - as_is)
        found[group] = float(sum(grown) / SHUFFLES)
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _shopper_inputs(model: Any) -> list[str]:
    return [name for name in model.inputs if name not in OF_OFFER]


def told(found: dict[str, Any]) -> str:
    """The report as a person reads it."""
    rows = ", ".join(
        f"{part['rows']:,} {name} ({part['ordered']:,} ordered, to {part['until']})"
        for name, part in found["rows"].items()
    )
    lines = [
        f"{found['model']} {found['version']}: {found['trees']} trees, {found['characters']:,} characters; "
        f"an order within {found['horizon_s']:g} s",
        f"decisions: {rows}; {found['left_out']:,} left out between the parts",
        f"{'on the test part':20}{'AUC':>8}{'log loss':>10}",
        *(
            f"  {name:18}{found['auc'][name]:8.3f}{found['log_loss'][name]:10.4f}"
            for name in ("model", "scorecard", "constant")
        ),
        "expected -> ordered, a tenth of the test part a line",
        *(f"  {one['expected']:8.3f} -> {one['ordered']:6.3f}  ({one['rows']:,})" for one in found["calibration"]),
        "log loss grows by, where an input is another row's",
        *(f"  {name:24}{grown:+.5f}" for name, grown in list(found["importance"].items())[:12]),
    ]
    return "\n".join(lines)


def _named(parts: Parts) -> dict[str, Sequence[Outcome]]:
    return {"to fit": parts.fit, "to count trees": parts.count, "to test": parts.test}


def _rows(part: Sequence[Outcome]) -> dict[str, Any]:
    until = datetime.fromtimestamp(part[-1].decided_ms / 1000, UTC)
    return {
        "rows": len(part),
        "ordered": sum(one.ordered for one in part),
        "until": until.isoformat(timespec="seconds"),
    }
