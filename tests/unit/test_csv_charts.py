"""The data of a chart as CSV: every digit, source, edition and licence of each value, and metadata."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from reports.csv.charts import OWN, build
from schemas.errors import CompactError
from tests.site_release import write_release


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("release") / "r")


def rows_of(path: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as packed:
        return list(csv.DictReader(io.StringIO(packed.read(name).decode())))


def test_each_row_says_its_source_edition_and_licence(release: Path, tmp_path: Path) -> None:
    files = {path.stem: path for path in build(release, tmp_path)}
    rows = rows_of(files["internet_use"], "internet_use.csv")
    (kenya,) = [r for r in rows if r["ref_area"] == "KEN" and r["time_period"] == "2024"]
    assert kenya["area_name"] == "Kenya"
    assert float(kenya["value"]) == 35
    assert (kenya["source"], kenya["source_name"], kenya["licence"]) == ("one", "Source One", "CC BY 4.0")
    assert kenya["edition"] == "2026-07"
    (world,) = [r for r in rows if r["ref_area"] == "M49:001" and r["time_period"] == "2024"]
    assert (world["value"], world["source"]) == ("72.5", OWN)
    ahead = rows_of(files["internet_use"], "internet_use-projection.csv")
    assert {r["ref_area"] for r in ahead} == {"KEN"}
    with zipfile.ZipFile(files["internet_use"]) as packed:
        described = json.loads(packed.read("internet_use.csv-metadata.json"))
    assert described["dc:rights"] == "CC BY 4.0"
    assert described["unit"]["code"] == "PT"
    for table in described["tables"]:
        assert [c["name"] for c in table["tableSchema"]["columns"]] == list(
            rows_of(files["internet_use"], table["url"])[0]
        )
        key = table["tableSchema"]["primaryKey"]
        results = [tuple(r[k] for k in key) for r in rows_of(files["internet_use"], table["url"])]
        assert len(results) == len(set(results))


def test_the_same_release_gives_the_same_bytes_and_no_release_is_refused(
    release: Path, tmp_path: Path
) -> None:
    first = {path.name: path.read_bytes() for path in build(release, tmp_path / "a")}
    again = {path.name: path.read_bytes() for path in build(release, tmp_path / "b")}
    assert first == again
    with pytest.raises(CompactError):
        build(tmp_path, tmp_path / "c")
