"""The systems of groups declared in codelists/groupings.yaml, and the check of memberships against them.

A partition divides a universe of areas: no area is in two groups in one year, and none is missing. The rows
to check come from areas.py or from the caller.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from schemas.definitions.yaml_file import load_yaml
from schemas.errors import Problem

GROUPINGS_FILE = Path(__file__).with_name("groupings.yaml")

Row = dict[str, Any]


@dataclass(frozen=True)
class Grouping:
    """A system of groups, as declared. outside: areas that are not in the universe, with the reason."""

    id: str
    title: str
    codelist: str
    partition: bool
    as_of: int
    within: tuple[str, ...]
    outside: dict[str, str]
    line: int


@cache
def groupings() -> tuple[Grouping, ...]:
    """Return the groupings in the order of groupings.yaml."""
    file = load_yaml(GROUPINGS_FILE)
    return tuple(
        Grouping(
            name,
            entry["title"],
            entry["codelist"],
            entry["partition"],
            entry["as_of"],
            tuple(entry.get("within", ())),
            {area: part["reason"] for part in entry.get("except", ()) for area in part["areas"]},
            file.line((name,)),
        )
        for name, entry in file.data.items()
    )


def is_member(row: Row, year: int) -> bool:
    """Return whether a membership holds in a year."""
    first, last = _years(row)
    return first <= year <= last


def check(memberships: list[Row], areas: list[Row]) -> list[Problem]:
    """Find overlaps, holes, unknown members and groups among rows of area_group, given the rows of area."""
    kinds = {area["ref_area"]: area["kind"] for area in areas}
    declared = {grouping.id for grouping in groupings()}
    problems = [
        _problem(name, 1, "is used by memberships and not declared", "declare it in groupings.yaml")
        for name in sorted({row["grouping"] for row in memberships} - declared)
    ]
    for grouping in groupings():
        own = [row for row in memberships if row["grouping"] == grouping.id]
        findings = _unknown(own, kinds) + _overlaps(own, grouping)
        if grouping.partition:
            findings += _holes(own, memberships, kinds, grouping)
        elif not own:
            findings.append("has no members")
        problems += [
            _problem(
                grouping.id, grouping.line, what, f"fix codelists/{grouping.codelist}.csv or groupings.yaml"
            )
            for what in findings
        ]
    return problems


def _problem(grouping: str, line: int, what: str, next_step: str) -> Problem:
    return Problem(
        str(GROUPINGS_FILE), line, grouping, what, "each area of the universe once a year", next_step
    )


def _unknown(rows: list[Row], kinds: dict[str, str]) -> list[str]:
    references = [*((row["ref_area"], "country") for row in rows), *((row["group"], "group") for row in rows)]
    return [
        f"{code} is not a {kind} of the table area"
        for code, kind in sorted(set(references))
        if kinds.get(code) != kind
    ]


def _years(row: Row) -> tuple[int, int]:
    first, last = row["valid_from"], row["valid_to"]
    return (0 if first is None else first), (9999 if last is None else last)


def _overlaps(rows: list[Row], grouping: Grouping) -> list[str]:
    """Find spells of one area that share a year: always wrong in one group, wrong across groups of a
    partition.
    """
    spells: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        spells[row["ref_area"]].append(row)
    faults = [
        f"{area} has a membership in {row['group']} that ends before it begins"
        for area, own in spells.items()
        for row in own
        if _years(row)[0] > _years(row)[1]
    ]
    for area, own in spells.items():
        for one, other in combinations(own, 2):
            first = max(_years(one)[0], _years(other)[0])
            shared = first <= min(_years(one)[1], _years(other)[1])
            if shared and (grouping.partition or one["group"] == other["group"]):
                since = f" from {first}" if first else ""
                faults.append(f"overlap: {area} is in {one['group']} and in {other['group']}{since}")
    return faults


def _holes(own: list[Row], rows: list[Row], kinds: dict[str, str], grouping: Grouping) -> list[str]:
    universe = {area for area, kind in kinds.items() if kind == "country"}
    if grouping.within:
        universe = {
            row["ref_area"]
            for row in rows
            if row["group"] in grouping.within and is_member(row, grouping.as_of)
        }
    members = {row["ref_area"] for row in own if is_member(row, grouping.as_of)}
    faults = [
        f"hole: {area} is in no group in {grouping.as_of}"
        for area in sorted(universe - grouping.outside.keys() - members)
    ]
    faults += [
        f"{area} is in a group in {grouping.as_of}, though declared outside: {reason}"
        for area, reason in sorted(grouping.outside.items())
        if area in members
    ]
    faults += [
        f"{area} is declared outside, and is not a country of the table area"
        for area in sorted(grouping.outside)
        if kinds.get(area) != "country"
    ]
    return faults + [
        f"{area} is in a group in {grouping.as_of}, though not in the universe"
        for area in sorted(members - universe)
        if area in kinds
    ]
