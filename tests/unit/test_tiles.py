"""Aggregating tiles to countries: the location of a tile, the figures against a second program, and the
reader. Tiles are synthetic.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.http.api_key import not_configured
from sources.model import InvalidResponse, Page, SnapshotFiles
from sources.readers.ookla import reader as ookla_tiles
from sources.readers.ookla.tiles import cell_tables, load_cells, tile_speed_sql
from sources.registry.sources import SOURCES, load_source
from tests.benchmarks.tiles import make_tiles
from warehouse.distributed.portable_sql import faults
from warehouse.engine.duckdb_engine import engine

PLACES = {
    "KEN": (-1.29, 36.82),
    "USA": (40.71, -74.0),
    "GBR": (51.5, -0.12),
    "SGP": (1.29, 103.85),
    "CHE": (46.2, 6.15),
    "JPN": (35.68, 139.7),
    "XKX": (42.66, 21.16),
    "MLT": (35.9, 14.5),
    "NRU": (-0.53, 166.93),
    None: (0.0, -30.0),
}


def quadkey(latitude: float, longitude: float) -> str:
    """Of the tile at level 16, as Microsoft describes it (Bing Maps Tile System)."""
    size = 1 << 16
    x = int((longitude + 180) / 360 * size)
    y = int((1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * size)
    return "".join(str((x >> bit & 1) | (y >> bit & 1) << 1) for bit in range(15, -1, -1))


@pytest.fixture(scope="module")
def areas() -> dict[str, str]:
    return {
        prefix: area
        for table in cell_tables()
        for prefix, area in zip(table["prefix"].to_pylist(), table["ref_area"].to_pylist(), strict=True)
    }


@pytest.mark.parametrize("area", PLACES, ids=str)
def test_a_tile_lies_in_its_country(areas: dict[str, str], area: str | None) -> None:
    key = quadkey(*PLACES[area])
    assert areas.get(key[:8], areas.get(key[:12])) == area


def test_no_cell_lies_in_another() -> None:
    coarse, fine = cell_tables()
    whole = set(coarse["prefix"].to_pylist())
    assert len(whole) == coarse.num_rows
    assert not whole & {prefix[:8] for prefix in fine["prefix"].to_pylist()}


def by_hand(tiles: list[dict[str, Any]], name: str) -> dict[str, float]:
    """Test by test, without a window or a cumulated sum."""
    values = sorted(value for tile in tiles for value in [tile[name]] * tile["tests"])
    n, total = len(values), sum(values)
    distances = sum(abs(a - b) for a in values for b in values)

    def reached(share: float) -> int:
        return min(v for v in values if sum(w <= v for w in values) >= share * n)

    return {
        "median": reached(0.5),
        "p10": reached(0.1),
        "p90": reached(0.9),
        "share_10": 100 * sum(v >= 10_000 for v in values) / n,
        "gini": 100 * distances / (2 * n * total),
        "tests": n,
    }


def tiles_of(area: str, speeds: list[tuple[int, int]]) -> list[dict[str, Any]]:
    key = quadkey(*PLACES[area])[:13]
    return [
        {
            "quadkey": f"{key}{place // 16}{place // 4 % 4}{place % 4}",
            "tile": "",
            "avg_d_kbps": speed,
            "avg_u_kbps": speed // 2,
            "avg_lat_ms": 1 + 100_000 // speed,
            "tests": tests,
            "devices": 1,
        }
        for place, (speed, tests) in enumerate(speeds)
    ]


def some_tiles() -> list[dict[str, Any]]:
    kenya = tiles_of(
        "KEN", [(1000, 3), (9_999, 4), (10_000, 1), (25_000, 7), (25_000, 2), (400_000, 1), (7, 0)]
    )
    return [*kenya, *tiles_of("JPN", [(90_000, 5), (120_000, 6)])]


def test_the_figures_are_those_of_a_count_test_by_test() -> None:
    tiles = some_tiles()
    with engine() as con:
        load_cells(con)
        con.register("given", pa.Table.from_pylist(tiles))
        con.execute("create temp table tile as select *, 'fixed' as type, '2025' as period from given")
        rows = {
            (r["ref_area"], r["measure"]): r for r in con.sql(tile_speed_sql()).to_arrow_table().to_pylist()
        }
    for area, mine in (("KEN", tiles[:7]), ("JPN", tiles[7:])):
        for measure, column in (
            ("download", "avg_d_kbps"),
            ("upload", "avg_u_kbps"),
            ("latency", "avg_lat_ms"),
        ):
            expected = by_hand(mine, column)
            assert {name: rows[area, measure][name] for name in expected} == pytest.approx(expected, rel=1e-9)


def test_the_select_keeps_to_the_portable_subset() -> None:
    assert faults(tile_speed_sql()) == []


def test_generated_tiles_have_the_published_layout_and_are_the_same_again(tmp_path: Path) -> None:
    with engine() as con:
        load_cells(con)
        one, other = (make_tiles(con, tmp_path / name, "mobile", 5, 2_000) for name in ("a", "b"))
    assert one.relative_to(tmp_path / "a").as_posix() == (
        "type=mobile/year=2020/quarter=2/2020-04-01_performance_mobile_tiles.parquet"
    )
    result = pq.read_table(one, partitioning=None)
    assert result.equals(pq.read_table(other, partitioning=None))
    assert result.column_names[:2] == ["quadkey", "tile"]
    assert {len(key) for key in result["quadkey"].to_pylist()} == {16}


# --- the reader
class Session:
    """Answers every question with one body."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.asked: list[str] = []

    def get(self, path: str, *_: Any, **__: Any) -> Page:
        self.asked.append(path)
        return Page(path, self.body)


