"""A trained model finds what is true of simulated shoppers, scores without its library, and says what it cannot."""

from datetime import timedelta

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from errors import ProblemFound
from model.along import scorecard
from model.boosted import Boosted
from model.definition import parse, written
from model.report import calibration, report, told
from model.training import FITTED, Trained, export, input_names, matrix, split, train
from tests.model.shoppers import STEP_MS, outcomes

HORIZON_MS = 10 * STEP_MS


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(outcomes(6_000), "offers", 3, HORIZON_MS)


def test_exported_trees_score_as_the_library_does() -> None:
    rows = outcomes(2_000)
    names = input_names(rows)
    fitted = HistGradientBoostingClassifier(max_iter=40, **FITTED)
    fitted.fit(matrix(rows, names), [one.ordered for one in rows])
    model = parse(written(export(fitted, 40, names, "offers", 1, 1)))
    fresh = outcomes(500, seed=2)
    assert any(value is None for one in fresh for value in one.inputs.values())
    ours = [model.propensity(one.inputs) for one in fresh]
    assert np.max(np.abs(ours - fitted.predict_proba(matrix(fresh, names))[:, 1])) < 1e-9


def test_contributions_add_up_to_the_score(trained: Trained) -> None:
    for one in trained.parts.test[:50]:
        told_by_input = trained.model.contributions(one.inputs)
        assert sum(told_by_input.values()) + trained.model.baseline == pytest.approx(
            trained.model.log_odds(one.inputs), abs=1e-9
        )


def test_report_holds_the_model_to_the_scorecard_and_to_a_constant(trained: Trained) -> None:
    found = report(trained, scorecard())
    assert found["auc"]["model"] > found["auc"]["scorecard"] > found["auc"]["constant"] == 0.5
    assert found["log_loss"]["model"] < found["log_loss"]["constant"]
    for one in found["calibration"]:
        error = (one["expected"] * (1 - one["expected"]) / one["rows"]) ** 0.5
        assert abs(one["expected"] - one["ordered"]) < 4 * error
    # What the truth does not know of matters less than what it does.
    assert found["importance"]["the offer"] > found["importance"]["spent_minor"]
    assert found["importance"]["adds_per_look"] > found["importance"]["affinity"]
    assert "offers 3: " in told(found)
    assert f"{found['auc']['model']:.3f}" in told(found)


def test_larger_discount_is_never_expected_to_sell_less(trained: Trained) -> None:
    for one in trained.parts.test[:200]:
        shares = [
            one.inputs | {"discount_share": share, "discount_minor": share * 5_000} for share in (0, 0.05, 0.1, 0.3)
        ]
        expected = [trained.model.propensity(inputs) for inputs in shares]
        assert expected == sorted(expected)


def test_same_rows_train_the_same_model(trained: Trained) -> None:
    assert train(outcomes(6_000), "offers", 3, HORIZON_MS).text == trained.text


def test_parts_are_apart_by_the_horizon() -> None:
    rows = outcomes(2_000)
    parts = split(rows, HORIZON_MS)
    assert parts.fit[-1].decided_ms + HORIZON_MS == parts.count[0].decided_ms
    assert parts.count[-1].decided_ms + HORIZON_MS == parts.test[0].decided_ms
    assert (len(parts.fit), len(parts.count), len(parts.test), parts.left_out) == (1_191, 391, 400, 18)


def test_too_few_rows_or_orders_are_refused_with_a_sentence() -> None:
    with pytest.raises(ProblemFound, match=r"^model: 999 decisions with features .* a training needs 1,000$"):
        split(outcomes(999), HORIZON_MS)
    nobody = [one.__class__(**{**vars(one), "ordered": False}) for one in outcomes(1_000)]
    with pytest.raises(ProblemFound, match=r"of the 591 decisions to fit the trees 0 led to an order; it takes 20"):
        split(nobody, HORIZON_MS)
    with pytest.raises(ProblemFound, match="of the 0 decisions to fit the trees"):
        split(outcomes(1_000), int(timedelta(days=9).total_seconds() * 1000))


def test_calibration_has_a_tenth_of_the_rows_a_line() -> None:
    found = calibration([number / 25 for number in range(25)], [number % 2 == 0 for number in range(25)], 4)
    assert [one["rows"] for one in found] == [6, 6, 7, 6]
    assert found[0]["expected"] == pytest.approx(0.1)
    assert found[0]["ordered"] == 0.5


def test_trees_are_a_small_text(trained: Trained) -> None:
    assert isinstance(trained.model, Boosted)
    assert len(trained.text) < 200_000
