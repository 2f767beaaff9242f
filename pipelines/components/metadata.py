"""Metadata of assets in Dagster, generated from the definitions: column schemas, counts, descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq

from schemas.columns.model import Table
from schemas.definitions.indicator import Indicator
from schemas.definitions.source import Source
from sources.ingest.cadence import cadences
from sources.ingest.report import FetchReport
from sources.snapshots.store import Store
from sources.staging.stage import StagedSource
from warehouse.evaluation.evaluate import Evaluated
from warehouse.release.tables import WrittenTable

PREVIEW, CELL = 5, 60  # limits of a preview: rows, and characters of a cell
OWNERS = ("team:compact-tracker",)


def column_schema(table: Table) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in table.columns
        ]
    )


def describe_source(source: Source) -> str:
    lines = [source.description, "", f"Agency: {source.agency}. Licence: {source.licence.name}."]
    lines += [f"Cadence: {source.cadence}. {source.homepage}"]
    lines += [] if source.contract_verified else [f"Wire contract not verified: {source.contract_note}"]
    return "\n".join(lines)


def describe_indicator(indicator: Indicator) -> str:
    return f"{indicator.title}. {indicator.description}\n\n{indicator.notes}".strip()


def freshness_policy(source: Source) -> dg.FreshnessPolicy | None:
    """Return the longest allowed time since the last request to a source. Whether it also responded is the
    check `fresh`.
    """
    limit = cadences()[source.cadence].stale_after
    return dg.FreshnessPolicy.time_window(limit, limit / 2) if limit and source.hosts else None


def stored_version(store: Store, source_id: str) -> dg.DataVersion:
    """Return a version that stays the same while the source has the same snapshots."""
    have = sorted((key, s.snapshot) for key, s in store.candidates(source_id).items())
    return dg.DataVersion(sha256(repr(have).encode()).hexdigest()[:16])


def fetch_metadata(report: FetchReport) -> Mapping[str, dg.MetadataValue]:
    return {
        "state": dg.MetadataValue.text(report.state),
        "note": dg.MetadataValue.text(report.note or ""),
        "new snapshots": dg.MetadataValue.int(len(report.fetched)),
        "unchanged": dg.MetadataValue.int(len(report.unchanged)),
        "requests": dg.MetadataValue.int(report.requests),
        "bytes": dg.MetadataValue.int(report.bytes),
        "seconds": dg.MetadataValue.float(report.seconds),
        "bytes a second": dg.MetadataValue.float(report.bytes / report.seconds if report.seconds else 0.0),
        "rows": dg.MetadataValue.int(sum(snapshot.rows for snapshot in report.fetched)),
    }


def staged_metadata(
    staged: StagedSource | None, seconds: float | None = None
) -> Mapping[str, dg.MetadataValue]:
    if staged is None:
        return {"state": dg.MetadataValue.text("no snapshot of this source yet")}
    return {
        "dagster/row_count": dg.MetadataValue.int(staged.rows_out),
        "rows in": dg.MetadataValue.int(staged.rows_in),
        "rows rejected": dg.MetadataValue.int(staged.rows_in - staged.rows_out),
        "seconds": dg.MetadataValue.float(seconds or 0.0),
        "reasons": dg.MetadataValue.json(staged.reasons),
        "folder": dg.MetadataValue.path(str(staged.folder)),
    }


def indicator_metadata(values: Evaluated, seconds: float) -> Mapping[str, dg.MetadataValue]:
    return {
        "dagster/row_count": dg.MetadataValue.int(values.rows),
        "file": dg.MetadataValue.path(str(values.path)),
        "fingerprint": dg.MetadataValue.text(values.fingerprint),
        "areas": dg.MetadataValue.int(values.areas),
        "computed": dg.MetadataValue.bool(values.made),
        "seconds": dg.MetadataValue.float(round(seconds, 3)),
    }


def table_metadata(table: WrittenTable) -> Mapping[str, dg.MetadataValue]:
    return {
        "dagster/row_count": dg.MetadataValue.int(table.rows),
        "seconds": dg.MetadataValue.float(round(table.seconds, 3)),
        "made": dg.MetadataValue.text("unchanged, linked" if table.linked else "computed"),
        "file": dg.MetadataValue.path(str(table.path)),
        "preview": dg.MetadataValue.md(preview(table.path)),
    }


def preview(path: Path, rows: int = PREVIEW) -> str:
    """Format the first rows of a parquet file as a Markdown table."""
    with pq.ParquetFile(path) as file:
        batch = next(file.iter_batches(batch_size=rows), None)
        names = file.schema_arrow.names
    cells = [[_cell(row[name]) for name in names] for row in batch.to_pylist()] if batch else []
    lines = [names, ["---"] * len(names), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    text = "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= CELL else f"{text[:CELL]}…"
