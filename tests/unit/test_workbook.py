"""The workbook: its content, no text as a formula, and opening in other programs."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from python_calamine import CalamineWorkbook

from reports.workbook.sheets import FILE
from reports.workbook.writer import NAME, build
from schemas.errors import CompactError
from schemas.tables.registry import TABLES
from tests.site_release import write_release
from tests.unit.released import meta
from tests.unit.reported import DANGER, report_release


@pytest.fixture
def made(tmp_path: Path) -> Path:
    release = report_release(tmp_path / "2026-11-01-00000000")
    build(release, tmp_path / NAME)
    return tmp_path / NAME


def rows(path: Path, sheet: str) -> list[list[Any]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def records(path: Path, sheet: str) -> list[dict[str, Any]]:
    head, *body = rows(path, sheet)
    return [dict(zip(head, row, strict=True)) for row in body]


def test_a_value_stands_with_all_that_belongs_to_it(made: Path) -> None:
    kenya = next(row for row in records(made, "data") if row["area"] == "KEN")
    assert kenya == kenya | {
        "indicator": "internet_use", "area name": "Kenya", "year": 2024, "value": 35.5, "unit": "PT",
        "unit in words": "Percentage", "status": "E", "status in words": "estimated",
        "source": "one", "source in words": "Source one", "pace": "likely",
        "pace in words": "Likely to be met", "baseline year": 2020, "baseline value": 30,
        "target": 100,
        "target year": 2030, "projected": 48.2, "lower 80": 40.1, "upper 80": 56.3, "chance": 0.81,
        "confidence": "high",
        "region": "Sub-Saharan Africa", "income": "Lower middle income",
    }  # fmt: skip


def test_what_is_missing_is_an_empty_cell_and_listed(made: Path) -> None:
    uganda = next(row for row in records(made, "data") if row["area"] == "UGA")
    assert (uganda["projected"], uganda["chance"]) == ("", "")
    assert not [row for row in records(made, "data") if row["area"] == "RWA"]
    missing = {
        (row["kind"], row["code"]): (row["without data"], row["of"]) for row in records(made, "missing")
    }
    assert missing["country", "RWA"] == (4, 4)
    assert missing["country", "KEN"] == (3, 4)
    assert missing["indicator", "electricity"] == (4, 4)


def test_the_series_are_wide_with_a_column_for_each_year(made: Path) -> None:
    head, *body = rows(made, "series")
    assert head[6:] == ["breaks", *(str(year) for year in range(2015, 2025))]
    kenya = next(row for row in body if row[2] == "KEN")
    assert kenya[6:] == ["", "", "", "", "", "", 30, "", "", "", 35.5]


def test_no_text_becomes_a_formula_or_a_link(made: Path) -> None:
    book = openpyxl.load_workbook(made)
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    danger = [c for row in book["metadata"].iter_rows() for c in row if c.value == DANGER]
    assert danger
    assert all(cell.data_type == "s" and cell.quotePrefix and cell.hyperlink is None for cell in danger)


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_takes_for_a_formula_stays_text(start: str, tmp_path: Path) -> None:
    release = report_release(tmp_path / "r", indicator_meta=[meta("internet_use", title=start)])
    build(release, tmp_path / NAME)
    cell = openpyxl.load_workbook(tmp_path / NAME)["metadata"]["B2"]
    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert str(cell.value).endswith(start.strip())


def test_headers_are_frozen_and_filtered_and_each_column_is_explained(made: Path) -> None:
    book = openpyxl.load_workbook(made)
    explained = {(row[0], row[1]) for row in _dictionary(made)}
    for sheet in book.worksheets[2:]:  # after the cover and the explanations
        assert sheet.freeze_panes is not None
        assert str(sheet.freeze_panes).endswith("2")
        for cell in sheet[1]:
            assert (sheet.title, cell.value) in explained
    assert book["data"].auto_filter.ref == "A1:AC4"
    assert book.properties.title == "Compact Tracker, release 2026-11-01-00000000"
    assert book["data"]["F2"].number_format == "#,##0.00"
    assert book["data"]["E2"].number_format == "0"


def _dictionary(made: Path) -> list[tuple[str, str]]:
    """(sheet, column) pairs that the first sheet explains."""
    found, sheet = [], ""
    for row in rows(made, "read me"):
        sheet = row[0] or sheet
        if row[1] and row[2]:
            found.append((sheet, row[1]))
    return found


def test_the_cover_and_the_verdicts_have_native_charts_of_one_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = write_release(tmp_path / "r")
    card = json.loads((release / "release.json").read_text())
    (release / "release.json").write_text(json.dumps(card | {"fingerprint": "f" * 64}))
    monkeypatch.setattr("reports.workbook.writer.sheets_of", lambda _: [])  # the two first sheets alone
    build(release, tmp_path / NAME)
    book = openpyxl.load_workbook(tmp_path / NAME)
    assert book.sheetnames == ["cover", "read me", "verdicts"]
    assert [len(book[name]._charts) for name in ("cover", "verdicts")] == [1, 1]
    pairs = sum(row[1].value for row in book["cover"]["A8:B15"])
    counts = [record for record in rows(tmp_path / NAME, "verdicts")[1:] if record[1] == "internet_use"]
    assert pairs == sum(counts[0][6:14]) == 4
    assert "Of 4 pairs of a UN Member State" in book["cover"]["A5"].value


def test_the_same_release_gives_the_same_bytes(tmp_path: Path) -> None:
    release = report_release(tmp_path / "r")
    for name in ("1.xlsx", "2.xlsx"):
        build(release, tmp_path / name)
    assert (tmp_path / "1.xlsx").read_bytes() == (tmp_path / "2.xlsx").read_bytes()


def test_a_table_that_the_release_lacks_is_said(tmp_path: Path) -> None:
    release = report_release(tmp_path / "r")
    (release / "score.parquet").unlink()
    build(release, tmp_path / NAME)
    assert rows(tmp_path / NAME, "scores")[1][0] == "This release has no such rows."


def test_a_text_that_no_cell_holds_is_refused(tmp_path: Path) -> None:
    release = report_release(tmp_path / "r", indicator_meta=[meta("internet_use", notes="x" * 40_000)])
    with pytest.raises(CompactError, match="40,000 characters does not fit"):
        build(release, tmp_path / NAME)


def test_every_sheet_reads_tables_that_are_published() -> None:
    sheets = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert {name for sheet in sheets for name in sheet["needs"]} <= set(TABLES)
    assert len({sheet["name"] for sheet in sheets}) == len(sheets) == 9


@pytest.mark.slow
def test_libreoffice_opens_it_and_finds_the_same_cells(made: Path, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not here: apt-get install libreoffice-calc-nogui")
    every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    done = subprocess.run(
        [office, "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
         "--convert-to", every_sheet, "--outdir", str(tmp_path / "csv"), str(made)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = {path.stem.removeprefix("compact-tracker-") for path in (tmp_path / "csv").iterdir()}
    assert written == set(openpyxl.load_workbook(made).sheetnames)
    for name in ("data", "metadata", "missing"):
        file = tmp_path / "csv" / f"compact-tracker-{name}.csv"
        with file.open(encoding="utf-8", newline="") as lines:
            found = list(csv.reader(lines))
        assert len(found) == len(rows(made, name))
        assert not [
            cell for row in found for cell in row if cell.startswith(("#REF", "#NAME", "#VALUE", "Err:"))
        ]
    with (tmp_path / "csv" / "compact-tracker-metadata.csv").open(encoding="utf-8", newline="") as lines:
        assert DANGER in [row[1] for row in csv.reader(lines)]
