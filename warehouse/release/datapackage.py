"""What a release says of itself to machines and people: datapackage.json (Frictionless) and NOTES.md.

Made from the tables' one description and from the release card; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
AS_OF = (
    "Rebuilt as of {as_of}: from the snapshots that were accepted by then, with the definitions and the code "
    "of the day on which it was made."
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
    """The descriptor of the release: every table as a resource, with its schema, size and hash."""
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
    """The licences of the sources; each value follows that of its own source, see source.parquet."""
    found: dict[str, dict[str, str]] = {}
    for source in sources:
        entry = {"name": source.licence.name, "title": source.licence.name}
        found[source.licence.name] = entry | ({"path": source.licence.url} if source.licence.url else {})
    return list(found.values())


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
    """A table as a Frictionless table schema."""
    schema: dict[str, Any] = {"fields": [_field(column) for column in table.columns]}
    if not any(
        table.column(name).nullable for name in table.key
    ):  # a primary key of the standard knows no null
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


def notes(
    card: Mapping[str, Any],
    sources: Mapping[str, Source],
    changes: list[tuple[str, int, int, int]],
    told: Sequence[str] = (),
) -> str:
    """NOTES.md: what is in the release, where it comes from, what changed. changes: indicator, values
    changed, new, withdrawn; told: the same and more in sentences."""
    lines = [
        f"# {TITLE}: release {card['id']}",
        "",
        f"{DESCRIPTION} Made {card['created']}.",
        "",
        *([AS_OF.format(**card), ""] if card.get("as_of") else []),
        f"{card['indicators']} indicators, {card['tables']['indicator']['rows']:,} values. Of the rows that "
        f"the sources sent, {card['rows_kept']:,} were kept and {card['rows_rejected']:,} refused; every "
        "reason is counted in `ledger.parquet`.",
        "",
        "## Sources",
        "",
        "| source | state | snapshots | licence |",
        "|---|---|---|---|",
    ]
    for name, facts in card["sources"].items():
        state = facts["state"] + (f": {facts['note']}" if facts["note"] else "")
        state += f" (stale since {facts['stale_since'][:10]})" if facts.get("stale_since") else ""
        licence = sources[name].licence.name
        lines.append(f"| {sources[name].title} | {_cell(state)} | {facts['snapshots']} | {licence} |")
    lines += [
        "",
        "live: fetched or confirmed in the run. stored: the last accepted snapshot was used. "
        "absent: no data.",
        "",
        "## Changes",
        "",
        *(f"- {_cell(text)}" for text in told),
        *([""] if told else []),
    ]
    if card["previous"] is None:
        lines.append("This is the first release here.")
    elif not changes:
        lines.append(f"No total value differs from release {card['previous']}.")
    else:
        lines += [
            f"Total values against release {card['previous']}; each one is in `revision.parquet`.",
            "",
            "| indicator | changed | new | withdrawn |",
            "|---|---|---|---|",
        ]
        lines += [f"| {name} | {changed:,} | {new:,} | {gone:,} |" for name, changed, new, gone in changes]
    if card["warnings"]:
        lines += ["", "## What to look at", "", *(f"- {_cell(text)}" for text in card["warnings"])]
    lines += ["", "## Tables", "", "| file | rows | one row is |", "|---|---|---|"]
    lines += [
        f"| {name}.parquet | {card['tables'][name]['rows']:,} | {_cell(table.description)} |"
        for name, table in TABLES.items()
    ]
    lines += [
        "",
        "`warehouse.duckdb` holds the same tables with two views, for DuckDB 1.0 and later. "
        "`sha256sum -c SHA256SUMS` checks every file.",
        "",
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
