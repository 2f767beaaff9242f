"""Ratings of companies: from the agency's files to their own table, and to no country's figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest

from indicators.registry import load_catalogue
from schemas.tables.companies import COMPANY_RATING
from schemas.tables.validation import validate
from sources.model import SnapshotFiles
from sources.registry.sources import SOURCES, load_source
from sources.staging.stage import StagedSource, StageProblem, stage_source
from warehouse.engine.duckdb_engine import engine
from warehouse.release.defined_tables import DEFINED_TABLES
from warehouse.release.inputs import ReleaseInputs

FILES = {
    "totals_2020": "Index,Company,Score\n2019,Alibaba,NA\n2019,Facebook,48\n2020,Alibaba,29\n"
    "2020,Facebook,41\n",
    "totals_2022": "Index,Company,Score\n2020,Alibaba,28\n2020,Meta,42\n2022,Alibaba,30\n2022,Meta,44\n",
    "categories_2020": "Index,Company,Category,Score\n2020,Alibaba,G,7\n2020,Alibaba,F,17\n"
    "2020,Alibaba,P,36\n",
    "categories_2022": "Index,Company,Category,Score\n2020,Meta,G,50\n2022,Meta,G,53\n2022,Meta,F,39\n",
}  # fmt: skip


def staged(folder: Path, files: dict[str, str] = FILES) -> StagedSource:
    source = load_source(SOURCES / "rdr" / "source.yaml")
    results = []
    for place, (resource, text) in enumerate(files.items()):
        path = folder / f"{resource}.csv"
        path.write_text(text)
        results.append(SnapshotFiles(str(place) * 64, resource, (path,)))
    return stage_source(source, results, folder)


def ratings(staged_files: dict[str, Path]) -> list[dict[str, Any]]:
    with engine() as con:
        given = cast(ReleaseInputs, SimpleNamespace(staged=staged_files))
        table = DEFINED_TABLES[COMPANY_RATING](con, Path(), given)
        assert isinstance(table, pa.Table)
        validate(table, COMPANY_RATING)
        return table.to_pylist()


def test_a_company_keeps_one_code_and_an_edition_one_score(tmp_path: Path) -> None:
    source = staged(tmp_path)
    assert (source.rows_in, source.rows_out, source.reasons) == (14, 11, {"earlier_edition": 3})
    results = {
        (r["company"], r["year"], r["measure"]): r["score"] for r in ratings({"rdr": source.observation})
    }
    assert results["META", 2019, "TOTAL"] == 48  # as Facebook
    assert results["META", 2020, "TOTAL"] == 41  # as the edition itself said, not as recalculated later
    assert results["META", 2022, "TOTAL"] == 44
    assert ("ALIBABA", 2019, "TOTAL") not in results  # not rated, and never zero
    assert results["ALIBABA", 2020, "P"] == 36
    assert len(results) == 10


def test_without_the_source_the_table_is_empty() -> None:
    assert ratings({}) == []


def test_no_indicator_reads_it() -> None:
    assert load_catalogue().series_of("rdr") == set()


def test_an_unknown_company_is_refused(tmp_path: Path) -> None:
    files = FILES | {"totals_2020": "Index,Company,Score\n2020,Newcomer,29\n"}
    with pytest.raises(StageProblem, match="Newcomer"):
        staged(tmp_path, files)


def test_the_agencys_own_files(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "objectives" / "rdr"
    if not folder.is_dir():
        pytest.skip("the files of Ranking Digital Rights are not beside the checkout")
    names = {key: f"{key[-4:]}-{key.partition('_')[0]}.csv" for key in FILES}
    source = staged(tmp_path, {key: (folder / name).read_text() for key, name in names.items()})
    assert (source.rows_in, source.rows_out) == (320, 264)
    rows = ratings({"rdr": source.observation})
    totals = Counter(row["year"] for row in rows if row["measure"] == "TOTAL")
    assert totals == {2019: 24, 2020: 26, 2022: 14}
