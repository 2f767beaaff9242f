"""Runs one method of progress on base and latest values as a publication prints them.

The values go through assessment_point and assessment_input as in a release; each published row is an
indicator of its own, so that each may have its own direction, target and bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from schemas.definitions.methods import Method
from warehouse.engine.duckdb_engine import engine, model_sql
from warehouse.models.definition_inputs import DEFINITION, load
from warehouse.models.progress import method_sql

POINT = pa.schema(
    [("indicator", "string"), ("ref_area", "string"), ("time_period", "int16"), ("value", "double")]
)
STATUS = pa.schema(
    [
        *(
            ("indicator", "string"),
            ("ref_area", "string"),
            ("target_value", "double"),
            ("target_year", "int16"),
        ),
        *(("met", "bool"), ("passed", "bool"), ("deadline_met", "bool"), ("noise_beyond", "double")),
    ]
)
GIVEN = pa.schema([("ref_area", "string"), ("scale_end", "double")])
NOTHING = dict.fromkeys(DEFINITION.names)


def assess(method: Method, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row of progress for each row, by its ref_area.

    A row has ref_area, direction, baseline_year, baseline_value, latest_year, latest_value, target_value,
    target_year, and may have worst, best, and limit: the end of the scale as published.
    """
    definitions, points = [], []
    for number, row in enumerate(rows):
        name = f"i{number}"
        definitions.append(
            NOTHING
            | {key: row.get(key) for key in ("direction", "target_value", "target_year", "worst", "best")}
            | {"indicator": name, "unit": "NUMBER", "baseline_year": row["baseline_year"], "assessed": True}
        )
        points += [
            {"indicator": name, "ref_area": row["ref_area"], "time_period": year, "value": value}
            for year, value in (
                (row["baseline_year"], row["baseline_value"]),
                (row["latest_year"], row["latest_value"]),
            )
        ]
    # as published: no deadline has passed yet, and no tolerance counts a value as met
    status = [
        {key: row.get(key) for key in STATUS.names} | {"indicator": f"i{number}", "passed": False}
        for number, row in enumerate(rows)
    ]
    given = [{"ref_area": row["ref_area"], "scale_end": row.get("limit")} for row in rows]
    with engine() as con:
        load(con, "definition", pa.Table.from_pylist(definitions, schema=DEFINITION))
        load(con, "assessment_point", pa.Table.from_pylist(points, schema=POINT))
        load(con, "target_status", pa.Table.from_pylist(status, schema=STATUS))
        load(con, "given", pa.Table.from_pylist(given, schema=GIVEN))
        con.execute(f"create temp table assessment_input as\n{model_sql('assessment_input')}")
        con.execute(
            "update assessment_input set scale_end = given.scale_end from given "
            "where given.ref_area = assessment_input.ref_area"
        )
        records: list[dict[str, Any]] = con.sql(method_sql(method)).to_arrow_table().to_pylist()
        return records
