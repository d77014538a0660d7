"""Run a notebook as a reader would, and give what its cells showed."""

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


class ThisPython(AsyncKernelManager):
    """A kernel of the interpreter that runs the tests; none needs to be installed, none that is can interfere."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])


def read(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]


def run(name: str, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the notebook over the warehouse in `folder`; each cell's outputs by its id. An error in a cell raises."""
    monkeypatch.setenv("HONGBAO_WAREHOUSE_FOLDER", str(folder))
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    notebook = read(name)
    # The folder that Jupyter starts a notebook in is the notebook's own.
    resources = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(notebook, kernel_manager_class=ThisPython, timeout=120, resources=resources).execute()
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def images(outputs: dict[str, Any]) -> set[str]:
    return {name for name, shown in outputs.items() for output in shown if "image/png" in output.get("data", {})}


def warnings(outputs: dict[str, Any]) -> list[Any]:
    return [output for shown in outputs.values() for output in shown if output["output_type"] == "stream"]


def filled(name: str) -> list[str]:
    """The ids of cells that were saved with an output."""
    code = [cell for cell in read(name).cells if cell.cell_type == "code"]
    return [cell.id for cell in code if cell.outputs or cell.execution_count]
