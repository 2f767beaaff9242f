"""The explanation of every country's newest value and every group's, indicator by indicator, for a page that
is written once: what `explain` says of one value, at the price of a few queries for each indicator.

Words that many values share (snapshots, pages, SQL, footnotes) stand once in a list and are named by number.
A formula is computed again over all countries at once; one that looks at other years or countries is not,
`explain` does that for a single value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from warehouse.provenance.group import rows
from warehouse.provenance.locate_many import locate_many
from warehouse.provenance.nodes import AREA, NESTED, TOTAL, YEAR, Nodes, Places, Row, opened
from warehouse.provenance.sql import group_sql, members_sql
from warehouse.provenance.value import tables

SHARE = 0.123456789  # stands in a template for a group's covered share


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
        self.places: Places = {}

    def of(self, indicators: Iterable[str]) -> Iterator[tuple[str, Row]]:
        """Indicator and its explanations, for those that have values. Each page is read once."""
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
        made = Nodes(every.con, every.meta, every.areas, every.places)
        self.shared, self.made_of = made.shared, made.made_of
        latest = rows(
            self.con,
            "select ref_area, max(time_period) as year from latest semi join "
            "(select ref_area from area where kind = 'country') using (ref_area) "
            "where indicator = $name group by 1 order by 1",
            name=name,
        )
        cells = [(row["ref_area"], row["year"]) for row in latest]
        nodes = made.of(name, cells, TOTAL, NESTED)
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
                node["sql"] = self.shared.number("sql", opened(sql).replace(repr(SHARE), "{share}"))
            nodes[row["group"]] = node
        return nodes

    # --- what is told once
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
