"""Structured logs: content and location; a failing log does not stop a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.monitoring.run_log import RunLog, runs
from schemas.errors import CompactError

RUN = "0b8e0a52-5b1c-4b6e-9d53-6f3d2c7f1a10"


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
