"""Traces one published number to the raw bytes: value, formula with its numbers, observations, snapshots,
checks and SQL, as plain data.

`compact explain` prints it and `compact mcp` serves it. It reads a release folder and, if it exists, the
snapshot store; it imports only DuckDB, and sqlglot if there is a formula.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.columns.observation import VALUE_DIMENSIONS
from schemas.errors import CompactError
from warehouse.diff.notes import number, numbers
from warehouse.engine.read_only import connect
from warehouse.provenance.group import Row, agrees, first_row, group_value, rows
from warehouse.provenance.places import Places
from warehouse.provenance.trace import Inputs, Selected, TracedValue, Tracer
from warehouse.query.areas import find_area
from warehouse.query.indicators import check_indicator
from warehouse.store.publish import read_release_metadata

if TYPE_CHECKING:
    import duckdb


def explain(
    folder: Path,
    indicator: str,
    area: str,
    year: int | None = None,
    *,
    home: Path | None = None,
    dimensions: dict[str, str] | None = None,
) -> Row:
    """Explain one value, or a group's value with its members.

    Args:
        folder: a release.
        indicator: its id.
        area: ISO 3166-1 alpha-3, or the code of a group.
        year: the latest with a value by default.
        home: COMPACT_HOME, for the place in the stored bytes.
        dimensions: codes other than the total, by name of the dimension.

    Raises:
        CompactError: the release has no such value; the error names the available years.
    """
    with tables(folder) as con:
        indicator = check_indicator(folder, indicator)
        area = find_area(folder, area).code
        tracer = Tracer(con)
        meta = tracer.meta[indicator]
        codes = {name: (dimensions or {}).get(name, "_T") for name in VALUE_DIMENSIONS}
        year = year or _latest(con, indicator, {"ref_area": area, **codes})
        answer = _head(con, folder, meta, area) | {"time_period": year}
        traced = tracer.trace(indicator, [(area, year)], codes) if year else {}
        value = _Presenter(con, tracer, home).value(traced[area, year]) if year and traced else None
        group = group_value(con, meta, area, year) if year else None
        if value is None and group is None:
            raise _no_value(con, indicator, answer, {"ref_area": area, **codes})
        return answer | {"value": value, "group": group, "checks": _checks(folder, indicator)}


def _head(con: duckdb.DuckDBPyConnection, folder: Path, meta: Row, area: str) -> Row:
    countries = rows(con, "select name from area where ref_area = $area", area=area)
    groups = rows(con, 'select distinct group_name as name from area_group where "group" = $area', area=area)
    return {
        "release": folder.resolve().name,
        "created": read_release_metadata(folder)["created"],
        "indicator": meta["indicator"],
        "title": meta["title"],
        "unit": meta["unit"],
        "ref_area": area,
        "area": (countries or groups or [{"name": area}])[0]["name"],
        "is_group": bool(groups),
        "definition": {name: meta[name] for name in ("formula", "aggregate_method", "fingerprint")},
    }


class _Presenter:
    """Formats a traced value as plain data, with the place of each observation."""

    def __init__(self, con: duckdb.DuckDBPyConnection, tracer: Tracer, home: Path | None) -> None:
        self.con, self.tracer = con, tracer
        self.places = Places(home, tracer.areas)

    def value(self, traced: TracedValue) -> Row:
        for observation in traced.observations():
            self.places.request(observation)
        self.places.resolve()
        return self._value(traced)

    def _value(self, traced: TracedValue) -> Row:
        row, meta = traced.row, self.tracer.meta[traced.indicator]
        codes = {name: row[name] for name in VALUE_DIMENSIONS}
        cells = {year: {"ref_area": row["ref_area"], "time_period": year, **codes} for year in traced.inputs}
        inputs = {
            year: {name: self._input(traced.choices[name], selected) for name, selected in by_name.items()}
            for year, by_name in traced.inputs.items()
        }
        own, *others = inputs
        sql = traced.statement(cells)
        return {
            **{name: row[name] for name in ("value", "lower_bound", "upper_bound", "obs_status", "footnote")},
            "dimensions": {name: code for name, code in codes.items() if code != "_T"},
            "formula": meta["formula"],
            "filled": _filled(meta["formula"], traced.own_inputs, row["value"]),
            "inputs": inputs[own],
            "other_years": {str(year): inputs[year] for year in others},
            "computed_again": traced.recomputed,
            "agrees": agrees(traced.recomputed, row["value"]) if sql else None,
            "sql": sql,
        }

    def _input(self, choices: list[Row], selected: Selected | None) -> Row:
        """Return the selection of one input, and the candidates it skipped."""
        passed_over = [_name(item) for item in choices[: None if selected is None else selected.rank]]
        if selected is None:
            return {"value": None, "taken": None, "without_a_value": passed_over}
        item = selected.item
        answer: Row = {
            "value": selected.value,
            "taken": _name(item),
            "rank": selected.rank + 1,
            "of": len(choices),
            "without_a_value": passed_over,
            "scale": item.get("scale", 1.0),
            "where": item.get("where", {}),
        }
        if selected.observation is not None:
            return answer | {
                "observation": selected.observation,
                "snapshot": self._snapshot(selected.observation),
            }
        title = self.tracer.meta[item["indicator"]]["title"]
        value = self._value(selected.nested) if selected.nested is not None else None
        return answer | {"indicator": {"title": title, "value": value}}

    def _snapshot(self, observation: Row) -> Row:
        """Return the origin of an observation, down to the record in the stored bytes."""
        key = {"source": observation["source"], "snapshot": observation["snapshot"]}
        same = "where source = $source and snapshot = $snapshot"
        row = first_row(self.con, f"select * from snapshot {same} order by resource", **key)
        ledger = rows(self.con, f"select rows_in, rows_out, rows_rejected, reasons from ledger {same}", **key)
        source = first_row(
            self.con, "select title, licence, citation from source where source = $name", name=key["source"]
        )
        return {
            **{
                name: row[name]
                for name in ("snapshot", "resource", "url", "pages", "bytes", "agency_release")
            },
            "fetched_at": as_text(row["fetched_at"]),
            "source": key["source"],
            **source,
            "ledger": ledger[0] | {"reasons": json.loads(ledger[0]["reasons"])} if ledger else None,
            "place": self.places.place(observation),
        }


def disagreements(answer: Row) -> list[str]:
    """Return a sentence for each number of an explanation that differs from its recomputed value."""
    name, area, year = answer["indicator"], answer["ref_area"], answer["time_period"]
    parts = [(name, part) for part in (answer["value"], answer["group"]) if part is not None]
    sentences = []
    while parts:
        title, part = parts.pop()
        if part["agrees"] is False:
            published, again = numbers(part["value"], part["computed_again"])
            sentences.append(f"{title}, {area} {year}: {published} is published, and its inputs give {again}")
        inputs = [part.get("inputs") or {}, *(part.get("other_years") or {}).values()]
        nested = (one.get("indicator") for by_name in inputs for one in by_name.values())
        parts += [(one["title"], one["value"]) for one in nested if one and one["value"]]
    return sentences


def _name(item: Mapping[str, Any]) -> str:
    return item.get("indicator") or f"{item['source']} {item['series']}"


def as_text(moment: Any) -> Any:
    """Format a point in time as ISO 8601; return anything else unchanged."""
    return moment.isoformat() if hasattr(moment, "isoformat") else moment


def _checks(folder: Path, indicator: str) -> list[Row] | None:
    """Return the checks of the indicator's values as recorded in the release; None if it has none."""
    checks = read_checks(folder)
    return None if checks is None else [row for row in checks if row["indicator"] == indicator]


