"""Builds a release: every table from staged and evaluated files, checked, proved and published, or nothing at
all.

What a table holds is in models/*.sql; how a folder becomes a release is in release.py. Nothing is fetched or
staged here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.areas import area_rows, membership_rows
from schemas.arrow import arrow_schema
from schemas.columns import Table
from schemas.definitions import Indicator, Source
from schemas.observation import OBSERVATION
from schemas.tables import (
    AGGREGATE,
    AREA,
    AREA_GROUP,
    COVERAGE,
    INDICATOR,
    INDICATOR_META,
    LATEST,
    LEDGER,
    PROGRESS,
    QUARANTINE,
    REVISION,
    SNAPSHOT_TABLE,
    SOURCE_TABLE,
    TABLES,
)
from warehouse.checks import CheckResult, indicator_checks
from warehouse.engine import (
    code_fingerprint,
    engine,
    literal,
    model_sql,
    parquet,
    run_model,
    run_sql,
    sort_by_key,
    write_table,
)
from warehouse.metadata import datapackage, notes, write_text
from warehouse.release import (
    CARD,
    ReleaseRefused,
    ReleaseResult,
    building,
    file_sha256,
    free_id,
    latest_release,
    publish,
    publishing,
    read_card,
    write_sums,
)
from warehouse.verify import table_findings

CODE = ("schemas/*.py", "warehouse/*.py", "warehouse/models/*.sql")


class Defined(Protocol):
    """An indicator as the catalogue has it: its definition and the folder where it stands."""

    @property
    def indicator(self) -> Indicator: ...

    @property
    def group(self) -> str: ...


@dataclass(frozen=True)
class SourceState:
    """How a source stood in the run. note: why it is not live."""

    state: Literal["live", "stored", "absent"]
    note: str | None = None


@dataclass(frozen=True)
class Ingredients:
    """All that a release is made from.

    snapshots: the live ones, as rows of the table `snapshot`; staged: source to its observation.parquet,
    beside which lie ledger.parquet and quarantine.parquet; evaluated: indicator to its file; checks: those
    already made of the evaluated indicators, else they are made here.
    """

    catalogue: Mapping[str, Defined]
    sources: Mapping[str, Source]
    states: Mapping[str, SourceState]
    snapshots: Sequence[Mapping[str, Any]]
    staged: Mapping[str, Path]
    evaluated: Mapping[str, Path]
    areas: Sequence[Mapping[str, Any]] = field(default_factory=area_rows)
    area_groups: Sequence[Mapping[str, Any]] = field(default_factory=membership_rows)
    checks: Sequence[CheckResult] | None = None


def inputs_fingerprint(given: Ingredients) -> str:
    """sha256 of all that the tables depend on. How the agencies could be reached in a run is not among it: an
    outage alone makes no new release."""
    digest = sha256(code_fingerprint(*CODE).encode())
    snapshots = sorted((row["source"], row["resource"], row["snapshot"]) for row in given.snapshots)
    parts: list[object] = [
        [
            [name, entry.group, entry.indicator.model_dump(mode="json")]
            for name, entry in sorted(given.catalogue.items())
        ],
        [[name, source.model_dump(mode="json")] for name, source in sorted(given.sources.items())],
        snapshots,
        [[name, path.parent.name] for name, path in sorted(given.staged.items())],
        [[name, path.stem] for name, path in sorted(given.evaluated.items())],
    ]
    digest.update(json.dumps(parts, sort_keys=True).encode())
    for rows in (given.areas, given.area_groups):
        digest.update(json.dumps([dict(row) for row in rows], sort_keys=True).encode())
    return digest.hexdigest()


def build_release(
    home: Path, given: Ingredients, *, now: datetime | None = None, temp: Path | None = None
) -> ReleaseResult:
    """Make a release and point `latest` to it, unless nothing has changed. Raises ReleaseRefused, with
    everything as it was, if a check of level error fails or the written files are not what they promise."""
    now = now or datetime.now(UTC)
    fingerprint = inputs_fingerprint(given)
    with publishing(home) as folder:
        previous = latest_release(home)
        if previous is not None and read_card(previous)["fingerprint"] == fingerprint:
            return ReleaseResult(
                False, previous.name, previous, f"nothing changed since release {previous.name}"
            )
        checks = given.checks if given.checks is not None else all_checks(given)
        refuse(
            [
                f"{check.name}: {check.message}"
                for check in checks
                if check.severity == "error" and not check.passed
            ]
        )
        warnings = _warnings(checks)
        release_id = free_id(folder, f"{now:%Y-%m-%d}-{fingerprint[:8]}")
        with building(folder, release_id) as aside:
            changes = _write_tables(aside, given, previous, temp)
            refuse([str(finding) for finding in table_findings(aside, fresh=True)])
            card = _card(aside, given, release_id, now, fingerprint, previous, warnings)
            _write_database(aside)
            write_text(aside / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")
            write_text(
                aside / "datapackage.json",
                json.dumps(datapackage(card, given.sources), indent=2, ensure_ascii=False) + "\n",
            )
            write_text(aside / "NOTES.md", notes(card, given.sources, changes))
            write_sums(aside)
            final = publish(aside, release_id)
    rows = {name: facts["rows"] for name, facts in card["tables"].items()}
    return ReleaseResult(True, release_id, final, f"release {release_id}", rows, tuple(warnings))


def all_checks(given: Ingredients) -> list[CheckResult]:
    """The checks of every indicator."""
    definitions = {name: entry.indicator for name, entry in given.catalogue.items()}
    present = given.staged.keys()
    return [
        check
        for name, indicator in sorted(definitions.items())
        for check in indicator_checks(indicator, given.evaluated[name], present, definitions)
    ]


def _warnings(checks: Sequence[CheckResult]) -> list[str]:
    """What to look at, in words; the indicators without any value in one sentence."""
    failed = [check for check in checks if check.severity == "warn" and not check.passed]
    empty = [check.subject for check in failed if check.name == "not_empty"]
    said = [check.message for check in failed if check.subject not in empty or not check.subject]
    if empty:
        said.insert(
            0,
            f"{len(empty)} indicators have no value, as their sources are not all there: "
            + ", ".join(sorted(empty)),
        )
    return said


def refuse(faults: list[str]) -> None:
    """Raise ReleaseRefused if there are any."""
    if faults:
        raise ReleaseRefused(
            f"{len(faults)} checks failed, so nothing was published\n  - " + "\n  - ".join(faults),
            allowed="a release in which every check of level error passes",
            next_step="look at the values named; mend the source or the definition, or correct the "
            "expectation if it is wrong; then `compact run`",
        )


def _write_tables(
    aside: Path, given: Ingredients, previous: Path | None, temp: Path | None
) -> list[tuple[str, int, int, int]]:
    """Every table. Returns, for each indicator with revisions: how many values changed, are new, were
    withdrawn."""

    def write(table: pa.Table, contract: Table) -> None:
        # read back and checked as a whole afterwards, see build_release
        write_table(table, contract, aside / f"{contract.name}.parquet", check=False)

    write(_from_rows(given.areas, AREA), AREA)
    write(_from_rows(given.area_groups, AREA_GROUP), AREA_GROUP)
    write(_from_rows(_meta_rows(given), INDICATOR_META), INDICATOR_META)
    write(_from_rows(_source_rows(given), SOURCE_TABLE), SOURCE_TABLE)
    write(_from_rows(given.snapshots, SNAPSHOT_TABLE), SNAPSHOT_TABLE)
    with engine(temp) as con:
        write(run_sql(con, _observation_sql(given), OBSERVATION), OBSERVATION)
        write(run_sql(con, _beside_sql(given, LEDGER), LEDGER), LEDGER)
        write(run_sql(con, _beside_sql(given, QUARANTINE), QUARANTINE), QUARANTINE)
        write(
            run_sql(
                con,
                _union([parquet(path) for _, path in sorted(given.evaluated.items())], INDICATOR),
                INDICATOR,
            ),
            INDICATOR,
        )
        load_model_inputs(con, aside, given.catalogue, previous)
        for contract in (LATEST, PROGRESS, AGGREGATE, COVERAGE, REVISION):
            write(run_model(con, contract), contract)
        return [
            (str(name), int(changed), int(new), int(gone))
            for name, changed, new, gone in con.execute(f"""
            select indicator, count(*) filter (where old_value is not null and new_value is not null),
                count(*) filter (where old_value is null), count(*) filter (where new_value is null)
            from {parquet(aside / "revision.parquet")}
            group by indicator
            order by indicator""").fetchall()
        ]


def load_model_inputs(
    con: duckdb.DuckDBPyConnection, folder: Path, catalogue: Mapping[str, Defined], previous: Path | None
) -> None:
    """What the models read: indicator, area, area_group, the definitions as tables, and the release
    before."""
    for name in ("indicator", "area", "area_group"):
        con.execute(f"create temp table {name} as select * from {parquet(folder / f'{name}.parquet')}")
    rows = [_definition_row(entry.indicator) for _, entry in sorted(catalogue.items())]
    _load(con, "definition", pa.Table.from_pylist(rows, schema=DEFINITION))
    breaks = [
        {"indicator": name, "ref_area": item.ref_area, "time_period": item.time_period}
        for name, entry in sorted(catalogue.items())
        for item in entry.indicator.breaks
    ]
    _load(con, "declared_break", pa.Table.from_pylist(breaks, schema=DECLARED_BREAK))
    if previous is None:
        con.execute("create temp table previous_indicator as select * from indicator limit 0")
        con.execute("create temp table previous_release as select '' as release limit 0")
    else:
        con.execute(
            f"create temp table previous_indicator as select * from {parquet(previous / 'indicator.parquet')}"
        )
        con.execute(f"create temp table previous_release as select {literal(previous.name)} as release")


DEFINITION = pa.schema(
    [
        ("indicator", pa.string()),
        ("direction", pa.string()),
        ("target_value", pa.float64()),
        ("target_year", pa.int16()),
        ("baseline_year", pa.int16()),
        ("aggregate_method", pa.string()),
        ("weight", pa.string()),
        ("min_weight_share", pa.float64()),
    ]
)
DECLARED_BREAK = pa.schema(
    [("indicator", pa.string()), ("ref_area", pa.string()), ("time_period", pa.int16())]
)
BASELINE_YEAR = 2015  # of the Technical Note, where an indicator has no target that says otherwise


def _definition_row(indicator: Indicator) -> dict[str, Any]:
    target, aggregate = indicator.target, indicator.aggregate
    return {
        "indicator": indicator.id,
        "direction": indicator.direction,
        "target_value": target.value if target else None,
        "target_year": target.year if target else None,
        "baseline_year": target.baseline_year if target else BASELINE_YEAR,
        "aggregate_method": aggregate.method,
        "weight": aggregate.weight,
        "min_weight_share": aggregate.min_weight_share,
    }


def _load(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    con.register("arriving", rows)
    con.execute(f"create temp table {name} as select * from arriving")
    con.unregister("arriving")


def _observation_sql(given: Ingredients) -> str:
    """The staged rows of exactly the series that an indicator uses."""
    used: dict[str, set[str]] = {}
    for entry in given.catalogue.values():
        for items in entry.indicator.named_inputs().values():
            for item in items:
                if item.source and item.series:
                    used.setdefault(item.source, set()).add(item.series)
    parts = [
        f"(select * from {parquet(path)} where series in ({', '.join(map(literal, sorted(used[name])))}))"
        for name, path in sorted(given.staged.items())
        if name in used
    ]
    return _union(parts, OBSERVATION)


def _beside_sql(given: Ingredients, table: Table) -> str:
    """A table that lies beside the staged observations of each source."""
    return _union(
        [parquet(path.with_name(f"{table.name}.parquet")) for _, path in sorted(given.staged.items())], table
    )


SQL_TYPES = {
    "string": "varchar",
    "int16": "smallint",
    "int32": "integer",
    "int64": "bigint",
    "float64": "double",
    "bool": "boolean",
    "date": "date",
    "timestamp": "timestamptz",
}


def _union(parts: list[str], table: Table) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    nothing = ", ".join(f'null::{SQL_TYPES[column.type]} as "{column.name}"' for column in table.columns)
    return "\nunion all\n".join(
        [f"select {nothing} where false", *(f"select {columns} from {part}" for part in parts)]
    )


def _from_rows(rows: Sequence[Mapping[str, Any]], table: Table) -> pa.Table:
    return sort_by_key(pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(table)), table)


def _meta_rows(given: Ingredients) -> list[dict[str, Any]]:
    rows = []
    for name, entry in given.catalogue.items():
        indicator = entry.indicator
        target = indicator.target
        inputs = {
            key: [item.model_dump(exclude_defaults=True) for item in items]
            for key, items in indicator.named_inputs().items()
        }
        rows.append(
            {
                "indicator": name,
                "title": indicator.title,
                "description": indicator.description.strip(),
                "unit": indicator.unit,
                "direction": indicator.direction,
                "frameworks": json.dumps(indicator.frameworks, ensure_ascii=False, sort_keys=True),
                "group": entry.group,
                "target_value": target.value if target else None,
                "target_year": target.year if target else None,
                "target_origin": target.origin if target else None,
                "formula": indicator.formula,
                "inputs": json.dumps(inputs, ensure_ascii=False),
                "aggregate_method": indicator.aggregate.method,
                "notes": indicator.notes.strip() or None,
                "fingerprint": given.evaluated[name].stem,
            }
        )
    return rows


def _source_rows(given: Ingredients) -> list[dict[str, Any]]:
    return [
        {
            "source": name,
            "title": source.title,
            "licence": source.licence.name,
            "citation": source.citation,
            "agency": source.agency,
            "homepage": source.homepage,
            "state": given.states[name].state,
            "state_note": given.states[name].note,
        }
        for name, source in given.sources.items()
    ]


def _card(
    aside: Path,
    given: Ingredients,
    release_id: str,
    now: datetime,
    fingerprint: str,
    previous: Path | None,
    warnings: list[str],
) -> dict[str, Any]:
    """release.json: what the release is, for machines."""
    ledger = pq.read_table(aside / "ledger.parquet", columns=["rows_out", "rows_rejected"]).to_pylist()
    tables = {}
    for name in TABLES:
        path = aside / f"{name}.parquet"
        tables[name] = {
            "rows": pq.read_metadata(path).num_rows,
            "bytes": path.stat().st_size,
            "sha256": file_sha256(path),
        }
    snapshots = [row["source"] for row in given.snapshots]
    return {
        "id": release_id,
        "created": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "fingerprint": fingerprint,
        "previous": previous.name if previous else None,
        "indicators": len(given.catalogue),
        "rows_kept": sum(row["rows_out"] for row in ledger),
        "rows_rejected": sum(row["rows_rejected"] for row in ledger),
        "sources": {
            name: {
                "state": given.states[name].state,
                "note": given.states[name].note,
                "snapshots": snapshots.count(name),
            }
            for name in sorted(given.sources)
        },
        "tables": tables,
        "warnings": warnings,
    }


def _write_database(aside: Path) -> None:
    """warehouse.duckdb: the tables copied in, with a comment on each table and column, and the views.

    Copied, not linked: DuckDB looks for a relative parquet path in the reader's working folder, so a file of
    views breaks as soon as it is opened from elsewhere or sent on alone. v1.0.0: every DuckDB since then can
    open it.
    """
    with duckdb.connect(":memory:") as con:
        con.execute(
            f"attach {literal(str(aside / 'warehouse.duckdb'))} as release (storage_version 'v1.0.0')"
        )
        con.execute("use release")
        for name, table in TABLES.items():
            con.execute(f'create table "{name}" as select * from {parquet(aside / f"{name}.parquet")}')
            about = f"{table.title}. {table.description} Key: {', '.join(table.key)}."
            con.execute(f'comment on table "{name}" is {literal(about)}')
            for column in table.columns:
                unit = f" Unit: {column.unit}." if column.unit else ""
                con.execute(
                    f'comment on column "{name}"."{column.name}" is {literal(column.description + unit)}'
                )
        con.execute(model_sql("views"))
        con.execute("use memory")
        con.execute("detach release")
