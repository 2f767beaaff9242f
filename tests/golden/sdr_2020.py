"""The workbook of the Sustainable Development Report 2020, as published cells.

Source: Sachs, Schmidt-Traub, Kroll, Lafortune, Fuller and Woelm, The SDGs and COVID-19:
Sustainable Development Report 2020 (Cambridge University Press), online database.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import python_calamine

Cells = dict[tuple[str, str], Any]


class Workbook:
    """The sheets that the tests compare with: codebook, results by country, and the yearly values."""

    def __init__(self, shared: Path) -> None:
        book = python_calamine.CalamineWorkbook.from_path(
            shared / "data" / "answers" / "SDR2020Database.xlsx"
        )
        header, *rows = book.get_sheet_by_name("Codebook").to_python()
        self.codebook = {row[6]: dict(zip(header, row, strict=True)) for row in rows if row[6]}
        header, *rows = book.get_sheet_by_name("SDR2020 Data").to_python()
        self.header = [str(name) for name in header]
        self.rows = {row[1]: row for row in rows if row[1]}
        self.countries = {area: row for area, row in self.rows.items() if not area.startswith("_")}
        header, *rows = book.get_sheet_by_name("Raw Trend Data").to_python()
        self.yearly = [dict(zip(header, row, strict=True)) for row in rows if row[1]]

    def column(self, name: str) -> dict[str, Any]:
        """A column of the results by area, groups left out; an empty cell is left out."""
        if name not in self.header:
            return {}
        place = self.header.index(name)
        return {area: row[place] for area, row in self.countries.items() if row[place] not in ("", None)}

    def cells(self, prefix: str) -> Cells:
        """Published cells of the columns `prefix: indicator`, by indicator and area."""
        return {
            (code, area): cell
            for code in self.codebook
            for area, cell in self.column(f"{prefix}: {code}").items()
        }

    def values(self) -> Cells:
        """The values themselves stand in the column before that of their year."""
        results = {}
        for code in self.codebook:
            place = self.header.index(f"Year: {code}") - 1
            for area, row in self.countries.items():
                if isinstance(row[place], int | float):
                    results[code, area] = float(row[place])
        return results
