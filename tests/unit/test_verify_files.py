"""The report of `compact verify` on a release folder with replaced files and invalid documents; none of
them makes verify fail or hang.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.command import in_process
from tests.faults.table import saw
from warehouse.release.duckdb_file import write_database
from warehouse.store.publish import CARD, SUMS, write_sums
from warehouse.verification.verify import verify_release

LATEST = "latest.parquet"


def linked(folder: Path) -> None:
    """A link to the same bytes elsewhere, as a thief of disk space or an attacker leaves it."""
    shutil.move(folder / LATEST, folder.parent / "elsewhere.parquet")
    (folder / LATEST).symlink_to(folder.parent / "elsewhere.parquet")


def piped(folder: Path) -> None:
    (folder / LATEST).unlink()
    os.mkfifo(folder / LATEST)


def emptied(folder: Path) -> None:
    (folder / LATEST).unlink()
    (folder / LATEST).mkdir()


def added(folder: Path) -> None:
    (folder / "setup.exe").write_bytes(b"MZ")


def added_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def card_of_another(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps(card | {"id": "2999-01-01-00000000"}), encoding="utf-8")
    write_sums(folder)


def other_database(folder: Path) -> None:
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute("update indicator set value = value + 1 where rowid = 0")
    write_sums(folder)


def database_with_a_view_outside(folder: Path) -> None:
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute("create view secrets as select * from read_csv('/etc/passwd')")
    write_sums(folder)


def database_with_another_table(folder: Path) -> None:
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute("create table more as select 1 as one")
    write_sums(folder)


EXCHANGED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a table is a link": (linked, LATEST, "files"),
    "a table is a named pipe": (piped, LATEST, "files"),
    "a table is an empty folder": (emptied, LATEST, "files"),
    "a file is added": (added, "setup.exe", "files"),
    "a named pipe is added": (added_pipe, "pipe", "files"),
    "release.json is another release's": (card_of_another, CARD, "id"),
    "warehouse.duckdb has another value": (other_database, "warehouse.duckdb", "database"),
    "warehouse.duckdb reads another file": (database_with_a_view_outside, "warehouse.duckdb", "database"),
    "warehouse.duckdb has another table": (database_with_another_table, "warehouse.duckdb", "database"),
}


@pytest.mark.slow
@pytest.mark.fault("a release folder with something else in it")
@pytest.mark.parametrize("name", EXCHANGED)
def test_what_was_exchanged_is_found(name: str, tiny_release: Path) -> None:
    exchange, file, check = EXCHANGED[name]
    assert verify_release(tiny_release) == []
    exchange(tiny_release)
    result = verify_release(tiny_release)
    saw(result[0] if result else "nothing")
    assert (file, check) in {(one.file, one.check) for one in result}


DOCUMENTS: dict[str, tuple[str, bytes]] = {
    "sums: empty": (SUMS, b""),
    "sums: not text": (SUMS, b"\xff\xfe\x00" * 9),
    "sums: a line without a name": (SUMS, b"0" * 64 + b"\n"),
    "sums: names outside": (SUMS, b"0" * 64 + b"  ../../../etc/passwd\n" + b"0" * 64 + b"  /etc/passwd\n"),
    "sums: control characters": (SUMS, b"0" * 64 + b"  \x1b[2J\x00name\n"),
    "card: empty": (CARD, b""),
    "card: not JSON": (CARD, b"{"),
    "card: not text": (CARD, b"\xff\xfe"),
    "card: a list": (CARD, b"[]"),
    "card: nested without end": (CARD, b"[" * 200_000),
    "card: no tables": (CARD, b'{"id": "x", "created": "2026-01-01T00:00:00Z", "fingerprint": "f"}'),
    "card: tables of another kind": (
        CARD, b'{"id": "x", "created": "2026-01-01T00:00:00Z", "fingerprint": "f", "tables": {"latest": 1}}',
    ),
    "card: no time": (CARD, b'{"id": "x", "created": "soon", "fingerprint": "f", "tables": {}}'),
}  # fmt: skip


@pytest.mark.fault("SHA256SUMS or release.json is malformed")
@pytest.mark.parametrize("sums", [False, True], ids=["sums kept", "sums rewritten"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_malformed_document_is_a_finding(name: str, sums: bool, tiny_release: Path) -> None:
    file, body = DOCUMENTS[name]
    (tiny_release / file).write_bytes(body)
    if sums and file != SUMS:
        write_sums(tiny_release)
    result = verify_release(tiny_release)
    saw(result[0] if result else "nothing")
    assert file in {one.file for one in result}
    assert all(str(one).isprintable() for one in result)


@pytest.mark.slow
@pytest.mark.fault("a value is changed, database and checksums rewritten")
def test_a_value_that_its_inputs_do_not_give_is_found_by_verify_and_explain(tiny_release: Path) -> None:
    """By the sample of `verify`, by `verify --all` and by `explain`, each of which ends with 0 before."""
    home, path = tiny_release.parent.parent, tiny_release / "indicator.parquet"
    table = pq.read_table(path)
    row = table.slice(0, 1).to_pylist()[0]
    asked = ("explain", row["indicator"], "--area", row["ref_area"], "--year", str(row["time_period"]))
    for arguments in (("verify",), ("verify", "--all"), asked):
        done = in_process(*arguments, home=home)
        assert done.code == 0, f"{arguments}: {done.out}{done.err}"

    index, values = table.schema.get_field_index("value"), table.column("value").to_pylist()
    wrong = table.set_column(index, table.schema.field("value"), [[values[0] + 3, *values[1:]]])
    pq.write_table(wrong, path)
    (tiny_release / "warehouse.duckdb").unlink()
    write_database(tiny_release)
    write_sums(tiny_release)
    assert verify_release(tiny_release) == [], "nothing but the number is wrong"
    for arguments in (("verify", "--json"), ("verify", "--all", "--json")):
        done = in_process(*arguments, home=home)
        results = {(one["file"], one["check"]) for one in done.json}
        assert (done.code, results) == (1, {("indicator.parquet", "recomputed")})
        saw(done.json[0]["what"])
    done = in_process(*asked, home=home)
    assert done.code == 1
    assert f"{values[0] + 3:.12g} is published, and its inputs give {values[0]:.12g}" in done.err
    assert "compact verify --all" in done.err
