"""What the values of an indicator were made of, for many areas and years at once: the observations or other
indicators that its inputs took, and the statement that computes each again.

Which values those are, and how they are told, is in explain_every.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from schemas.columns.observation import VALUE_DIMENSIONS
from warehouse.provenance.group import agrees, rows
from warehouse.provenance.locate import Wanted
from warehouse.provenance.sql import dimension_terms, other_years, value_sql
from warehouse.provenance.value import canonical_formula, wanted_of

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]
Cell = tuple[str, int]  # area and year
Places = dict[tuple[str, str], dict[Wanted, Row | None]]  # by source and snapshot: what is to be found there
AREA, YEAR = "{area}", 7000  # stand in a template for what differs; no data are of 7000
NESTED = 4  # indicators made of indicators, as deep as `explain` goes
TOTAL = dict.fromkeys(VALUE_DIMENSIONS, "_T")


@dataclass
class Shared:
    """What the values of one indicator have in common: each thing once, in the order of first use."""

    lists: dict[str, dict[Any, int]] = field(default_factory=dict)

    def number(self, kind: str, thing: Any) -> int:
        known = self.lists.setdefault(kind, {})
        return known.setdefault(thing, len(known))

    def all(self, kind: str) -> list[Any]:
        return list(self.lists.get(kind, {}))


class Nodes:
    """The values of one indicator, with those of the indicators that it is made of."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        metas: Mapping[str, Row],
        areas: Mapping[str, Row],
        places: Places,
    ) -> None:
        self.con, self.metas, self.areas, self.places = con, metas, areas, places
        self.shared, self.made_of = Shared(), dict[str, Row]()
        self.templates: dict[str, int] = {}

    def of(self, name: str, cells: list[Cell], dimensions: Mapping[str, str], deep: int) -> dict[Cell, Row]:
        """The values of an indicator for these areas and years, each with what its inputs took."""
        meta = self.metas[name]
        inputs: dict[str, list[Row]] = json.loads(meta["inputs"])
        self.made_of[name] = {"title": meta["title"], "formula": meta["formula"], "inputs": inputs}
        terms = "".join(f" and {part} = ${part}" for part in VALUE_DIMENSIONS)
        found = rows(
            self.con,
            "select ref_area, time_period, value, obs_status, lower_bound, upper_bound, footnote "
            f"from indicator join {self._cells(cells)} using (ref_area, time_period) "
            f"where indicator = $indicator{terms} order by all",
            indicator=name,
            **dimensions,
        )
        formula, back, only = canonical_formula(meta["formula"], inputs)
        at = {(row["ref_area"], row["time_period"]): row for row in found}
        years = {cell: [cell[1], *other_years(cell[1], back, only)] for cell in at}
        wanted = sorted({(area, year) for (area, _), all_years in years.items() for year in all_years})
        taken = {part: self._taken(items, wanted, dimensions, deep) for part, items in inputs.items()}
        again = self._again(formula, back, only, taken, list(at))
        nodes = {}
        for (area, year), row in at.items():
            node = self._value(row)
            node["in"] = {part: chosen.get((area, year)) for part, chosen in taken.items()}
            if len(years[area, year]) > 1:
                node["years"] = {
                    other: {part: chosen.get((area, other)) for part, chosen in taken.items()}
                    for other in years[area, year][1:]
                }
            if (area, year) in again:
                node["same"] = agrees(again[area, year], row["value"])
            if formula and deep == NESTED:
                node["sql"] = self._template(formula, back, only, inputs, taken, (area, year))
            nodes[area, year] = node
        return nodes

    def _value(self, row: Row) -> Row:
        node: Row = {"y": row["time_period"], "v": row["value"], "s": row["obs_status"]}
        for short, name in (("lo", "lower_bound"), ("up", "upper_bound")):
            if row[name] is not None:
                node[short] = row[name]
        if row["footnote"]:
            node["note"] = self.shared.number("text", row["footnote"])
        return node

    def _taken(
        self, items: list[Row], cells: list[Cell], dimensions: Mapping[str, str], deep: int
    ) -> dict[Cell, Row]:
        """What one named input took: the first by preference that has a value."""
        taken: dict[Cell, Row] = {}
        for rank, item in enumerate(items):
            left = [cell for cell in cells if cell not in taken]
            if not left:
                break
            if "indicator" in item:
                found = self._nested(item, left, dimensions, deep)
            else:
                found = self._observed(item, left, dimensions)
            taken |= {cell: {"k": rank} | node for cell, node in found.items()}
        return taken

    def _observed(self, item: Row, cells: list[Cell], dimensions: Mapping[str, str]) -> dict[Cell, Row]:
        """The observations that an input has for these cells, in the indicator's unit."""
        terms = ["source = $source", "series = $series", "obs_value is not null"]
        number = f"obs_value * power(10.0::double, unit_mult) * {float(item.get('scale', 1.0))!r}::double"
        found = rows(
            self.con,
            f"select observation.*, {number} as taken "
            f"from observation join {self._cells(cells)} using (ref_area, time_period) "
            f"where {' and '.join([*terms, *dimension_terms(item, dimensions)])} "
            "order by ref_area, time_period",
            source=item["source"],
            series=item["series"],
        )
        return {(row["ref_area"], row["time_period"]): self._observation(row) for row in found}

    def _observation(self, row: Row) -> Row:
        key = (row["source"], row["snapshot"])
        node: Row = {"v": row["taken"], "s": row["obs_status"], "at": self.shared.number("snapshot", key)}
        if row["unit_mult"] or row["taken"] != row["obs_value"]:
            node |= {"sent": row["obs_value"], "mult": row["unit_mult"]}
        for short, name in (("detail", "source_detail"), ("note", "footnote")):
            if row[name]:
                node[short] = self.shared.number("text", row[name])
        wanted = wanted_of(self.areas[row["ref_area"]], row)
        self.places.setdefault(key, {}).setdefault(wanted, None)
        node["_wanted"] = (key, wanted)
        return node

    def _nested(
        self, item: Row, cells: list[Cell], dimensions: Mapping[str, str], deep: int
    ) -> dict[Cell, Row]:
        """The values of another indicator, each explained in its turn."""
        pinned = dict(dimensions) | {k: v for k, v in item.get("where", {}).items() if k in VALUE_DIMENSIONS}
        found = self.of(item["indicator"], cells, pinned, deep - 1) if deep else {}
        scale = float(item.get("scale", 1.0))
        return {cell: {"v": node["v"] * scale, "of": node} for cell, node in found.items()}

    def _again(
        self,
        formula: str | None,
        back: list[int],
        only: list[int],
        taken: Mapping[str, Mapping[Cell, Row]],
        cells: list[Cell],
    ) -> dict[Cell, float | None]:
        """The formula over what the inputs took, where it looks at one year and country at a time."""
        if formula is None or back or only:
            return {}
        columns = {part: [chosen.get(cell, {}).get("v") for cell in cells] for part, chosen in taken.items()}
        lists = ", ".join(f'unnest(${n}::double[]) as "{part}"' for n, part in enumerate(columns, 2))
        found = self.con.execute(
            f"select n, {formula} as value from (select unnest($1::integer[]) as n, {lists}) order by n",
            [list(range(len(cells))), *columns.values()],
        ).fetchall()
        return {cells[n]: value for n, value in found}

    def _template(
        self,
        formula: str,
        back: list[int],
        only: list[int],
        inputs: Mapping[str, list[Row]],
        taken: Mapping[str, Mapping[Cell, Row]],
        cell: Cell,
    ) -> int:
        """A value's statement, with {area} and {year} to fill in: the same for all that took the same."""
        area, year = cell
        at = {
            other: other if other in only and other != year else YEAR - (year - other)
            for other in [year, *other_years(year, back, only)]
        }
        ranks = {
            stand_in: {part: taken[part].get((area, other), {}).get("k") for part in inputs}
            for other, stand_in in at.items()
        }
        key = json.dumps(list(ranks.items()))
        if key not in self.templates:
            chosen = {
                stand_in: {
                    part: items[: None if (rank := found[part]) is None else rank + 1]
                    for part, items in inputs.items()
                }
                for stand_in, found in ranks.items()
            }
            cells = {year: {"ref_area": AREA, "time_period": year, **TOTAL} for year in chosen}
            sql = value_sql(chosen, formula, cells, back)
            self.templates[key] = self.shared.number("sql", opened(sql))
        return self.templates[key]

    def _cells(self, cells: list[Cell]) -> str:
        """Areas and years as a table to join."""
        self.con.execute(
            "create or replace temp table cells as "
            "select unnest($areas::varchar[]) as ref_area, unnest($years::integer[]) as time_period",
            {"areas": [area for area, _ in cells], "years": [year for _, year in cells]},
        )
        return "cells"


def opened(sql: str) -> str:
    """A statement with {year} in place of the year that stands for it."""
    sql = re.sub(rf"\b{YEAR}\b", "{year}", sql)
    return re.sub(r"\b69\d\d\b", lambda found: f"{{year-{YEAR - int(found[0])}}}", sql)
