"""The notebook runs from top to bottom, over a sale and over nothing at all."""

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from tests.notebooks.sale import land_sale

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "sale.ipynb"


class ThisPython(AsyncKernelManager):
    """A kernel of the interpreter that runs the tests; none needs to be installed, none that is can interfere."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def run(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the notebook over the warehouse in `folder`; each cell's outputs by its id. An error in a cell raises."""
    monkeypatch.setenv("HONGBAO_WAREHOUSE_FOLDER", str(folder))
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    notebook = read()
    # The folder that Jupyter starts a notebook in is the notebook's own.
    resources = {"metadata": {"path": str(NOTEBOOK.parent)}}
    NotebookClient(notebook, kernel_manager_class=ThisPython, timeout=120, resources=resources).execute()
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def images(outputs: dict[str, Any]) -> set[str]:
    return {name for name, shown in outputs.items() for output in shown if "image/png" in output.get("data", {})}


def warnings(outputs: dict[str, Any]) -> list[Any]:
    return [output for shown in outputs.values() for output in shown if output["output_type"] == "stream"]


PLOTS = {"funnel", "conversion", "revenue", "latency", "budget", "outcome", "dead-letters", "late-events"}


def test_the_notebook_runs_over_a_sale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    land_sale(tmp_path / "warehouse")
    outputs = run(tmp_path / "warehouse", tmp_path, monkeypatch)
    assert images(outputs) == PLOTS
    assert warnings(outputs) == []
    assert "Freshness(events=8" in outputs["fresh"][0]["data"]["text/plain"]
    assert "hesitation" in outputs["latency-by-rule"][0]["data"]["text/plain"]


def test_the_notebook_runs_over_an_empty_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = run(tmp_path / "nothing", tmp_path, monkeypatch)
    assert images(outputs) == PLOTS
    assert warnings(outputs) == []
    assert "Freshness(events=0" in outputs["fresh"][0]["data"]["text/plain"]


def test_outputs_are_stripped() -> None:
    notebook = read()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count] == []
