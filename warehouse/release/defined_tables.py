"""The tables of a release that no model computes: definitions as rows, and the results of staging and
evaluation.

Tables computed by SQL models are in tables.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa

from indicators.validation import frameworks
from schemas.codelists.code_names import code_rows
from schemas.codelists.reader import read_codelist
from schemas.codelists.subnational import subnational_rows
from schemas.codelists.units import units
from schemas.columns.model import Table
from schemas.columns.observation import OBSERVATION
from schemas.tables.arrow import arrow_schema
from schemas.tables.assessment import (
    KEPT_OUT,
    METHOD,
)
from schemas.tables.codes import CODE, SERIES_BREAK, UNIT_TABLE
from schemas.tables.companies import COMPANY_RATING
from schemas.tables.contributions import CONTRIBUTION_TABLES
from schemas.tables.registry import (
    AREA,
    AREA_GROUP,
    INDICATOR,
    INDICATOR_META,
    LEDGER,
    QUARANTINE,
    SNAPSHOT_TABLE,
    SOURCE_TABLE,
)
from warehouse.engine.duckdb_engine import (
    literal,
    parquet,
    run_sql,
    sort_by_key,
    stream_sql,
)
from warehouse.evaluation.beside import beside
from warehouse.evaluation.invalidation import depends_on
from warehouse.models.progress import method_table
from warehouse.release.inputs import ReleaseInputs

Rows: TypeAlias = pa.Table | pa.RecordBatchReader


Inputs: TypeAlias = Callable[[duckdb.DuckDBPyConnection, Path, ReleaseInputs], Rows]

COMPANIES = "rdr"  # the source with rows about companies


def _without_persons(contributions: str) -> str:
    """Return contributions with contacts only where consent was given and the contact belongs to a role: a
    web page, or a mailbox with all words in role_mailboxes.csv. Other addresses may be personal.
    """
    roles = ", ".join(literal(row["word"]) for row in read_codelist("role_mailboxes"))
    words = "regexp_split_to_array(lower(split_part(contact, '@', 1)), '[._+-]')"
    role = f"(contact like 'https://%' or list_has_all([{roles}], {words}))"
    contact = f"case when consent = 'yes' and {role} then contact end as contact"
    return f"(select * replace ({contact}) from {contributions})"


def _indicator_rows(con: duckdb.DuckDBPyConnection, _folder: Path, inputs: ReleaseInputs) -> Rows:
    files = [parquet(path) for _, path in sorted(inputs.evaluated.items())]
    return stream_sql(con, _union(files, INDICATOR), INDICATOR)


def _kept_out_rows(con: duckdb.DuckDBPyConnection, _folder: Path, inputs: ReleaseInputs) -> Rows:
    paths = [beside(of, KEPT_OUT) for _, of in sorted(inputs.evaluated.items())]
    return stream_sql(con, _union([parquet(path) for path in paths if path.exists()], KEPT_OUT), KEPT_OUT)


def _area_rows(con: duckdb.DuckDBPyConnection, folder: Path, inputs: ReleaseInputs) -> Rows:
    parts, _ = subnational_rows(_codes_used(con, folder))
    return _from_rows([*inputs.areas, *parts], AREA)


def _area_group_rows(con: duckdb.DuckDBPyConnection, folder: Path, inputs: ReleaseInputs) -> Rows:
    _, of_countries = subnational_rows(_codes_used(con, folder))
    return _from_rows([*inputs.area_groups, *of_countries], AREA_GROUP)


def _contributed(contract: Table) -> Inputs:
    def rows(con: duckdb.DuckDBPyConnection, _folder: Path, inputs: ReleaseInputs) -> Rows:
        sent = inputs.contributions.get(contract.name)
        parts = [_without_persons(parquet(sent))] if sent else []
        return run_sql(con, _union(parts, contract), contract)

    return rows


def _code_rows(con: duckdb.DuckDBPyConnection, folder: Path, _inputs: ReleaseInputs) -> Rows:
    """Return the code lists, with the codes of the dimensions that a value has."""
    values = parquet(folder / "indicator.parquet")
    used = {
        name: [str(code) for (code,) in con.execute(f"select distinct {name} from {values}").fetchall()]
        for name in ("sex", "age", "urbanisation", "quantile")
    }
    return _from_rows([*code_rows(used), *_framework_rows()], CODE)


def _framework_rows() -> Iterator[dict[str, str]]:
    """The frameworks, and their parts where these are listed: compact_adopted 1 is an objective."""
    for name, about in frameworks().items():
        yield {"codelist": "framework", "code": name, "name": about["title"], "origin": about["source"]}
        for code, title in about.get("codes", {}).items():
            yield {"codelist": name, "code": code, "name": title, "origin": about["source"]}


def _unit_rows() -> list[dict[str, str | None]]:
    return [
        {"unit": code, "name": unit.name, "symbol": unit.symbol or None, "note": unit.note or None}
        for code, unit in units().items()
    ]


def _break_rows(inputs: ReleaseInputs) -> list[dict[str, Any]]:
    return [
        {
            "indicator": name,
            "applies_to": item.ref_area,
            "time_period": item.time_period,
            "reason": item.reason,
        }
        for name, entry in inputs.catalogue.items()
        for item in entry.indicator.breaks
    ]


def _codes_used(con: duckdb.DuckDBPyConnection, aside: Path) -> list[str]:
    """Return every area that has a value or an observation."""
    files = ", ".join(literal(str(aside / f"{name}.parquet")) for name in ("indicator", "observation"))
    used = con.execute(
        f"select distinct ref_area from read_parquet([{files}], union_by_name = true) order by 1"
    )
    return [str(code) for (code,) in used.fetchall()]


def _observation_sql(inputs: ReleaseInputs) -> str:
    """Return SQL for the staged rows of exactly the series that an indicator uses."""
    used: dict[str, set[str]] = {}
    for entry in inputs.catalogue.values():
        for items in entry.indicator.named_inputs().values():
            for item in items:
                if item.source and item.series:
                    used.setdefault(item.source, set()).add(item.series)
    parts = [
        f"(select * from {parquet(path)} where series in ({', '.join(map(literal, sorted(used[name])))}))"
        for name, path in sorted(inputs.staged.items())
        if name in used
    ]
    return _union(parts, OBSERVATION)


def _company_rows(con: duckdb.DuckDBPyConnection, _folder: Path, inputs: ReleaseInputs) -> Rows:
    """Return the staged rows about companies, identified by their dimension."""
    path = inputs.staged.get(COMPANIES)
    if path is None:
        return run_sql(con, _union([], COMPANY_RATING), COMPANY_RATING)
    sql = f"""
        select
            regexp_extract(other_dims, '^COMPANY=([A-Z0-9_]+)$', 1) as company, ref_area as country,
            time_period as year, series as measure, obs_value as score, source, snapshot
        from {parquet(path)}
        where obs_value is not null"""
    return run_sql(con, sql, COMPANY_RATING)


def _beside_sql(inputs: ReleaseInputs, table: Table) -> str:
    """Return SQL for a side table of each source's staged observations."""
    return _union(
        [parquet(path.with_name(f"{table.name}.parquet")) for _, path in sorted(inputs.staged.items())], table
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


def _meta_rows(release_inputs: ReleaseInputs) -> list[dict[str, Any]]:
    rows = []
    for name, entry in release_inputs.catalogue.items():
        indicator = entry.indicator
        target, plausible = indicator.target, indicator.expect.plausible
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
                "fingerprint": release_inputs.evaluated[name].stem,
                "depends_on": json.dumps(
                    depends_on(indicator, release_inputs.staged, release_inputs.evaluated)
                ),
                "plausible_low": plausible.range[0] if plausible else None,
                "plausible_high": plausible.range[1] if plausible else None,
            }
        )
    return rows


