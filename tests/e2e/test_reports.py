"""Reports: a run writes site, briefs and workbook into the release; `compact report` rebuilds them in
another folder or shows them.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from tests.command import CHECKOUT, Finished, compact
from tests.e2e.conftest import copied_home

ALL = {"COMPACT_REPORTS": "all"}


@pytest.fixture(scope="module")
def reported(first_run: tuple[Path, Finished], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home whose latest release has its reports, and that release."""
    home = copied_home(first_run[0], tmp_path_factory.mktemp("reported"), "snapshots", "staged", "evaluated")
    done = compact("run", "--offline", home=home, env=ALL)
    assert done.code == 0, done.err
    return home, (home / "releases" / "latest").resolve()


def test_a_run_writes_site_briefs_and_workbook_under_the_checksums(reported: tuple[Path, Path]) -> None:
    home, release = reported
    assert (release / "site" / "index.html").is_file()
    names = {path.name for path in (release / "briefs").iterdir()}
    assert {"KEN.pdf", "NIU.pdf", "BOL.pdf", "M49-001.pdf", "WB-LIC.pdf"} <= names
    assert sum(1 for name in names if len(name) == len("KEN.pdf")) >= 237
    sums = (release / "SHA256SUMS").read_text()
    assert all(f"  {name}" in sums for name in ("briefs/KEN.pdf", "site/index.html", "compact-tracker.xlsx"))
    assert compact("verify", home=home).code == 0


def test_the_briefs_speak_of_the_release_that_they_are_in(reported: tuple[Path, Path]) -> None:
    _, release = reported
    for code, name in (("KEN", "Kenya"), ("NIU", "Niue"), ("M49-001", "World")):
        pages = PdfReader(release / "briefs" / f"{code}.pdf").pages
        text = " ".join(page.extract_text() for page in pages)
        assert len(pages) == 2
        assert name in text
        assert release.name in text


def test_the_workbook_has_the_values_of_latest(reported: tuple[Path, Path]) -> None:
    import duckdb

    book = CalamineWorkbook.from_path(reported[1] / "compact-tracker.xlsx")
    head, *rows = book.get_sheet_by_name("data").to_python()
    at = {name: head.index(name) for name in ("indicator", "area", "year", "value", "pace")}
    found = {(r[at["indicator"]], r[at["area"]]): (r[at["year"]], r[at["value"]]) for r in rows}
    wanted = duckdb.execute(
        f"select indicator, ref_area, time_period, value from '{reported[1]}/latest.parquet' "
        "where ref_area not like '%:%'"
    ).fetchall()
    assert len(wanted) > 5000
    assert found == {(i, a): (year, pytest.approx(value, rel=1e-14)) for i, a, year, value in wanted}


def test_report_makes_a_brief_aside_and_leaves_the_release_alone(reported: tuple[Path, Path]) -> None:
    home, release = reported
    before = (release / "SHA256SUMS").read_bytes()
    done = compact("report", "--area", "KEN", "--language", "es", "--json", home=home)
    assert done.code == 0, done.err
    (row,) = done.json
    made = Path(row["path"])
    made = made if made.is_absolute() else CHECKOUT / made
    assert made == home / "reports" / release.name / "briefs" / "es" / "KEN.pdf"
    assert "Kenia" in PdfReader(made).pages[0].extract_text()
    same = compact("report", "--area", "KEN", home=home, env={})
    assert same.code == 0
    anew = home / "reports" / release.name / "briefs" / "KEN.pdf"
    assert anew.read_bytes() == (release / "briefs" / "KEN.pdf").read_bytes()
    assert (release / "SHA256SUMS").read_bytes() == before


def test_one_indicator_s_pages_are_made_anew_with_their_explanations(reported: tuple[Path, Path]) -> None:
    home, release = reported
    assert list((release / "site" / "data" / "e").glob("*.js"))  # every newest value leads to its bytes
    site = home / "reports" / release.name / "site"
    shutil.copytree(release / "site", site, dirs_exist_ok=True)  # else the first time makes it whole
    page = site / "fr" / "indicator" / "gdp.html"
    page.unlink()
    made = compact("report", "--only", "gdp", "--json", home=home)
    assert made.code == 0, made.err
    (again,) = made.json
    assert (again["report"], again["pages"]) == ("pages", 3)
    assert page.read_bytes() == (release / "site" / "fr" / "indicator" / "gdp.html").read_bytes()
    assert compact("report", "--only", "nothing", home=home).code == 2


def test_the_tables_are_written_as_csv(reported: tuple[Path, Path], tmp_path: Path) -> None:
    home, release = reported
    done = compact("report", "--csv", "--out", str(tmp_path), home=home)
    assert done.code == 0, done.err
    names = {path.stem for path in (tmp_path / "csv").glob("*.csv")}
    assert names == {path.stem for path in release.glob("*.parquet")}


def test_report_refuses_what_it_cannot_do(reported: tuple[Path, Path]) -> None:
    home, release = reported
    inside = compact("report", "--area", "KEN", "--out", str(release / "briefs"), home=home)
    assert (inside.code, "which never changes" in inside.err) == (2, True)
    unknown = compact("report", "--area", "XXX", home=home)
    assert (unknown.code, "no area 'XXX'" in unknown.err) == (2, True)
    both = compact("report", "--release", release.name, "--as-of", "2026-01-01", home=home)
    assert both.code == 2


def test_report_serves_what_the_release_has_to_this_machine(reported: tuple[Path, Path]) -> None:
    home, release = reported
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COMPACT_")}
    server = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "report", "--serve", "0"],
        cwd=CHECKOUT,
        env=environment | {"COMPACT_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address) as answer:
            assert answer.read() == (release / "site" / "index.html").read_bytes()
    finally:
        server.send_signal(signal.SIGINT)
        try:
            code = server.wait(30)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
    assert code == 0


def test_a_report_that_fails_stops_the_release(tmp_path: Path) -> None:
    from pipelines.steps.reports import ReportFailed, write_reports

    (tmp_path / "release.json").write_text("{}")
    with pytest.raises(ReportFailed, match=r"the briefs could not be made: .*this is not a release"):
        write_reports(tmp_path)