def read_checks(folder: Path) -> list[Row] | None:
    """Return checks.json of a release; None if it has none."""
    path = folder / "checks.json"
    if not path.is_file():
        return None
    checks: list[Row] = json.loads(path.read_text(encoding="utf-8"))
    return checks


def _filled(formula: str, inputs: Inputs, value: float) -> str:
    """Return the formula with numbers instead of names."""
    numbers = {name: number(one.value if one else None) for name, one in inputs.items()}
    pattern = r"\b(" + "|".join(map(re.escape, numbers)) + r")\b"
    return f"{re.sub(pattern, lambda name: numbers[name[0]], formula.strip())} = {number(value)}"


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


def _no_value(con: duckdb.DuckDBPyConnection, indicator: str, answer: Row, cell: Row) -> CompactError:
    same = " and ".join(f"{name} = ${name}" for name in cell)
    years = con.execute(
        f"select distinct time_period from indicator where indicator = $indicator and {same} order by 1",
        {"indicator": indicator, **cell},
    ).fetchall()
    pinned = ", ".join(f"{name} {cell[name]}" for name in VALUE_DIMENSIONS if cell[name] != "_T")
    rule = _kept_out(con, indicator, answer, cell)
    return CompactError(
        f"{indicator} has no value for {answer['area']}"
        + (f" in {answer['time_period']}" if answer["time_period"] else "")
        + (f" ({pinned})" if pinned else "")
        + (f": {rule}" if rule else ""),
        where=f"release {answer['release']}",
        allowed=", ".join(str(year) for (year,) in years) or "no year",
        next_step=f"run `compact about {indicator}` to list its years and dimensions",
    )


KEPT_OUT = {
    "another_lineage": "it is of {carries}, and the series here of {leading_carries}, which no other extends",
    "another_concept": "it is of {concept}, and the series here of {leading_concept}",
    "overlap_differs": "it lies beyond the series and differs from it in the years that both have",
    "no_overlap": "it lies beyond the series and has too few years in common with it",
    "outside_the_span": "the definition admits this source inside the series alone",
}


def _kept_out(con: duckdb.DuckDBPyConnection, indicator: str, answer: Row, cell: Row) -> str:
    """Explain why an existing value of a source is not used; empty if there is none."""
    if not con.execute("select 1 from duckdb_views() where view_name = 'kept_out'").fetchall():
        return ""
    same = " and ".join(f"{name} = ${name}" for name in cell)
    excluded = rows(
        con,
        f"select * from kept_out where indicator = $indicator and time_period = $year and {same} "
        "order by rank limit 1",
        indicator=indicator,
        year=answer["time_period"] or 0,
        **cell,
    )
    return "".join(
        f"{row['source']} has {row['value']:.6g}, which is kept out: {KEPT_OUT[row['rule']].format(**row)}"
        for row in excluded
    )


def tables(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open a connection in which every table of the release is a view of its name."""
    con = connect()
    for path in sorted(folder.glob("*.parquet")):
        file = str(path).replace("'", "''")
        con.execute(f"create temp view \"{path.stem}\" as select * from read_parquet('{file}')")
    return con
