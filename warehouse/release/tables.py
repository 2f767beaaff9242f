"""Writes the tables of a release from its ingredients: copies, definitions as rows, and the SQL models.

What a model computes is in models/sql/*.sql; whether the tables may be published is judged in build.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import duckdb
import pyarrow as pa

from schemas.codelists.reader import read_codelist
from schemas.codelists.subnational import subnational_rows
from schemas.columns.model import Table
from schemas.columns.observation import OBSERVATION
from schemas.tables.arrow import arrow_schema
from schemas.tables.assessment import (
    AGGREGATE,
    COVERAGE,
    DISAGREEMENT,
    KEPT_OUT,
    METHOD,
    METHOD_DISAGREEMENT,
    PROGRESS,
)
from schemas.tables.availability import AVAILABILITY
from schemas.tables.contributions import CONTRIBUTION_TABLES
from schemas.tables.gaps import GAP, INEQUALITY, LORENZ
from schemas.tables.projections import PROJECTION, PROJECTION_REFUSED, PROJECTION_SKILL
from schemas.tables.registry import (
    AREA,
    AREA_GROUP,
    INDICATOR,
    INDICATOR_META,
    LATEST,
    LEDGER,
    QUARANTINE,
    REVISION,
    SNAPSHOT_TABLE,
    SOURCE_TABLE,
)
from schemas.tables.targets import CLAIM, CROSSWALK, DEADLINE, SCORE, TARGET
from warehouse.distributed.backend import MADE_IN_PYTHON, on_spark
from warehouse.engine.batching import in_batches
from warehouse.engine.duckdb_engine import (
    engine,
    literal,
    model_sql,
    parquet,
    run_sql,
    sort_by_key,
    stream_sql,
    write_table,
)
from warehouse.evaluation.invalidation import depends_on
from warehouse.evaluation.kept_out import kept_out_path
from warehouse.evaluation.source_overlap import load_overlaps
from warehouse.models.claims import claim_table
from warehouse.models.definition_inputs import load_model_inputs, stored
from warehouse.models.progress import method_table, progress_rows
from warehouse.models.scores import score_table
from warehouse.models.sdg_database_inputs import load_sdg_database
from warehouse.models.survey_inputs import load_surveys
from warehouse.models.target_inputs import load_commitments, within
from warehouse.projections.projection import (
    projection_refused_table,
    projection_rows,
    projection_skill_table,
)
from warehouse.release.inputs import ReleaseInputs

if TYPE_CHECKING:
    from warehouse.distributed.spark import SparkConnection

# In the order in which they are computed. A model sees the inputs of model_inputs.py, and as a table of its
# own name whatever stands before it here.
MODEL_TABLES = (
    LATEST,
    DISAGREEMENT,
    PROJECTION,
    PROJECTION_REFUSED,
    PROJECTION_SKILL,
    PROGRESS,
    METHOD_DISAGREEMENT,
    AGGREGATE,
    COVERAGE,
    REVISION,
    GAP,
    LORENZ,
    INEQUALITY,
    AVAILABILITY,
    DEADLINE,
    TARGET,
    CROSSWALK,
    CLAIM,
    SCORE,
)

# Tables that take more than one select statement.
MADE_BY: dict[str, Callable[[duckdb.DuckDBPyConnection], pa.Table | pa.RecordBatchReader]] = {
    PROGRESS.name: progress_rows,
    CLAIM.name: claim_table,
    SCORE.name: score_table,
    PROJECTION.name: projection_rows,
    PROJECTION_REFUSED.name: projection_refused_table,
    PROJECTION_SKILL.name: projection_skill_table,
}


@dataclass(frozen=True)
class WrittenTable:
    """A published table as it was written. seconds: its own."""

    name: str
    path: Path
    rows: int
    seconds: float


Rows: TypeAlias = pa.Table | pa.RecordBatchReader
Inputs: TypeAlias = Callable[[duckdb.DuckDBPyConnection, Path, ReleaseInputs], Rows]


def write_tables(
    aside: Path, given: ReleaseInputs, previous: Path | None, temp: Path | None
) -> list[tuple[str, int, int, int]]:
    """Every table. Returns what `changed_values` does."""
    for _ in build_tables(aside, given, previous, temp):
        """Each is read back and checked afterwards, with the others: see build_release."""
    return changed_values(aside)


def build_tables(
    folder: Path, given: ReleaseInputs, previous: Path | None, temp: Path | None
) -> Iterator[WrittenTable]:
    """Compute every table, each from those before it, on one connection.

    Args:
        folder: Where they are written.
        given: What the release is made from.
        previous: The release before.
        temp: Where the engine puts what does not fit into memory.
    """
    with engine(temp, in_order=False) as con:
        for contract, rows in DEFINED_TABLES.items():
            started, path = monotonic(), folder / f"{contract.name}.parquet"
            # read back and checked as a whole afterwards, see build_release
            count = write_table(rows(con, folder, given), contract, path, check=False)
            yield WrittenTable(contract.name, path, count, monotonic() - started)
        load_inputs(con, folder, given, previous)
        with on_spark(con, folder, previous) as spark:
            for contract in MODEL_TABLES:
                started, path = monotonic(), folder / f"{contract.name}.parquet"
                count = make(con, contract, folder, spark)
                yield WrittenTable(contract.name, path, count, monotonic() - started)


def changed_values(folder: Path) -> list[tuple[str, int, int, int]]:
    """For each indicator with revisions: how many values changed, are new, were withdrawn."""
    with engine() as con:
        return [
            (str(name), int(changed), int(new), int(gone))
            for name, changed, new, gone in con.execute(f"""
            select indicator, count(*) filter (where old_value is not null and new_value is not null),
                count(*) filter (where old_value is null), count(*) filter (where new_value is null)
            from {parquet(folder / "revision.parquet")}
            group by indicator
            order by indicator""").fetchall()
        ]


def _without_persons(contributions: str) -> str:
    """Contributions with the contacts that belong to a role alone: a web page, or a mailbox whose every word
    is in role_mailboxes.csv. Other addresses may be a person's."""
    roles = ", ".join(literal(row["word"]) for row in read_codelist("role_mailboxes"))
    words = "regexp_split_to_array(lower(split_part(contact, '@', 1)), '[._+-]')"
    role = f"contact like 'https://%' or list_has_all([{roles}], {words})"
    return f"(select * replace (case when {role} then contact end as contact) from {contributions})"


