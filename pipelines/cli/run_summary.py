"""How a run ends: what was asked, kept, rejected and changed, in a table and a few sentences."""

from __future__ import annotations

from pathlib import Path

from pipelines.console.output import emit, note, say
from pipelines.runner.run import Outcome
from pipelines.steps.stage import current_tables
from pipelines.steps.state import RunState
from pipelines.steps.system_errors import SystemFault
from sources.staging.stage import StagedSource

UNREACHABLE = "cannot be reached: "  # as SourceUnavailable says it


def tell(outcome: Outcome) -> int:
    """Print the summary; the exit code is 0 for a release (or nothing changed), 1 where the run is red, 2
    where the machine did not let it work."""
    state = outcome.state
    staged = current_tables(state.context) if outcome.succeeded else {}
    rows = [_source_row(state, source_id, staged.get(source_id)) for source_id in state.context.sources]
    emit(
        [row for row in rows if row["state"] in ("live", "stored")], as_json=False, empty="no source has data"
    )
    if absent := [str(row["source"]) for row in rows if row["state"] == "absent"]:
        say(f"absent: {', '.join(absent)}")
    _notes({source_id: report.note for source_id, report in state.reports.items() if report.note})
    for problem in state.problems:
        note(f"\n{problem}")
    release = outcome.release
    if not outcome.succeeded or release is None:
        note(
            "\nThe run is red: nothing was published, `latest` is as it was, and the bytes received are kept."
        )
        return 2 if any(isinstance(problem, SystemFault) for problem in state.problems) else 1
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


def open_lines(release: Path) -> list[str]:
    """What to open in a release folder, as far as it is there: site, workbook and one country's brief."""
    countries = sorted((release / "briefs").glob("[A-Z][A-Z][A-Z].pdf"))
    reports = [
        ("site", release / "site" / "index.html"),
        ("workbook", release / "compact-tracker.xlsx"),
        *(("brief", path) for path in countries[:1]),
    ]
    lines = [f"  {name:<9} {path}" for name, path in reports if path.is_file()]
    if len(countries) > 1:
        lines[-1] += f" (and {len(countries) - 1} other countries)"
    return ["Open:", *lines] if lines else []


def _notes(notes: dict[str, str]) -> None:
    """Why sources have less than was asked for; those out of reach in one line, with one reason."""
    silent = {source_id: text for source_id, text in notes.items() if UNREACHABLE in text}
    for source_id, text in notes.items():
        if source_id not in silent:
            note(f"{source_id}: {text}")
    if silent:
        first = next(iter(silent))
        note(f"cannot be reached: {', '.join(silent)} ({first}: {silent[first].split(UNREACHABLE)[1]})")


def _source_row(state: RunState, source_id: str, staged: StagedSource | None) -> dict[str, object]:
    report = state.reports.get(source_id)
    return {
        "source": source_id,
        "state": report.state if report else "absent",
        "new": len(report.fetched) if report else 0,
        "unchanged": len(report.unchanged) if report else 0,
        "requests": report.requests if report else 0,
        "MB": round(report.bytes / 1e6, 2) if report else 0.0,
        "seconds": round(report.seconds, 1) if report else 0.0,
        "rows_in": staged.rows_in if staged else None,
        "kept": staged.rows_out if staged else None,
        "rejected": staged.rows_in - staged.rows_out if staged else None,
    }
