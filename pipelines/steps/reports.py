"""What people look at, written into a finished release folder: site, country briefs and workbook.

Each is made in a process of its own, side by side, by `python -m pipelines.reports`; what it holds is decided
in reports/. Whether a run makes them is the setting COMPACT_REPORTS.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import CompactError

if TYPE_CHECKING:
    from reports.site import SiteSummary

CHECKOUT = Path(__file__).resolve().parents[2]


class ReportFailed(CompactError):
    """A report could not be made, so the release is not published: it would be partial."""


def write_site(release: Path, out: Path) -> None:
    """The static site, in the folder out/site."""
    build_site(release, out / "site")


def build_site(release: Path, out: Path, only: set[str] | None = None) -> SiteSummary:
    """The site, or the pages of some indicators anew, with the explanation of every newest value; where it
    stands in the bytes, if the release lies in a home with a store of snapshots."""
    from reports.site import build
    from warehouse.provenance.bulk import Explanations

    homes = (folder for folder in release.resolve().parents if (folder / "snapshots").is_dir())
    return build(release, out, only=only, explain=Explanations(release, next(homes, None)).of)


def write_briefs(release: Path, out: Path) -> None:
    """A brief of every country and group, as out/briefs/<area>.pdf."""
    from reports.brief import build

    build(release, out / "briefs")


def write_workbook(release: Path, out: Path) -> None:
    """The workbook, as out/compact-tracker.xlsx."""
    from reports.workbook.writer import NAME, build

    build(release, out / NAME)


WRITERS: Mapping[str, Callable[[Path, Path], None]] = {
    "briefs": write_briefs,  # the longest first
    "site": write_site,
    "workbook": write_workbook,
}


def write_reports(release: Path, out: Path | None = None) -> None:
    """Write all reports of a release folder, by default into it. Raises ReportFailed with what went wrong."""
    command = [sys.executable, "-m", "pipelines.steps.reports"]
    started: dict[str, subprocess.Popen[str]] = {}
    try:
        for name in WRITERS:
            started[name] = subprocess.Popen(  # noqa: S603  our own module
                [*command, name, str(release.resolve()), str((out or release).resolve())],
                cwd=CHECKOUT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        said = {name: process.communicate()[1] for name, process in started.items()}
    finally:
        for process in started.values():
            if process.poll() is None:
                process.kill()
                process.wait()
    failed = [name for name, process in started.items() if process.returncode]
    if failed:
        raise ReportFailed(
            "; ".join(f"the {name} could not be made: {_last(said[name])}" for name in failed),
            where=str(release),
            next_step="`compact report` on the release before shows whether the fault is new; with "
            "COMPACT_REPORTS=none a run makes a release without reports",
        )


def _last(text: str) -> str:
    """What a process said before it ended, as much as a person reads."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines[-3:]) or "it said nothing"


def main(arguments: list[str]) -> int:
    """Make one report: NAME RELEASE OUT."""
    name, release, out = arguments
    try:
        WRITERS[name](Path(release), Path(out))
    except CompactError as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
