"""The whole SDG database for the model availability: its staged values by SDG indicator.

It applies only if the whole database is staged. Our own indicators come from the table indicator.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas.codelists.reader import read_codelist
from warehouse.engine.duckdb_engine import literal, parquet

SOURCE = "unsd_sdg"
# With a smaller share of its series the database is incomplete, and availability would reflect the fetch, not
# the countries' reporting. Nine tenths allows for withdrawn or renamed series.
LEAST_SERIES = 0.9
DIMENSIONS = "sex, age, urbanisation, quantile, education, other_dims"


def load_sdg_database(con: duckdb.DuckDBPyConnection, staged: Mapping[str, Path]) -> None:
    """Create the temporary tables unsd_value (a value of an SDG indicator) and unsd_indicator (all
    indicators, flagged as environmental or not).

    Both are empty unless nine tenths of the series of codelists/sdg_series.csv are staged.
    """
    pairs = pa.Table.from_pylist([dict(row) for row in read_codelist("sdg_series")])
    con.register("arriving", pairs)
    con.execute("create or replace temp table sdg_series as select * from arriving")
    con.unregister("arriving")
    path = staged.get(SOURCE)
    if path is None or _share_of_series(con, path) < LEAST_SERIES:
        nothing = ", ".join(f"'' as {name}" for name in DIMENSIONS.split(", "))
        values = f"select '' as indicator, '' as ref_area, 0::smallint as time_period, {nothing} where false"
        indicators = "select '' as indicator, false as environmental where false"
    else:
        values = f"""
            select distinct sdg_series.indicator, ref_area, time_period, {DIMENSIONS}
            from {parquet(path)}
            join sdg_series using (series)
            where source = {literal(SOURCE)} and obs_value is not null"""
        listed = ", ".join(literal(row["indicator"]) for row in read_codelist("environmental_indicators"))
        indicators = f"select distinct indicator, indicator in ({listed}) as environmental from sdg_series"
    con.execute(f"create or replace temp table unsd_value as {values}")
    con.execute(f"create or replace temp table unsd_indicator as {indicators}")


def _share_of_series(con: duckdb.DuckDBPyConnection, path: Path) -> float:
    """Return the share of the listed series that the staged table has."""
    row = con.execute(f"""
        select count(*) filter (where series in (select series from {parquet(path)})) / count(*)::double
        from (select distinct series from sdg_series)""").fetchone()
    return float(row[0]) if row else 0.0
