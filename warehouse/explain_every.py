"""The explanation of every country's newest value and every group's, indicator by indicator, for a page that
is written once: what `explain` says of one value, at the price of a few queries for each indicator.

Words that many values share (snapshots, pages, SQL, footnotes) stand once in a list and are named by number.
A formula is computed again over all countries at once; one that looks at other years or countries is not,
`explain` does that for a single value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warehouse.explain import canonical_formula, tables, wanted_of
from warehouse.explain_group import agrees, rows
from warehouse.explain_places import locate_many
from warehouse.explain_record import Wanted
from warehouse.explain_sql import DIMENSIONS, dimension_terms, group_sql, members_sql, other_years, value_sql

Row = dict[str, Any]
Cell = tuple[str, int]  # area and year
AREA, YEAR, SHARE = "{area}", 7000, 0.123456789  # stand in a template for what differs; no data are of 7000
FEW = 20  # indicators up to which the observations are read from the file each time
NESTED = 4  # indicators made of indicators, as deep as `explain` goes
TOTAL = dict.fromkeys(DIMENSIONS, "_T")


@dataclass
class _Shared:
    """What the values of one indicator have in common: each thing once, in the order of first use."""

    lists: dict[str, dict[Any, int]] = field(default_factory=dict)

    def number(self, kind: str, thing: Any) -> int:
        known = self.lists.setdefault(kind, {})
        return known.setdefault(thing, len(known))

    def all(self, kind: str) -> list[Any]:
        return list(self.lists.get(kind, {}))


class Explanations:
    """A release's explanations, and where its numbers stand in the store of snapshots if there is one."""

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        self.con = tables(folder)
        self.home = home if home and (home / "snapshots" / "manifest.jsonl").is_file() else None
        self.meta = {row["indicator"]: row for row in rows(self.con, "select * from indicator_meta")}
        self.areas = {row["ref_area"]: row for row in rows(self.con, "select * from area")}
        self.ledger = {
            (row["source"], row["snapshot"]): row for row in rows(self.con, "select * from ledger")
        }
        self.snapshots: dict[tuple[str, str], Row] = {}
        for row in rows(self.con, "select * from snapshot order by source, snapshot, resource"):
            self.snapshots.setdefault((row["source"], row["snapshot"]), row)
        path = folder / "checks.json"
        self.checks: list[Row] | None = (
            json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        )
        self.places: dict[tuple[str, str], dict[Wanted, Row | None]] = {}

    def of(self, indicators: Iterable[str]) -> Iterator[tuple[str, Row]]:
        """Indicator and its explanations, for those that have values. Each page is read once."""
        indicators = list(indicators)
        if len(indicators) > FEW:
            self.con.execute("create or replace temp table kept as select * from observation")
            self.con.execute("create or replace temp view observation as select * from kept")
        found = {name: one for name in indicators if name in self.meta and (one := _One(self, name)).values}
        if self.home:
            pages = _pages(self.home / "snapshots" / "manifest.jsonl")
            for key, wanted in self.places.items():
                asked = [one for one, place in wanted.items() if place is None]
                at = locate_many(self.home / "snapshots" / "objects", pages.get(key, ()), asked)
                wanted.update(zip(asked, at, strict=True))
        for name, one in found.items():
            yield name, one.told()


