"""Every specimen in tests/specimens passes its source's reader and staging. A new folder there needs no
new test.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from schemas.columns.observation import OBS_STATUSES
from sources.drift.check import FILE, contract_text, load_contract
from sources.drift.structure import differences, infer_schema
from sources.model import SnapshotFiles
from sources.registry.sources import SOURCES, is_unit, load_source
from sources.staging.stage import RED, StagedSource, stage_source
from tests.ledger import reconciles
from tests.specimen_files import SPECIMENS, SUFFIX, find_specimens, load_specimen, read_specimen, with_options

FOUND = find_specimens()
NAMES = [f"{path.parent.name}/{path.name.removesuffix(SUFFIX)}" for path in FOUND]


@pytest.fixture(params=FOUND, ids=NAMES)
def specimen(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def staged(path: Path, home: Path) -> StagedSource:
    """The specimen, read and staged as an accepted snapshot is."""
    source = load_source(SOURCES / path.parent.name / "source.yaml")
    description, bodies = load_specimen(path)
    answer = read_specimen(source, description, bodies)
    assert answer.rows > 0
    assert set(description.series) <= set(answer.resource.series)
    pages = []
    for page in answer.pages:
        pages.append(home / hashlib.sha256(page.body).hexdigest())
        pages[-1].write_bytes(page.body)
    snapshot = hashlib.sha256(b"".join(page.body for page in answer.pages)).hexdigest()
    urls = tuple(page.url for page in answer.pages)
    files = SnapshotFiles(snapshot, answer.resource.key, tuple(pages), urls, "2026-01-15")
    return stage_source(with_options(source, description), [files], home)


def test_a_specimen_is_read_and_staged_without_a_row_unaccounted_for(specimen: Path, tmp_path: Path) -> None:
    result = staged(specimen, tmp_path)
    assert result.rows_out > 0
    for counts in result.ledger():
        assert reconciles(counts)
        assert not set(counts.reasons) & set(RED)
    rows = pq.read_table(result.observation).to_pylist()
    assert len(rows) == result.rows_out
    assert {row["source"] for row in rows} == {specimen.parent.name}
    assert all(is_unit(row["unit"]) for row in rows)
    assert {row["obs_status"] for row in rows} <= set(OBS_STATUSES)
    assert set(load_specimen(specimen)[0].series) <= {row["series"] for row in rows}


def test_a_specimen_says_where_it_comes_from(specimen: Path) -> None:
    description, bodies = load_specimen(specimen)
    assert sum(map(len, bodies)) < 100_000  # a specimen is small
    if "invented" not in description.origin:
        assert description.url
        assert description.date
        assert len(description.sha256) == 64


RECORDED = [path for path in FOUND if load_specimen(path)[0].contract]


@pytest.mark.parametrize("specimen", RECORDED, ids=[path.parent.name for path in RECORDED])
def test_the_recorded_structure_is_that_of_the_specimen(specimen: Path) -> None:
    description, bodies = load_specimen(specimen)
    source, contract = (
        load_source(SOURCES / specimen.parent.name / "source.yaml"),
        load_contract(specimen.parent.name),
    )
    assert contract is not None, f"sources/agencies/{source.id}/{FILE} is missing"
    assert contract.probe in description.series
    pages = read_specimen(source, description, bodies).pages
    assert differences(contract.structure, infer_schema(pages, contract.any_name), contract.optional) == []


def test_no_specimen_is_overlooked() -> None:
    folders = Counter(path.name for path in SPECIMENS.iterdir() if path.is_dir())
    assert set(folders) == {path.parent.name for path in FOUND}
    assert set(folders) <= {path.parent.name for path in SOURCES.glob("*/source.yaml")}


def test_a_recorded_contract_is_written_as_it_would_be_recorded_again() -> None:
    results = sorted(SOURCES.glob(f"*/{FILE}"))
    assert results
    for path in results:
        contract = load_contract(path.parent.name)
        assert contract is not None
        assert path.read_text(encoding="utf-8") == contract_text(contract)
        assert list(contract.structure) == sorted(contract.structure)
