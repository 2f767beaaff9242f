"""A small release of invented figures that reaches every part of every model: real definitions, areas and
groups, a few indicators, breakdowns, surveys, two agencies that disagree. Seeded."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from indicators.registry import load_catalogue
from indicators.targets import load_commitments as read_commitments
from schemas.codelists.areas import area_rows, membership_rows
from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR
from tests.unit.make import catalogue as entries
from tests.unit.make import table, value
from warehouse.engine.duckdb_engine import write_table
from warehouse.evaluation.source_overlap import OVERLAP, TOLERANCE
from warehouse.models.definition_inputs import load, load_model_inputs
from warehouse.models.sdg_database_inputs import load_sdg_database
from warehouse.models.survey_inputs import load_surveys
from warehouse.models.target_inputs import load_commitments, within

COUNTRIES = (
    "KEN", "UGA", "TZA", "RWA", "ETH", "BGD", "NPL", "BRA", "AUS", "AUT", "BEL", "CAN", "CHE", "CHL",
    "COL", "CRI", "CZE", "DEU", "DNK", "ESP", "EST", "FIN", "FRA", "GBR", "GRC", "HUN", "IRL", "ISL",
)  # fmt: skip
GROUPS = ("M49:001", "M49:014", "M49:199", "WB:LIC", "WB:WLD")
YEARS = range(2010, 2026)
SHORT = "ISL"  # has too few values to be projected
PLAIN = ("internet_use", "coverage_4g", "electricity", "account_ownership", "population")


def load_made_release(con: duckdb.DuckDBPyConnection, folder: Path, seed: int = 8) -> None:
    """All inputs of the models, in DuckDB and beside it in folder."""
    catalogue = entries(*load_catalogue().values())
    write_table(table(INDICATOR, _values(dice(seed), catalogue)), INDICATOR, folder / "indicator.parquet")
    write_table(table(AREA, area_rows()), AREA, folder / "area.parquet")
    write_table(table(AREA_GROUP, membership_rows()), AREA_GROUP, folder / "area_group.parquet")
    before = folder / "before"
    earlier = [row for row in _values(dice(seed + 1), catalogue) if row["indicator"] == PLAIN[0]]
    write_table(table(INDICATOR, earlier), INDICATOR, before / "indicator.parquet")
    load_model_inputs(con, folder, catalogue, before)
    load_surveys(con, {})
    con.execute("drop table survey")
    load(con, "survey", _surveys(dice(seed)))
    load_commitments(con, folder, within(read_commitments(), catalogue))
    load_sdg_database(con, {})
    load(con, "overlap", _overlaps(dice(seed)))
    load(
        con,
        "tolerance",
        pa.Table.from_pylist([{"indicator": PLAIN[0], "relative": 0.05, "absolute": 1.0}], schema=TOLERANCE),
    )


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - figures, not secrets


def _chosen(catalogue: Any) -> list[str]:
    """The plain ones, and one for each direction, method of aggregation and framework score."""
    result = dict.fromkeys(PLAIN)
    seen = set()
    for name, entry in sorted(catalogue.items()):
        one = entry.indicator
        kind = (one.direction, one.aggregate.method, bool(one.target), bool(one.bounds))
        if kind not in seen:
            seen.add(kind)
            result[name] = None
        if one.aggregate.weight:
            result[one.aggregate.weight] = None
    return list(result)


def _values(draw: random.Random, catalogue: Any) -> list[dict[str, Any]]:
    rows = []
    for name in _chosen(catalogue):
        low, high = catalogue[name].indicator.expect.range
        high = min(high, low + 100) if name != "population" else 5e7
        for area in (*COUNTRIES, *GROUPS):
            level = draw.uniform(low, high)
            for year in YEARS:
                if draw.random() < 0.3 or (area == SHORT and year < 2024):
                    continue
                level = min(max(level + draw.gauss(0.01, 0.03) * (high - low), low), high)
                exact = draw.random() < 0.05
                rows.append(
                    value(
                        name,
                        area,
                        year,
                        float(round(level)) if exact else level,
                        source=draw.choice(("one", "two", "one;two")),
                    )
                )
                if name == PLAIN[0] and area in COUNTRIES:
                    rows += [
                        value(name, area, year, draw.choice((level, draw.uniform(low, high))), sex=sex)
                        for sex in ("F", "M")
                    ]
    return rows


def _surveys(draw: random.Random) -> pa.Table:
    rows = []
    for area in COUNTRIES[:8]:
        for year in range(2008, 2024, 3):
            shares = sorted(draw.random() + 0.05 for _ in range(10))
            kind = draw.choice(("income", "consumption")) if area == "BRA" else "consumption"
            series = {f"decile{place}": share / sum(shares) for place, share in enumerate(shares, 1)}
            series |= {
                "mean": draw.uniform(2, 30),
                "gini": draw.uniform(0.2, 0.6),
                "mld": draw.uniform(0.1, 0.6),
            }
            series |= {"survey_comparability": 1.0, "survey_year": year + draw.choice((0.0, 0.77))}
            rows += [
                {
                    "ref_area": area,
                    "time_period": year,
                    "distribution": kind,
                    "series": name,
                    "value": number,
                    "source": "pip",
                }
                for name, number in series.items()
            ]
    kinds = (("ref_area", pa.string()), ("time_period", pa.int16()), ("distribution", pa.string()))
    return pa.Table.from_pylist(
        rows,
        schema=pa.schema([*kinds, ("series", pa.string()), ("value", pa.float64()), ("source", pa.string())]),
    )


def _overlaps(draw: random.Random) -> pa.Table:
    rows = [
        {
            "indicator": name, "ref_area": area, "time_period": 2020, "source_a": "one", "source_b": "two",
            "series_a": "S", "series_b": "T", "input": "value", "value_a": draw.uniform(0, 100),
            "value_b": draw.uniform(0, 100), "status_a": draw.choice(("A", "C")), "status_b": "A",
            "lower_a": None, "upper_a": 50.0, "lower_b": None, "upper_b": None,
        }
        for name in PLAIN[:3]
        for area in COUNTRIES
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=arrow_schema(OVERLAP))
