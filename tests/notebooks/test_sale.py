"""The notebook runs from top to bottom, over a sale and over nothing at all."""

from pathlib import Path

import pytest

from tests.notebooks.running import filled, images, run, warnings
from tests.notebooks.sale import land_sale

PLOTS = {"funnel", "conversion", "revenue", "latency", "budget", "outcome", "dead-letters", "late-events"}


def test_the_notebook_runs_over_a_sale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    land_sale(tmp_path / "warehouse")
    outputs = run("sale", tmp_path / "warehouse", tmp_path, monkeypatch)
    assert images(outputs) == PLOTS
    assert warnings(outputs) == []
    assert "Freshness(events=8" in outputs["fresh"][0]["data"]["text/plain"]
    assert "hesitation" in outputs["latency-by-rule"][0]["data"]["text/plain"]


def test_the_notebook_runs_over_an_empty_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = run("sale", tmp_path / "nothing", tmp_path, monkeypatch)
    assert images(outputs) == PLOTS
    assert warnings(outputs) == []
    assert "Freshness(events=0" in outputs["fresh"][0]["data"]["text/plain"]


def test_outputs_are_stripped() -> None:
    assert filled("sale") == []
