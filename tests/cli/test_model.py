"""The model commands: trained, published, used, told, with exit codes and one sentence where it cannot be."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from settings import Pulsar
from tests.cli.running import NOWHERE, hongbao
from tests.model.shoppers import chance, features
from tests.warehouse.landing import START, event, land

STEP = timedelta(seconds=30)


def land_sale(folder: Path, count: int) -> None:
    """So many decisions, half a minute apart; who orders does so ten seconds later, by the chance that is the truth."""
    dice = random.Random(7)
    events, decisions = [], []
    for number in range(count):
        at, who = START + number * STEP, f"s{number}"
        share, known = dice.choice((None, 0.05, 0.2)), features(dice)
        events.append(event(2 * number, shopper_id=who, price_minor=10_000, occurred_at=at, appended_at=at))
        bought: dict[str, Any] = {"event_type": "order_completed", "order_id": who, "shopper_id": who, "quantity": 1}
        if dice.random() < chance(known, share):
            soon = at + timedelta(seconds=10)
            events.append(event(2 * number + 1, **bought, occurred_at=soon, appended_at=soon))
        decisions.append(
            {
                "decision_id": f"d{number}",
                "shopper_id": who,
                "rule": "hesitation",
                "membership_tier": "gold",
                "cause_event_id": f"event-{2 * number}",
                "outcome": "held_out" if share is None else "issued",
                "kind": "coupon",
                "cost_minor": int(10_000 * (share or 0)),
                "features": json.dumps(known),
                "occurred_at": at,
                "decided_at": at,
            }
        )
    land(folder, "events", events)
    land(folder, "decisions", decisions)


def test_too_few_decisions_are_one_sentence(tmp_path: Path) -> None:
    ours = {"HONGBAO_WAREHOUSE_FOLDER": str(tmp_path), "HONGBAO_MODELS_FOLDER": str(tmp_path / "models"), **NOWHERE}
    done = hongbao("model", "train", "--horizon", "1 min", **ours)
    sentence = "hongbao: model: 0 decisions with features whose horizon is over; a training needs 1,000\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)
    assert not (tmp_path / "models").exists()
    done = hongbao("model", "train", "--horizon", "soon", **ours)
    assert (done.returncode, done.stderr.startswith("hongbao: --horizon: a duration is")) == (2, True)
    done = hongbao("model", "explain", **ours)
    assert (done.returncode, done.stderr) == (2, "hongbao: explain: give one of --shopper and --decision\n")


@pytest.mark.stack
def test_model_is_trained_on_what_landed_and_used(own_topics: Pulsar, tmp_path: Path) -> None:
    land_sale(tmp_path / "warehouse", 1_500)
    ours = {
        "HONGBAO_PULSAR_TENANT": own_topics.tenant,
        "HONGBAO_WAREHOUSE_FOLDER": str(tmp_path / "warehouse"),
        "HONGBAO_MODELS_FOLDER": str(tmp_path / "models"),
    }
    done = hongbao("model", "train", "--horizon", "1 min", "--json", **ours)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["model"], report["version"]) == ("offers", 1)
    assert report == json.loads((tmp_path / "models" / "offers" / "1" / "report.json").read_text())
    assert report["auc"]["model"] > 0.6 > report["auc"]["constant"]
    for command, said in (
        (["list"], "scorecard"),
        (["publish", "offers"], "offers 1: published, not in use since"),
        (["use", "offers", "--version", "1"], "offers 1: in use since"),
        (["status", "--horizon", "1 min"], "in use: offers 1, since"),
        (["explain", "--decision", "d7"], "offers 1 expects an order with"),
        (["explain", "--shopper", "s7", "--model", "scorecard"], "scorecard 1 expects an order with"),
        (["use", "scorecard"], "scorecard 1: in use since"),
    ):
        done = hongbao("model", *command, **ours)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert said in done.stdout, command
    done = hongbao("model", "use", "offers", "--version", "5", **ours)
    assert done.returncode == 2
    assert done.stderr == (
        "hongbao: model: offers 5 is neither in the folder nor published; there are offers 1, scorecard 1\n"
    )
