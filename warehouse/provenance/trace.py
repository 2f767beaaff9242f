"""Traces values of the table `indicator`, for many areas and years at once: the observations or indicators
that each input selected, and the formula recomputed from them.

value.py (one value) and bulk.py (a page per indicator) present a trace; places.py locates an observation in
the stored bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from schemas.columns.observation import VALUE_DIMENSIONS
from warehouse.provenance.group import Row, rows
from warehouse.provenance.sql import dimension_terms, other_years, value_sql

if TYPE_CHECKING:
    import duckdb

Cell = tuple[str, int]  # ref_area and time_period
MAX_DEPTH = 4  # indicators made of indicators, down to the observations
TOTAL = dict.fromkeys(VALUE_DIMENSIONS, "_T")


@dataclass(frozen=True)
class Formula:
    """A formula in canonical SQL, and the other years that it reads.

    sql is None if it reads other countries: those are not one cell. back: offsets in years; base: fixed
    years.
    """

    sql: str | None
    back: Sequence[int] = ()
    base: Sequence[int] = ()

    def years(self, year: int) -> list[int]:
        """Return the year and the other years that a value of it needs."""
        return [year, *other_years(year, self.back, self.base)]


@dataclass(frozen=True)
class Selected:
    """The selection of one input for one cell: an observation, or a value of another indicator.

    rank: position in the order of preference, from 0; value: in the unit of the indicator that uses it;
    alone: an input before it was kept out of the cell.
    """

    rank: int
    item: Row
    value: float
    observation: Row | None = None
    nested: TracedValue | None = None
    alone: bool = False


Inputs = Mapping[str, Selected | None]


@dataclass(frozen=True)
class TracedValue:
    """A published value with the selections of its inputs, by year: its own year first."""

    indicator: str
    row: Row
    formula: Formula
    choices: Mapping[str, list[Row]]
    inputs: Mapping[int, Inputs]
    recomputed: float | None

    @property
    def own_inputs(self) -> Inputs:
        """Selections of the inputs in the value's own year."""
        return self.inputs[self.row["time_period"]]

    def statement(self, cells: Mapping[int, Mapping[str, Any]]) -> str | None:
        """Return the SQL that recomputes the value from the tables of a release; None if one cell is not
        enough.

        Args:
            cells: the key of the cell for each year of `inputs`, in that order; bulk.py passes placeholders.
        """
        if self.formula.sql is None:
            return None
        selected = {
            label: {name: _candidates(items, inputs[name]) for name, items in self.choices.items()}
            for label, inputs in zip(cells, self.inputs.values(), strict=True)
        }
        return value_sql(selected, self.formula.sql, cells, self.formula.back)

    def observations(self) -> Iterator[Row]:
        """Return every observation behind the value, including through nested indicators."""
        for inputs in self.inputs.values():
            for selected in inputs.values():
                if selected is not None and selected.observation is not None:
                    yield selected.observation
                elif selected is not None and selected.nested is not None:
                    yield from selected.nested.observations()


