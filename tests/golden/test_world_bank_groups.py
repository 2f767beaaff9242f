"""Group values of population-weighted indicators beside the World Bank's own in the World Development
Indicators of July 2026, and the world of ITU's figures from its income groups.

What does not meet is counted, with the reason where it is known.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.codelists.areas import membership_rows
from tests.golden.test_published import Groups, aggregates, itu, wdi

REGIONS = tuple(f"WB:{code}" for code in ("EAS", "ECS", "LCN", "MEA", "NAC", "SAS", "SSF"))
INCOME = tuple(f"WB:{code}" for code in ("LIC", "LMC", "UMC", "HIC"))


def off(found: Groups, groups: tuple[str, ...]) -> dict[tuple[str, int], float]:
    """By group and year since 2000 the size of the difference as a share of the official value."""
    return {
        key: abs(row["difference"] / row["official_value"])
        for key, row in found.items()
        if key[0] in groups and row["difference"] is not None and key[1] >= 2000
    }


@pytest.mark.parametrize(
    ("series", "cells", "other", "most"),
    [
        ("EG.ELC.ACCS.ZS", 168, 0, 0.00001),
        ("SP.DYN.LE00.IN", 175, 0, 0.001),
        # East Asia and the Pacific alone: the World Bank's figures of the region count the 23 million people
        # of Taiwan, for which it publishes none of their own
        ("SP.URB.TOTL.IN.ZS", 182, 26, 0.01),
        ("SP.POP.65UP.TO.ZS", 182, 26, 0.005),
        ("EN.ATM.PM25.MC.M3", 168, 24, 0.005),
        # as above from the share of people: the servers of Taiwan are counted too
        ("IT.NET.SECR.P6", 105, 15, 0.015),
    ],
)
def test_regions_meet_the_world_bank(
    shared: Path, tmp_path: Path, series: str, cells: int, other: int, most: float
) -> None:
    """Within a thousandth everywhere but in the region that has a member without data of its own."""
    result = aggregates(tmp_path, [*wdi(shared, series, "share"), *wdi(shared, "SP.POP.TOTL", "people")])
    differences = off(result, REGIONS)
    beyond = {key: share for key, share in differences.items() if share > 0.001}
    assert len(differences) == cells
    assert len(beyond) == other
    assert {group for group, _ in beyond} <= {"WB:EAS"}
    assert max(differences.values()) < most


@pytest.mark.parametrize(
    ("series", "cells", "within"), [("SP.DYN.LE00.IN", 100, 61), ("EG.ELC.ACCS.ZS", 96, 36)]
)
def test_income_groups_are_of_another_fiscal_year(
    shared: Path, tmp_path: Path, series: str, cells: int, within: int
) -> None:
    """Ours are the members of fiscal year 2026, the file's those of the year of its making: fewer than two
    thirds of the cells lie within half a per cent, and those without members that moved agree."""
    result = aggregates(tmp_path, [*wdi(shared, series, "share"), *wdi(shared, "SP.POP.TOTL", "people")])
    differences = off(result, INCOME)
    assert len(differences) == cells
    assert sum(share < 0.005 for share in differences.values()) == within
    assert max(differences.values()) < 0.1


def test_the_world_online_is_the_sum_of_its_income_groups(shared: Path, tmp_path: Path) -> None:
    """ITU adds up users and people of the income groups: 5,508.7 of 8,154 million are 67.56, published 67.6
    (aggregates of November 2024). On the country values of May 2026 the same rule and our weighted mean of
    the world agree, once Ethiopia and Venezuela are added, which have no income group in 2026: without
    Ethiopia the groups give 0.8 points more than the world."""
    assert round(100 * 5508.7 / 8154, 1) == 67.6
    people = wdi(shared, "SP.POP.TOTL", "people")
    online = itu(shared, "share")
    result = aggregates(tmp_path, [*online, *people])
    rate = {(row["ref_area"], row["time_period"]): row["value"] for row in online}
    members = [row for row in membership_rows() if row["group"] in INCOME and row["valid_to"] is None]
    size = {(row["ref_area"], row["time_period"]): row["value"] for row in people}
    for year in (2015, 2019, 2022):
        groups = [result[group, year] for group in INCOME]
        covered = [
            row["weight_share"]
            * sum(size.get((m["ref_area"], year), 0.0) for m in members if m["group"] == row["group"])
            for row in groups
        ]
        users = sum(row["value"] * weight for row, weight in zip(groups, covered, strict=True))
        outside = [area for area in ("ETH", "VEN") if (area, year) in rate]  # unclassified in 2026
        users += sum(rate[area, year] * size[area, year] for area in outside)
        total = sum(covered) + sum(size[area, year] for area in outside)
        assert users / total == pytest.approx(result["M49:001", year]["value"], abs=1e-6)
        assert all(row["error_80"] < 20 for row in groups)
