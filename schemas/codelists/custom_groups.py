"""Groups that a user declares: one YAML file each, in codelists/groups/ or in $COMPACT_HOME/groups/.

The agencies' own groups are in areas.py and its code lists. This module computes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.definitions.yaml_file import YamlFile, load_yaml
from schemas.errors import DefinitionError, Problem

GROUPING = "own"  # the grouping of all custom groups; they may overlap
CODE = re.compile(r"OWN:[A-Z0-9]{2,12}")
FIELDS = {
    "code": "OWN: and two to twelve capitals or digits, such as OWN:G20",
    "name": "the English name, as it is to stand in tables, on one line",
    "source": "who drew the group up and where its members are listed, with the date, on one line",
    "members": "a list of ISO 3166-1 alpha-3 codes, and XKX for Kosovo, each once",
}


# Not a Pydantic model like the other definitions: quick verbs read the code lists.
@dataclass(frozen=True)
class OwnGroup:
    """One group file."""

    code: str
    name: str
    source: str
    members: tuple[str, ...]


def read_custom_groups(folder: Path, countries: Collection[str]) -> list[OwnGroup]:
    """Read the groups of a folder by code; none if the folder does not exist.

    Raises DefinitionError with file and line of all problems: an unknown field, an unknown or duplicate
    member, a code used by two files.
    """
    groups: dict[str, OwnGroup] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.y*ml")):
        try:
            file = load_yaml(path)
        except DefinitionError as error:
            problems += error.problems
            continue
        faults = list(_faults(file, countries))
        if not faults:
            group = OwnGroup(**{**file.data, "members": tuple(file.data["members"])})
            if group.code in groups:
                faults = [
                    _problem(file, ("code",), f"{group.code} is the code of another file of this folder")
                ]
            groups[group.code] = group
        problems += faults
    if problems:
        raise DefinitionError(problems)
    return [groups[code] for code in sorted(groups)]


def _problem(file: YamlFile, place: tuple[str | int, ...], what: str) -> Problem:
    field = str(place[0])
    allowed = FIELDS.get(field, ", ".join(FIELDS))
    return Problem(
        str(file.path), file.line(place), field, what, allowed, "fix the file, then `compact check`"
    )


def _faults(file: YamlFile, countries: Collection[str]) -> Iterator[Problem]:
    for field in file.data.keys() - FIELDS.keys():
        yield _problem(file, (field,), "unknown field")
    for field in FIELDS:
        if field not in file.data:
            yield _problem(file, (field,), "is missing and is required")
        elif field == "members":
            yield from _members(file, countries)
        elif not _is_line(text := file.data[field]) or (field == "code" and not CODE.fullmatch(text)):
            yield _problem(file, (field,), f"{str(text)[:60]!r} cannot stand here")


def _is_line(text: Any) -> bool:
    return isinstance(text, str) and bool(text.strip()) and "\n" not in text.strip()


def _members(file: YamlFile, countries: Collection[str]) -> Iterator[Problem]:
    members = file.data["members"]
    if not isinstance(members, list) or not members:
        yield _problem(file, ("members",), "is no list of members")
        return
    for number, member in enumerate(members):
        if member not in countries:
            yield _problem(
                file, ("members", number), f"{member} is no country or territory of the table area"
            )
        elif member in members[:number]:
            yield _problem(file, ("members", number), f"{member} appears twice")


def own_area_rows(groups: Collection[OwnGroup]) -> list[dict[str, Any]]:
    """Return the groups as rows of the table area."""
    return [
        {
            "ref_area": group.code,
            "name": group.name,
            "m49": None,
            "iso2": None,
            "kind": "group",
            "un_member": False,
        }
        for group in groups
    ]


def own_membership_rows(groups: Collection[OwnGroup]) -> list[dict[str, Any]]:
    """Return their members as rows of the table area_group, without start or end."""
    return [
        {
            "grouping": GROUPING,
            "group": group.code,
            "ref_area": member,
            "valid_from": None,
            "valid_to": None,
            "group_name": group.name,
            "source": group.source,
        }
        for group in groups
        for member in sorted(group.members)
    ]