class _One:
    """One indicator's values, with the indicators that it is made of."""

    def __init__(self, every: Explanations, name: str) -> None:
        self.every, self.con, self.name = every, every.con, name
        self.shared, self.made_of = _Shared(), dict[str, Row]()
        latest = rows(
            self.con,
            "select ref_area, max(time_period) as year from latest semi join "
            "(select ref_area from area where kind = 'country') using (ref_area) "
            "where indicator = $name group by 1 order by 1",
            name=name,
        )
        cells = [(row["ref_area"], row["year"]) for row in latest]
        nodes = self._nodes(name, cells, TOTAL, NESTED)
        self.values: dict[str, Row] = {area: node for (area, _), node in nodes.items()}
        self.values |= self._groups()

    def told(self) -> Row:
        """Everything, with the places that were found in the meantime."""
        for node in self.values.values():
            self._place(node)
        meta, every = self.every.meta[self.name], self.every
        checks = [row for row in every.checks or () if row["indicator"] == self.name]
        return {
            "formula": meta["formula"],
            "method": meta["aggregate_method"],
            "fingerprint": meta["fingerprint"],
            "made_of": self.made_of,
            "checks": None if every.checks is None else [_check(row) for row in checks],
            "snapshots": [self._snapshot(*key) for key in self.shared.all("snapshot")],
            "pages": self.shared.all("page"),
            "texts": self.shared.all("text"),
            "sql": self.shared.all("sql"),
            "store": every.home is not None,
            "values": self.values,
        }

    # --- countries
    def _nodes(
        self, name: str, cells: list[Cell], dimensions: Mapping[str, str], deep: int
    ) -> dict[Cell, Row]:
        """The values of an indicator for these areas and years, each with what its inputs took."""
        meta = self.every.meta[name]
        inputs: dict[str, list[Row]] = json.loads(meta["inputs"])
        self.made_of[name] = {"title": meta["title"], "formula": meta["formula"], "inputs": inputs}
        terms = "".join(f" and {part} = ${part}" for part in DIMENSIONS)
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
        wanted = wanted_of(self.every.areas[row["ref_area"]], row)
        self.every.places.setdefault(key, {}).setdefault(wanted, None)
        node["_wanted"] = (key, wanted)
        return node

    def _nested(
        self, item: Row, cells: list[Cell], dimensions: Mapping[str, str], deep: int
    ) -> dict[Cell, Row]:
        """The values of another indicator, each explained in its turn."""
        pinned = dict(dimensions) | {k: v for k, v in item.get("where", {}).items() if k in DIMENSIONS}
        found = self._nodes(item["indicator"], cells, pinned, deep - 1) if deep else {}
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
        chosen: dict[int, dict[str, list[Row]]] = {}
        for other in [year, *other_years(year, back, only)]:
            at = other if other in only and other != year else YEAR - (year - other)
            ranks = {part: taken[part].get((area, other), {}).get("k") for part in inputs}
            chosen[at] = {
                part: items[: None if (rank := ranks[part]) is None else rank + 1]
                for part, items in inputs.items()
            }
        cells = {at: {"ref_area": AREA, "time_period": at, **TOTAL} for at in chosen}
        return self.shared.number("sql", _open(value_sql(chosen, formula, cells, back)))

    # --- groups
    def _groups(self) -> dict[str, Row]:
        """Each group's newest value: ours where it may be published, else the official one."""
        found = rows(
            self.con,
            "select * from aggregate where indicator = $name and coalesce(value, official_value) is not null "
            'qualify row_number() over (partition by "group" order by time_period desc) = 1 order by "group"',
            name=self.name,
        )
        nodes = {}
        for row in found:
            node: Row = {"y": row["time_period"], "v": row["value"], "group": True}
            for short, name in (
                ("share", "weight_share"), ("used", "areas_used"), ("total", "areas_total"),
                ("official", "official_value"), ("by", "official_source"), ("how", "method"), ("why", "note"),
            ):  # fmt: skip
                if row[name] is not None:
                    node[short] = row[name]
            if row["value"] is not None:
                method, _, weight = row["method"].partition(" by ")
                sql = group_sql(method, SHARE, members_sql(self.name, AREA, YEAR, weight or None))
                node["sql"] = self.shared.number("sql", _open(sql).replace(repr(SHARE), "{share}"))
            nodes[row["group"]] = node
        return nodes

    # --- what is told once
    def _cells(self, cells: list[Cell]) -> str:
        """Areas and years as a table to join."""
        self.con.execute(
            "create or replace temp table cells as "
            "select unnest($areas::varchar[]) as ref_area, unnest($years::integer[]) as time_period",
            {"areas": [area for area, _ in cells], "years": [year for _, year in cells]},
        )
        return "cells"

    def _place(self, node: Row) -> None:
        """Put the place of each observation into its node, and into those of the values it is made of."""
        for taken in (node.get("in") or {}, *(node.get("years") or {}).values()):
            for one in taken.values():
                if one is None:
                    continue
                if "of" in one:
                    self._place(one["of"])
                elif asked := one.pop("_wanted", None):
                    self._put(one, self.every.places[asked[0]][asked[1]])

    def _put(self, node: Row, place: Row | None) -> None:
        if place is None:
            return
        if not place["found"]:
            node["lost"] = self.shared.number("text", place["why"])
            return
        page = (place["object"], place["url"], place["page"], place["pages"], place["member"])
        node["place"] = [self.shared.number("page", page), place["offset"], place["length"], place["fitting"]]
        node["record"] = place["record"]

    def _snapshot(self, source: str, snapshot: str) -> Row:
        row = self.every.snapshots[source, snapshot]
        at = row["fetched_at"]
        told = {
            name: row[name]
            for name in (
                "source",
                "snapshot",
                "resource",
                "url",
                "pages",
                "bytes",
                "agency_release",
                "licence",
            )
        }
        told["fetched_at"] = at.isoformat() if hasattr(at, "isoformat") else at
        if ledger := self.every.ledger.get((source, snapshot)):
            told["rows"] = [ledger["rows_in"], ledger["rows_out"], ledger["rows_rejected"]]
            told["reasons"] = json.loads(ledger["reasons"])
        return told


def _check(row: Row) -> list[Any]:
    return [row["check"], row["passed"], row["level"], row["what"]]


def _open(sql: str) -> str:
    """A statement with {year} in place of the year that stands for it."""
    sql = re.sub(rf"\b{YEAR}\b", "{year}", sql)
    return re.sub(r"\b69\d\d\b", lambda found: f"{{year-{YEAR - int(found[0])}}}", sql)


def _pages(manifest: Path) -> dict[tuple[str, str], list[Row]]:
    """The pages of every snapshot that was fetched, by source and snapshot."""
    found: dict[tuple[str, str], list[Row]] = {}
    with manifest.open("rb") as lines:
        for line in lines:
            if b'"fetched"' in line and line.rstrip().endswith(b"}"):
                event = json.loads(line)
                if event["event"] == "fetched":
                    found.setdefault((event["source"], event["snapshot"]), event["pages"])
    return found
