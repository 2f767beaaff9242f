"""Contributions of stakeholders reach the next release in separate tables, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from schemas.tables.contributions import CONTRIBUTION_TABLES
from tests.command import Finished, compact
from tests.e2e.conftest import copied_home
from tests.unit.contributed import DISCLOSURE, FIGURE, PLEDGE, as_csv


def test_contributions_are_published_apart_from_the_agencies_figures(
    first_run: tuple[Path, Finished], tmp_path: Path
) -> None:
    before = first_run[0] / "releases" / "latest"
    assert all(
        pq.read_metadata(before / f"{table.name}.parquet").num_rows == 0 for table in CONTRIBUTION_TABLES
    )
    home = copied_home(first_run[0], tmp_path / "home")
    for kind, lines in (
        ("national_figure", [FIGURE, FIGURE | {"time_period": "2023", "consent": "no"}]),
        ("corporate_disclosure", [DISCLOSURE | {"contact": "ada.lovelace@example.org"}]),
    ):
        sent = tmp_path / f"{kind}.csv"
        sent.write_bytes(as_csv(lines))
        assert compact("import", str(sent), "--by", "ada", home=home).code == 0
    older = {name: text for name, text in PLEDGE.items() if name != "consent"}  # as the template was before
    pledges = tmp_path / "pledges.csv"
    pledges.write_bytes(as_csv([older | {"target": ""}, older | {"pledge_id": "EX-2", "amount": "many"}]))
    assert compact("import", str(pledges), "--by", "ada", home=home).code == 1  # one of two is rejected

    done = compact("run", "--offline", home=home)
    assert done.code == 0, done.err
    after = home / "releases" / "latest"
    records = {
        table.name: pq.read_table(after / f"{table.name}.parquet").to_pylist()
        for table in CONTRIBUTION_TABLES
    }
    assert [row["pledge_id"] for row in records["pledge"]] == ["EX-1"]
    assert [(row["ref_area"], row["value"]) for row in records["national_figure"]] == [("KEN", 35.5)] * 2
    assert [(row["lei"], row["value"]) for row in records["corporate_disclosure"]] == [
        ("00EXAMPLECOMPANY0014", 1250.5)
    ]
    assert [row["contact"] for row in records["national_figure"]] == [None, "data@example.org"], (
        "as consented"
    )
    assert [row["contact"] for row in records["pledge"]] == [None], "nobody was asked"
    assert [row["contact"] for row in records["corporate_disclosure"]] == [None], "a person's address is kept"
    assert all({"imported_by", "consent"}.isdisjoint(row) for rows in records.values() for row in rows)
    for name in ("indicator", "latest", "observation", "progress", "aggregate"):
        assert (after / f"{name}.parquet").read_bytes() == (before / f"{name}.parquet").read_bytes()
    assert compact("verify", home=home).code == 0
    assert "Nothing changed" in compact("run", "--offline", home=home).out
