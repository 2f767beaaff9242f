"""Explanations of every country's and group's newest value, indicator by indicator, as compact JSON for
static pages.

The content is that of `explain` for one value, at the cost of a few queries per indicator. Objects shared by
many values (snapshots, pages, SQL, footnotes) are listed once and referenced by number. The traces come from
trace.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.columns.observation import VALUE_DIMENSIONS
from warehouse.provenance.group import Row, agrees, rows
from warehouse.provenance.places import Places
from warehouse.provenance.sql import group_sql, members_sql
from warehouse.provenance.trace import TOTAL, Inputs, Selected, TracedValue, Tracer
from warehouse.provenance.value import as_text, read_checks, tables

SHARE = 0.123456789  # placeholder in a template for a group's covered share
# placeholders for parts that differ between values; no data are of the years from 7000
AREA, YEAR = "{area}", 7000
SNAPSHOT = ("source", "snapshot", "resource", "url", "pages", "bytes", "agency_release", "licence")


class Explanations:
    """The explanations of a release, with places in the snapshot store if there is one.

    Args:
        folder: the release.
        home: COMPACT_HOME, for the places.
    """

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        self.con = tables(folder)
        self.tracer = Tracer(self.con)
        self.places = Places(home, self.tracer.areas)
        self.ledger = {
            (row["source"], row["snapshot"]): row for row in rows(self.con, "select * from ledger")
        }
        self.snapshots: dict[tuple[str, str], Row] = {}
        for row in rows(self.con, "select * from snapshot order by source, snapshot, resource"):
            self.snapshots.setdefault((row["source"], row["snapshot"]), row)
        self.checks = read_checks(folder)

    def of(self, indicators: Iterable[str]) -> Iterator[tuple[str, Row]]:
        """Yield each indicator with values and its explanations. Each page of the store is read once."""
        pages = {name: _Page(self, name) for name in indicators if name in self.tracer.meta}
        for page in pages.values():
            for value in page.values.values():
                for observation in value.observations():
                    self.places.request(observation)
        self.places.resolve()
        for name, page in pages.items():
            if page.values or page.groups:
                yield name, page.to_dict()


@dataclass
class _Shared:
    """Objects shared by the values of one indicator: each once, in the order of first use."""

    lists: dict[str, dict[Any, int]] = field(default_factory=dict)

    def number(self, kind: str, thing: Any) -> int:
        numbers = self.lists.setdefault(kind, {})
        return numbers.setdefault(thing, len(numbers))

    def all(self, kind: str) -> list[Any]:
        return list(self.lists.get(kind, {}))


class _Page:
    """The newest values of one indicator, with the indicators that it depends on."""

    def __init__(self, release: Explanations, indicator: str) -> None:
        self.release, self.indicator = release, indicator
        self.shared, self.made_of = _Shared(), dict[str, Row]()
        latest = rows(
            release.con,
            "select ref_area, max(time_period) as year from latest semi join "
            "(select ref_area from area where kind = 'country') using (ref_area) "
            "where indicator = $name group by 1 order by 1",
            name=indicator,
        )
        cells = [(row["ref_area"], row["year"]) for row in latest]
        traced = release.tracer.trace(indicator, cells, TOTAL)
        self.values = {area: value for (area, _), value in traced.items()}
        self.groups = rows(
            release.con,
            "select * from aggregate where indicator = $name and coalesce(value, official_value) is not null "
            'qualify row_number() over (partition by "group" order by time_period desc) = 1 order by "group"',
            name=indicator,
        )

    def to_dict(self) -> Row:
        """Return all explanations in the JSON structure."""
        self._describe(self.indicator)
        values = {area: self._value(value, top=True) for area, value in self.values.items()}
        values |= {row["group"]: self._group(row) for row in self.groups}
        meta, checks = self.release.tracer.meta[self.indicator], self.release.checks
        return {
            "formula": meta["formula"],
            "method": meta["aggregate_method"],
            "fingerprint": meta["fingerprint"],
            "made_of": self.made_of,
            "checks": None
            if checks is None
            else [_check(row) for row in checks if row["indicator"] == self.indicator],
            "snapshots": [self._snapshot(*key) for key in self.shared.all("snapshot")],
            "pages": self.shared.all("page"),
            "texts": self.shared.all("text"),
            "sql": self.shared.all("sql"),
            "store": self.release.places.available,
            "values": values,
        }

    def _describe(self, indicator: str) -> None:
        meta = self.release.tracer.meta[indicator]
        self.made_of.setdefault(
            indicator,
            {"title": meta["title"], "formula": meta["formula"], "inputs": json.loads(meta["inputs"])},
        )

    def _value(self, value: TracedValue, *, top: bool = False) -> Row:
        row = value.row
        node: Row = {"y": row["time_period"], "v": row["value"], "s": row["obs_status"]}
        for short, name in (("lo", "lower_bound"), ("up", "upper_bound")):
            if row[name] is not None:
                node[short] = row[name]
        if row["footnote"]:
            node["note"] = self.shared.number("text", row["footnote"])
        node["in"] = self._inputs(value.own_inputs)
        if others := [year for year in value.inputs if year != row["time_period"]]:
            node["years"] = {year: self._inputs(value.inputs[year]) for year in others}
        if value.formula.sql is not None:
            node["same"] = agrees(value.recomputed, row["value"])
            if top:
                node["sql"] = self._template(value)
        return node

    def _inputs(self, inputs: Inputs) -> dict[str, Row | None]:
        return {name: None if one is None else self._selected(one) for name, one in inputs.items()}

    def _selected(self, selected: Selected) -> Row:
        node: Row = {"k": selected.rank, "v": selected.value}
        if selected.observation is not None:
            return node | self._observation(selected.value, selected.observation)
        if selected.nested is not None:
            self._describe(selected.nested.indicator)
            node["of"] = self._value(selected.nested)
        return node

    def _observation(self, value: float, row: Row) -> Row:
        node: Row = {
            "s": row["obs_status"],
            "at": self.shared.number("snapshot", (row["source"], row["snapshot"])),
        }
        if row["unit_mult"] or value != row["obs_value"]:
            node |= {"sent": row["obs_value"], "mult": row["unit_mult"]}
        for short, name in (("detail", "source_detail"), ("note", "footnote")):
            if row[name]:
                node[short] = self.shared.number("text", row[name])
        return node | (self._place(self.release.places.place(row)) if self.release.places.available else {})

    def _place(self, place: Row) -> Row:
        if not place["found"]:
            return {"lost": self.shared.number("text", place["why"])}
        page = (place["object"], place["url"], place["page"], place["pages"], place["member"])
        number = self.shared.number("page", page)
        return {
            "place": [number, place["offset"], place["length"], place["fitting"]],
            "record": place["record"],
        }

    def _template(self, value: TracedValue) -> int:
        """Return a value's statement, with placeholders {area} and {year}: the same for all values with
        the same selection.
        """
        own = value.row["time_period"]
        labels = [
            year if year in value.formula.base and year != own else YEAR - (own - year)
            for year in value.inputs
        ]
        cells = {
            year: {"ref_area": AREA, "time_period": year, **dict.fromkeys(VALUE_DIMENSIONS, "_T")}
            for year in labels
        }
        return self.shared.number("sql", _opened(value.statement(cells) or ""))

    def _group(self, row: Row) -> Row:
        """Return a group's newest value: ours where it may be published, else the official one."""
        node: Row = {"y": row["time_period"], "v": row["value"], "group": True}
        for short, name in (
            ("share", "weight_share"), ("used", "areas_used"), ("total", "areas_total"),
            ("official", "official_value"), ("by", "official_source"), ("how", "method"), ("why", "note"),
            ("os", "official_status"),
        ):  # fmt: skip
            if row.get(name) is not None:
                node[short] = row[name]
        if row["value"] is not None:
            method, _, weight = row["method"].partition(" by ")
            meta = self.release.tracer.meta[self.indicator]
            sql = group_sql(method, SHARE, members_sql(meta, AREA, YEAR, weight or None))
            node["sql"] = self.shared.number("sql", _opened(sql).replace(repr(SHARE), "{share}"))
        return node

    def _snapshot(self, source: str, snapshot: str) -> Row:
        row = self.release.snapshots[source, snapshot]
        facts = {name: row[name] for name in SNAPSHOT} | {"fetched_at": as_text(row["fetched_at"])}
        if ledger := self.release.ledger.get((source, snapshot)):
            facts["rows"] = [ledger["rows_in"], ledger["rows_out"], ledger["rows_rejected"]]
            facts["reasons"] = json.loads(ledger["reasons"])
        return facts


def _check(row: Row) -> list[Any]:
    return [row["check"], row["passed"], row["level"], row["what"]]


def _opened(sql: str) -> str:
    """Return a statement with {year} instead of the placeholder."""
    sql = re.sub(rf"\b{YEAR}\b", "{year}", sql)
    return re.sub(r"\b69\d\d\b", lambda year: f"{{year-{YEAR - int(year[0])}}}", sql)
