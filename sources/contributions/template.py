"""Writes an empty template: a workbook with instructions, columns and codes, or a CSV with a separate
description.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from schemas.definitions.contribution_templates import (
    LICENCES,
    MOST_ROWS,
    STATUSES,
    TEMPLATES,
    Field,
    Template,
)
from schemas.errors import CompactError
from sources.contributions.cells import neutral
from sources.contributions.code_checks import Known, codes_of
from sources.contributions.rejection_report import SAFE, put

Code = tuple[str, str, str]  # column, code, meaning


def template_of(kind: str) -> Template:
    """Return the template of a kind."""
    if kind not in TEMPLATES:
        raise CompactError(
            f"there is no template {kind!r}",
            where="--kind",
            allowed=", ".join(TEMPLATES),
            next_step="name one of these",
        )
    return TEMPLATES[kind]


def write_template(kind: str, path: Path, known: Known | None = None) -> tuple[Path, ...]:
    """Write the empty template and return the files written. Existing files are never overwritten."""
    template, known = template_of(kind), known or Known()
    columns = path.with_name(f"{path.stem}-columns.csv")
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise CompactError(
            f"{path.name} is no name for a template", where="--out", allowed="a name in .xlsx or .csv"
        )
    files = (path, columns) if path.suffix.lower() == ".csv" else (path,)
    for file in files:
        if file.exists():
            raise CompactError(
                f"{file} is there already", where="--out", next_step="give another name, or remove it"
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    if len(files) == 1:
        _workbook(path, template, known)
        return files
    _lines_of_csv(path, [template.names])
    _lines_of_csv(columns, [COLUMNS, *(column_row(field) for field in template.fields)])
    return files


def _lines_of_csv(path: Path, lines: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\r\n").writerows([[neutral(cell) for cell in line] for line in lines])


COLUMNS = ("column", "required", "meaning", "allowed", "example")


def column_row(field: Field) -> tuple[str, ...]:
    """Return a column's row in the instructions."""
    required = "no" if field.column.nullable else "yes"
    if field.optional:
        required += "; the column may be left out"
    if field.per_file:
        required += ", in the row or once on the sheet `file`"
    return field.name, required, field.column.description, allowed(field), field.example


def allowed(field: Field) -> str:
    """Describe the values allowed in a cell."""
    column = field.column
    if column.allowed:
        return f"one of {', '.join(column.allowed)}"
    lists = {
        "area": "a code of the sheet codes",
        "unit": "a code of the sheet codes", "metric": "a code of the sheet codes",
        "indicator": "an id that `compact list` prints", "source": "the name of a folder of sources/",
        "series": "a code that `compact search` finds", "target": "an id such as U-12 or SDG-9.c.1",
        "lei": "20 characters, with the right check digits", "link": "an https address of a public host",
        "date": "YYYY or YYYY-MM-DD", "dims": "_T, or KEY=VALUE;KEY=VALUE with the keys in order",
    }  # fmt: skip
    if field.code:
        return lists[field.code]
    if column.type == "float64":
        return (
            "a number with a point, without separators for thousands, sign of percentage or currency: -1234.5"
        )
    if column.type == "int16":
        return f"a year from {column.minimum:g} to this one"
    length = f"text of at most {field.longest:,} characters" + ("" if field.long else ", without line breaks")
    return f"{length}, matching {column.pattern}" if column.pattern else length


def instructions(template: Template) -> list[str]:
    """Return the instructions for a contributor, line by line."""
    return [
        f"{template.title}: {template.description}",
        "Fill in the sheet data, a row each, below the header; the sheet columns explains the columns.",
        "What is the same in every row (evidence, contributor, contact, consent, licence, contract) may be "
        "written once, on the sheet file; what a row says itself comes first.",
        *(f"In a row: {rule.says}." for rule in template.rules),
        f"Write contract as {template.contract}. It says that the rows are yours to give, and may be "
        "published with the organisation's name.",
        "Give as contact a web page or the mailbox of a role, such as data@. A person's address is personal "
        "data: it is kept to answer questions, with the name of who imported the file, and never published.",
        "Write consent as yes if whom the contact names agrees that a web page or a role's mailbox is "
        "published with the rows. With no, a blank cell, or without the column, no release has the contact.",
        "Numbers have a point and no separators. Dates are written YYYY-MM-DD. A missing value is left "
        "blank: it is not zero.",
        "No formulas, macros, merged cells, links to other files, or percentages in the format of a cell: "
        "values only.",
        "A text may not begin with = + - or @, as a spreadsheet takes it for a formula.",
        f"At most {MOST_ROWS:,} rows a file.",
        "Each row is accepted whole or rejected. Rejected rows come back in a workbook with the reason "
        "beside each cell at fault; fix them there and send that workbook.",
        f"A later row with the same {', '.join(template.key)} takes the place of an earlier one.",
    ]


def codes(template: Template, known: Known) -> Iterator[Code]:
    """Return the allowed codes of every column that has a list, in the order of the columns."""
    for field in template.fields:
        if field.name == "licence":
            yield from ((field.name, code, meaning) for code, meaning in LICENCES.items())
        elif field.name == "obs_status":
            yield from ((field.name, code, meaning) for code, meaning in STATUSES.items())
        elif field.column.allowed:
            yield from ((field.name, code, "") for code in field.column.allowed)
        elif field.code == "indicator":
            yield from ((field.name, code, "") for code in sorted(known.indicators or ()))
        elif field.code == "target":
            yield from ((field.name, code, "") for code in sorted(known.targets or ()))
        else:
            yield from ((field.name, code, meaning) for code, meaning in codes_of(field.code).items())


def _workbook(path: Path, template: Template, known: Known) -> None:
    with xlsxwriter.Workbook(str(path), SAFE) as book:
        book.set_properties({"title": f"Template: {template.title}"})
        head, text = book.add_format({"bold": True}), book.add_format({"num_format": "@", "text_wrap": True})
        _lines(book.add_worksheet("instructions"), [(line,) for line in instructions(template)], text, [120])
        data = book.add_worksheet("data")
        data.freeze_panes(1, 0)
        listed = list(codes(template, known))
        for column, field in enumerate(template.fields):
            # Format these cells as text, so that no spreadsheet converts the age group 5-9 to a date.
            data.set_column(column, column, 18, None if field.column.type == "float64" else text)
            put(data, 0, column, field.name, head)
            _choices(data, column, [n for n, code in enumerate(listed, 2) if code[0] == field.name])
        file_fields = [
            (field.name, "", field.column.description) for field in template.fields if field.per_file
        ]
        _lines(
            book.add_worksheet("file"),
            [("column", "value for all rows", "meaning"), *file_fields],
            text,
            [18, 40, 100],
        )
        described = [column_row(field) for field in template.fields]
        _lines(book.add_worksheet("columns"), [COLUMNS, *described], text, [18, 12, 80, 60, 40])
        _lines(book.add_worksheet("codes"), [("column", "code", "meaning"), *listed], text, [18, 24, 90])
        data.activate()


def _lines(sheet: Any, lines: list[tuple[str, ...]], style: Any, widths: list[int]) -> None:
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width, style)
    for number, line in enumerate(lines):
        for column, cell in enumerate(line):
            put(sheet, number, column, cell, style)


def _choices(sheet: Any, column: int, lines: list[int]) -> None:
    """Add a drop-down of a column's codes, which are contiguous on the sheet `codes`."""
    if lines:
        source = f"=codes!$B${lines[0]}:$B${lines[-1]}"
        sheet.data_validation(1, column, MOST_ROWS, column, {"validate": "list", "source": source})
