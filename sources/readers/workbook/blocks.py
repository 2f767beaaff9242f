"""Parser of vertically stacked tables in a sheet, each with one or several adjacent blocks of years.

A row of years starts the tables below it; the title, alone in the first column, is above the years, in their
row or below them, and applies until the next. The label of a block (Millions, Percentage; Total, Urban,
Rural) is above its first year, and applies until the next label. A `*` after a title, a label or a year marks
a footnote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sources.readers.common.paging import refuse
from sources.readers.common.python_rows import Row
from sources.readers.workbook.parser import Sheet
from sources.readers.workbook.records import JOIN, NUMBER, YEAR, Records


@dataclass
class _State:
    """Parser state. years: column to year, its mark, and the column where its block begins."""

    title: str = ""
    title_line: int = -1
    used: bool = False
    labels: dict[int, str] = field(default_factory=dict)
    years: dict[int, tuple[str, str, int]] = field(default_factory=dict)


def read_blocks(records: Records, sheet: Sheet, block: str, multipliers: Mapping[str, int]) -> None:
    """Add the values of a sheet.

    Args:
        block: `series` if the label of a block belongs to the series (title | label); else the dimension that
            has the label as a code.
        multipliers: label to the power of ten by which its values are multiplied.
    """
    state = _State()
    for place, row in enumerate(sheet.cells):
        filled = {at: text for at, text in enumerate(row) if at and text}
        if not any(row):
            continue
        if filled and all(YEAR.fullmatch(text) for text in filled.values()):
            _title(records, sheet, state, place)
            state.years = _years(records, filled)
        elif filled and not any(NUMBER.fullmatch(t) or t in records.blank for t in filled.values()):
            _title(records, sheet, state, place)
            state.labels |= {at: _plain(text) for at, text in filled.items()}
        elif filled and row[0] and state.title and state.years:
            _record(records, sheet, state, place, block, multipliers)
        elif filled:
            records.note(sheet, place)
        else:
            _title(records, sheet, state, place)
    _unused(records, sheet, state)


def _title(records: Records, sheet: Sheet, state: _State, place: int) -> None:
    """Return a title, if the row has one; the previous one was a note if no record followed it."""
    if sheet.cells[place][0]:
        _unused(records, sheet, state)
        state.title, state.title_line, state.used = _plain(sheet.cells[place][0]), place, False


def _unused(records: Records, sheet: Sheet, state: _State) -> None:
    if state.title and not state.used:
        records.note(sheet, state.title_line)


def _plain(text: str) -> str:
    """Return a title or label without its footnote marks, on one line."""
    return " ".join(text.split()).replace("*", "").strip()


def _years(records: Records, filled: Mapping[int, str]) -> dict[int, tuple[str, str, int]]:
    years: dict[int, tuple[str, str, int]] = {}
    start = before = -1
    seen: set[str] = set()
    for at, text in sorted(filled.items()):
        match = YEAR.fullmatch(text)
        year, mark = (match[1], match[2]) if match else (text, "")
        if at != before + 1 or year in seen:  # a gap, or the years start again
            start, seen = at, set()
        seen.add(year)
        years[at], before = (year, mark, start), at
    starts = {begin for _, _, begin in years.values()}
    for begin in starts:
        listed = [year for year, _, start in years.values() if start == begin]
        if listed != sorted(listed):
            raise refuse(f"the years {', '.join(listed)[:80]} are not in order", [records.page])
    return years


def _record(
    records: Records, sheet: Sheet, state: _State, place: int, block: str, multipliers: Mapping[str, int]
) -> None:
    row = sheet.cells[place]
    stray = [text for at, text in enumerate(row) if at and text and at not in state.years]
    if stray:
        raise refuse(
            f"line {place + 1} of sheet {sheet.name!r} has {stray[0]!r} in a column without a year",
            [records.page],
        )
    blocks = len({start for _, _, start in state.years.values()})
    for at, (year, mark, start) in state.years.items():
        label = state.labels.get(start, "")
        if not label and blocks > 1:
            raise refuse(
                f"sheet {sheet.name!r} has a block of years at column {start + 1} without a label above it",
                [records.page],
                allowed="what each block is of, such as Percentage",
            )
        series = JOIN.join(filter(None, [state.title, label])) if block == "series" else state.title
        base: Row = {"series": series, "area": row[0], "area_name": row[0], "time_period": year}
        base["status"] = mark or None
        if block != "series" and label:
            base["dims"] = [(block, label)]
        if label in multipliers:
            base["unit_mult"] = str(multipliers[label])
        records.add(sheet, (place, at), base, (row[0], series, year, label))
    state.used = True
