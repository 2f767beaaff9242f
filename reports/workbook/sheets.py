"""The sheets of the workbook, as workbook_sheets.yaml declares them, and the text of its first sheet.

writer.py writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from reports.shared.release_reader import METHOD, Release

FILE = Path(__file__).with_name("workbook_sheets.yaml")
READ_ME = "read me"
WIDE = "series"  # the sheet with a column for each year
SINCE = 2015  # its first year: all years would be four times as much, and the parquet files have them
Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Column:
    """A column. width: in characters. how: year, share or wrap; unit, status,
    source or class for a code that is put into words; else digits follow each number's size."""

    title: str
    meaning: str
    width: float = 12
    how: str = ""


@dataclass(frozen=True)
class Sheet:
    """A sheet. sql: its rows, with {table} for each table in needs; frozen: columns that stay visible;
    shape: converts rows of the query to rows of the sheet.
    """

    name: str
    about: str
    sql: str
    needs: tuple[str, ...]
    columns: tuple[Column, ...]
    frozen: int = 0
    shape: Callable[[Rows], Rows] | None = None


def sheets_of(release: Release) -> list[Sheet]:
    """Return the sheets in order, the wide one with a column for each year of the release."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    method = release.method or METHOD
    known = [_sheet(entry, {"{method}": method, "{since}": str(SINCE)}) for entry in document]
    return [_wide(sheet, release) if sheet.name == WIDE else sheet for sheet in known]


def _sheet(entry: dict[str, Any], words: dict[str, str]) -> Sheet:
    def filled(text: str) -> str:
        for name, value in words.items():
            text = text.replace(name, value)
        return text

    columns = tuple(Column(title, filled(meaning), *rest) for title, meaning, *rest in entry["columns"])
    return Sheet(
        entry["name"],
        filled(entry["about"]),
        filled(entry["sql"]),
        tuple(entry["needs"]),
        columns,
        entry["frozen"],
    )


def _wide(sheet: Sheet, release: Release) -> Sheet:
    """Return the sheet with the existing years as columns."""
    sql = f"select max(time_period) from {{indicator}} where {{total}} and time_period >= {SINCE}"
    records = release.rows(sql, "indicator")
    years = range(SINCE, (records[0][0] if records and records[0][0] else SINCE) + 1)

    told = _breaks(release)

    def by_year(rows: Rows) -> Rows:
        return [
            (*row[:-1], told(row[0], row[2]), *(values.get(year) for year in years))
            for row in rows
            for values in [{point["y"]: point["v"] for point in row[-1]}]
        ]

    breaks = Column("breaks", "Declared breaks: years before one are not compared with years from it on.", 24)
    added = tuple(Column(str(year), f"Value of {year}.", 10) for year in years)
    return replace(sheet, columns=(*sheet.columns, breaks, *added), shape=by_year)


def _breaks(release: Release) -> Callable[[str, str], str | None]:
    """Return the declared breaks of an indicator and a country: year and reason of each."""
    sql = "select indicator, applies_to, time_period, reason from {series_break} order by 1, 3, 2"
    declared = release.rows(sql, "series_break") if "applies_to" in release.columns("series_break") else []

    def told(indicator: str, area: str) -> str | None:
        texts = [
            f"{year}: {why}" for name, to, year, why in declared if name == indicator and to in ("all", area)
        ]
        return "; ".join(texts) or None

    return told


def about(release: Release) -> list[tuple[str, str]]:
    """Return the release's description for the first sheet."""
    card = release.card
    method = f"by method {release.method}; the others are in progress.parquet" if release.method else "-"
    return [
        ("Release", card["id"]),
        ("Made", card["created"]),
        ("Release before", card.get("previous") or "none: this is the first"),
        ("Fingerprint", card["fingerprint"]),
        ("Pace", method),
        (
            "Licence",
            "Figures stay under the terms of their sources (sheet sources); ITU's forbid commercial use.",
        ),
        ("Missing", "A missing value is an empty cell or a missing row, never a zero."),
        (
            "Names",
            "The designations employed do not imply the expression of any opinion whatsoever on the part of "
            "the Secretariat of the United Nations concerning the legal status of any country, territory, "
            "city or area or of its authorities, or concerning the delimitation of its frontiers or "
            "boundaries.",
        ),
        ("Publisher", "This is not a publication of the United Nations or of any agency whose data it uses."),
    ]
