"""Structured logs, and events of lineage: what is written, where, and that neither can stop a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pipelines.monitoring.openlineage as lineage_module
from pipelines.monitoring.openlineage import Lineage
from pipelines.monitoring.run_log import RunLog, runs
from schemas.errors import CompactError
from tests.unit.local_agency import LocalAgency, Reply
from warehouse.store.publish import ReleaseResult

RUN = "0b8e0a52-5b1c-4b6e-9d53-6f3d2c7f1a10"
RELEASE = ReleaseResult(True, "2026-11-23-aa", Path("r"), "", {"indicator": 5})


@pytest.fixture(autouse=True)
def _receivers_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage_module, "_broken", set())


def lines(home: Path) -> list[dict[str, object]]:
    (log,) = [p for p in (home / "logs").iterdir() if p.name != "runs.jsonl"]
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_every_line_has_time_run_and_event(tmp_path: Path) -> None:
    journal = RunLog(tmp_path, RUN)
    with journal.step("fetched", source="wid") as said:
        said.update(bytes=5, note=None)
    journal.ended("released", release="R")
    first, last = lines(tmp_path)
    assert first["run"] == RUN
    assert (first["event"], first["source"], first["bytes"]) == ("fetched", "wid", 5)
    assert "note" not in first
    assert isinstance(first["seconds"], float)
    assert (last["event"], last["outcome"]) == ("run ended", "released")
    assert runs(tmp_path)[-1]["release"] == "R"


def test_a_step_that_fails_is_logged_with_the_problem_and_still_fails(tmp_path: Path) -> None:
    with pytest.raises(CompactError), RunLog(tmp_path).step("staged", source="wid"):
        raise CompactError("an area that nobody declared")
    (line,) = lines(tmp_path)
    assert (line["event"], line["problem"]) == ("staged failed", "an area that nobody declared")


@pytest.mark.parametrize(("switch", "on_stderr", "in_file"), [("json", 1, True), ("off", 0, False)])
def test_the_switch(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    switch: str,
    on_stderr: int,
    in_file: bool,
) -> None:
    monkeypatch.setenv("COMPACT_LOG", switch)
    RunLog(tmp_path).event("fetched", source="wid")
    assert len(capsys.readouterr().err.splitlines()) == on_stderr
    assert (tmp_path / "logs").exists() == in_file


def test_a_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    journal = RunLog(tmp_path)
    journal.event("one")
    journal.event("two")
    assert capsys.readouterr().err.count("the log cannot be written") == 1


def test_a_torn_line_of_the_runs_is_passed_over(tmp_path: Path) -> None:
    RunLog(tmp_path).ended("released")
    with (tmp_path / "logs" / "runs.jsonl").open("a") as file:
        file.write('{"run": "x", "outc')
    assert [run["outcome"] for run in runs(tmp_path)] == ["released"]


# --- lineage ---


def test_no_event_without_the_switch(tmp_path: Path) -> None:
    Lineage(RUN).released(RELEASE, ["gini"])
    assert list(tmp_path.iterdir()) == []


def test_events_go_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "events.jsonl"
    monkeypatch.setenv("COMPACT_OPENLINEAGE_URL", file.as_uri())
    lineage = Lineage(RUN)
    lineage.started()
    lineage.released(RELEASE, ["gini", "population"])
    lineage.ended(succeeded=True)
    start, release, end = map(json.loads, file.read_text().splitlines())
    assert [start["eventType"], release["eventType"], end["eventType"]] == ["START", "COMPLETE", "COMPLETE"]
    assert start["run"]["runId"] == end["run"]["runId"] == RUN
    assert release["run"]["facets"]["parent"]["run"]["runId"] == RUN
    assert [one["name"] for one in release["inputs"]] == ["indicator/gini", "indicator/population"]
    (out,) = release["outputs"]
    assert (out["name"], out["outputFacets"]["outputStatistics"]["rowCount"]) == ("release/indicator", 5)
    assert {"name", "type", "description"} <= out["facets"]["schema"]["fields"][0].keys()
    for event in (start, release, end):  # what the specification requires of a RunEvent
        assert {"eventTime", "producer", "schemaURL", "run", "job"} <= event.keys()
        assert event["schemaURL"].endswith("OpenLineage.json#/$defs/RunEvent")
        assert {"namespace", "name"} <= event["job"].keys()


def test_events_are_posted_until_the_receiver_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with LocalAgency(Reply(b""), Reply(b"", status=500)) as receiver:
        monkeypatch.setenv("COMPACT_OPENLINEAGE_URL", f"{receiver.url}/api/v1/lineage?key=s3cret")
        lineage = Lineage(RUN)
        for _ in range(4):
            lineage.started()
        assert len(receiver.log) == 2
        assert json.loads(receiver.log[0].body)["run"]["runId"] == RUN
    said = capsys.readouterr().err
    assert said.count("no events are sent") == 1
    assert "s3cret" not in said
