"""From a published number to the raw bytes: value, formula with its numbers, observations, snapshots, checks
and SQL, as plain data.

Printed by `compact explain`, served by `compact mcp`, and free to be shown on a page. Reads a release folder
and, where it is there, the store of snapshots; DuckDB alone is imported, and sqlglot where there is a
formula.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.columns.observation import VALUE_DIMENSIONS
from schemas.errors import CompactError
from warehouse.diff.notes import number
from warehouse.engine.read_only import connect
from warehouse.provenance.group import Row, agrees, group_value, one, rows
from warehouse.provenance.locate import Wanted, locate, pages_of
from warehouse.provenance.sql import candidate_sql, observation_terms, other_years, value_sql
from warehouse.query.indicators import check_area, check_indicator
from warehouse.store.publish import read_release_metadata

if TYPE_CHECKING:
    import duckdb

NESTED = 4  # indicators made of indicators, down to the observations


def explain(
    folder: Path,
    indicator: str,
    area: str,
    year: int | None = None,
    *,
    home: Path | None = None,
    dimensions: dict[str, str] | None = None,
) -> Row:
    """Everything behind one value, or behind a group's value: its members.

    year: the latest by default; dimensions: codes other than the total; home: COMPACT_HOME, for the place in
    the stored bytes. Raises CompactError where the release has no such value, naming the years that it has.
    """
    with tables(folder) as con:
        check_indicator(folder, indicator)
        area = area.upper()
        meta = one(con, "select * from indicator_meta where indicator = $name", name=indicator)
        cell = {"ref_area": area, **{name: (dimensions or {}).get(name, "_T") for name in VALUE_DIMENSIONS}}
        year = year or _latest(con, indicator, cell)
        answer = _head(con, folder, meta, area) | {"time_period": year}
        value = _value(con, folder, meta, cell | {"time_period": year}, home, NESTED) if year else None
        group = group_value(con, meta, area, year) if year else None
        if value is None and group is None:
            check_area(folder, area) if not answer["is_group"] else None
            raise _nothing(con, indicator, answer, cell)
        return answer | {"value": value, "group": group, "checks": _checks(folder, indicator)}


def _head(con: duckdb.DuckDBPyConnection, folder: Path, meta: Row, area: str) -> Row:
    named = rows(con, "select name from area where ref_area = $area", area=area)
    groups = rows(con, 'select distinct group_name as name from area_group where "group" = $area', area=area)
    card = read_release_metadata(folder)
    return {
        "release": folder.resolve().name,
        "created": card["created"],
        "indicator": meta["indicator"],
        "title": meta["title"],
        "unit": meta["unit"],
        "ref_area": area,
        "area": (named or groups or [{"name": area}])[0]["name"],
        "is_group": bool(groups),
        "definition": {name: meta[name] for name in ("formula", "aggregate_method", "fingerprint")},
    }


def _value(
    con: duckdb.DuckDBPyConnection, folder: Path, meta: Row, cell: Row, home: Path | None, deep: int
) -> Row | None:
    """A value of the table indicator, computed again from what the release holds."""
    found = rows(
        con,
        "select * from indicator where indicator = $indicator and ref_area = $ref_area and "
        "time_period = $time_period and " + " and ".join(f"{name} = ${name}" for name in VALUE_DIMENSIONS),
        indicator=meta["indicator"],
        **cell,
    )
    if not found:
        return None
    inputs: dict[str, list[Row]] = json.loads(meta["inputs"])
    formula, back, only = canonical_formula(meta["formula"], inputs)
    years = [cell["time_period"], *other_years(cell["time_period"], back, only)]
    cells = {year: cell | {"time_period": year} for year in years}
    taken = {
        year: {name: _input(con, folder, items, at, home, deep) for name, items in inputs.items()}
        for year, at in cells.items()
    }
    # The choices up to the one that was taken: those before it have no value, those after it do not matter.
    chosen = {
        year: {name: items[: taken[year][name].get("rank")] for name, items in inputs.items()}
        for year in years
    }
    sql = value_sql(chosen, formula, cells, back) if formula else None
    again = con.execute(sql).fetchall()[0][0] if sql else None
    row = found[0]
    return {
        **{name: row[name] for name in ("value", "lower_bound", "upper_bound", "obs_status", "footnote")},
        "dimensions": {name: cell[name] for name in VALUE_DIMENSIONS if cell[name] != "_T"},
        "formula": meta["formula"],
        "filled": _filled(meta["formula"], taken[years[0]], row["value"]),
        "inputs": taken[years[0]],
        "other_years": {str(year): taken[year] for year in years[1:]},
        "computed_again": again,
        "agrees": agrees(again, row["value"]) if sql else None,
        "sql": sql,
    }


def _input(
    con: duckdb.DuckDBPyConnection, folder: Path, items: list[Row], cell: Row, home: Path | None, deep: int
) -> Row:
    """What one named input took: the first by preference that has a value, and what it passed over."""
    without: list[str] = []
    for rank, item in enumerate(items):
        found = con.execute(candidate_sql(item, cell, rank)).fetchall()
        name = item.get("indicator") or f"{item['source']} {item['series']}"
        if not found:
            without.append(name)
            continue
        taken: Row = {"value": found[0][1], "taken": name, "rank": rank + 1, "of": len(items)}
        taken |= {"without_a_value": without, "scale": item.get("scale", 1.0), "where": item.get("where", {})}
        if "indicator" in item:
            meta = one(con, "select * from indicator_meta where indicator = $name", name=item["indicator"])
            inner = cell | {name: code for name, code in item.get("where", {}).items() if name in cell}
            value = _value(con, folder, meta, inner, home, deep - 1) if deep else None
            return taken | {"indicator": {"title": meta["title"], "value": value}}
        observation = rows(con, f"select * from observation where {observation_terms(item, cell)}")[0]
        return taken | {
            "observation": observation,
            "snapshot": _snapshot(con, observation, home),
        }
    return {"value": None, "taken": None, "without_a_value": without}


def _snapshot(con: duckdb.DuckDBPyConnection, observation: Row, home: Path | None) -> Row:
    """Where an observation comes from, down to the record in the stored bytes."""
    key = {"source": observation["source"], "snapshot": observation["snapshot"]}
    same = "where source = $source and snapshot = $snapshot"
    row = one(con, f"select * from snapshot {same} order by resource", **key)
    ledger = rows(con, f"select rows_in, rows_out, rows_rejected, reasons from ledger {same}", **key)
    source = one(con, "select title, licence, citation from source where source = $name", name=key["source"])
    at = row["fetched_at"]
    found = {
        **{name: row[name] for name in ("snapshot", "resource", "url", "pages", "bytes", "agency_release")},
        "fetched_at": at.isoformat() if hasattr(at, "isoformat") else at,
        "source": key["source"],
        **source,
        "ledger": ledger[0] | {"reasons": json.loads(ledger[0]["reasons"])} if ledger else None,
    }
    if home is None or not (home / "snapshots").is_dir():
        return found | {"place": {"found": False, "why": "the store of snapshots is not here"}}
    pages = pages_of(home / "snapshots" / "manifest.jsonl", row["snapshot"], key["source"])
    area = one(con, "select name, m49, iso2 from area where ref_area = $a", a=observation["ref_area"])
    wanted = wanted_of(area, observation)
    return found | {"place": locate(home / "snapshots" / "objects", pages, wanted)}


def wanted_of(area: Row, observation: Row) -> Wanted:
    """What to look for in the bytes: how the agency may write the area, the year and the number."""
    code = str(observation["ref_area"]).partition(":")[2] or str(observation["ref_area"])
    m49 = area["m49"] or (code if code.isdigit() else None)
    names = [code, area["iso2"], m49, m49 and str(int(m49)), area["name"]]
    values = [observation[name] for name in ("obs_value", "lower_bound", "upper_bound")]
    return Wanted(
        tuple(dict.fromkeys(name for name in names if name)),
        observation["time_period"],
        tuple(value for value in values if value is not None),
        observation["series"],
    )


def _checks(folder: Path, indicator: str) -> list[Row] | None:
    """The checks that the indicator's values passed, as the release recorded them; None: it recorded none."""
    path = folder / "checks.json"
    if not path.is_file():
        return None
    return [row for row in json.loads(path.read_text(encoding="utf-8")) if row["indicator"] == indicator]


