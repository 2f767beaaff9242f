"""Writes the records of a sheet as rows of `raw_row`; shared by the layouts of reader.py and blocks.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import Field

from schemas.definitions.base import Model
from sources.cell_formats import cell_name, ranges
from sources.model import Page
from sources.readers.common.paging import refuse
from sources.readers.common.python_rows import Row
from sources.readers.workbook.parser import Sheet, WorkbookRules

JOIN = " | "
YEAR = re.compile(r"((?:19|20)[0-9]{2})\s?(\*?)")
NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*%?")


class StatusRule(Model):
    """A status that the agency declares in its notes and not in the cell. The rows get the status, and the
    dimension `status` with it, to distinguish them from the others.
    """

    series: str = Field(description="pattern of the series")
    years: list[int] = Field(min_length=2, max_length=2, description="first and last year")
    status: str


@dataclass
class Records:
    """The records so far, including notes, and the keys of the records."""

    page: Page
    rules: WorkbookRules
    blank: Sequence[str] = ()
    statuses: Sequence[StatusRule] = ()
    rows: list[Row] = field(default_factory=list)
    keys: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, sheet: Sheet, place: tuple[int, int], base: Row, key: tuple[str, ...]) -> None:
        """Add one value: the cell at the place, with its context."""
        text = sheet.cells[place[0]][place[1]] if place[1] < len(sheet.cells[place[0]]) else ""
        row = base | {"value": "" if text in self.blank else text}
        if said := sheet.formats.raised.get(place):
            row |= {
                "reason": "raised_text",
                "detail": f"cell {cell_name(place)} of sheet {sheet.name!r} has raised or lowered text: "
                f"{said}",
            }
        for rule in self.statuses:
            year = str(row.get("time_period") or "")
            matches = re.fullmatch(rule.series, str(row["series"])) and year.isdigit()
            if matches and rule.years[0] <= int(year) <= rule.years[1]:
                row |= {"status": rule.status, "dims": [*row.get("dims", []), ("status", rule.status)]}
        self.rows.append(row)
        self.keys.append(key)

    def note(self, sheet: Sheet, place: int) -> None:
        """Add a line that is not a record."""
        row = sheet.cells[place]
        said = JOIN.join(filter(None, row))
        if any(NUMBER.fullmatch(cell) and not YEAR.fullmatch(cell) for cell in row[1:]):
            raise refuse(
                f"line {place + 1} has numbers and is no record: {said[:200]!r}",
                [self.page],
                allowed="numbers only where a record and a year meet",
                next_step="look at the sheet: its layout has changed, and source.yaml must follow",
            )
        self._listed("note_row", said, f"line {place + 1} of sheet {sheet.name!r} is no record")

    def hidden(self, sheet: Sheet) -> None:
        """Report rows and columns that are hidden in the workbook."""
        if self.rules.hidden == "read":
            return
        for what, numbers in (("rows", sheet.formats.hidden_rows), ("columns", sheet.formats.hidden_columns)):
            if numbers:
                said = f"{what} {ranges(numbers, what == 'columns')}"
                self._listed("hidden_cells", said, f"sheet {sheet.name!r} hides {said}; they were read")

    def _listed(self, reason: str, value: str, detail: str) -> None:
        self.rows.append({"value": value, "reason": reason, "detail": detail})
