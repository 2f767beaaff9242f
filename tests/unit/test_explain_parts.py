"""Explanations of an input that is the series of one breakdown only."""

from __future__ import annotations

from typing import Any

import pytest

from warehouse.provenance.sql import candidate_sql

WOMEN = {"source": "one", "series": "W", "part": {"sex": "F"}}
TOTAL = dict.fromkeys(("sex", "age", "urbanisation", "quantile", "other_dims"), "_T")


def sql(item: dict[str, Any], **cell: Any) -> str:
    return candidate_sql(item, {"ref_area": "KEN", "time_period": 2020} | TOTAL | cell, 0)


def test_the_part_is_looked_for_as_the_total_of_its_series() -> None:
    assert "sex = '_T'" in sql(WOMEN, sex="F")
    assert "false" not in sql(WOMEN, sex="F")


@pytest.mark.parametrize("sex", ["_T", "M"])
def test_another_part_never_comes_from_it(sex: str) -> None:
    assert "false" in sql(WOMEN, sex=sex)


def test_parts_without_a_column_stand_in_other_dims() -> None:
    item = {"source": "one", "series": "D", "part": {"disability": "PD"}}
    result = sql(item, other_dims="DISABILITY_STATUS=PD;EDUCATION=L1")
    assert "other_dims = '_T'" in result
    assert "education = 'L1'" in result
    assert "false" in sql(item, other_dims="DISABILITY_STATUS=PWD")


def test_an_indicators_part_keeps_the_rest_of_the_cell() -> None:
    item = {"indicator": "base", "part": {"sex": "F"}}
    result = sql(item, sex="F", other_dims="EDUCATION=L1")
    assert "other_dims = 'EDUCATION=L1'" in result
    assert "sex = '_T'" in result
