"""Writes datapackage.json (Frictionless), the machine-readable description of a release. The page for readers
is in notes.py.

It is generated from the tables' descriptions and release.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.columns.model import Column, Table
from schemas.definitions.source import Source
from schemas.tables.registry import TABLES
from warehouse.verification.verify import references

TITLE = "Compact Tracker"
DESCRIPTION = (
    "How far every country, region and income group is from the measurable targets of the "
    "UN Global Digital Compact."
)
FIELD_TYPES = {
    "string": "string",
    "int16": "integer",
    "int32": "integer",
    "int64": "integer",
    "float64": "number",
    "bool": "boolean",
    "date": "date",
    "timestamp": "datetime",
}


def datapackage(card: Mapping[str, Any], sources: Mapping[str, Source]) -> dict[str, Any]:
    """Return the descriptor of the release: every table as a resource, with its schema, size and hash."""
    used = [sources[name] for name in card["sources"]]
    return {
        "name": "compact-tracker",
        "title": TITLE,
        "description": DESCRIPTION,
        "version": card["id"],
        "created": card["created"],
        "sources": [{"title": source.title, "path": source.homepage} for source in used],
        "licenses": _licences(used),
        "resources": [_resource(table) for table in TABLES.values()],
    }


def _licences(sources: list[Source]) -> list[dict[str, str]]:
    """Return the licences of the sources; each value has that of its own source, see source.parquet."""
    licences: dict[str, dict[str, str]] = {}
    for source in sources:
        entry = {"name": source.licence.name, "title": source.licence.name}
        licences[source.licence.name] = entry | ({"path": source.licence.url} if source.licence.url else {})
    return list(licences.values())


def _resource(table: Table) -> dict[str, Any]:
    # No bytes and hash: frictionless 5.21 does not count them for parquet and then calls the file invalid.
    # SHA256SUMS has the hashes.
    return {
        "name": table.name,
        "title": table.title,
        "description": table.description,
        "path": f"{table.name}.parquet",
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "schema": table_schema(table),
    }


def table_schema(table: Table) -> dict[str, Any]:
    """Return a table as a Frictionless table schema."""
    schema: dict[str, Any] = {"fields": [_field(column) for column in table.columns]}
    if not any(
        table.column(name).nullable for name in table.key
    ):  # a primary key of the standard allows no null
        schema["primaryKey"] = list(table.key)
    foreign = [
        {"fields": [column], "reference": {"resource": to, "fields": [known]}}
        for name, column, to, known in references()
        if name == table.name
        and TABLES[to].key == (known,)
        and "(;" not in table.column(column).pattern
        and not table.column(column).nullable
    ]
    return schema | ({"foreignKeys": foreign} if foreign else {})


def _field(column: Column) -> dict[str, Any]:
    # A whole number that may be missing is called a number: frictionless 5.21 reads parquet through pandas,
    # where such a column arrives as floats with NaN, and then calls every row invalid; for the same reason
    # its limits are left out. The parquet file itself has the exact type, and the contract has checked the
    # limits.
    kind = FIELD_TYPES[column.type]
    kind = "number" if kind == "integer" and column.nullable else kind
    field: dict[str, Any] = {"name": column.name, "type": kind, "description": column.description}
    if column.unit:
        field["unit"] = column.unit
    constraints: dict[str, Any] = {} if column.nullable else {"required": True}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    if column.pattern:
        constraints["pattern"] = column.pattern
    for name, value in (("minimum", column.minimum), ("maximum", column.maximum)):
        if value is not None and not column.nullable:
            constraints[name] = int(value) if kind == "integer" else value
    return field | ({"constraints": constraints} if constraints else {})


def write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