def published(folder: Path, tiles: list[dict[str, Any]]) -> bytes:
    pq.write_table(pa.Table.from_pylist(tiles), folder / "tiles.parquet")
    return (folder / "tiles.parquet").read_bytes()


def test_one_file_a_type_and_year_is_asked_for_where_it_is_published(tmp_path: Path) -> None:
    source = load_source(SOURCES / "ookla_open_data" / "source.yaml")
    expected = ookla_tiles.plan(source, ["fixed_download_median"])
    assert [one.key for one in expected][:2] == ["fixed 2019Q4", "fixed 2020Q4"]
    session: Any = Session(published(tmp_path, some_tiles()))
    answer = ookla_tiles.fetch(source, expected[0], session)
    assert answer.rows == 9
    assert session.asked == ["/type=fixed/year=2019/quarter=4/2019-10-01_performance_fixed_tiles.parquet"]


def spoiled(folder: Path, column: str, value: int | None) -> bytes:
    first, *others = some_tiles()
    return published(folder, [first | {column: value}, *others])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda body, _: body[:-100], "no whole parquet file"),
        (lambda _, folder: published(folder, [{"quadkey": "0"}]), "lacks avg_d_kbps"),
        (lambda _, __: b"<html>busy</html>", "no whole parquet file"),
        (lambda _, folder: spoiled(folder, "avg_d_kbps", 1 << 48), "1 of 9 tiles lack a value, or have one"),
        (lambda _, folder: spoiled(folder, "tests", -1), "1 of 9 tiles lack a value, or have one"),
        (lambda _, folder: spoiled(folder, "avg_lat_ms", None), "1 of 9 tiles lack a value, or have one"),
        (lambda _, folder: spoiled(folder, "quadkey", None), "1 of 9 tiles lack a value, or have one"),
    ],
    ids=["cut off", "other columns", "a page", "huge", "negative", "no number", "no place"],
)
def test_what_is_no_table_of_tiles_is_refused(tmp_path: Path, spoil: Any, said: str) -> None:
    source = load_source(SOURCES / "ookla_open_data" / "source.yaml")
    session: Any = Session(spoil(published(tmp_path, some_tiles()), tmp_path))
    with pytest.raises(InvalidResponse, match=said):
        ookla_tiles.fetch(source, ookla_tiles.plan(source, ["fixed_tests"])[0], session)


def test_every_tile_is_counted_and_speeds_are_in_their_units(tmp_path: Path) -> None:
    source = load_source(SOURCES / "ookla_open_data" / "source.yaml")
    published(tmp_path, some_tiles())
    files = [SnapshotFiles("s", "fixed 2019Q4", (tmp_path / "tiles.parquet",))]
    with duckdb.connect(":memory:") as con:
        con.execute("create temp table raw_row_counted (snapshot varchar, reason varchar, rows bigint)")
        ookla_tiles.raw_rows(con, source, files)
        assert con.execute("select * from raw_row_counted").fetchall() == [("s", "tile", 9)]
        rows = dict(
            con.execute(
                "select series, value::double from raw_row where area = 'KEN' and time_period = '2019'"
            ).fetchall()
        )
    assert rows["fixed_download_median"] == 25.0
    assert rows["fixed_tests"] == 18
    assert rows["fixed_download_p90_p10"] == pytest.approx(25.0)
    assert len(rows) == len(ookla_tiles.SERIES)


def test_it_is_asked_only_when_a_person_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    source = load_source(SOURCES / "ookla_open_data" / "source.yaml")
    assert "COMPACT_TILES is not set" in not_configured(source)
    monkeypatch.setenv("COMPACT_TILES", "yes")
    assert not_configured(source) == ""
