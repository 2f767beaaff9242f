"""Our composites compared with a published one: the E-Government Development Index from its three parts.

United Nations E-Government Survey 2022 (UN DESA): the index is the mean of the online service, human capital
and telecommunication infrastructure index, each of them from 0 to 1. 193 countries, four decimals.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from warehouse.models.scores import Choices, composite

PARTS = ("Online Service Index", "Human Capital Index", "Telecommunication Infrastructure Index")


@pytest.fixture
def survey(shared: Path) -> list[dict[str, str]]:
    with (shared / "data" / "egov" / "EGOV_DATA_2022.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_e_government_index_comes_out_of_its_parts(survey: list[dict[str, str]]) -> None:
    values = np.array([[float(row[name]) for name in PARTS] for row in survey])
    equal = Choices(np.ones(3), "arithmetic", 1, 3, 1000, 1)
    result = composite(values, np.zeros(3), np.ones(3), equal)
    published = np.array([float(row["E-Government Index"]) for row in survey])
    assert len(survey) == 193
    assert np.abs(result.score / 100 - published).max() < 1e-4  # the parts and the index have four decimals
    ranks = np.array([int(row["E-Government Rank"]) for row in survey])
    # ranks are published from more decimals than the parts: neighbours within the rounding may change places
    assert np.abs(result.rank - ranks).max() <= 1
    # the published rank lies within the range of ours, give or take that one place
    assert (ranks >= result.rank_low - 1).all()
    assert (ranks <= result.rank_high + 1).all()
