"""A release in SDMX: the structure as read back, and data that are valid against it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pysdmx.io import get_datasets, read_sdmx
from pysdmx.model import Role

from tests.unit.make import value, values
from warehouse.export.sdmx import export

ROWS = [
    value("use", "KEN", 2019, 40.5, lower_bound=39.0),
    value("use", "KEN", 2019, 38.0, sex="F", obs_status="E", footnote='He said "so", then\nleft'),
    value("use", "M49:001", 2020, 60.0, other_dims="EDUCATION=ISCED_2"),
    value("parity", "KEN", 2019, 0.9, source="one;two", series="S;T"),
]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    release, out = tmp_path_factory.mktemp("release"), tmp_path_factory.mktemp("sdmx")
    values(release / "indicator.parquet", ROWS)
    meta = {
        "indicator": ["parity", "use"],
        "title": ["Parity <&>", "Use"],
        "description": ["Women to men.", "Share."],
        "notes": [None, "Estimates."],
        "unit": ["RATIO", "PT"],
    }
    pq.write_table(pa.table(meta), release / "indicator_meta.parquet")
    area = {"ref_area": ["KEN", "M49:001"], "name": ["Kenya", "World"]}
    pq.write_table(pa.table(area), release / "area.parquet")
    card = {"id": "2026-07-01-0000abcd", "created": "2026-07-01T00:00:00Z"}
    (release / "release.json").write_text(json.dumps(card))
    export(release, out)
    first = (out / "structure.xml").read_bytes()
    export(release, out)
    assert (out / "structure.xml").read_bytes() == first
    return out


def test_the_structure_is_read_back(exported: Path) -> None:
    message = read_sdmx(str(exported / "structure.xml"), validate=True)
    lists = {one.id: {code.id: code.name for code in one.items} for one in message.get_codelists()}
    assert lists["CL_INDICATOR"] == {"parity": "Parity <&>", "use": "Use"}
    assert lists["CL_REF_AREA"] == {"KEN": "Kenya", "M49_001": "World"}
    assert lists["CL_SEX"] == {"F": "Female", "_T": "Total"}
    assert lists["CL_UNIT_MEASURE"]["PT"] == "Percentage"
    (definition,) = message.get_data_structure_definitions()
    roles = {component.id: component.role for component in definition.components}
    dimensions = [name for name, role in roles.items() if role is Role.DIMENSION]
    assert set(dimensions) == {
        *("INDICATOR", "REF_AREA", "SEX", "AGE", "URBANISATION", "QUANTILE", "OTHER_DIMS", "TIME_PERIOD")
    }
    assert [name for name, role in roles.items() if role is Role.MEASURE] == ["OBS_VALUE"]
    assert len(roles) == 17
    (flow,) = message.get_dataflows()
    assert flow.id == "DF_INDICATOR"
    (scheme,) = message.get_concept_schemes()
    assert {concept.id for concept in scheme.items} == set(roles)


def test_the_data_keep_to_the_structure(exported: Path) -> None:
    (data,) = get_datasets(str(exported / "data.csv"), str(exported / "structure.xml"), validate=True)
    assert len(data.data) == 4
    components = {one.id: one for one in data.structure.components}
    rows = read_csv(exported / "data.csv")
    for row in rows:
        assert row["STRUCTURE_ID"] == "COMPACT_TRACKER:DF_INDICATOR(1.0.0)"
        assert set(row) - {"STRUCTURE", "STRUCTURE_ID", "ACTION"} == set(components)
        for name, component in components.items():
            codes = {code.id for code in component.local_codes or ()}
            assert not codes or row[name] in codes, (name, row[name])
            assert row[name] or not component.required
    key = [name for name, one in components.items() if one.role is Role.DIMENSION]
    assert len({tuple(row[name] for name in key) for row in rows}) == len(rows)


def test_the_data_are_the_values_of_the_release(exported: Path) -> None:
    rows = read_csv(exported / "data.csv")
    results = {(row["INDICATOR"], row["REF_AREA"], row["SEX"]): row for row in rows}
    assert float(results["use", "KEN", "_T"]["OBS_VALUE"]) == 40.5
    assert float(results["use", "KEN", "_T"]["LOWER_BOUND"]) == 39.0
    assert results["use", "KEN", "F"]["FOOTNOTE"] == 'He said "so", then\nleft'
    assert results["use", "M49_001", "_T"]["OTHER_DIMS"] == "EDUCATION=ISCED_2"
    assert results["parity", "KEN", "_T"]["UNIT_MEASURE"] == "RATIO"
    assert results["parity", "KEN", "_T"]["SOURCE"] == "one;two"


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
