"""Profiles each input of an indicator: its units, number of values, and range.

Values are in the indicator's unit, after the input's `scale`. This module rejects mixed units only; the check
first_arrival judges a new series.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from schemas.columns.model import Column, Table
from schemas.columns.observation import SOURCE
from schemas.columns.shared import INDICATOR_ID, SNAPSHOTS, count, number, text
from schemas.definitions.indicator import Indicator, Input
from schemas.errors import CompactError
from warehouse.engine.duckdb_engine import literal, parquet
from warehouse.evaluation.sql import input_factor, input_filter

PROFILE = Table(
    "input_profile",
    "Inputs as they arrived",
    "Every series that an indicator is made of: its unit, how many values it has, and where they lie.",
    (
        INDICATOR_ID,
        text("input", "Name of the input in the formula; value for a plain series.", role="dimension"),
        Column("rank", "int64", "dimension", "Place in the order of preference, from 1.", minimum=1),
        SOURCE,
        text("series", "The agency's code of the series."),
        text("unit", "Unit of the values as staged, before `scale`; several are joined by ';'."),
        count("values", "Values."),
        count("areas", "Areas with a value."),
        number("lowest", "Lowest value."),
        number("highest", "Highest value."),
        number("median", "Median of the values."),
        SNAPSHOTS,
    ),
    ("indicator", "input", "rank"),
)


def profile_sql(indicator: Indicator, staged: Mapping[str, Path]) -> str:
    """Return SQL with one row per input series with values; empty if none of their sources are available."""
    return "\nunion all\n".join(
        _one(indicator, name, rank, item, staged[item.source])
        for name, rank, item in _items(indicator)
        if item.source and item.source in staged
    )


def refuse_mixed_units(con: duckdb.DuckDBPyConnection, indicator: Indicator, path: Path) -> None:
    """Refuse a series in two units, which would be mixed silently into one indicator.

    Args:
        con: The database.
        indicator: The definition.
        path: The profile of its inputs.
    """
    if not path.exists():
        return
    mixed = con.execute(
        f"select series, source, unit from {parquet(path)} where contains(unit, ';') order by all limit 1"
    ).fetchone()
    if mixed:
        series, source, units = mixed
        raise CompactError(
            f"series {series} of {source} has values in {units.count(';') + 1} units: "
            + units.replace(";", ", "),
            where=f"indicator {indicator.id}",
            allowed="one unit a series",
            next_step="pin the dimension that tells them apart with `where`, or fix source.yaml",
        )


def _items(indicator: Indicator) -> Iterator[tuple[str, int, Input]]:
    for name, items in indicator.named_inputs().items():
        for rank, item in enumerate(items, 1):
            yield name, rank, item


def _one(indicator: Indicator, name: str, rank: int, item: Input, table: Path) -> str:
    value = f"obs_value * {input_factor(item)}"
    return f"""select {literal(indicator.id)} as indicator, {literal(name)} as input, {rank} as rank,
    {literal(item.source or "")} as source, {literal(item.series or "")} as series,
    string_agg(distinct unit, ';' order by unit) as unit,
    count(*) as "values", count(distinct ref_area) as areas,
    min({value}) as lowest, max({value}) as highest, median({value}) as median,
    string_agg(distinct snapshot, ';' order by snapshot) as snapshot
from {parquet(table)}
where {input_filter(indicator, item)}
having count(*) > 0"""
