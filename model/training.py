"""Train a boosted model on what came of decisions, export its trees, and say how good it is.

rows by time -> 60 % fit the trees -> 20 % say how many -> 20 % test, against the scorecard and a constant
                a row whose horizon reaches into the next part belongs to none
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from errors import ProblemFound
from model.boosted import Boosted
from model.definition import Model, parse, written
from model.inputs import OF_MOMENT, OF_OFFER, OF_SHOPPER, TIERS, value_of
from model.outcomes import Outcome

if TYPE_CHECKING:
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier

FIT, COUNT_TREES = 0.6, 0.8
LEAST_ROWS = 1_000
# Of those who ordered, and of the others, in each part: fewer say nothing about a rate.
LEAST_OF_EACH = 20
MOST_TREES = 200
# With eight leaves and two hundred trees a text stays below 100,000 characters.
LEAVES = 8
SEED = 2027
FITTED = {
    "learning_rate": 0.08,
    "max_leaf_nodes": LEAVES,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
    "early_stopping": False,
    "random_state": SEED,
}


@dataclass(frozen=True)
class Parts:
    """The rows by time, and how many belong to none."""

    fit: Sequence[Outcome]
    count: Sequence[Outcome]
    test: Sequence[Outcome]
    left_out: int


@dataclass(frozen=True)
class Trained:
    """A model's text, the model, and the rows it was trained and is to be judged by."""

    text: str
    model: Boosted
    parts: Parts


def train(rows: Sequence[Outcome], name: str, version: int, horizon_ms: int) -> Trained:
    """A model of the rows, which are in the order of time; raises ProblemFound where they are too few to tell."""
    parts = split(rows, horizon_ms)
    names = input_names(parts.fit)
    # Half a second to import: only who trains needs it.
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import log_loss

    fitted = HistGradientBoostingClassifier(
        max_iter=MOST_TREES,
        # A larger discount makes nobody buy less: without it chance in few rows says so.
        monotonic_cst=[int(one in ("discount_minor", "discount_share")) for one in names],
        **FITTED,
    ).fit(matrix(parts.fit, names), [one.ordered for one in parts.fit])
    answers = [one.ordered for one in parts.count]
    stages = fitted.staged_predict_proba(matrix(parts.count, names))
    losses = [log_loss(answers, stage[:, 1], labels=[False, True]) for stage in stages]
    trees = 1 + min(range(len(losses)), key=losses.__getitem__)
    text = written(export(fitted, trees, names, name, version, horizon_ms))
    model = parse(text)
    assert isinstance(model, Boosted)
    return Trained(text, model, parts)


def split(rows: Sequence[Outcome], horizon_ms: int) -> Parts:
    """The rows in three parts by time; raises ProblemFound where one of them is too small."""
    if len(rows) < LEAST_ROWS:
        raise ProblemFound(
            f"model: {len(rows):,} decisions with features whose horizon is over; a training needs {LEAST_ROWS:,}"
        )
    first, second = (rows[int(share * len(rows))].decided_ms for share in (FIT, COUNT_TREES))
    parts = Parts(
        fit=[one for one in rows if one.decided_ms + horizon_ms <= first],
        count=[one for one in rows if first <= one.decided_ms and one.decided_ms + horizon_ms <= second],
        test=[one for one in rows if second <= one.decided_ms],
        left_out=0,
    )
    for what, part in (("to fit the trees", parts.fit), ("to count them", parts.count), ("to test", parts.test)):
        ordered = sum(one.ordered for one in part)
        if min(ordered, len(part) - ordered) < LEAST_OF_EACH:
            raise ProblemFound(
                f"model: of the {len(part):,} decisions {what} {ordered:,} led to an order; it takes {LEAST_OF_EACH} "
                "that did and as many that did not; choose a shorter horizon, or wait for more decisions"
            )
    left_out = len(rows) - len(parts.fit) - len(parts.count) - len(parts.test)
    return Parts(parts.fit, parts.count, parts.test, left_out)


def input_names(rows: Sequence[Outcome]) -> list[str]:
    """What the model is asked: everything, and the patterns there were."""
    patterns = sorted({one.rule for one in rows})
    return [
        *OF_SHOPPER,
        *OF_MOMENT,
        *OF_OFFER,
        *(f"tier:{tier}" for tier in TIERS),
        *(f"rule:{pattern}" for pattern in patterns),
    ]


def matrix(rows: Sequence[Outcome], names: Sequence[str]) -> "np.ndarray[Any, Any]":
    """A row an outcome, a column an input; nan where it is missing."""
    import numpy as np

    values = [[value_of(one.inputs, name) for name in names] for one in rows]
    return np.array(values, dtype=np.float64)


def export(
    fitted: "HistGradientBoostingClassifier", trees: int, names: Sequence[str], name: str, version: int, horizon_ms: int
) -> dict[str, Any]:
    """The definition of the first so many trees of a fitted classifier."""
    # Private, and pinned: the library has no public way to its trees. A test holds the export's scores to its own.
    return {
        "kind": "boosted",
        "name": name,
        "version": version,
        "horizon_ms": horizon_ms,
        "inputs": list(names),
        "baseline": float(fitted._baseline_prediction.ravel()[0]),
        "trees": [_tree(predictor.nodes) for (predictor,) in fitted._predictors[:trees]],
    }


def _tree(nodes: Any) -> dict[str, list[Any]]:
    leaf = [bool(node["is_leaf"]) for node in nodes]
    values = [float(node["value"]) for node in nodes]
    # Children come after their parent: from the end on, each has its mean when it is asked for.
    for place in range(len(nodes) - 1, -1, -1):
        if not leaf[place]:
            left, right = int(nodes[place]["left"]), int(nodes[place]["right"])
            rows = [int(nodes[child]["count"]) for child in (left, right)]
            values[place] = (values[left] * rows[0] + values[right] * rows[1]) / sum(rows)
    return {
        "input": [-1 if is_leaf else int(node["feature_idx"]) for node, is_leaf in zip(nodes, leaf, strict=True)],
        # Where only what is missing goes right, every number is at most the threshold.
        "threshold": [min(float(node["num_threshold"]), sys.float_info.max) for node in nodes],
        "missing_left": [int(node["missing_go_to_left"]) for node in nodes],
        "left": [int(node["left"]) for node in nodes],
        "right": [int(node["right"]) for node in nodes],
        "value": values,
    }


def expected(model: Model, rows: Sequence[Outcome]) -> list[float]:
    """What a model expects of each."""
    return [model.propensity(one.inputs) for one in rows]
