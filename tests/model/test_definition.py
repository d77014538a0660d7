"""What is no model is refused with a sentence that says where, what, and what is allowed."""

import json
from pathlib import Path
from typing import Any

import pytest

from errors import SettingsError
from model.along import definition, scorecard
from model.boosted import Boosted
from model.definition import parse

CARD = json.loads(definition())
LEAF = {"input": [-1], "threshold": [0], "missing_left": [0], "left": [0], "right": [0], "value": [0.5]}
TREE = {
    "input": [0, -1, -1],
    "threshold": [3.5, 0, 0],
    "missing_left": [1, 0, 0],
    "left": [1, 0, 0],
    "right": [2, 0, 0],
    "value": [0.0, -1.0, 2.0],
}
TREES = {
    "kind": "boosted",
    "name": "t",
    "version": 1,
    "horizon_ms": 1,
    "inputs": ["looks"],
    "baseline": 0.25,
    "trees": [TREE],
}


def test_scorecard_that_comes_along_is_one_whose_inputs_are_all_in_the_stream() -> None:
    assert (scorecard().kind, scorecard().name, scorecard().version) == ("scorecard", "scorecard", 1)
    assert parse(definition()) == scorecard()


def test_trees_are_walked_by_threshold_and_by_what_is_missing() -> None:
    model = parse(json.dumps(TREES))
    assert isinstance(model, Boosted)
    assert [model.log_odds({"looks": looks}) for looks in (3.5, 3.6, None)] == [-0.75, 2.25, -0.75]
    assert model.contributions({"looks": 9}) == {"trees": 0.0, "looks": 2.0}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"kind": "oracle"}, "kind: scorecard or boosted, got 'oracle'"),
        ({"version": 0}, "version: a whole number of at least 1, got 0"),
        ({"horizon_ms": "1 d"}, "horizon_ms: a whole number of at least 1, got '1 d'"),
        ({"name": ""}, "name: a text, got ''"),
        ({"base_odds": 0}, "base_odds: a number above 0, got 0"),
        ({"attributes": []}, "attributes: at least one, got []"),
        ({"attributes": [{"input": "shoe_size"}]}, "attributes: an input that there is"),
        ({"attributes": [{"input": "looks", "bins": []}]}, "attributes.looks.bins: at least one"),
        (
            {"attributes": [{"input": "looks", "bins": [{"below": 2, "points": 1}]}]},
            r"attributes.looks.bins: the last, and only the last, is without `below`, got \[2\]",
        ),
        (
            {
                "attributes": [
                    {"input": "looks", "bins": [{"below": 2, "points": 1}, {"below": 2, "points": 1}, {"points": 1}]}
                ]
            },
            r"attributes.looks.bins: `below` must rise, got \[2, 2\]",
        ),
    ],
)
def test_wrong_scorecard_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace("[]", r"\[\]")):
        parse(json.dumps({**CARD, **changed}))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"inputs": ["shoe_size"]}, "inputs: each one that there is"),
        ({"baseline": None}, "baseline: a number, got None"),
        ({"trees": []}, "trees: at least one"),
        ({"trees": [{}]}, "trees.0: lists input, threshold"),
        ({"trees": [{**TREE, "value": [0.0]}]}, "trees.0: lists of one length"),
        # A loop would never end.
        ({"trees": [{**TREE, "left": [0, 0, 0]}]}, "trees.0: node 0 is neither a leaf nor a split of later nodes"),
        ({"trees": [{**TREE, "input": [1, -1, -1]}]}, "trees.0: node 0 is neither"),
        ({"trees": [{**TREE, "value": [0.0, float("nan"), 0.0]}]}, "trees.0: node 1 is neither"),
        ({"trees": [LEAF] * 20_001}, "at most"),
    ],
)
def test_wrong_trees_are_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse(json.dumps({**TREES, **changed}))


def test_wrong_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scorecard.toml"
    path.write_text('name = "s"\nversion = 1\nhorizon = "1 day"\n')
    with pytest.raises(SettingsError, match=f"^{path}: a duration is a whole number and one of ms"):
        scorecard(path)
    path.write_text("name = ")
    with pytest.raises(SettingsError, match=f"^{path}: "):
        scorecard(path)