def _indicator_rows(con: duckdb.DuckDBPyConnection, _folder: Path, given: ReleaseInputs) -> Rows:
    files = [parquet(path) for _, path in sorted(given.evaluated.items())]
    return stream_sql(con, _union(files, INDICATOR), INDICATOR)


def _kept_out_rows(con: duckdb.DuckDBPyConnection, _folder: Path, given: ReleaseInputs) -> Rows:
    paths = [kept_out_path(of) for _, of in sorted(given.evaluated.items())]
    return stream_sql(con, _union([parquet(path) for path in paths if path.exists()], KEPT_OUT), KEPT_OUT)


def _area_rows(con: duckdb.DuckDBPyConnection, folder: Path, given: ReleaseInputs) -> Rows:
    parts, _ = subnational_rows(_codes_used(con, folder))
    return _from_rows([*given.areas, *parts], AREA)


def _area_group_rows(con: duckdb.DuckDBPyConnection, folder: Path, given: ReleaseInputs) -> Rows:
    _, of_countries = subnational_rows(_codes_used(con, folder))
    return _from_rows([*given.area_groups, *of_countries], AREA_GROUP)


def _contributed(contract: Table) -> Inputs:
    def rows(con: duckdb.DuckDBPyConnection, _folder: Path, given: ReleaseInputs) -> Rows:
        sent = given.contributions.get(contract.name)
        parts = [_without_persons(parquet(sent))] if sent else []
        return run_sql(con, _union(parts, contract), contract)

    return rows


