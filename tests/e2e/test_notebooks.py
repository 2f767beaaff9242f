"""The notebooks run from top to bottom on a release made offline and draw their charts; what the
documentation shows of them has the same cells."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from docs.generate.notebooks import PAGES, executed, page
from tests.command import CHECKOUT, Finished
from tests.unit.make import value
from tests.unit.released import judged, released
from warehouse import Release

NOTEBOOKS = sorted((CHECKOUT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def charts(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(CHECKOUT / "notebooks"))
    import charts  # type: ignore[import-not-found, unused-ignore]

    yield charts
    del sys.modules["charts"]


def test_there_is_one_for_each_reader() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["analyst", "policymaker", "statistician"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_without_outputs_and_reads_the_release_alone(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert code
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    text = "\n".join(cell.source for cell in code)
    assert set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)) == {"charts", "warehouse"}
    assert "assert" not in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_on_the_offline_release_and_every_last_line_is_shown(
    path: Path, first_run: tuple[Path, Finished]
) -> None:
    release = (first_run[0] / "releases" / "latest").resolve()
    cells = executed(path, release)
    assert all(output for kind, _, output in cells if kind == "code")
    if path.stem == "policymaker":
        assert any(output and output.startswith("<svg") for _, _, output in cells)
    made = page(path.stem, cells, release.name)
    assert release.name in made[PAGES / f"{path.stem}.md"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_documentation_shows_the_cells_of_the_notebook(path: Path) -> None:
    shown = (CHECKOUT / PAGES / f"{path.stem}.md").read_text(encoding="utf-8")
    for cell in nbformat.read(path, as_version=4).cells:
        assert cell.source.strip().splitlines()[-1] in shown, "run `python -m docs.generate --release FOLDER`"
        assert cell.source in shown
    for drawing in re.findall(r"\]\(([\w-]+\.svg)\)", shown):
        assert (CHECKOUT / PAGES / drawing).read_text(encoding="utf-8").startswith("<svg")


def test_each_chart_draws_what_the_release_has(tmp_path: Path, charts: Any) -> None:
    figures = {("KEN", 2015): 20.0, ("KEN", 2018): 24.0, ("KEN", 2020): 30.0}
    broken = {"indicator": "use", "applies_to": "all", "time_period": 2017, "reason": "New questions."}
    ahead = {"indicator": "use", "ref_area": "KEN", "time_period": 2021, "value": 33.0, "lower_80": 31.0,
             "upper_80": 35.0, "lower_95": 29.0, "upper_95": 37.0, "model": "m"}  # fmt: skip
    gap = {"indicator": "use", "ref_area": "KEN", "time_period": 2020, "dimension": "sex", "label_a": "women",
           "value_a": 25.0, "label_b": "men", "value_b": 35.0, "difference": -10.0,
           "latest": True}  # fmt: skip
    folder = released(
        tmp_path / "r1",
        figures,
        indicator=[value("use", *key, number) for key, number in figures.items()],
        progress=judged(figures, {}),
        series_break=[broken],
        projection=[ahead],
        gap=[gap],
    )
    release = Release(folder)
    fan = charts.fan(release, "use", "Kenya").svg
    assert fan.count('class="break"') == 1
    assert fan.count('class="f c1"') == 2
    assert "target 95" in fan
    assert 'class="k-likely"' in charts.verdict_map(release, "use").svg
    dumbbells = charts.gaps(release, "use").svg
    assert "Kenya 2020" in dumbbells
    assert "-10" in dumbbells.replace("\u2212", "-")
    assert "first release" in charts.revisions(release, charts.previous(release)).nothing
