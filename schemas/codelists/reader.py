"""Reads the code lists of this folder: rows as text, and the origin of a list."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from schemas.errors import CompactError

CODELISTS = Path(__file__).parent


@cache
def read_codelist(name: str, folder: Path = CODELISTS) -> tuple[dict[str, str], ...]:
    """Return the rows of <name>.csv, all text; an empty cell is an empty string, and NA is Namibia."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = tuple(csv.DictReader(file, strict=True))
    broken = [number for number, row in enumerate(rows, 2) if None in row or None in row.values()]
    if broken:
        raise CompactError(
            "rows do not have as many fields as the header",
            where=f"{name}.csv, rows {broken[:10]}",
            next_step="quote a text that holds a comma",
        )
    return rows


@cache
def origin(name: str) -> str:
    """Return the publisher and date of a code list."""
    from schemas.definitions.yaml_file import load_yaml

    entry = load_yaml(CODELISTS / "codelists.yaml").data[name]
    return f"{entry['source']} ({entry['date']})"
