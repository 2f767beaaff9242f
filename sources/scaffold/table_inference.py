"""Infers a new source's options from a delimited file: columns, key, code list of the areas, texts that are
not numbers.

Anything that cannot be inferred becomes a question.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from schemas.codelists.code_maps import SCHEMES, code_map, not_carried
from schemas.errors import CompactError
from sources.scaffold.file_layout import FileLayout, NumberStyle, layout_lines, number_style
from sources.scaffold.yaml_writer import question, scalar

NAMED = 40  # number of areas or texts that are listed
KNOWN_SHARE = 0.8  # share of the areas that a code list must have to be proposed

# field of the raw row to its question
ASKED = {
    "area": "which column holds the area's code, or its name where there is no code?",
    "time_period": "which column holds the year?",
}


@dataclass(frozen=True)
class Table:
    """A delimited file: names of its columns (header, ours) and its records. others: lines with another
    number of fields, such as notes below the table.
    """

    layout: FileLayout
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Mapping[str, str], ...]
    final_newline: bool
    others: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(ours for _, ours in self.columns)

    def values(self, column: str) -> list[str]:
        """Return the distinct texts of a column, in order."""
        return list(dict.fromkeys(row[column] for row in self.rows))

    def numbers(self, columns: Sequence[str]) -> NumberStyle:
        """Return the number format of these columns, or of all."""
        return number_style(text for column in columns or self.names for text in self.values(column))


def read_table(layout: FileLayout) -> Table:
    """Read the file unchanged; a column without a name, or with a duplicate one, gets a new name."""
    lines = csv.reader(io.StringIO(layout.text, newline=""), delimiter=layout.delimiter)
    header = next(lines, [])
    names: list[str] = []
    for place, name in enumerate(header, 1):
        names.append(name if name.strip() and name not in names else f"{name} column {place}".strip())
    filled = [row for row in lines if row]
    rows = tuple(dict(zip(names, row, strict=False)) for row in filled if len(row) == len(names))
    columns = tuple(zip(header, names, strict=True))
    return Table(layout, columns, rows, layout.text.endswith("\n"), len(filled) - len(rows))


def check_columns(table: Table, columns: Iterable[str]) -> None:
    """Check that the columns named on the command line exist."""
    if strange := [name for name in columns if name not in table.names]:
        raise CompactError(
            f"the file has no column {', '.join(map(repr, strange))}",
            allowed=", ".join(map(repr, table.names)),
            next_step="name its columns as above",
        )


def options_text(table: Table, fields: Mapping[str, str], values: Sequence[str], url: str) -> str:
    """Return the options of source.yaml for the reader `delimited`."""
    lines = ["options:"]
    numbers = table.numbers(values or [name for field, name in fields.items() if field == "value"])
    lines += layout_lines(table.layout, numbers)
    if numbers.unclear:
        asked = f"is {numbers.unclear} more than a thousand, or a number with decimals?"
        lines.append(question("  thousands:", f'{asked} Then write decimal: "," instead'))
    if table.others:
        lines.append(f"  # {table.others} lines have another number of fields: the reader refuses them")
    if not table.final_newline:
        lines.append("  final_newline: false")
    lines.append("  columns:")
    for header, ours in table.columns:
        lines.append(f"    - {scalar(ours)}" if header == ours else f"    - {scalar(header)}: {scalar(ours)}")
    lines.append(_key(table, fields))
    parts = urlsplit(url)
    lines += ["  resources:", "    file:", f"      path: {scalar('/' + parts.path.rpartition('/')[2])}"]
    if parts.query:
        lines.append("      params:")
        lines += [f"        {scalar(name)}: {scalar(value)}" for name, value in parse_qsl(parts.query)]
    lines.append("  fields:")
    named = {**dict.fromkeys(ASKED, ""), **fields}
    if not values:
        named.setdefault("value", "")
    for field, column in named.items():
        asked = ASKED.get(field, "which column holds the value? Several: name them in series.csv instead")
        columns = ", ".join(table.names)
        lines.append(
            f"    {field}: {scalar(column)}"
            if column
            else question(f"    {field}:", f"{asked} There are: {columns}")
        )
    used = {*fields.values(), *values}
    if rest := [name for name in table.names if name not in used]:
        lines.append(
            f"    # not used: {', '.join(rest)}; fields also takes area_name, unit, status, footnote,"
        )
        lines.append("    # source_detail; columns that tell rows apart belong under options.dims")
    return "\n".join(lines)


def _key(table: Table, fields: Mapping[str, str]) -> str:
    columns = list(
        dict.fromkeys(fields[name] for name in ("area", "time_period", "series") if name in fields)
    )
    keys = {tuple(row[name] for name in columns) for row in table.rows}
    if columns and len(keys) == len(table.rows):
        return f"  key: [{', '.join(scalar(c) for c in columns)}]"
    return question("  key:", "which columns together name a row? No two rows may have the same")


def areas_text(table: Table, column: str) -> str:
    """Return `areas` of source.yaml: the code list with most of the areas, and the areas missing from it."""
    codes = table.values(column) if column else []
    known = {scheme: code_map(scheme) for scheme in SCHEMES}
    counts = {scheme: sum(code in known[scheme] for code in codes) for scheme in SCHEMES}
    best = max(SCHEMES, key=lambda scheme: counts[scheme])
    if not codes or counts[best] < KNOWN_SHARE * len(codes):
        said = "; ".join(f"{scheme} knows {n} of {len(codes)}" for scheme, n in counts.items() if n)
        asked = f"of which code list are the areas? One of {', '.join(SCHEMES)}"
        return "areas:\n" + question("  scheme:", f"{asked}{'. ' + said if said else ''}")
    lines = ["areas:", f"  scheme: {best:24} # knows {counts[best]} of the {len(codes)} areas of the file"]
    strange = [c for c in codes if c not in known[best] and c not in not_carried(best)]
    if strange:
        lines.append("  not_carried:")
        place = table.names.index(column)
        for code in strange[:NAMED]:
            row = next(row for row in table.rows if row[column] == code)
            beside = row[table.names[place + 1]] if place + 1 < len(table.names) else ""
            lines.append(
                question(
                    f"    {scalar(code)}:",
                    f"{beside!r}: why is it not carried? Or write it under aliases, with our code",
                )
            )
    return "\n".join(lines)


def missing_text(table: Table, columns: Sequence[str]) -> str:
    """Return `missing` of source.yaml: the texts among the values that are not numbers."""
    numbers = table.numbers(columns)
    texts = [text for column in columns for text in table.values(column) if not numbers.is_number(text)]
    bounds = [text for text in texts if text[:1] in ("<", ">") and numbers.is_number(text[1:])]
    listed = [text for text in dict.fromkeys(texts) if text not in bounds][:NAMED]
    if not listed:
        return ""
    asked = "which observation status does it mean? O where a value is missing, M where it cannot exist"
    return "\n".join(["missing:", *(question(f"  {scalar(text)}:", asked) for text in listed)]) + "\n"


def series_lines(table: Table, series: str, values: Sequence[str], unit: str) -> list[dict[str, str]]:
    """Return the lines of series.csv: a series for each text of the series' column, or for each value
    column.
    """
    if series:
        return [{"code": code, "title": code, "unit": unit} for code in table.values(series)]
    return [{"code": name, "title": name, "unit": unit, "column": name} for name in values]