def _source_rows(inputs: ReleaseInputs) -> list[dict[str, Any]]:
    return [
        {
            "source": name,
            "title": source.title,
            "licence": source.licence.name,
            "citation": source.citation,
            "agency": source.agency,
            "homepage": source.homepage,
        }
        for name, source in inputs.sources.items()
    ]


# The tables that are not models: definitions as rows, and the results of staging and evaluation. The order
# matters, as an area is listed if it has a value.
DEFINED_TABLES: dict[Table, Inputs] = {
    INDICATOR_META: lambda _con, _folder, inputs: _from_rows(_meta_rows(inputs), INDICATOR_META),
    METHOD: lambda _con, _folder, _inputs: method_table(),
    SOURCE_TABLE: lambda _con, _folder, inputs: _from_rows(_source_rows(inputs), SOURCE_TABLE),
    SNAPSHOT_TABLE: lambda _con, _folder, inputs: _from_rows(inputs.snapshots, SNAPSHOT_TABLE),
    OBSERVATION: lambda con, _folder, inputs: stream_sql(con, _observation_sql(inputs), OBSERVATION),
    LEDGER: lambda con, _folder, inputs: run_sql(con, _beside_sql(inputs, LEDGER), LEDGER),
    QUARANTINE: lambda con, _folder, inputs: run_sql(con, _beside_sql(inputs, QUARANTINE), QUARANTINE),
    INDICATOR: _indicator_rows,
    AREA: _area_rows,
    AREA_GROUP: _area_group_rows,
    KEPT_OUT: _kept_out_rows,
    COMPANY_RATING: _company_rows,
    UNIT_TABLE: lambda _con, _folder, _inputs: _from_rows(_unit_rows(), UNIT_TABLE),
    CODE: _code_rows,
    SERIES_BREAK: lambda _con, _folder, inputs: _from_rows(_break_rows(inputs), SERIES_BREAK),
    **{contract: _contributed(contract) for contract in CONTRIBUTION_TABLES},
}
