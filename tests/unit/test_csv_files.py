"""A release's tables as CSV: they read back unchanged, and are safe in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reports.csv.tables import build
from schemas.display import visible
from schemas.errors import CompactError
from sources.contributions.cells import runs
from tests.site_release import write_release

ODD = st.sampled_from(
    "=+-@\uff1d\uff0b\uff0d\uff20\t\n\r \u00a0\u200b\u200f\u2028\u202e\u2060\u3000\ufeff\x1b\x1c\x9ba1.'\""
)
TEXTS = [
    "=1+1",
    "+cmd",
    "-cmd|x",
    "@sum",
    "\tx",
    "-5.5",
    "+3",
    "plain",
    "a,b",
    'a "b"',
    "two\nlines",
    "é",
    None,
]


def test_every_table_comes_back_as_it_was(tmp_path: Path) -> None:
    release = write_release(tmp_path / "r")
    written = build(release, tmp_path / "out")
    assert {path.stem for path in written} == {path.stem for path in release.glob("*.parquet")}
    con = duckdb.connect()
    for name in ("latest", "progress", "score"):
        again = con.execute(f"select * from read_csv('{tmp_path}/out/{name}.csv') order by all").fetchall()
        assert again == con.execute(f"select * from '{release}/{name}.parquet' order by all").fetchall()
    assert build(release, tmp_path / "one", ["latest"]) == [tmp_path / "one" / "latest.csv"]


def test_no_text_runs_as_a_formula_and_numbers_keep_every_digit(tmp_path: Path) -> None:
    release = write_release(tmp_path / "r")
    numbers = [0.1 + 0.2, -1e-300, 1e300, None, *[-1.0] * (len(TEXTS) - 4)]
    table = pa.table({"text": TEXTS, "number": numbers, "list": [["a", "b"]] * len(TEXTS)})
    pq.write_table(table, release / "odd.parquet")
    (path,) = build(release, tmp_path / "out", ["odd"])
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head == ["text", "number", "list"]
    assert [row[0] for row in rows] == [
        "'=1+1", "'+cmd", "'-cmd|x", "'@sum", "'\tx", "-5.5", "'+3", "plain", "a,b",
        'a "b"', "two\nlines", "é", "",
    ]  # fmt: skip
    assert [float(row[1]) if row[1] else None for row in rows] == numbers
    assert rows[0][2] == '["a","b"]'


def test_what_is_no_release_or_no_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(CompactError, match="not a release"):
        build(tmp_path, tmp_path / "out")
    release = write_release(tmp_path / "r")
    with pytest.raises(CompactError, match="no table 'nothing'"):
        build(release, tmp_path / "out", ["nothing"])


@pytest.mark.slow
@given(st.lists(st.text(ODD, max_size=6), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
@example(["\n=1", "\uff1d1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\u3000+1", "\u2028@x", "\x1c-1"])
def test_what_our_own_rule_calls_a_formula_is_neutralised(texts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        release, out = Path(folder) / "r", Path(folder) / "out"
        release.mkdir()
        (release / "release.json").write_text("{}")
        pq.write_table(pa.table({"text": texts}), release / "odd.parquet")
        (path,) = build(release, out, ["odd"])
        with path.open(newline="", encoding="utf-8") as file:
            _, *rows = csv.reader(file)
    for text, row in zip(texts, rows, strict=True):
        cell = row[0] if row else ""
        assert cell.startswith("'") >= runs(text)
        assert cell == "" or not runs(cell)
        assert visible(cell.replace("\r", "")) == cell.replace("\r", "")
