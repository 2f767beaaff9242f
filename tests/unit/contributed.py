"""Valid rows of each kind of contribution, files made of them, and the returned workbooks."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import xlsxwriter

from sources.contributions import ImportResult, Known, import_file

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KNOWN = Known(indicators=("internet_use", "schools_internet"), targets=("U-12", "SDG-9.c.1"))
Line = dict[str, str]
Change = Callable[[dict[str, bytes]], object]

COMMON = {
    "evidence": "https://example.org/report.pdf",
    "contributor": "Example Foundation",
    "contact": "data@example.org",
    "consent": "yes",
    "licence": "CC-BY-4.0",
}
PLEDGE: Line = {
    "pledge_id": "EX-1",
    "who": "Example Foundation",
    "what": "Connect 1,000 schools.",
    "target": "U-12",
    "indicator": "schools_internet",
    "amount": "1000",
    "unit": "NUMBER",
    "year_made": "2024",
    "deadline": "2030",
    **COMMON,
    "contract": "pledge/1",
}
FIGURE: Line = {
    "indicator": "internet_use",
    "source": "",
    "series": "",
    "ref_area": "KEN",
    "time_period": "2024",
    "sex": "_T",
    "age": "_T",
    "urbanisation": "_T",
    "quantile": "_T",
    "education": "_T",
    "other_dims": "_T",
    "value": "35.5",
    "unit": "PT",
    "obs_status": "A",
    "source_detail": "Household survey 2024",
    **COMMON,
    "contract": "national_figure/1",
}
DISCLOSURE: Line = {
    "company": "Example Industries plc",
    "lei": "00EXAMPLECOMPANY0014",
    "country": "KEN",
    "year": "2024",
    "metric": "PLA-C1",
    "breakdown": "Scope 1",
    "value": "1250.5",
    "unit": "T_CO2E",
    "text": "",
    **COMMON,
    "contract": "corporate_disclosure/1",
}
GOOD = {"pledge": PLEDGE, "national_figure": FIGURE, "corporate_disclosure": DISCLOSURE}


def as_csv(lines: list[Line], separator: str = ",") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(lines[0]), delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()


def as_xlsx(lines: list[Line], shared: Line | None = None) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("data")
        for number, cells in enumerate([list(lines[0]), *(list(line.values()) for line in lines)]):
            for column, cell in enumerate(cells):
                sheet.write_string(number, column, cell)
        if shared:
            sheet = book.add_worksheet("file")
            for number, line in enumerate([("column", "value"), *shared.items()]):
                for column, cell in enumerate(line):
                    sheet.write_string(number, column, cell)
    return out.getvalue()


def changed(change: Change) -> bytes:
    """A good workbook whose parts were changed."""
    with zipfile.ZipFile(io.BytesIO(as_xlsx([PLEDGE], COMMON))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return out.getvalue()


def take(
    home: Path, data: bytes, name: str = "sent.csv", kind: str | None = None, **more: Any
) -> ImportResult:
    home.mkdir(parents=True, exist_ok=True)
    path = home / name
    path.write_bytes(data)
    return import_file(path, kind, home, by="ada", now=more.pop("now", NOW), known=KNOWN, **more)


def table(home: Path, kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(home / "contributions" / kind / f"{kind}.parquet").to_pylist()
    return rows


def returned(result: ImportResult) -> list[Line]:
    """The rows of the returned workbook by column; fails if any cell is not text."""
    assert result.returned is not None
    book = openpyxl.load_workbook(result.returned)
    rows = list(book["data"].iter_rows())
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} <= {"s"}
    names = [str(cell.value) for cell in rows[0]]
    return [{name: str(cell.value or "") for name, cell in zip(names, row, strict=True)} for row in rows[1:]]
