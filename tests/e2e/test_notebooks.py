"""The notebooks run from top to bottom on a release made offline, read that release alone, and are kept
without outputs."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.command import CHECKOUT, Finished

NOTEBOOKS = sorted((CHECKOUT / "notebooks").glob("*.ipynb"))


def test_there_is_one_for_each_reader() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["analyst", "policymaker", "statistician"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_without_outputs_and_imports_nothing_of_ours(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert code
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    imported = set(re.findall(r"^(?:from|import) (\w+)", "\n".join(c.source for c in code), re.MULTILINE))
    assert imported <= {"os", "pathlib", "duckdb", "json"}
    places = set(re.findall(r'home / "(\w+)" / "(\w+)"', "\n".join(c.source for c in code)))
    assert places == {("releases", "latest")}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_on_the_offline_release(
    path: Path, first_run: tuple[Path, Finished], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COMPACT_HOME", str(first_run[0]))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    book = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(CHECKOUT / "notebooks")}}
    NotebookClient(book, timeout=120, kernel_name="python3", resources=resources).execute()
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert any(output.output_type == "execute_result" for cell in code for output in cell.outputs)
