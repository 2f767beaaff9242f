"""Recomputes published values from the published observations, as `compact explain` does: a sample, or
all.

pipelines/maintenance/restage.py compares the observations with the agencies' stored bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.columns.observation import VALUE_DIMENSIONS
from schemas.display import counted
from warehouse.provenance.group import agrees, recompute_group
from warehouse.provenance.group import rows as rows_of
from warehouse.provenance.trace import Cell, Tracer
from warehouse.provenance.value import tables
from warehouse.verification.finding import Finding

if TYPE_CHECKING:
    import duckdb

SAMPLE = 500  # sample size of each table; recomputing it takes seconds
BATCH = 20_000  # number of cells traced at once
EXAMPLES = 5  # number of values shown per indicator
Key = tuple[str, tuple[str, ...]]  # indicator and codes of VALUE_DIMENSIONS


@dataclass
class Recomputed:
    """Result of recomputing.

    Attributes:
        values: number of recomputed values.
        not_computed: number of values that need more than one country, and were skipped.
        findings: the values that differ.
    """

    values: int = 0
    not_computed: int = 0
    findings: list[Finding] = field(default_factory=list)


def recompute(folder: Path, *, every: bool = False, seed: int | None = None) -> Recomputed:
    """Recompute values of the tables indicator and aggregate.

    Args:
        folder: a release whose tables can be read.
        every: all values; else a sample of each table.
        seed: of the sample; random by default, so that repeated checks cover other values.
    """
    result = Recomputed()
    with tables(folder) as con:
        dice = random.Random(seed)  # noqa: S311 - which values are looked at is no secret
        _recompute_values(con, None if every else dice.getrandbits(32), result)
        _recompute_groups(con, None if every else dice.getrandbits(32), result)
    return result


def _recompute_values(con: duckdb.DuckDBPyConnection, seed: int | None, result: Recomputed) -> None:
    tracer = Tracer(con)
    for (indicator, codes), cells in _cells(con, seed):
        dimensions = dict(zip(VALUE_DIMENSIONS, codes, strict=True))
        different = []
        for start in range(0, len(cells), BATCH):
            traced = tracer.trace(indicator, cells[start : start + BATCH], dimensions, depth=0)
            for (area, year), value in traced.items():
                if value.formula.sql is None:
                    result.not_computed += 1
                    continue
                result.values += 1
                if not agrees(value.recomputed, value.row["value"]):
                    different.append(
                        f"{area} {year}: {_text(value.row['value'])}, not {_text(value.recomputed)}"
                    )
        if different:
            result.findings.append(_finding("indicator.parquet", indicator, codes, different))


def _cells(con: duckdb.DuckDBPyConnection, seed: int | None) -> Iterator[tuple[Key, list[Cell]]]:
    """Return the cells of each indicator and combination of dimensions; only a sample if there is a seed."""
    columns = ", ".join(VALUE_DIMENSIONS)
    chosen = "indicator"
    if seed is not None:
        order = f"hash(indicator, ref_area, time_period, {columns}, {seed})"
        chosen = f"(from indicator order by {order} limit {SAMPLE})"
    for indicator, *codes, cells in con.execute(f"""
        select indicator, {columns}, list((ref_area, time_period) order by ref_area, time_period)
        from {chosen}
        group by indicator, {columns}
        order by all""").fetchall():
        yield (str(indicator), tuple(map(str, codes))), [(str(area), int(year)) for area, year in cells]


def _recompute_groups(con: duckdb.DuckDBPyConnection, seed: int | None, result: Recomputed) -> None:
    order = "all" if seed is None else f'hash(indicator, "group", time_period, {seed}) limit {SAMPLE}'
    published = rows_of(
        con,
        'select indicator, "group", time_period, value, method, weight_share from aggregate '
        f"where value is not null order by {order}",
    )
    meta = {row["indicator"]: row for row in rows_of(con, "select * from indicator_meta")}
    different: dict[str, list[str]] = {}
    for row in published:
        _, again = recompute_group(con, meta[row["indicator"]], row)
        result.values += 1
        if not agrees(again, row["value"]):
            different.setdefault(str(row["indicator"]), []).append(
                f"{row['group']} {row['time_period']}: {_text(row['value'])}, not {_text(again)}"
            )
    for indicator, sentences in sorted(different.items()):
        result.findings.append(_finding("aggregate.parquet", indicator, (), sentences))


def _finding(file: str, indicator: str, codes: Sequence[str], different: Sequence[str]) -> Finding:
    pinned = ", ".join(
        f"{name} {code}" for name, code in zip(VALUE_DIMENSIONS, codes, strict=False) if code != "_T"
    )
    shown = "; ".join(different[:EXAMPLES])
    return Finding(
        file,
        "recomputed",
        f"{counted(len(different), 'value')} of {indicator}{f' ({pinned})' if pinned else ''} "
        f"{'is not what its' if len(different) == 1 else 'are not what their'} inputs give: {shown}",
    )


def _text(value: float | None) -> str:
    return "no value" if value is None else f"{value:.12g}"
