"""The campaigns' notebook runs from top to bottom, over campaigns of each kind and over nothing at all."""

from pathlib import Path

import pytest

from tests.effect.campaign import land_campaign
from tests.notebooks.running import filled, images, run, warnings

PLOTS = {"outcomes", "uplift", "uplift-by-tier", "cost"}


def test_the_notebook_runs_over_campaigns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "warehouse"
    land_campaign(folder, "new-year", factor=1.6)
    land_campaign(folder, "does-nothing", factor=1.0, seed=8)
    land_campaign(folder, "everybody", shoppers=300, holdout=0, seed=9)
    outputs = run("campaigns", folder, tmp_path, monkeypatch)
    assert images(outputs) == PLOTS
    assert warnings(outputs) == []
    assert "everybody: nobody is held out" in outputs["trust"][0]["data"]["text/plain"]
    assert "new-year" in outputs["effects"][0]["data"]["text/plain"]


def test_the_notebook_runs_over_an_empty_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = run("campaigns", tmp_path / "nothing", tmp_path, monkeypatch)
    assert images(outputs) == PLOTS
    assert warnings(outputs) == []
    assert outputs["trust"][0]["data"]["text/plain"] == "[]"


def test_outputs_are_stripped() -> None:
    assert filled("campaigns") == []
