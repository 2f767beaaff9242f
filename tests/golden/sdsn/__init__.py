"""The SDSN's scores: indicator, goal and index, computed from the caller's values and bounds.

How they are computed is in the SQL files beside this module. No table of a release is made from them yet: an
index of all goals
needs the report's own indicators. The trend arrow is a method of progress, models/sql/progress/sdsn.sql.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

FOLDER = Path(__file__).parent
STEPS = ("sdsn_indicator", "sdsn_goal", "sdsn_index")


def sdsn_scores(
    con: duckdb.DuckDBPyConnection, values: pa.Table, bounds: pa.Table, regions: pa.Table
) -> dict[str, pa.Table]:
    """sdsn_indicator, sdsn_goal and sdsn_index as tables, sorted.

    values: indicator, ref_area, value in the indicator's own unit. bounds: indicator, goal, and worst, best,
    green, red in that unit. regions: ref_area, region of the areas that are to have an index.
    Source: Sachs et al., Sustainable Development Report 2020 (SDSN), statistical annex.
    """
    for name, rows in (("sdsn_value", values), ("sdsn_bound", bounds), ("sdsn_region", regions)):
        con.register("arriving", rows)
        con.execute(f"create or replace temp table {name} as select * from arriving")
        con.unregister("arriving")
    results = {}
    for name in STEPS:
        con.execute(
            f"create or replace temp table {name} as\n{(FOLDER / f'{name}.sql').read_text(encoding='utf-8')}"
        )
        results[name] = con.sql(f"select * from {name} order by all").to_arrow_table()
    return results
