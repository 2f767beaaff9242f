"""What Dagster shows of an asset, made from the definitions: column schemas, counts, descriptions."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from schemas.columns import Table
from schemas.definitions import Indicator, Source
from sources.fetch import FetchReport
from sources.stage import Staged

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


def fetch_metadata(report: FetchReport) -> Mapping[str, dg.MetadataValue]:
    return {
        "state": dg.MetadataValue.text(report.state),
        "note": dg.MetadataValue.text(report.note or ""),
        "new snapshots": dg.MetadataValue.int(len(report.fetched)),
        "unchanged": dg.MetadataValue.int(len(report.unchanged)),
        "requests": dg.MetadataValue.int(report.requests),
        "bytes": dg.MetadataValue.int(report.bytes),
        "seconds": dg.MetadataValue.float(report.seconds),
    }


def staged_metadata(staged: Staged | None) -> Mapping[str, dg.MetadataValue]:
    if staged is None:
        return {"state": dg.MetadataValue.text("no snapshot of this source yet")}
    return {
        "dagster/row_count": dg.MetadataValue.int(staged.rows_out),
        "rows in": dg.MetadataValue.int(staged.rows_in),
        "rows rejected": dg.MetadataValue.int(staged.rows_in - staged.rows_out),
        "reasons": dg.MetadataValue.json(staged.reasons),
        "folder": dg.MetadataValue.path(str(staged.folder)),
    }
