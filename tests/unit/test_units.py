"""Units of measure: the file is well formed, and no unit from an agency is guessed."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from schemas.codelists.units import unit_codes, unit_map, units
from schemas.columns.observation import OBSERVATION


def test_codes_fit_the_unit_column_and_names_are_unique() -> None:
    pattern = OBSERVATION.column("unit").pattern
    assert [code for code in unit_codes() if not re.search(pattern, code)] == []
    names = [unit.name for unit in units().values()]
    assert len(set(names)) == len(names) > 80
    assert all(name.strip() == name and name for name in names)


def test_an_agency_code_means_one_unit_and_is_not_another_units_own_code() -> None:
    codes = [code for unit in units().values() for code in (unit.code, *unit.same_as)]
    assert len(set(codes)) == len(codes) == len(unit_map())


@pytest.mark.parametrize(
    ("code", "name", "symbol"),
    [
        ("PT", "Percentage", "%"),
        ("PP", "Percentage points", "pp"),
        ("USD_CURRENT", "Current US dollars", "current US$"),
        ("PER_100_POP", "Per 100 inhabitants", "per 100 people"),
        ("NOT_STATED", "Not stated", ""),
        ("INDEX", "Index", ""),
    ],
)
def test_names_and_symbols(code: str, name: str, symbol: str) -> None:
    assert (units()[code].name, units()[code].symbol) == (name, symbol)


def test_an_agency_code_leads_to_our_unit() -> None:
    assert unit_map()["PERCENT"] == unit_map()["PT"] == "PT"
    assert unit_map()["CU_USD_M"] == "USD_CURRENT_M"
    assert unit_map()["MGR_M_3"] == "UG_PER_M3"


@pytest.mark.parametrize(
    ("file", "column"),
    [("unsd_sdg_2020-10.parquet", "units"), ("unsd_sdg_2019Q3_51_series.parquet", "unitsCode")],
)
def test_every_unit_that_unsd_sends_is_known(shared: Path, file: str, column: str) -> None:
    sent = (
        duckdb.connect()
        .execute(
            f"select distinct {column} from read_parquet(?) where {column} is not null",
            [str(shared / "data" / "unsd" / file)],
        )
        .fetchall()
    )
    assert len(sent) >= 5
    assert [code for (code,) in sent if code not in unit_map()] == []