def _codes_used(con: duckdb.DuckDBPyConnection, aside: Path) -> list[str]:
    """Every area that has a value, and every one that has an observation."""
    files = ", ".join(literal(str(aside / f"{name}.parquet")) for name in ("indicator", "observation"))
    found = con.execute(
        f"select distinct ref_area from read_parquet([{files}], union_by_name = true) order by 1"
    )
    return [str(code) for (code,) in found.fetchall()]


def load_inputs(
    con: duckdb.DuckDBPyConnection, folder: Path, given: ReleaseInputs, previous: Path | None
) -> None:
    """Everything that a model may read, from a folder with the tables of indicator values and areas."""
    load_model_inputs(con, folder, given.catalogue, previous)
    load_surveys(con, given.staged)
    load_commitments(con, folder, within(given.commitments, given.catalogue))
    load_sdg_database(con, given.staged)
    load_overlaps(con, given.evaluated, (entry.indicator for entry in given.catalogue.values()))


def make(
    con: duckdb.DuckDBPyConnection, contract: Table, folder: Path, spark: SparkConnection | None = None
) -> int:
    """Compute a published table, write it to the folder, where the models after it find it. Returns its
    number of rows. spark: where the models run, if it can; else in DuckDB."""
    if spark is not None and contract.name not in MADE_IN_PYTHON:
        rows = compute(cast(duckdb.DuckDBPyConnection, spark), contract)
    else:
        rows = in_batches(con, contract, partial(compute, contract=contract))
    path = folder / f"{contract.name}.parquet"
    written = write_table(rows, contract, path, check=False)
    stored(con, contract.name, path)
    if spark is not None:
        spark.read(contract.name, path)
    return written


def compute(con: duckdb.DuckDBPyConnection, contract: Table) -> pa.RecordBatchReader:
    """A published table from its model file, or by the program that puts several such files together, as it
    comes: the connection is busy until the last row."""
    made = MADE_BY.get(contract.name)
    rows = made(con) if made else stream_sql(con, model_sql(contract.name), contract)
    return rows.to_reader() if isinstance(rows, pa.Table) else rows


def _observation_sql(given: ReleaseInputs) -> str:
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


def _beside_sql(given: ReleaseInputs, table: Table) -> str:
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


def _meta_rows(given: ReleaseInputs) -> list[dict[str, Any]]:
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
                "depends_on": json.dumps(depends_on(indicator, given.staged, given.evaluated)),
            }
        )
    return rows


def _source_rows(given: ReleaseInputs) -> list[dict[str, Any]]:
    return [
        {
            "source": name,
            "title": source.title,
            "licence": source.licence.name,
            "citation": source.citation,
            "agency": source.agency,
            "homepage": source.homepage,
        }
        for name, source in given.sources.items()
    ]


# The tables that are not models: definitions as rows, and what staging and evaluation wrote. In this order,
# as an area is listed where a value of it is.
DEFINED_TABLES: dict[Table, Inputs] = {
    INDICATOR_META: lambda _con, _folder, given: _from_rows(_meta_rows(given), INDICATOR_META),
    METHOD: lambda _con, _folder, _given: method_table(),
    SOURCE_TABLE: lambda _con, _folder, given: _from_rows(_source_rows(given), SOURCE_TABLE),
    SNAPSHOT_TABLE: lambda _con, _folder, given: _from_rows(given.snapshots, SNAPSHOT_TABLE),
    OBSERVATION: lambda con, _folder, given: stream_sql(con, _observation_sql(given), OBSERVATION),
    LEDGER: lambda con, _folder, given: run_sql(con, _beside_sql(given, LEDGER), LEDGER),
    QUARANTINE: lambda con, _folder, given: run_sql(con, _beside_sql(given, QUARANTINE), QUARANTINE),
    INDICATOR: _indicator_rows,
    AREA: _area_rows,
    AREA_GROUP: _area_group_rows,
    KEPT_OUT: _kept_out_rows,
    **{contract: _contributed(contract) for contract in CONTRIBUTION_TABLES},
}
