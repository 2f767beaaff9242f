"""Renamed series: the list is valid, every message about a missing series names the new code, and rows
under an old code stay unchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from indicators.registry import FOLDER, check_files
from schemas.definitions.source import Source
from sources.http.session import Session
from sources.ingest.fetch import fetch_source
from sources.ingest.report import FetchReport
from sources.model import NoSuchSeries, Resource, SourceResponse
from sources.registry.renames import KINDS, Rename, renamed, renames
from sources.registry.sources import load_series
from sources.snapshots.store import Store
from sources.staging.stage import StageProblem, check_arrived
from tests.unit.local_agency import LocalAgency, make_source
from tests.unit.make import indicator, observation, stage
from tests.unit.wired import Stage, row, source
from warehouse.evaluation.evaluate import evaluate

MOVED = Rename("made_up", "S1", "S1N", "renamed", "2025", "new codes", "a list")


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """S1 of the sources that the tests make up has another code now."""
    known = {(name, "S1"): MOVED for name in ("made_up", "agency")}
    monkeypatch.setattr("sources.registry.renames.renames", lambda: known)


def test_the_list_is_sound() -> None:
    assert renames()
    for (source_id, old), one in renames().items():
        assert one.kind in KINDS, one
        assert all((one.new, one.since, one.reason, one.knowledge)), one
        assert old != one.new
        assert (source_id, one.new) not in renames(), f"{old} is renamed twice: name the last code"
        declared = load_series(source_id)
        assert one.kind == "replaced" or old not in declared or one.new in declared, (
            f"{source_id}/series.csv has {old} and lacks {one.new}"
        )


def test_a_rename_and_a_replacement_are_told_apart() -> None:
    assert renamed("unsd_sdg", ["IT_NET_BBP"]) == "IT_NET_BBP is IT_NET_BBND since 2022.Q2"
    said = renamed("worldbank_wdi", ["EN.ATM.CO2E.PC"])
    assert "EN.GHG.CO2.PC.CE.AR5" in said
    assert "not the same" in said
    assert renamed("worldbank_wdi", ["IT_NET_BBP"]) == ""


def test_check_names_the_new_code(tmp_path: Path) -> None:
    text = (FOLDER / "connectivity" / "secure_servers.yaml").read_text()
    file = tmp_path / "secure_servers.yaml"
    file.write_text(text.replace("IT.NET.SECR.P6", "VA.EST"))
    results = [p.next_step for p in check_files([file]).problems if "VA.EST" in p.what]
    assert len(results) == 1
    assert "VA.EST is GOV_WGI_VA.EST since" in results[0]


@pytest.mark.usefixtures("moved")
def test_a_series_that_did_not_arrive_is_told_by_its_new_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    staged = Stage(monkeypatch, tmp_path)([row(series="S1N")])
    with pytest.raises(StageProblem, match="S1 is S1N since 2025") as raised:
        check_arrived(source(), ["S1"], staged)
    assert "series that came unasked: S1N" in raised.value.what


class Gone:
    """A reader whose agency has no series S1."""

    def plan(self, source: Source, series: Sequence[str]) -> list[Resource]:
        return [Resource(code, (code,)) for code in series]

    def fetch(self, source: Source, resource: Resource, session: Session) -> SourceResponse:
        page = session.get("/")
        if resource.key == "S1":
            raise NoSuchSeries("there is no such series", next_step="Look it up.", pages=[page])
        return SourceResponse(resource, (page,), 1, 1, hashlib.sha256(page.body).hexdigest())

    def raw_rows(self, *_: object) -> None:
        raise NotImplementedError


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., FetchReport]:
    def asked(**more: Any) -> FetchReport:
        with LocalAgency() as agency, closing(Session(make_source(), base_url=agency.url)) as session:
            return fetch_source(
                make_source(), ["S1"], Store(tmp_path), reader=Gone(), session=session, **more
            )

    return asked


@pytest.mark.usefixtures("moved")
def test_an_agency_that_has_it_no_more_is_told_with_its_new_code(ask: Callable[..., FetchReport]) -> None:
    (error,) = ask().refused
    assert error.next_step.startswith("S1 is S1N since 2025. Name the new code in series.csv")
    assert error.next_step.endswith("Look it up.")


@pytest.mark.usefixtures("moved")
def test_an_optional_series_is_left_out_with_its_new_code(ask: Callable[..., FetchReport]) -> None:
    report = ask(optional={"S1"})
    assert report.refused == []
    assert "has no series S1 (S1 is S1N since 2025)" in report.note


@pytest.mark.usefixtures("moved")
def test_rows_under_an_old_code_are_not_merged_into_the_new_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = Stage(monkeypatch, tmp_path).rows([row(series="S1", value="1"), row(series="S1N", value="2")])
    assert [(r["series"], r["obs_value"]) for r in kept] == [("S1", 1.0), ("S1N", 2.0)]
    staged = stage(tmp_path / "s", [observation("one", "S1", "KEN", 2020, 1.0)])
    definition = indicator(inputs=[{"source": "one", "series": "S1N"}])
    evaluate(definition, staged, {}, tmp_path / "out.parquet")
    assert pq.read_metadata(tmp_path / "out.parquet").num_rows == 0
