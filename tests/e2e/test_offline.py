"""A first run without any agency still makes a real, checked, versioned release."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import duckdb
import pytest

from schemas.tables.registry import TABLES
from sources.registry.sources import load_sources
from tests.command import Finished, compact
from tests.e2e.conftest import nobody_answers


def test_the_run_says_who_is_unreachable_and_still_makes_a_release(first_run: tuple[Path, Finished]) -> None:
    home, done = first_run
    assert done.code == 0, done.err
    agencies = [source.id for source in load_sources().values() if source.hosts]
    lines = done.out.splitlines()
    assert len(agencies) >= 3
    assert not any(line.startswith("absent: ") for line in lines)  # the reason below names them
    assert "cannot be reached: " in done.err
    assert all(source_id in done.err for source_id in agencies)
    assert any(line.split()[:2] == ["world_factbook", "live"] for line in lines)
    assert "Release" in done.out
    assert (home / "releases" / "latest" / "release.json").exists()


def test_the_release_has_some_15_indicators_for_over_200_countries(first_run: tuple[Path, Finished]) -> None:
    latest = first_run[0] / "releases" / "latest" / "latest.parquet"
    rows = duckdb.execute(
        f"select indicator, count(*) from '{latest}' where length(ref_area) = 3 group by 1"
    ).fetchall()
    assert len(rows) >= 15
    assert sum(1 for _, areas in rows if areas > 200) >= 15
    assert len(duckdb.execute(f"select distinct ref_area from '{latest}'").fetchall()) > 200


def test_every_table_is_published_with_its_field_metadata(first_run: tuple[Path, Finished]) -> None:
    import pyarrow.parquet as pq

    folder = first_run[0] / "releases" / "latest"
    for name, table in TABLES.items():
        schema = pq.read_schema(folder / f"{name}.parquet")
        assert schema.names == list(table.names)
        assert schema.field(0).metadata[b"description"].decode() == table.columns[0].description


def test_every_value_traces_to_bytes_in_the_store(first_run: tuple[Path, Finished]) -> None:
    home = first_run[0]
    folder = home / "releases" / "latest"
    used = duckdb.execute(
        f"select distinct unnest(string_split(snapshot, ';')) from '{folder}/indicator.parquet'"
    ).fetchall()
    known = dict(duckdb.execute(f"select snapshot, bytes from '{folder}/snapshot.parquet'").fetchall())
    assert used
    lines = [json.loads(line) for line in (home / "snapshots" / "manifest.jsonl").read_text().splitlines()]
    pages = {line["snapshot"]: line["pages"] for line in lines if line.get("pages")}
    for (snapshot,) in used:
        whole, length = hashlib.sha256(), 0
        for page in pages[snapshot]:
            body = (home / "snapshots" / "objects" / page["sha256"][:2] / page["sha256"]).read_bytes()
            whole.update(body)
            length += len(body)
        assert whole.hexdigest() == snapshot
        assert length == known[snapshot]


def test_the_ledger_reconciles_and_counts_what_quarantine_lists(first_run: tuple[Path, Finished]) -> None:
    folder = first_run[0] / "releases" / "latest"
    rows = duckdb.execute(
        f"select rows_in, rows_out, rows_rejected, reasons from '{folder}/ledger.parquet'"
    ).fetchall()
    assert rows
    for rows_in, rows_out, rejected, reasons in rows:
        assert rows_in == rows_out + rejected
        assert sum(json.loads(reasons).values()) == rejected


def test_checksums_hold_by_an_ordinary_tool(first_run: tuple[Path, Finished]) -> None:
    folder = first_run[0] / "releases" / "latest"
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=False
    )
    assert done.returncode == 0


def test_a_second_run_makes_no_release_and_says_so(first_run: tuple[Path, Finished]) -> None:
    home = first_run[0]
    before = sorted(p.name for p in (home / "releases").iterdir())
    done = compact("run", home=home, env=nobody_answers())
    assert done.code == 0, done.err
    assert "Nothing changed" in done.out
    assert sorted(p.name for p in (home / "releases").iterdir()) == before


def test_two_homes_give_the_same_parquet_bytes(first_run: tuple[Path, Finished], tmp_path: Path) -> None:
    """The same snapshots and definitions: the store is copied, all the rest is made again."""
    import shutil

    home = first_run[0]
    shutil.copytree(home / "snapshots", tmp_path / "snapshots")
    shutil.copytree(home / "status", tmp_path / "status")
    assert compact("run", "--offline", home=tmp_path, env=nobody_answers()).code == 0
    for name in TABLES:
        mine, other = (h / "releases" / "latest" / f"{name}.parquet" for h in (home, tmp_path))
        assert mine.read_bytes() == other.read_bytes(), name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["show", "internet_use", "--area", "KEN"],
            ["Kenya: 35% in 2023 (estimated)", "Factbook", "2030"],
        ),
        (["about", "internet_use"], ["Individuals using the Internet", "higher is better"]),
        (["list"], ["internet_use"]),
        (["search", "IT.NET.USER.ZS"], ["internet_use"]),
        (["search", "electricity"], ["electricity"]),
        (["releases"], ["20"]),
        (["verify"], ["whole"]),
        (["check"], []),
    ],
)
def test_the_verbs_that_read(
    first_run: tuple[Path, Finished], arguments: list[str], words: list[str]
) -> None:
    done = compact(*arguments, home=first_run[0])
    assert done.code == 0, done.err + done.out
    assert all(word in done.out for word in words), done.out
    as_json = compact(*arguments, "--json", home=first_run[0])
    assert as_json.code == 0
    assert isinstance(as_json.json, list | dict)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "no_such_indicator"], 2, ["no_such_indicator", "next:"]),
        (["show", "internet_use", "--area", "XXX"], 2, ["XXX", "allowed:"]),
        (["about", "no_such_indicator"], 2, ["next:"]),
        (["search", "zzzzzz"], 1, ["zzzzzz"]),
        (["run", "--source", "nobody"], 2, ["nobody", "allowed:", "world_factbook"]),
        (["verify", "1999-01-01-00000000"], 2, ["next:"]),
    ],
)
def test_the_exit_code_and_message_of_what_cannot_be_done(
    first_run: tuple[Path, Finished], arguments: list[str], code: int, words: list[str]
) -> None:
    done = compact(*arguments, home=first_run[0])
    assert done.code == code, done.out + done.err
    assert all(word in done.out + done.err for word in words), done.out + done.err
    assert "Traceback" not in done.err


def test_reading_an_empty_home_says_what_to_run(tmp_path: Path) -> None:
    done = compact("show", "internet_use", home=tmp_path)
    assert done.code == 2
    assert "compact run" in done.err


def test_verify_finds_a_flipped_bit(first_run: tuple[Path, Finished], tmp_path: Path) -> None:
    import shutil

    release = (first_run[0] / "releases" / "latest").resolve()
    copy = tmp_path / "releases" / release.name
    shutil.copytree(release, copy)
    (tmp_path / "releases" / "latest").symlink_to(release.name)
    body = bytearray((copy / "latest.parquet").read_bytes())
    body[len(body) // 2] ^= 1
    (copy / "latest.parquet").write_bytes(body)
    done = compact("verify", home=tmp_path)
    assert done.code == 1
    assert "latest.parquet" in done.out
