"""The release's tables as CSV, for programs that cannot read parquet: UTF-8, commas, a header, one file per
table.

A text that a spreadsheet would evaluate as a formula gets an apostrophe prefix; numbers have full precision,
missing ones are empty. Parquet remains the table of record: CSV has no types.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb

from schemas.errors import CompactError

# Prefixes of a cell that some spreadsheet program evaluates as a formula (OWASP, CSV injection): the rule of
# sources/contributions/cells.py, in RE2 syntax. It includes full-width signs, and signs after spaces and
# invisible marks.
SPACE = (
    r"\x{0009}-\x{000d}\x{001c}-\x{0020}\x{0085}\x{00a0}\x{1680}\x{2000}-\x{200f}"
    r"\x{2028}\x{2029}\x{202f}\x{205f}\x{2060}\x{3000}\x{feff}"
)
FORMULA = rf"^[{SPACE}]*(?:[=+\-@\x{{ff1d}}\x{{ff0b}}\x{{ff0d}}\x{{ff20}}]|[\t\r\n])"
NUMBER = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
# Control characters, and marks that change the text direction, become U+FFFD; line ends and tabs stay.
UNSAFE = (
    r"[\x{0000}-\x{0008}\x{000b}\x{000c}\x{000e}-\x{001f}\x{007f}-\x{009f}"
    r"\x{061c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}]"
)


def build(release: Path, out: Path, tables: Sequence[str] = ()) -> list[Path]:
    """Write tables of a release, by default all, as out/<table>.csv, and return the files. Raises
    CompactError for a folder that is not a release, or an unknown table.
    """
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
    source = f"read_parquet({quoted(str(table))})"
    columns = con.execute(f"describe select * from {source}").fetchall()
    cells = ", ".join(cell(name, kind) for name, kind, *_ in columns)
    con.execute(f"copy (select {cells} from {source}) to {quoted(str(to))} (format csv, header true)")
    return to


def cell(name: str, kind: str) -> str:
    """Return a column made safe for spreadsheets; lists as JSON."""
    column = json.dumps(name)
    if kind.endswith("[]") or kind.startswith(("STRUCT", "MAP")):
        return f"to_json({column}) as {column}"
    if kind != "VARCHAR":
        return column
    safe = f"regexp_replace({column}, {quoted(UNSAFE)}, chr(65533), 'g')"
    number = f"regexp_matches(trim({column}), {quoted(NUMBER)})"
    risky = f"regexp_matches({column}, {quoted(FORMULA)}) and not {number}"
    return f"case when {risky} then '''' || {safe} else {safe} end as {column}"


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
