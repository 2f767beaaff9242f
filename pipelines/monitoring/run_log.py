"""Structured logs in $COMPACT_HOME/logs: one JSON line per event, with the run's id, and one line per run.

Logs record what happened, never the data. A log that cannot be written fails nothing and is reported once, on
stderr. The printed summary is in pipelines/cli/make/run_summary.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from schemas.errors import CompactError
from sources.ingest.report import FetchReport
from sources.settings import load_settings

FOLDER, RUNS = "logs", "runs.jsonl"
BY = "compact/by"  # tag of a Dagster run that the command line records itself
RUN = "compact/run"  # tag of a Dagster run: the command-line run that it belongs to


def new_run_id() -> str:
    return str(uuid4())


@dataclass
class RunLog:
    """The log of one run. run: its id, which is in every line."""

    home: Path
    run: str = field(default_factory=new_run_id)
    mode: str = field(default_factory=lambda: load_settings().log)
    _told: bool = False

    def event(self, event: str, **facts: Any) -> None:
        """Write one line: time, run, event, and the facts that are not None."""
        fields = {name: value for name, value in facts.items() if value is not None}
        line = {"at": _now(), "run": self.run, "event": event, **fields}
        if self.mode == "json":
            print(json.dumps(line, ensure_ascii=False, default=str), file=sys.stderr, flush=True)
        if self.mode != "off":
            self._append(f"{line['at'][:10]}.jsonl", line)

    def ended(self, outcome: str, **facts: Any) -> None:
        """Record how the run ended in runs.jsonl, which `compact status` reads."""
        self._append(RUNS, {"run": self.run, "ended": _now(), "outcome": outcome, **facts})
        self.event("run ended", outcome=outcome, **facts)

    @contextmanager
    def step(self, event: str, **facts: Any) -> Iterator[dict[str, Any]]:
        """Log a step when it ends, with its seconds; entries put into the dictionary are logged too."""
        started, outcome = monotonic(), dict[str, Any]()
        try:
            yield outcome
        except CompactError as problem:
            outcome["seconds"] = _seconds(started)
            self.event(f"{event} failed", problem=problem.what, **facts | outcome)
            raise
        outcome.setdefault("seconds", _seconds(started))
        self.event(event, **facts | outcome)

    def _append(self, name: str, line: Mapping[str, Any]) -> None:
        try:
            folder = self.home / FOLDER
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("ab") as file:  # one write call: lines of two runs never interleave
                file.write(json.dumps(line, ensure_ascii=False, default=str).encode() + b"\n")
        except OSError as error:
            if not self._told:
                print(f"the log cannot be written: {error}", file=sys.stderr)
            self._told = True


def runs(home: Path) -> list[dict[str, Any]]:
    """Return the runs so far, the latest last. A line truncated by a crash is skipped."""
    path = home / FOLDER / RUNS
    if not path.exists():
        return []
    listed = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            value = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(value, dict) and "outcome" in value:
            listed.append(value)
    return listed


def _seconds(started: float) -> float:
    return round(monotonic() - started, 3)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def fetch_facts(report: FetchReport) -> dict[str, Any]:
    """Return the facts of a fetch for a log line and the record of a run."""
    return {
        "state": report.state,
        "note": report.note or None,
        "new": len(report.fetched),
        "unchanged": len(report.unchanged),
        "requests": report.requests,
        "bytes": report.bytes,
        "seconds": round(report.seconds, 3),
    }
