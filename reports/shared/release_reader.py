"""Reads a release's tables for the reports: one DuckDB query each, returning plain tuples.

It provides the existing tables, and rows in the order of the pages. figures.py counts them. A release without
a table is valid: the page's section is omitted, or says so.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from schemas.columns.observation import TOTAL
from schemas.definitions.default_method import DEFAULT_METHOD
from schemas.errors import CompactError

METHOD = DEFAULT_METHOD  # a release without it is shown by the first it has
FIRST_YEAR = 2000  # charts begin here; the whole series is in indicator.parquet
WORLD = "M49:001"
REGIONS = ("M49:002", "M49:019", "M49:142", "M49:150", "M49:009")
INCOME = ("WB:LIC", "WB:LMC", "WB:UMC", "WB:HIC")
LARGE = {"indicator", "latest", "progress", "projection", "aggregate", "gap", "coverage", "revision"}


@dataclass(frozen=True)
class Area:
    """A country, or a group of countries with members."""

    code: str
    name: str
    kind: str
    iso2: str | None = None
    un_member: bool = False

    @property
    def slug(self) -> str:
        """Name of its page: codes of groups contain a colon, which is unsafe in a file name."""
        return self.code.replace(":", "-")


def owner_of(origin: str) -> str:
    """Return who set a target, in short: the text before the first comma or bracket."""
    return re.split(r"[,;(]| targets for ", origin, maxsplit=1)[0].strip()


@dataclass(frozen=True)
class Indicator:
    """An indicator's definition, as published."""

    id: str
    title: str
    description: str
    unit: str
    direction: str
    frameworks: dict[str, Any]
    folder: str
    target_value: float | None
    target_year: int | None
    target_origin: str | None
    formula: str | None
    inputs: dict[str, list[dict[str, Any]]]
    aggregate_method: str
    notes: str | None

    @property
    def owner(self) -> str | None:
        """Who set the target, in short."""
        return owner_of(self.target_origin) if self.target_origin else None

    @property
    def codes(self) -> list[str]:
        """The agencies' codes of its inputs, for search."""
        return sorted({str(i["series"]) for group in self.inputs.values() for i in group if "series" in i})


