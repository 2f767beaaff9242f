"""Well-known countries, from the agencies' files to the verdict: projected, assessed, and judged by the right
answers of docs/generate/verdict_cases.csv. No probability is given by hand.

Series: ITU i99H (2026-05) and World Development Indicators (2026-07). Cases of other sources are not in it.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import duckdb
import pytest

from docs.generate.cases import CASES
from indicators.registry import load_catalogue
from schemas.codelists.areas import area_rows, membership_rows
from schemas.tables.projections import PROJECTION, PROJECTION_REFUSED
from schemas.tables.registry import AREA, AREA_GROUP, INDICATOR
from tests.unit.make import catalogue, indicator, table, value
from warehouse.engine.duckdb_engine import engine, write_table
from warehouse.models.definition_inputs import load_model_inputs, stored
from warehouse.models.progress import progress_rows
from warehouse.release.tables import compute

METHOD = "likelihood-2026"
WDI = {
    "EG.ELC.ACCS.ZS": "electricity",
    "SH.DYN.MORT": "under_five_mortality",
    "SP.DYN.IMRT.IN": "infant_mortality",
    "SN.ITK.DEFC.ZS": "undernourishment",
    "SG.GEN.PARL.ZS": "women_in_parliament",
    "SH.STA.MMRT": "maternal_mortality",
}
USED = ("internet_use", *WDI.values())
BORDERS = (0.10, 0.33, 0.66, 0.90)
WORDS = ("very_unlikely", "unlikely", "about_as_likely_as_not", "likely", "very_likely")


def _cases() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["indicator"] in USED]


def _censored(name: str, number: float) -> dict[str, Any]:
    """FAO publishes "<2.5", which the World Bank carries as 2.5."""
    below = name == "undernourishment" and number <= 2.5
    return {"obs_status": "C", "upper_bound": 2.5} if below else {}


@pytest.fixture(scope="module")
def found(shared: Path, tmp_path_factory: Any) -> dict[tuple[str, str], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("cases")
    countries = {row["ref_area"] for row in area_rows() if row["kind"] == "country"}
    itu = shared / "data" / "itu" / "individuals-using-the-internet.csv"
    codes = ", ".join(f"'{code}'" for code in WDI)
    read = duckdb.sql(
        f"""
        select 'internet_use' as indicator, entityIso as ref_area, dataYear::int as year,
            dataValue::double as value
        from read_csv('{itu}', header = true, all_varchar = true)
        where seriesCode = 'i99H' and dataValue is not null
        union all
        select indicator, countryiso3code, date, value
        from '{shared}/data/worldbank/wdi_2026-07.parquet'
        where indicator in ({codes}) and value is not null and date >= 1995"""
    ).fetchall()
    rows = [
        value(WDI.get(name, name), area, year, number, **_censored(WDI.get(name, name), number))
        for name, area, year, number in read
        if area in countries
    ]
    rows.append(value("now", "AFG", 2026, 1.0))  # what says which year it is
    entries = load_catalogue().entries
    now = indicator("now", assessed=False, inputs=[{"source": "one", "series": "N"}])
    definitions = catalogue(now) | {name: entries[name] for name in USED}
    contents = ((INDICATOR, rows), (AREA, area_rows()), (AREA_GROUP, membership_rows()))
    for contract, content in contents:
        write_table(table(contract, content), contract, folder / f"{contract.name}.parquet", check=False)
    with engine() as con:
        load_model_inputs(con, folder, definitions, None)
        for contract in (PROJECTION, PROJECTION_REFUSED):
            path = folder / f"{contract.name}.parquet"
            write_table(compute(con, contract).read_all(), contract, path)
            stored(con, contract.name, path)
        verdicts = progress_rows(con, [METHOD]).read_all().to_pylist()
    return {(row["ref_area"], row["indicator"]): row for row in verdicts}


@pytest.mark.parametrize("case", _cases(), ids=lambda case: f"{case['ref_area']} {case['indicator']}")
def test_a_well_known_country_has_the_right_verdict(
    found: dict[tuple[str, str], dict[str, Any]], case: dict[str, str]
) -> None:
    row = found[case["ref_area"], case["indicator"]]
    assert row["category"] in case["right"].split("|"), f"{row['probability']}: {case['why']}"


def test_no_verdict_contradicts_its_probability(found: dict[tuple[str, str], dict[str, Any]]) -> None:
    judged = [row for row in found.values() if row["category"] in WORDS]
    assert len(judged) > 500
    for row in judged:
        assert row["category"] == WORDS[sum(row["probability"] >= border for border in BORDERS)]
    assert all(
        row["probability"] is None or row["probability"] >= 0.66
        for row in found.values()
        if row["category"] == "met" and row["target_year"] == 2030
    )
