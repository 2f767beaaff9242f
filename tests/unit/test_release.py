"""A release: complete or absent, the same bytes for the same inputs, readable by others, and `latest`
always valid.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import pyarrow.parquet as pq
import pytest

from schemas.codelists.areas import area_rows
from schemas.errors import CompactError
from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import TABLES
from tests.unit.make import SNAP, catalogue, indicator, observation, snapshot, source, stage
from warehouse import Release
from warehouse.evaluation.evaluate import evaluate_cached
from warehouse.query import indicators as read
from warehouse.release import build
from warehouse.release.build import ReleaseInputs, SourceState, build_release
from warehouse.store import listing
from warehouse.store.publish import ReleaseRefused, latest_release, publishing, read_release_metadata
from warehouse.verification.verify import verify_release

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
USE = indicator(
    expect={"range": [0, 100], "areas_min": 2},
    target={"value": 95.0, "year": 2030, "origin": "test"},
    aggregate={"method": "weighted_mean", "weight": "people"},
)
PEOPLE = indicator(
    "people",
    inputs=[{"source": "one", "series": "P"}],
    unit="PERSONS",
    aggregate={"method": "sum"},
    expect={"range": [0, 1e10]},
)


def observations(use: float = 40.0) -> list[dict[str, Any]]:
    rows = [
        observation("one", "S", area, year, number)
        for area, year, number in (
            ("KEN", 2015, 20.0),
            ("KEN", 2020, use),
            ("UGA", 2020, 10.0),
            ("M49:014", 2020, 33.0),
        )
    ]
    rows += [
        observation("one", "P", area, 2020, number, unit="PERSONS", snapshot=SNAP["b"])
        for area, number in (("KEN", 5e7), ("UGA", 4e7))
    ]
    return [*rows, observation("one", "UNUSED", "KEN", 2020, 1.0, snapshot=SNAP["b"])]


def refused() -> list[dict[str, Any]]:
    return [
        {
            "source": "one",
            "snapshot": SNAP["a"],
            "row": 9,
            "reason": "unknown_area",
            "detail": "area 'XX'",
            "series": "S",
            "area": "XX",
            "time_period": "2020",
            "value": "1",
        }
    ]


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., ReleaseInputs]:
    def ingredients(
        folder: str = "work", rows: list[dict[str, Any]] | None = None, **change: Any
    ) -> ReleaseInputs:
        rows = observations() if rows is None else rows
        staged = stage(tmp_path / folder, rows, refused())
        entries = change.pop("catalogue", catalogue(USE, PEOPLE))
        evaluated = {
            name: evaluate_cached(entry.indicator, staged, {}, tmp_path / folder / "evaluated").path
            for name, entry in entries.items()
        }
        return ReleaseInputs(
            **{
                "catalogue": entries,
                "sources": {"one": source()},
                "states": {"one": SourceState("live")},
                "snapshots": [snapshot("a"), snapshot("b", resource="P")],
                "staged": staged,
                "evaluated": evaluated,
            }
            | change
        )

    return ingredients


def renamed(staged: dict[str, Path], name: str) -> dict[str, Path]:
    """The staged folder under the name of another fingerprint, as another staging would have it."""
    results = {}
    for source_id, path in staged.items():
        place = path.parent.with_name(name)
        shutil.copytree(path.parent, place, dirs_exist_ok=True)
        results[source_id] = place / path.name
    return results


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_release_holds_every_table_and_is_whole(home: Path, make: Any) -> None:
    result = build_release(home, make(), now=NOON)
    assert result.made
    assert result.id.startswith("2026-11-23-")
    assert latest_release(home) == result.path
    assert (home / "releases" / "latest").readlink() == Path(result.id)
    assert verify_release(result.path) == []
    for name, table in TABLES.items():
        outcome = pq.read_schema(result.path / f"{name}.parquet")
        assert outcome.equals(arrow_schema(table), check_metadata=True)
    kept = pq.read_table(result.path / "observation.parquet")["series"].unique().to_pylist()
    assert sorted(kept) == ["P", "S"]
    assert not list((home / "releases").glob(".building-*"))
    card = read_release_metadata(result.path)
    assert (card["id"], card["indicators"], card["rows_kept"], card["rows_rejected"]) == (result.id, 2, 7, 1)
    assert card["sources"] == {"one": {"state": "live", "note": None, "snapshots": 2, "staged": "f0"}}
    assert "40" not in card["created"]
    assert card["created"] == "2026-11-23T12:00:00Z"


def test_coreutils_agree_with_the_checksums(home: Path, make: Any) -> None:
    path = build_release(home, make(), now=NOON).path
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("sha256sum is not installed")
    done = subprocess.run(
        [tool, "--strict", "-c", "SHA256SUMS"], cwd=path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = {line.split("  ")[1] for line in (path / "SHA256SUMS").read_text(encoding="utf-8").splitlines()}
    there = {p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()}
    assert listed == there - {"SHA256SUMS"}
    assert "sources/one.md" in listed
    assert {"warehouse.duckdb", "datapackage.json", "NOTES.md", "release.json"} <= listed


def test_the_same_inputs_give_the_same_parquet_bytes(tmp_path: Path, make: Any) -> None:
    first = build_release(tmp_path / "1", make("w1"), now=NOON).path
    second = build_release(
        tmp_path / "2", make("w2", observations()[::-1]), now=datetime(2027, 1, 1, tzinfo=UTC)
    ).path
    assert first.name != second.name
    assert {p.name: p.read_bytes() for p in first.glob("*.parquet")} == {
        p.name: p.read_bytes() for p in second.glob("*.parquet")
    }


def test_nothing_changed_makes_no_release(home: Path, make: Any) -> None:
    first = build_release(home, make(), now=NOON)
    states = {"one": SourceState("stored", "did not answer")}
    again = build_release(home, make(states=states), now=datetime(2026, 12, 1, tzinfo=UTC))
    assert (again.made, again.id, again.path) == (False, first.id, first.path)
    assert "nothing changed" in again.note
    assert len(listing.releases(home)) == 1


def test_a_change_makes_a_release_with_its_revisions(home: Path, make: Any) -> None:
    first = build_release(home, make(), now=NOON)
    changed = make("w2", observations(41.0))
    second = build_release(home, replace(changed, staged=renamed(dict(changed.staged), "f1")), now=NOON)
    assert second.made
    (revision,) = pq.read_table(second.path / "revision.parquet").to_pylist()
    assert (revision["ref_area"], revision["old_value"], revision["new_value"]) == ("KEN", 40.0, 41.0)
    assert revision["previous_release"] == first.id
    assert "| use | 1 | 0 | 0 |" in (second.path / "NOTES.md").read_text(encoding="utf-8")
    assert [row["id"] for row in listing.releases(home) if row["latest"]] == [second.id]
    assert verify_release(first.path) == []
    back = build_release(home, make(), now=NOON)  # as before, on the same day: the old release is not touched
    assert back.id == f"{first.id}-2"
    assert verify_release(first.path) == verify_release(back.path) == []


def test_a_failed_check_publishes_nothing(home: Path, make: Any) -> None:
    first = build_release(home, make(), now=NOON)
    changed = make("w2", observations(4000.0))
    with pytest.raises(ReleaseRefused, match="KEN 2020 4000") as caught:
        build_release(home, changed, now=NOON)
    assert isinstance(caught.value, CompactError)
    assert caught.value.next_step
    assert latest_release(home) == first.path
    assert sorted(p.name for p in (home / "releases").iterdir()) == [".lock", first.id, "latest"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"snapshots": [snapshot("a")]}, "of snapshot not in snapshot.parquet: b"),
        (
            {"areas": [row for row in area_rows() if row["ref_area"] != "UGA"]},
            "of ref_area not in area.parquet",
        ),
        ({"snapshots": [snapshot("a"), snapshot("b", resource="P") | {"pages": 0}]}, "pages"),
    ],
)
def test_a_table_that_breaks_its_word_publishes_nothing(
    home: Path, make: Any, change: Any, what: str
) -> None:
    with pytest.raises(ReleaseRefused, match=what):
        build_release(home, make(**change), now=NOON)
    assert latest_release(home) is None
    assert not list((home / "releases").glob("*-*"))


def test_a_crash_leaves_latest_whole_and_the_next_run_cleans_up(
    home: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build_release(home, make(), now=NOON)
    left = home / "releases" / ".building-2026-11-24-00000000-1"
    left.mkdir()
    (left / "indicator.parquet").write_bytes(b"half")
    (home / "releases" / ".latest-1").symlink_to("nowhere")

    def crash(_: Path) -> None:
        raise OSError("disk full")

    changed = make("w2", observations(41.0))
    changed = replace(changed, staged=renamed(dict(changed.staged), "f1"))
    monkeypatch.setattr(build, "write_sums", crash)
    with pytest.raises(OSError, match="disk full"):
        build_release(home, changed, now=NOON)
    assert latest_release(home) == first.path
    assert verify_release(first.path) == []
    assert sorted(p.name for p in (home / "releases").iterdir()) == [".lock", first.id, "latest"]


def test_two_runs_do_not_publish_at_once(home: Path, make: Any) -> None:
    with publishing(home), pytest.raises(CompactError, match="another run is publishing"):
        build_release(home, make(), now=NOON)


def test_warnings_are_published_with_the_release(home: Path, make: Any) -> None:
    jumpy = USE.model_copy(
        update={
            "expect": indicator(
                expect={"range": [0, 100], "yearly_change": {"max": 1, "reason": "slow"}}
            ).expect
        }
    )
    result = build_release(home, make(catalogue=catalogue(jumpy, PEOPLE)), now=NOON)
    assert any("by more than 1 a year" in text for text in result.warnings)
    assert "What to look at" in (result.path / "NOTES.md").read_text(encoding="utf-8")


def test_indicators_without_a_value_are_named_in_one_sentence(home: Path, make: Any) -> None:
    other = indicator(
        "other", inputs=[{"source": "two", "series": "T"}], expect={"range": [0, 1], "areas_min": 9}
    )
    result = build_release(home, make(catalogue=catalogue(USE, PEOPLE, other)), now=NOON)
    (warning,) = result.warnings
    assert warning.endswith(": other")


def test_a_release_without_any_source_says_so_and_is_still_whole(home: Path, make: Any) -> None:
    nothing = make(
        catalogue=catalogue(),
        snapshots=[],
        staged={},
        evaluated={},
        states={"one": SourceState("absent", "could not be reached")},
    )
    result = build_release(home, nothing, now=NOON)
    assert verify_release(result.path) == []
    assert "absent: could not be reached" in (result.path / "NOTES.md").read_text(encoding="utf-8")


def test_frictionless_reads_the_package_and_finds_every_row_valid(home: Path, make: Any) -> None:
    path = build_release(home, make(), now=NOON).path
    descriptor = json.loads((path / "datapackage.json").read_text(encoding="utf-8"))
    package = frictionless.Package.from_descriptor(descriptor, basepath=str(path))
    assert {resource.name for resource in package.resources} == set(TABLES)
    assert all(
        field["description"] for resource in descriptor["resources"] for field in resource["schema"]["fields"]
    )
    report = package.validate()
    assert report.valid, report.flatten(["type", "fieldName", "note"])[:20]
    rows = {resource.name: len(resource.read_rows()) for resource in package.resources}
    assert rows == {name: facts["rows"] for name, facts in read_release_metadata(path)["tables"].items()}


def test_the_database_stands_alone_and_explains_itself(
    home: Path, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = build_release(home, make(), now=NOON).path
    alone = tmp_path / "elsewhere" / "warehouse.duckdb"
    alone.parent.mkdir()
    shutil.copy(path / "warehouse.duckdb", alone)
    monkeypatch.chdir(alone.parent)
    with duckdb.connect(str(alone), read_only=True) as con:
        comments = dict(con.execute("select table_name, comment from duckdb_tables()").fetchall())
        assert set(comments) == set(TABLES)
        assert all(comments.values())
        silent = con.execute("""select table_name, column_name from duckdb_columns()
            where not internal and comment is null
            and table_name not in (select view_name from duckdb_views())""").fetchall()
        assert silent == []
        views = dict(
            con.execute("select view_name, comment from duckdb_views() where not internal").fetchall()
        )
        assert {"country_latest", "group_latest"} <= set(views)
        assert all(views.values())
        row = con.execute(
            "select area_name, value, category from country_latest where indicator = 'use' "
            "and ref_area = 'KEN'"
        ).fetchone()
        assert row == ("Kenya", 40.0, "insufficient_data")
        assert con.execute("select count(*) from group_latest where indicator = 'use'").fetchone() != (0,)
        tags = con.execute("select tags from duckdb_databases() where path is not null").fetchone()
        assert tags is not None
        assert tags[0]["storage_version"].startswith("v1.0.0")
    assert sorted(p.suffix for p in path.iterdir() if "duckdb" in p.name) == [".duckdb"]


# --- what the reading verbs get
# ----------------------------------------------------------------------------------
def test_show_gives_the_value_its_origin_and_its_assessment(home: Path, make: Any) -> None:
    folder = build_release(home, make(), now=NOON).path
    (row,) = read.show(folder, "use", "ken")
    assert (row["area"], row["value"], row["time_period"], row["source"], row["snapshot"]) == (
        "Kenya",
        40.0,
        2020,
        "one",
        SNAP["a"],
    )
    assert (row["category"], row["baseline_year"], row["target_value"]) == ("insufficient_data", 2015, 95.0)
    assert row["method"] == "likelihood-2026"
    assert row["reason"]
    assert [r["ref_area"] for r in read.show(folder, "use")] == ["KEN", "UGA", "M49:014"]
    assert read.show(folder, "use", "TZA") == []
    assert len(Release(folder).data("use", "KEN")) == 2
    with pytest.raises(CompactError) as caught:
        read.show(folder, "used")
    assert caught.value.allowed == "use"
    assert read.show(folder, "use", "Kenya") == [row]
    with pytest.raises(CompactError, match="no area Keyna") as caught:
        read.show(folder, "use", "Keyna")
    assert caught.value.allowed.startswith("Kenya (KEN)")


def test_list_about_and_releases(home: Path, make: Any) -> None:
    with pytest.raises(CompactError, match="no release yet"):
        listing.open_release(home)
    assert listing.releases(home) == []
    result = build_release(home, make(), now=NOON)
    assert listing.open_release(home) == listing.open_release(home, result.id) == result.path
    with pytest.raises(CompactError, match="no release 2000"):
        listing.open_release(home, "2000-01-01-00000000")
    with pytest.raises(CompactError, match="no release"):
        listing.open_release(home, "../releases")
    assert [row["indicator"] for row in Release(result.path).indicators()] == ["people", "use"]
    use = read.about(result.path, "use")
    assert use["inputs"] == {"value": [{"source": "one", "series": "S"}]}
    assert use["used"][0]["values"] == 4
    assert use["coverage"]["since_2015"] == 2
    assert {row["category"]: row["countries"] for row in use["categories"]} == {"insufficient_data": 2}


def test_reading_imports_nothing_heavy(home: Path, make: Any) -> None:
    folder = build_release(home, make(), now=NOON).path
    code = (
        "import sys, pathlib; from warehouse.query import indicators as read; "
        "before = 'duckdb' in sys.modules; "
        f"read.show(pathlib.Path({str(folder)!r}), 'use', 'KEN'); "
        "heavy = {'pandas', 'pandera', 'pyarrow', 'sqlglot', 'pydantic', 'dagster'}; "
        "print(before, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(build.__file__).parents[2],
    )
    assert done.stdout.strip() == "False []"