@dataclass
class Release:
    """A finished release folder, read-only."""

    folder: Path
    only: frozenset[str] | None = None  # for the large tables, only the rows of these indicators
    con: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    _whole: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.folder / "release.json").is_file() or not self.has("indicator_meta"):
            raise CompactError(
                "this is not a release: it lacks release.json or indicator_meta.parquet",
                where=str(self.folder),
                next_step="name a folder under releases/, or make one with `compact run`",
            )

    def has(self, table: str) -> bool:
        return (self.folder / f"{table}.parquet").is_file()

    def rows(self, sql: str, *needs: str) -> list[tuple[Any, ...]]:
        """Return rows of a query in which `{table}` names a table; no rows if a table in `needs` is
        absent.
        """
        if not all(self.has(name) for name in needs):
            return []
        return self.con.execute(self.filled(sql, *needs)).fetchall()

    def filled(self, sql: str, *needs: str) -> str:
        """The query with the tables that it names."""
        tables = {name: self._rows_of(name) for name in needs}
        return sql.format(**tables, total=TOTAL, first=FIRST_YEAR)

    def columns(self, table: str) -> set[str]:
        if not self.has(table):
            return set()
        return {row[0] for row in self.rows(f"describe select * from {{{table}}}", table)}

    def dicts(self, table: str, order: str) -> list[dict[str, Any]]:
        """Return a whole small table as dictionaries; empty if it is absent."""
        if not self.has(table) or table in self._whole:
            return self._whole.get(table, [])
        result = self.con.execute(f"select * from read_parquet('{self._quoted(table)}') order by {order}")
        names = [column[0] for column in result.description]
        self._whole[table] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        return self._whole[table]

    def _rows_of(self, table: str) -> str:
        """Return a table in SQL, or its requested rows."""
        whole = f"read_parquet('{self._quoted(table)}')"
        if self.only is None or table not in LARGE:
            return whole
        names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(self.only))
        return f"(select * from {whole} where indicator in ({names}))"

    def _quoted(self, table: str) -> str:
        return str(self.folder / f"{table}.parquet").replace("'", "''")

    @cached_property
    def card(self) -> dict[str, Any]:
        card: dict[str, Any] = json.loads((self.folder / "release.json").read_text(encoding="utf-8"))
        return card

    @cached_property
    def diff(self) -> dict[str, Any] | None:
        path = self.folder / "diff.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    @cached_property
    def checks(self) -> dict[str, list[dict[str, Any]]]:
        """Return indicator to the checks of its values, as the run recorded them."""
        path = self.folder / "checks.json"
        checks: dict[str, list[dict[str, Any]]] = {}
        for row in json.loads(path.read_text(encoding="utf-8")) if path.is_file() else ():
            checks.setdefault(row["indicator"], []).append(row)
        return checks

    @cached_property
    def method(self) -> str | None:
        if not self.has("progress"):
            return None
        sql = f"select distinct method from read_parquet('{self._quoted('progress')}') order by 1"
        methods = [row[0] for row in self.con.execute(sql).fetchall()]
        return METHOD if METHOD in methods else next(iter(methods), None)

    @cached_property
    def members(self) -> dict[str, list[str]]:
        """Return group to its current members, both by code."""
        sql = """select "group", list(distinct ref_area order by ref_area) from {area_group}
                 where valid_to is null group by 1 order by 1"""
        return dict(self.rows(sql, "area_group"))

    @cached_property
    def groups_of(self) -> dict[str, dict[str, str]]:
        """Return area to {grouping: group}, currently."""
        sql = """select ref_area, grouping, "group" from {area_group} where valid_to is null order by all"""
        groups: dict[str, dict[str, str]] = {}
        for area, grouping, group in self.rows(sql, "area_group"):
            groups.setdefault(area, {})[grouping] = group
        return groups

    @cached_property
    def grouping_of(self) -> dict[str, str]:
        """Return group to the grouping it belongs to."""
        sql = """select distinct "group", grouping from {area_group} order by all"""
        return dict(self.rows(sql, "area_group"))

    @cached_property
    def areas(self) -> dict[str, Area]:
        """Return countries, then groups with members, each by code."""
        sql = "select ref_area, name, kind, iso2, un_member from {area} where kind = 'country' order by name"
        areas = {row[0]: Area(*row) for row in self.rows(sql, "area")}
        sql = """select "group", any_value(group_name order by valid_from) from {area_group}
                 where valid_to is null group by 1 order by 1"""
        groups = dict(self.rows(sql, "area_group"))
        often = Counter(groups.values())
        return areas | {
            code: Area(
                code, f"{name} (World Bank)" if often[name] > 1 and code.startswith("WB:") else name, "group"
            )
            for code, name in groups.items()
        }

    @property
    def countries(self) -> list[Area]:
        return [area for area in self.areas.values() if area.kind == "country"]

    @property
    def groups(self) -> list[Area]:
        return [area for area in self.areas.values() if area.kind == "group"]

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """Return every definition by its id."""
        sql = """select indicator, title, description, unit, direction, frameworks, "group", target_value,
                 target_year, target_origin, formula, inputs, aggregate_method, notes
                 from {indicator_meta} order by indicator"""
        indicators = {}
        for row in self.rows(sql, "indicator_meta"):
            fields = list(row)
            fields[5], fields[11] = json.loads(row[5]), json.loads(row[11])
            indicators[row[0]] = Indicator(*fields)
        return indicators

    @cached_property
    def sources(self) -> dict[str, dict[str, Any]]:
        return {row["source"]: row for row in self.dicts("source", "source")}
