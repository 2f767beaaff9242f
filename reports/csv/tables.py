"""The release's tables as CSV, for programs that read no parquet: UTF-8, commas, a header, one file a table.

A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers are written with
every digit, missing ones as nothing. Parquet stays the table of record: CSV has no types.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb

from schemas.errors import CompactError

FORMULA = r"^[=+\-@\t\r]"  # how a cell begins that spreadsheets take for a formula (OWASP, CSV injection)
NUMBER = r"^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$"


def build(release: Path, out: Path, tables: Sequence[str] = ()) -> list[Path]:
    """Write tables of a release, by default all, as out/<table>.csv; the files. Raises CompactError for a
    folder that is no release, or a table that it has not."""
    names = sorted(path.stem for path in release.glob("*.parquet"))
    if not names or not (release / "release.json").is_file():
        raise CompactError(
            "this is not a release", where=str(release), next_step="name a folder of a release"
        )
    for name in tables:
        if name not in names:
            raise CompactError(
                f"the release has no table {name!r}", where=str(release), allowed=", ".join(names)
            )
    out.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        return [_write(con, release / f"{name}.parquet", out / f"{name}.csv") for name in tables or names]


def _write(con: duckdb.DuckDBPyConnection, table: Path, to: Path) -> Path:
    source = f"read_parquet({_text(str(table))})"
    columns = con.execute(f"describe select * from {source}").fetchall()
    cells = ", ".join(_cell(name, kind) for name, kind, *_ in columns)
    con.execute(f"copy (select {cells} from {source}) to {_text(str(to))} (format csv, header true)")
    return to


def _cell(name: str, kind: str) -> str:
    """A column, harmless to a spreadsheet; lists as JSON."""
    column = json.dumps(name)
    if kind.endswith("[]") or kind.startswith(("STRUCT", "MAP")):
        return f"to_json({column}) as {column}"
    if kind != "VARCHAR":
        return column
    risky = f"regexp_matches({column}, {_text(FORMULA)}) and not regexp_matches({column}, {_text(NUMBER)})"
    return f"case when {risky} then '''' || {column} else {column} end as {column}"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
