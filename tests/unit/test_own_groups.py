"""Groups that a user declares: their rows, and every fault with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.codelists.areas import area_rows, membership_rows
from schemas.errors import DefinitionError
from schemas.tables.registry import AREA, AREA_GROUP
from schemas.tables.validation import validate
from tests.unit.make import table

EAST = """\
code: OWN:EAST
name: East
source: For tests, 2026.
members: [UGA, KEN, XKX]
"""


def test_a_declared_group_stands_in_both_tables(tmp_path: Path) -> None:
    (tmp_path / "east.yaml").write_text(EAST)
    areas, members = area_rows(tmp_path), membership_rows(tmp_path)
    validate(table(AREA, areas), AREA)
    validate(table(AREA_GROUP, members), AREA_GROUP)
    assert [row["name"] for row in areas if row["ref_area"] == "OWN:EAST"] == ["East"]
    east = [row for row in members if row["group"] == "OWN:EAST"]
    assert [row["ref_area"] for row in east] == ["KEN", "UGA", "XKX"]
    assert {row["grouping"] for row in east} == {"own"}


def test_without_a_folder_there_are_ours_alone(tmp_path: Path) -> None:
    assert area_rows(tmp_path / "none") == area_rows()
    assert sum(row["group"] == "OWN:G20" for row in membership_rows()) == 19


def test_a_users_file_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "g20.yaml").write_text(EAST.replace("EAST", "G20"))
    rows = [row for row in membership_rows(tmp_path) if row["group"] == "OWN:G20"]
    assert [row["ref_area"] for row in rows] == ["KEN", "UGA", "XKX"]
    assert [row["name"] for row in area_rows(tmp_path) if row["ref_area"] == "OWN:G20"] == ["East"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("UGA", "UGX", "UGX is no country"),
        ("UGA", "KEN", "KEN appears twice"),
        ("OWN:EAST", "WB:EAP", "cannot stand here"),
        ("members: [UGA, KEN, XKX]", "members: []", "is no list of members"),
        ("source:", "sauce:", "unknown field"),
    ],
)
def test_a_fault_names_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "east.yaml").write_text(EAST.replace(old, new))
    with pytest.raises(DefinitionError) as caught:
        area_rows(tmp_path)
    assert said in str(caught.value)
    assert f"{tmp_path / 'east.yaml'}:" in str(caught.value)


def test_a_code_stands_once_in_a_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(EAST)
    with pytest.raises(DefinitionError, match="the code of another file"):
        membership_rows(tmp_path)
