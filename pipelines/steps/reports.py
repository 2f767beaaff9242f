"""Writes the reports into a finished release folder: site, country briefs and workbook. Each runs in parallel
in a separate process. Their content is defined in reports/. The setting COMPACT_REPORTS turns them on or off.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from pipelines.steps.context import UpstreamMissing
from schemas.errors import CompactError
from warehouse.store.latest import latest_release

if TYPE_CHECKING:
    from reports.site import SiteSummary
    from warehouse.provenance.bulk import Explanations

CHECKOUT = Path(__file__).resolve().parents[2]


class ReportFailed(CompactError):
    """A report could not be made, so the release, which would be partial, is not published."""


def write_site(release: Path, out: Path) -> None:
    """Write the static site into the folder out/site, and the data of its charts beside it."""
    from reports.csv.charts import FOLDER, build

    build_site(release, out / "site")
    build(release, out / FOLDER)


def build_site(release: Path, out: Path, only: set[str] | None = None) -> SiteSummary:
    """Build the site, or rebuild the pages of some indicators, with the explanation of every newest value.
    The place in the bytes is included if the release is in a home with stored snapshots. A second process
    writes the explanations, which are half of the work of a whole site.
    """
    from reports.site import build
    from sources.settings import load_settings

    address = load_settings().site_url
    if only is not None:
        return build(release, out, only=only, explain=_explanations(release).of, address=address)
    with ProcessPoolExecutor(1, get_context("spawn")) as beside:
        explained = beside.submit(_explain_all, release, out)
        return build(release, out, address=address, finish=explained.result)


def _explanations(release: Path) -> Explanations:
    from warehouse.provenance.bulk import Explanations

    homes = (folder for folder in release.resolve().parents if (folder / "snapshots").is_dir())
    return Explanations(release, next(homes, None))


def _explain_all(release: Path, out: Path) -> None:
    """Write the explanations of a whole site."""
    from reports.shared.release_reader import Release
    from reports.site.build import write_explanations

    write_explanations(out, _explanations(release).of(Release(release).indicators))


def write_briefs(release: Path, out: Path) -> None:
    """Write a brief of every country and group, as out/briefs/<area>.pdf; French and Spanish ones below."""
    from reports.brief import build_all

    build_all(release, out / "briefs")


def write_workbook(release: Path, out: Path) -> None:
    """Write the workbook, as out/compact-tracker.xlsx."""
    from reports.workbook.writer import NAME, build

    build(release, out / NAME)


WRITERS: Mapping[str, Callable[[Path, Path], None]] = {
    "briefs": write_briefs,  # in order of duration, the longest first
    "site": write_site,
    "workbook": write_workbook,
}


REPORTS = tuple(WRITERS)
FOLDERS = {"briefs": "briefs", "site": "site", "workbook": "compact-tracker.xlsx"}
LIMIT = 4 * 3600.0  # timeout of a report in seconds: many times what the largest release needs


@dataclass(frozen=True)
class ReportFiles:
    """A written report. seconds: its own time, although reports run in parallel."""

    name: str
    folder: Path
    files: int
    bytes: int
    seconds: float


def write_reports(
    release: Path, out: Path | None = None, names: Sequence[str] = REPORTS
) -> list[ReportFiles]:
    """Write reports of a release folder, by default all of them into that folder.

    Raises:
        ReportFailed: The error of each report that failed.
    """
    folder = (out or release).resolve()
    with ThreadPoolExecutor(len(names) or 1) as threads:
        done = list(threads.map(lambda name: _write_apart(name, release.resolve(), folder), names))
    failed = [f"the {name} could not be made: {said}" for name, said, _ in done if said]
    if failed:
        raise ReportFailed(
            "; ".join(failed),
            where=str(release),
            next_step="`compact report` on the release before shows whether the fault is new; with "
            "COMPACT_REPORTS=none a run makes a release without reports",
        )
    return [_files(name, folder / FOLDERS[name], seconds) for name, _, seconds in done]


def write_latest_reports(home: Path, names: Sequence[str]) -> list[ReportFiles]:
    """Write reports of the latest release to COMPACT_HOME/reports/<release>: a release itself never
    changes.
    """
    latest = latest_release(home)
    if latest is None:
        raise UpstreamMissing(
            "upstream not materialized: release", where=str(home), next_step="make a release: `compact run`"
        )
    out = home / "reports" / latest.name
    out.mkdir(parents=True, exist_ok=True)
    return write_reports(latest, out, names)


def _write_apart(name: str, release: Path, out: Path) -> tuple[str, str, float]:
    """Write one report in a separate process. Returns its name, the error if any, and its seconds."""
    started = monotonic()
    try:
        done = subprocess.run(  # noqa: S603  our own module
            [sys.executable, "-m", "pipelines.steps.reports", name, str(release), str(out)],
            cwd=CHECKOUT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return name, f"not within {LIMIT:.0f} seconds", monotonic() - started
    return name, _last(done.stderr) if done.returncode else "", monotonic() - started


def _files(name: str, path: Path, seconds: float) -> ReportFiles:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return ReportFiles(name, path, len(files), sum(one.stat().st_size for one in files), seconds)


def _last(text: str) -> str:
    """Return the last output of a process, shortened for a message."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines[-3:]) or "it said nothing"


def main(arguments: list[str]) -> int:
    """Write one report: NAME RELEASE OUT."""
    name, release, out = arguments
    try:
        WRITERS[name](Path(release), Path(out))
    except CompactError as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