def canonical_formula(formula: str, inputs: dict[str, list[Row]]) -> tuple[str | None, list[int], list[int]]:
    """The formula as canonical SQL, how many years back it looks, and which years it always looks at. No SQL
    where it looks at other countries: that takes more than one cell."""
    if formula.strip() in inputs:
        return f'"{formula.strip()}"', [], []
    from indicators.formula.parser import formula_frames, formula_sql

    frames = formula_frames(formula, list(inputs))
    back, only = (
        sorted(int(frame.by) for frame in frames if frame.kind == kind) for kind in ("back", "base")
    )
    alone = all(frame.kind in ("back", "base") for frame in frames)
    return formula_sql(formula, list(inputs)) if alone else None, back, only


def _filled(formula: str, inputs: dict[str, Row], value: float) -> str:
    """The formula with the numbers in the place of the names."""
    told = {name: number(taken["value"]) for name, taken in inputs.items()}
    pattern = r"\b(" + "|".join(map(re.escape, told)) + r")\b"
    return f"{re.sub(pattern, lambda found: told[found[0]], formula.strip())} = {number(value)}"


def _latest(con: duckdb.DuckDBPyConnection, indicator: str, cell: Row) -> int | None:
    same = " and ".join(f"{name} = ${name}" for name in cell)
    for sql, values in (
        (f"select max(time_period) from indicator where indicator = $indicator and {same}", cell),
        (
            'select max(time_period) from aggregate where indicator = $indicator and "group" = $ref_area',
            {"ref_area": cell["ref_area"]},
        ),
    ):
        year: int | None = con.execute(sql, {"indicator": indicator, **values}).fetchall()[0][0]
        if year is not None:
            return year
    return None


def _nothing(con: duckdb.DuckDBPyConnection, indicator: str, answer: Row, cell: Row) -> CompactError:
    same = " and ".join(f"{name} = ${name}" for name in cell)
    years = con.execute(
        f"select distinct time_period from indicator where indicator = $indicator and {same} order by 1",
        {"indicator": indicator, **cell},
    ).fetchall()
    pinned = ", ".join(f"{name} {cell[name]}" for name in VALUE_DIMENSIONS if cell[name] != "_T")
    return CompactError(
        f"{indicator} has no value for {answer['area']}"
        + (f" in {answer['time_period']}" if answer["time_period"] else "")
        + (f" ({pinned})" if pinned else ""),
        where=f"release {answer['release']}",
        allowed=", ".join(str(year) for (year,) in years) or "no year",
        next_step=f"`compact about {indicator}` tells what there is",
    )


def tables(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection in which every table of the release is a view of its name."""
    con = connect()
    for path in sorted(folder.glob("*.parquet")):
        file = str(path).replace("'", "''")
        con.execute(f"create temp view \"{path.stem}\" as select * from read_parquet('{file}')")
    return con
