"""The methods of progress in a release, and the command that prints them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from schemas.definitions.methods import DEFAULT_METHOD, methods
from tests.command import Finished, compact


def test_a_release_has_every_method_for_every_series(first_run: tuple[Path, Finished]) -> None:
    folder = first_run[0] / "releases" / "latest"
    counted = dict(
        duckdb.sql(f"select method, count(*) from '{folder}/progress.parquet' group by method").fetchall()
    )
    assert set(counted) == set(methods())
    assert len(set(counted.values())) == 1
    silent = f"select count(*) from '{folder}/progress.parquet' where outlook is null and reason is null"
    assert duckdb.sql(silent).fetchall() == [(0,)]


def test_show_methods_prints_them_side_by_side(first_run: tuple[Path, Finished]) -> None:
    shown = compact("show", "internet_use", "--area", "KEN", "--methods", "--json", home=first_run[0])
    assert shown.code == 0, shown.err
    assert [row["method"] for row in shown.json] == list(methods())
    assert all(row["reason"] or row["outlook"] for row in shown.json)
    plain = compact("show", "internet_use", "--area", "KEN", "--methods", home=first_run[0])
    assert plain.out.splitlines()[2].startswith(DEFAULT_METHOD)
    assert "oecd-distance is provisional" in plain.err
    assert compact("show", "internet_use", "--methods", home=first_run[0]).code == 2
