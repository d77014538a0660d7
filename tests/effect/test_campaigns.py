"""A campaign of known effect, landed as Parquet, is found to have it; and what must not be believed is said."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

import warehouse
from cli.main import app
from effect import Arm, Effect, effects
from effect.campaigns import effect
from errors import CannotRun, ProblemFound, SettingsError
from tests.cli.running import hongbao
from tests.effect.campaign import COST_MINOR, HOLDOUT, TIERS, land_campaign

FACTOR = 1.6


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of three campaigns, and their files."""
    folder = tmp_path_factory.mktemp("landed")
    land_campaign(folder / "warehouse", "new-year", factor=FACTOR)
    land_campaign(folder / "warehouse", "does-nothing", factor=1.0, seed=8)
    land_campaign(folder / "warehouse", "broken-split", lost=0.3, seed=9)
    land_campaign(folder / "warehouse", "everybody", shoppers=200, holdout=0, seed=10)
    (folder / "campaigns").mkdir()
    for name in ("new-year", "does-nothing", "broken-split"):
        text = f'name = "{name}"\n[holdout]\nshare = {HOLDOUT}\nsalt = "2027"\n'
        (folder / "campaigns" / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def one(landed: Path, name: str) -> Effect:
    (found,) = effects(landed / "warehouse", name, campaigns=landed / "campaigns")
    return found


def test_the_true_effect_is_within_the_interval(landed: Path) -> None:
    truth = (FACTOR - 1) * sum(TIERS.values()) / len(TIERS)
    found = one(landed, "new-year")
    assert found.conversion.low is not None and found.conversion.high is not None
    assert 0 < found.conversion.low < truth < found.conversion.high
    assert found.relative.low is not None and found.relative.high is not None
    assert found.relative.low < FACTOR - 1 < found.relative.high
    assert found.findings == ()


def test_what_an_additional_order_cost_is_near_the_truth(landed: Path) -> None:
    truth = COST_MINOR / ((FACTOR - 1) * sum(TIERS.values()) / len(TIERS))
    cost = one(landed, "new-year").cost_per_additional_order_minor
    assert cost.low is not None and cost.high is not None
    assert cost.low < truth < cost.high


def test_arms_are_what_plain_counting_gives(landed: Path) -> None:
    """Each coupon is one treated shopper here, and of the orders only those after the decision count."""
    counts = warehouse.query("FROM campaign_counts WHERE campaign_id = 'new-year'", landed / "warehouse")
    found = one(landed, "new-year")
    assert [row["issued"] for row in counts] == [found.treated.shoppers] == [found.treated.coupons]
    assert [row["held_out"] for row in counts] == [found.held_out.shoppers]
    assert [row["triggered"] for row in counts] == [12_000]
    assert found.treated.cost_minor == COST_MINOR * found.treated.shoppers
    assert (found.held_out.coupons, found.held_out.cost_minor) == (0, 0)
    after = warehouse.query(
        "SELECT count(DISTINCT shopper_id) AS buyers, count(*) AS orders, sum(price_minor)::BIGINT AS revenue_minor "
        "FROM events JOIN decisions USING (shopper_id) "
        "WHERE decisions.campaign_id = 'new-year' AND outcome <> 'capped' "
        "AND events.occurred_at > decisions.occurred_at",
        landed / "warehouse",
    )
    both = found.treated + found.held_out
    assert after == [{"buyers": both.buyers, "orders": both.orders, "revenue_minor": both.revenue_minor}]


def test_a_campaign_that_does_nothing_has_no_cost_per_order(landed: Path) -> None:
    found = one(landed, "does-nothing")
    assert not found.conversion.positive
    assert found.cost_per_additional_order_minor.value is None
    assert any("no cost per additional order: the interval of the uplift includes 0" in said for said in found.remarks)


def test_a_broken_split_is_a_finding(landed: Path) -> None:
    (sentence,) = one(landed, "broken-split").findings
    assert sentence.startswith("broken-split: 8")
    assert "are held out, not the configured 0.2 (p = " in sentence


def test_without_a_holdout_there_is_nothing_to_compare_with(landed: Path) -> None:
    found = one(landed, "everybody")
    assert (found.conversion.value, found.split_p_value, found.findings) == (None, None, ())
    assert found.remarks == (
        "everybody: nobody is held out, so there is nothing to compare with; give the campaign a [holdout]",
    )


def test_by_tier_there_is_a_row_a_tier_and_they_sum_up(landed: Path) -> None:
    whole = one(landed, "new-year")
    tiers = effects(landed / "warehouse", "new-year", by="tier", campaigns=landed / "campaigns")
    assert [found.membership_tier for found in tiers] == ["none", "vip"]
    assert sum((found.treated for found in tiers), Arm()) == whole.treated
    assert sum((found.held_out for found in tiers), Arm()) == whole.held_out


def test_an_unknown_campaign_names_those_there_are(landed: Path) -> None:
    with pytest.raises(
        ProblemFound, match="'newyear' has issued and held out nothing; those that did: broken-split, d"
    ):
        effects(landed / "warehouse", "newyear")


def test_an_unknown_grouping_cannot_run(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="it can be told by tier, got 'category'"):
        effects(tmp_path, by="category")


def test_a_file_that_says_no_share_is_named(landed: Path, tmp_path: Path) -> None:
    (tmp_path / "new-year.toml").write_text('[holdout]\nshare = "a tenth"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"new-year\.toml: \[holdout\] share: could not convert"):
        effects(landed / "warehouse", "new-year", campaigns=tmp_path)


def test_few_buyers_have_no_interval_of_the_revenue() -> None:
    treated = Arm(900, 900, 200, 200, 200_000, 300_000_000, 9_000)
    for buyers, given in ((99, False), (100, True)):
        held_out = Arm(500, 0, buyers, buyers, 80_000, 90_000_000, 0)
        found = effect("tea", "CNY", None, treated, held_out, None)
        assert found.revenue_minor.value is not None
        assert (found.revenue_minor.low is not None) == given
        assert any("needs 100 buyers in each arm" in said for said in found.remarks) != given


def test_coupons_that_keep_shoppers_away_are_said_to() -> None:
    found = effect("tea", "CNY", None, Arm(1_000, 1_000, 50, 50), Arm(1_000, 0, 100, 100), None)
    assert found.cost_per_additional_order_minor.value is None
    assert any("the coupons kept shoppers from ordering" in said for said in found.remarks)


def test_the_command_answers_the_same_as_json(landed: Path) -> None:
    done = hongbao("effect", "--campaign", "new-year", "--json", HONGBAO_WAREHOUSE_FOLDER=str(landed / "warehouse"))
    assert (done.returncode, done.stderr) == (0, "")
    (row,) = json.loads(done.stdout)
    # No campaign file of that name is in the checkout.
    (expected,) = effects(landed / "warehouse", "new-year", campaigns=landed)
    assert row == json.loads(json.dumps(asdict(expected)))


def test_the_command_shows_a_table_and_says_what_is_missing(landed: Path) -> None:
    done = hongbao("effect", "--campaign", "does-nothing", HONGBAO_WAREHOUSE_FOLDER=str(landed / "warehouse"))
    assert done.returncode == 0
    assert "uplift in points" in done.stdout
    assert "does-nothing: no cost per additional order" in done.stderr


def test_a_broken_split_is_a_problem_found(landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGBAO_WAREHOUSE_FOLDER", str(landed / "warehouse"))
    monkeypatch.setenv("HONGBAO_CAMPAIGNS_FOLDER", str(landed / "campaigns"))
    codes = {
        name: CliRunner().invoke(app, ["effect", "--campaign", name]).exit_code for name in ("new-year", "broken-split")
    }
    assert codes == {"new-year": 0, "broken-split": 1}


def test_the_command_over_nothing_answers_nothing(tmp_path: Path) -> None:
    done = hongbao("effect", "--json", HONGBAO_WAREHOUSE_FOLDER=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