class Tracer:
    """Traces values of one release.

    Args:
        con: a connection in which every table of the release has its name (`value.tables`).
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.meta = {row["indicator"]: row for row in rows(con, "select * from indicator_meta")}
        self.areas = {row["ref_area"]: row for row in rows(con, "select * from area")}
        # releases from before the rule of one lineage have no such list
        self.lists_kept_out = bool(
            rows(con, "select 1 as there from duckdb_views() where view_name = 'kept_out'")
        )

    def trace(
        self, indicator: str, cells: Sequence[Cell], dimensions: Mapping[str, str], depth: int = MAX_DEPTH
    ) -> dict[Cell, TracedValue]:
        """Return the values of an indicator in these cells, each with the selections of its inputs.

        Args:
            cells: areas and years; those without a value are omitted from the result.
            dimensions: the code of each of VALUE_DIMENSIONS.
            depth: levels of nested indicators to follow."""
        meta = self.meta[indicator]
        choices: dict[str, list[Row]] = json.loads(meta["inputs"])
        formula = canonical_formula(meta["formula"], choices)
        published = self._published(indicator, cells, dimensions)
        years = {cell: formula.years(cell[1]) for cell in published}
        needed = sorted({(area, year) for (area, _), all_years in years.items() for year in all_years})
        selected = {
            name: self._select(items, needed, dimensions, depth, self._kept_out(indicator, name, dimensions))
            for name, items in choices.items()
        }
        inputs = {
            (area, year): {
                other: {name: by_cell.get((area, other)) for name, by_cell in selected.items()}
                for other in all_years
            }
            for (area, year), all_years in years.items()
        }
        recomputed = self._recompute(formula, inputs)
        return {
            cell: TracedValue(indicator, row, formula, choices, inputs[cell], recomputed.get(cell))
            for cell, row in published.items()
        }

    def _published(
        self, indicator: str, cells: Sequence[Cell], dimensions: Mapping[str, str]
    ) -> dict[Cell, Row]:
        terms = "".join(f" and {name} = ${name}" for name in VALUE_DIMENSIONS)
        published = rows(
            self.con,
            f"select indicator.* from indicator join {self._cells(cells)} using (ref_area, time_period) "
            f"where indicator = $indicator{terms} order by all",
            indicator=indicator,
            **{name: dimensions[name] for name in VALUE_DIMENSIONS},
        )
        return {(row["ref_area"], row["time_period"]): row for row in published}

    def _kept_out(self, indicator: str, name: str, dimensions: Mapping[str, str]) -> set[tuple[int, Cell]]:
        """Return the places in the order of preference, from 0, and the cells that the rule of one lineage
        excluded."""
        if not self.lists_kept_out:
            return set()
        terms = "".join(f" and {one} = ${one}" for one in VALUE_DIMENSIONS)
        excluded = rows(
            self.con,
            f"select rank, ref_area, time_period from kept_out "
            f"where indicator = $indicator and input = $name{terms}",
            indicator=indicator,
            name=name,
            **{one: dimensions[one] for one in VALUE_DIMENSIONS},
        )
        return {(row["rank"] - 1, (row["ref_area"], row["time_period"])) for row in excluded}

    def _select(
        self,
        items: Sequence[Row],
        cells: Sequence[Cell],
        dimensions: Mapping[str, str],
        depth: int,
        kept_out: set[tuple[int, Cell]],
    ) -> dict[Cell, Selected]:
        """Select for one input in each cell the first value of the lineage by preference."""
        selected: dict[Cell, Selected] = {}
        passed: set[Cell] = set()  # cells where an earlier input was excluded
        for rank, item in enumerate(items):
            open_cells = [cell for cell in cells if cell not in selected and (rank, cell) not in kept_out]
            passed |= {cell for at, cell in kept_out if at == rank}
            if not open_cells:
                continue
            choose = self._from_indicator if "indicator" in item else self._from_observations
            choice = choose(rank, item, open_cells, dimensions, depth)
            selected |= {
                cell: replace(one, alone=True) if cell in passed else one for cell, one in choice.items()
            }
        return selected

    def _from_observations(
        self, rank: int, item: Row, cells: Sequence[Cell], dimensions: Mapping[str, str], depth: int
    ) -> dict[Cell, Selected]:
        del depth
        number = f"obs_value * power(10.0::double, unit_mult) * {float(item.get('scale', 1.0))!r}::double"
        terms = ["source = $source", "series = $series", "obs_value is not null"]
        observed = rows(
            self.con,
            f"select observation.*, {number} as selected_value "
            f"from observation join {self._cells(cells)} using (ref_area, time_period)\nwhere "
            + "\n    and ".join([*terms, *dimension_terms(item, dimensions)])
            + "\norder by ref_area, time_period",
            source=item["source"],
            series=item["series"],
        )
        return {
            (row["ref_area"], row["time_period"]): Selected(rank, item, row.pop("selected_value"), row)
            for row in observed
        }

    def _from_indicator(
        self, rank: int, item: Row, cells: Sequence[Cell], dimensions: Mapping[str, str], depth: int
    ) -> dict[Cell, Selected]:
        scale = float(item.get("scale", 1.0))
        published = rows(
            self.con,
            f"select ref_area, time_period, value * {scale!r}::double as value "
            f"from indicator join {self._cells(cells)} using (ref_area, time_period)\nwhere "
            + "\n    and ".join(["indicator = $name", *dimension_terms(item, dimensions, "other_dims")]),
            name=item["indicator"],
        )
        values = {(row["ref_area"], row["time_period"]): row["value"] for row in published}
        pins = {name: code for name, code in item.get("where", {}).items() if name in VALUE_DIMENSIONS}
        nested = (
            self.trace(item["indicator"], list(values), {**dimensions, **pins}, depth - 1)
            if depth and values
            else {}
        )
        return {cell: Selected(rank, item, value, nested=nested.get(cell)) for cell, value in values.items()}

    def _recompute(
        self, formula: Formula, inputs: Mapping[Cell, Mapping[int, Inputs]]
    ) -> dict[Cell, float | None]:
        """Compute the formula over the selections, for all cells in one statement."""
        if formula.sql is None or not inputs:
            return {}
        cells = list(inputs)
        lines = [
            (number, cell[1], year, by_name)
            for number, cell in enumerate(cells)
            for year, by_name in inputs[cell].items()
        ]
        names = list(lines[0][3])
        numbers = [[one.value if (one := line[3][name]) else None for line in lines] for name in names]
        columns = ", ".join(f'unnest(${n}::double[]) as "{name}"' for n, name in enumerate(names, 4))
        windows = [
            f"back_{by} as (partition by cell order by time_period range between {by} preceding and "
            f"{by} preceding)"
            for by in formula.back
        ]
        computed = self.con.execute(
            f"with lines as (select unnest($1::integer[]) as cell, unnest($2::integer[]) as own_year, "
            f"unnest($3::integer[]) as time_period{', ' if columns else ''}{columns}) "
            f"select cell, own_year = time_period as own, {formula.sql} as value from lines "
            f"window {', '.join([*windows, 'series as (partition by cell)'])}",
            [[line[n] for line in lines] for n in range(3)] + numbers,
        ).fetchall()
        return {cells[number]: value for number, own, value in computed if own}

    def _cells(self, cells: Sequence[Cell]) -> str:
        """Return areas and years as a table to join."""
        listed = "select unnest($areas::varchar[]) as ref_area, unnest($years::integer[]) as time_period"
        values = {"areas": [area for area, _ in cells], "years": [year for _, year in cells]}
        self.con.execute(f"create or replace temp table cells as {listed}", values)
        return "cells"


def _candidates(items: list[Row], selected: Selected | None) -> list[Row]:
    """Return the candidates of a value's SQL: up to the selected one, or only that one if an earlier one
    was excluded."""
    if selected is None:
        return items
    return items[selected.rank if selected.alone else 0 : selected.rank + 1]


def canonical_formula(formula: str, inputs: Mapping[str, Any]) -> Formula:
    """Return the formula as canonical SQL over the names of its inputs."""
    if formula.strip() in inputs:
        return Formula(f'"{formula.strip()}"')
    from indicators.formula.parser import formula_frames, formula_sql  # importing sqlglot takes 0.3 s

    frames = formula_frames(formula, list(inputs))
    back, base = (
        sorted(int(frame.by) for frame in frames if frame.kind == kind) for kind in ("back", "base")
    )
    one_country = all(frame.kind in ("back", "base") for frame in frames)
    return Formula(formula_sql(formula, list(inputs)) if one_country else None, back, base)
