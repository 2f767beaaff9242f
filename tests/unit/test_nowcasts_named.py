"""A nowcast or projection that an agency publishes for a group carries that status wherever it is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from pipelines.cli.use.provenance_text import explanation
from pipelines.mcp import answers
from reports import brief
from reports.shared.figures import Figures, GroupValue
from reports.shared.release_reader import Release as ReportedRelease
from reports.site import build
from reports.site.chart_data import group_row
from reports.workbook.writer import build as build_workbook
from tests.site_release import write_release
from tests.unit.reported import report_release
from warehouse.client.release import Release
from warehouse.provenance.bulk import Explanations
from warehouse.provenance.value import explain

NOWCAST = {
    "indicator": "internet_use", "group": "M49:202", "time_period": 2026, "value": None, "weight_share": 0.0,
    "areas_used": 0, "areas_total": 4, "method": "weighted_mean", "official_value": 31.5,
    "official_source": "one", "official_status": "F",
}  # fmt: skip
WORDS = "nowcast or projection"


@pytest.fixture(scope="module", params=["F", "A", None], ids=["nowcast", "observed", "not said"])
def status(request: pytest.FixtureRequest) -> str | None:
    result: str | None = request.param
    return result


@pytest.fixture(scope="module")
def release(status: str | None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A group's official value with that status; None: a release from before the column existed."""
    rows = [NOWCAST | {"official_status": status}]
    folder = report_release(tmp_path_factory.mktemp("r") / "2026-11-01-00000000", aggregate=rows)
    if status is None:
        path = folder / "aggregate.parquet"
        pq.write_table(pq.read_table(path).drop_columns(["official_status"]), path)
    return folder


def test_in_a_brief(release: Path, status: str | None) -> None:
    brief.build(release, release / "briefs", ["M49:202"])
    pages = PdfReader(release / "briefs" / "M49-202.pdf").pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "31.5" in text
    assert (WORDS in text) == (status == "F")


def test_in_an_explanation_for_the_terminal_and_for_the_page(release: Path, status: str | None) -> None:
    told = "\n".join(explanation(explain(release, "internet_use", "M49:202")))
    assert "official value 31.5 of one" in told
    assert ("forecast" in told) == (status == "F")
    page = dict(Explanations(release).of(["internet_use"]))["internet_use"]
    assert page["values"]["M49:202"].get("os") == status


def test_in_the_workbook_and_for_assistants(release: Path, status: str | None, tmp_path: Path) -> None:
    if status is None:
        pytest.skip("neither is made of a release from before the column existed")
    build_workbook(release, tmp_path / "book.xlsx")
    head, row = CalamineWorkbook.from_path(tmp_path / "book.xlsx").get_sheet_by_name("groups").to_python()[:2]
    assert dict(zip(head, row, strict=True))["status"] == status
    result = answers.show(Release(release), "internet_use", "M49:202")["group_values"]
    assert [one["official_status"] for one in result] == [{"F": "forecast", "A": "normal"}[status]]


@pytest.mark.slow
def test_on_the_site(status: str | None, tmp_path: Path) -> None:
    folder = write_release(tmp_path / "r")
    path = folder / "aggregate.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    rows.append(NOWCAST | {"group": "M49:001"})
    for row in rows:
        row["official_status"] = status if row["time_period"] == 2026 else None
        if status is None:
            del row["official_status"]
    pq.write_table(pa.Table.from_pylist(rows), path)
    build(folder, tmp_path / "site")
    for name in ("indicator/internet_use.html", "objective/A.html"):
        assert (WORDS in (tmp_path / "site" / name).read_text()) == (status == "F")
        assert ("prévision ou projection" in (tmp_path / "site" / "fr" / name).read_text()) == (status == "F")
    newest = Figures(ReportedRelease(folder)).world("internet_use")
    assert newest is not None
    assert group_row(newest)[3] == (2 if status == "F" else 1)  # what the scripts read


def test_a_value_of_ours_is_no_nowcast() -> None:
    assert GroupValue(2026, 1.0, 0.9, False, 1, 1, "F").kind == "own"
