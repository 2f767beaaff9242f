"""The summary of a run: requests, responses kept and rejected, and changes, as a table and a few
sentences.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.console.output import emit, emit_one, note, say
from pipelines.maintenance.accept import held
from pipelines.runner.run import Outcome
from pipelines.steps.stage import current_tables
from pipelines.steps.state import RunState
from pipelines.steps.system_errors import SystemFault
from schemas.display import counted
from sources.staging.stage import StagedSource

UNREACHABLE = "cannot be reached: "  # as SourceUnavailable says it


COLUMNS = ("source", "state", "new", "unchanged", "requests", "kept", "rejected", "MB", "seconds")


def tell(outcome: Outcome, *, as_json: bool = False) -> int:
    """Print the summary and return the exit code: 0 for a release or no change, 1 for a failed run, 2 for a
    system fault.
    """
    state = outcome.state
    staged = current_tables(state.context) if outcome.succeeded else {}
    held_now = {str(row["source"]) for row in held(state.context.home)}
    rows = [_source_row(state, one, staged.get(one), one in held_now) for one in state.context.sources]
    if as_json:
        return _tell_json(outcome, rows)
    emit(
        [row for row in rows if row["state"] != "absent"],
        as_json=False,
        empty="no source has data",
        columns=COLUMNS,
    )
    notes = {source_id: report.note for source_id, report in state.reports.items() if report.note}
    absent = [str(row["source"]) for row in rows if row["state"] == "absent"]
    if unexplained := [source_id for source_id in absent if source_id not in notes]:
        say(f"absent: {', '.join(unexplained)}")
    _notes(notes)
    for problem in state.problems:
        note(f"\n{problem}")
    release = outcome.release
    if not outcome.succeeded or release is None:
        note("\nRun failed. Nothing was published; `latest` is unchanged. Responses received were kept.")
        return _failure(outcome)
    say()
    if release.made:
        say(f"Release {release.id}: {release.note}")
        say(f"  {release.path}")
    else:
        same = f"nothing changed since release {release.id}"
        say(f"Nothing changed since release {release.id}: no new release was made.")
        if release.note != same:
            note(release.note)
    for line in open_lines(release.path):
        print(line)
    return 0


def _failure(outcome: Outcome) -> int:
    return 2 if any(isinstance(problem, SystemFault) for problem in outcome.state.problems) else 1


def _tell_json(outcome: Outcome, rows: list[dict[str, object]]) -> int:
    release = outcome.release if outcome.succeeded else None
    emit_one(
        {
            "succeeded": release is not None,
            "release": release.id if release else None,
            "made": bool(release and release.made),
            "note": release.note if release else None,
            "path": str(release.path) if release else None,
            "problems": [str(problem) for problem in outcome.state.problems],
            "sources": rows,
        },
        as_json=True,
    )
    return 0 if release else _failure(outcome)


def open_lines(release: Path) -> list[str]:
    """List what to open in a release folder, where it exists: site, workbook and one country's brief."""
    countries = sorted((release / "briefs").glob("[A-Z][A-Z][A-Z].pdf"))
    reports = [
        ("site", release / "site" / "index.html"),
        ("workbook", release / "compact-tracker.xlsx"),
        *(("brief", path) for path in countries[:1]),
    ]
    lines = [f"  {name:<9} {path}" for name, path in reports if path.is_file()]
    if len(countries) > 1:
        lines[-1] += f" (and {counted(len(countries) - 1, 'other country', 'other countries')})"
    return ["Open:", *lines] if lines else []


def _notes(notes: dict[str, str]) -> None:
    """Explain why sources are incomplete: a line for each reason, and one for unavailable sources."""
    silent = {source_id: text for source_id, text in notes.items() if UNREACHABLE in text}
    alike: dict[str, list[str]] = {}
    for source_id, text in notes.items():
        if source_id not in silent:
            alike.setdefault(text, []).append(source_id)
    for text, source_ids in alike.items():
        note(f"{', '.join(source_ids)}: {text}")
    if silent:
        first = next(iter(silent))
        note(f"cannot be reached: {', '.join(silent)} ({first}: {silent[first].split(UNREACHABLE)[1]})")


def _source_row(
    state: RunState, source_id: str, staged: StagedSource | None, is_held: bool
) -> dict[str, object]:
    """Format one source. held: one of its snapshots is held for review; otherwise its fetch status."""
    report = state.reports.get(source_id)
    return {
        "source": source_id,
        "state": "held" if is_held else report.state if report else "absent",
        "new": len(report.fetched) if report else 0,
        "unchanged": len(report.unchanged) if report else 0,
        "requests": report.requests if report else 0,
        "MB": round(report.bytes / 1e6, 2) if report else 0.0,
        "seconds": round(report.seconds, 1) if report else 0.0,
        "rows_in": staged.rows_in if staged else None,
        "kept": staged.rows_out if staged else None,
        "rejected": staged.rows_in - staged.rows_out if staged else None,
    }
