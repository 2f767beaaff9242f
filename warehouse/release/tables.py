"""Writes the tables of a release: those of defined_tables.py, then the SQL models.

The models are in models/sql/*.sql; build.py decides whether the tables may be published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, cast

import duckdb
import pyarrow as pa

from schemas.columns.model import Table
from schemas.tables.assessment import (
    AGGREGATE,
    COVERAGE,
    DISAGREEMENT,
    METHOD_DISAGREEMENT,
    PROGRESS,
)
from schemas.tables.availability import AVAILABILITY
from schemas.tables.gaps import GAP, INEQUALITY, LORENZ
from schemas.tables.projections import PROJECTION, PROJECTION_REFUSED, PROJECTION_SKILL
from schemas.tables.registry import (
    LATEST,
    REVISION,
)
from schemas.tables.targets import CLAIM, CROSSWALK, DEADLINE, SCORE, TARGET
from warehouse.distributed.backend import ON_DUCKDB, on_spark
from warehouse.engine.batching import in_batches
from warehouse.engine.duckdb_engine import (
    engine,
    model_sql,
    parquet,
    stream_sql,
    write_table,
)
from warehouse.evaluation.source_overlap import load_overlaps
from warehouse.models.claims import claim_table
from warehouse.models.definition_inputs import load_model_inputs, stored
from warehouse.models.progress import progress_rows
from warehouse.models.scores import score_table
from warehouse.models.sdg_database_inputs import load_sdg_database
from warehouse.models.survey_inputs import load_surveys
from warehouse.models.target_inputs import load_commitments, within
from warehouse.projections.projection import (
    projection_refused_table,
    projection_rows,
    projection_skill_table,
)
from warehouse.release.defined_tables import DEFINED_TABLES, Inputs
from warehouse.release.inputs import ReleaseInputs
from warehouse.release.reuse import (
    COMPARED,
    defined_fingerprints,
    link_all,
    link_unchanged,
    models_fingerprint,
    parts_of,
    write_parts,
)

if TYPE_CHECKING:
    from warehouse.distributed.spark import SparkConnection

# In execution order. A model reads the inputs of warehouse/models/*_inputs.py, and each earlier table of this
# list under its name.
MODEL_TABLES = (
    LATEST,
    DISAGREEMENT,
    AGGREGATE,
    PROJECTION,
    PROJECTION_REFUSED,
    PROJECTION_SKILL,
    PROGRESS,
    METHOD_DISAGREEMENT,
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

# Tables that need more than one select statement.
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
    """A written table. seconds: its own time; linked: whether it is the unchanged file of the previous
    release.
    """

    name: str
    path: Path
    rows: int
    seconds: float
    linked: bool = False


def write_tables(
    aside: Path, inputs: ReleaseInputs, previous: Path | None, temp: Path | None
) -> list[tuple[str, int, int, int]]:
    """Write every table. Returns the result of `changed_values`."""
    for _ in build_tables(aside, inputs, previous, temp):
        """Each is read back and checked afterwards, with the others: see build_release."""
    return changed_values(aside)


def build_tables(
    folder: Path, inputs: ReleaseInputs, previous: Path | None, temp: Path | None
) -> Iterator[WrittenTable]:
    """Write every table in dependency order: a link to the previous release's file if nothing that the
    table depends on has changed, else computed on one connection.

    Args:
        folder: Output folder.
        inputs: The inputs of the release.
        previous: The previous release.
        temp: Folder for data that the engine spills from memory.
    """
    parts, fingerprints = parts_of(previous), defined_fingerprints(inputs)
    with engine(temp, in_order=False) as con:
        for contract, rows in DEFINED_TABLES.items():
            started, path = monotonic(), folder / f"{contract.name}.parquet"
            same = link_unchanged(parts, contract.name, fingerprints.get(contract.name), folder)
            count = _write_defined(con, contract, rows, folder, inputs) if same is None else same
            yield WrittenTable(contract.name, path, count, monotonic() - started, same is not None)
        load_inputs(con, folder, inputs, previous)
        models = models_fingerprint(con, folder)
        names = [table.name for table in MODEL_TABLES if table.name not in COMPARED]
        fingerprints |= dict.fromkeys(names, models)
        # all or none, as a model may read what an earlier one left on the way
        linked = link_all(parts, names, models, folder)
        with on_spark(con, folder, previous) as spark:
            for contract in MODEL_TABLES:
                started, path = monotonic(), folder / f"{contract.name}.parquet"
                if (count_linked := linked.get(contract.name)) is None:
                    count = make(con, contract, folder, spark)
                else:
                    count = count_linked
                    available(con, contract, path, spark)
                yield WrittenTable(contract.name, path, count, monotonic() - started, contract.name in linked)
    write_parts(folder, fingerprints)


def _write_defined(
    con: duckdb.DuckDBPyConnection, contract: Table, rows: Inputs, folder: Path, inputs: ReleaseInputs
) -> int:
    # read back and checked as a whole later, see build_release
    return write_table(rows(con, folder, inputs), contract, folder / f"{contract.name}.parquet", check=False)


def changed_values(folder: Path) -> list[tuple[str, int, int, int]]:
    """Return for each indicator with revisions the number of values changed, new and withdrawn."""
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


def load_inputs(
    con: duckdb.DuckDBPyConnection, folder: Path, inputs: ReleaseInputs, previous: Path | None
) -> None:
    """Load all inputs of the models, from a folder with the tables of indicator values and areas."""
    load_model_inputs(con, folder, inputs.catalogue, previous)
    load_surveys(con, inputs.staged)
    load_commitments(con, folder, within(inputs.commitments, inputs.catalogue))
    load_sdg_database(con, inputs.staged)
    load_overlaps(con, inputs.evaluated, (entry.indicator for entry in inputs.catalogue.values()))


def make(
    con: duckdb.DuckDBPyConnection,
    contract: Table,
    folder: Path,
    spark: SparkConnection | None = None,
    batch: int | None = None,
) -> int:
    """Compute a published table and write it to the folder, where later models read it. Returns its number
    of rows. spark: runs the model if it can; else DuckDB does. batch: values computed together; by default as
    many as the memory limit allows.
    """
    if spark is not None and contract.name not in ON_DUCKDB:
        rows = compute(cast(duckdb.DuckDBPyConnection, spark), contract)
    else:
        rows = in_batches(con, contract, partial(compute, contract=contract), batch)
    path = folder / f"{contract.name}.parquet"
    written = write_table(rows, contract, path, check=False)
    available(con, contract, path, spark)
    return written


def available(
    con: duckdb.DuckDBPyConnection, contract: Table, path: Path, spark: SparkConnection | None
) -> None:
    """Let later models read a written table."""
    stored(con, contract.name, path)
    if spark is not None:
        spark.read(contract.name, path)


def compute(con: duckdb.DuckDBPyConnection, contract: Table) -> pa.RecordBatchReader:
    """Stream a published table from its model file, or from the program that combines several. The
    connection is busy until the last row.
    """
    made = MADE_BY.get(contract.name)
    rows = made(con) if made else stream_sql(con, model_sql(contract.name), contract)
    return rows.to_reader() if isinstance(rows, pa.Table) else rows
