"""`from warehouse import Release`: every method on the embedded release, as a user of Python calls it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from schemas.errors import CompactError
from tests.command import CHECKOUT, Finished
from warehouse import Release

HEAVY = ("pandas", "pandera", "pyarrow", "pydantic", "sqlglot", "dagster", "yaml")


@pytest.fixture(scope="module")
def release(first_run: tuple[Path, Finished]) -> Release:
    return Release.latest(first_run[0])


def expected(release: Release, sql: str) -> list[tuple[object, ...]]:
    """The answer of DuckDB to the parquet files, without any code of the project."""
    return duckdb.connect().execute(sql.format(at=release.folder)).fetchall()


def test_a_series_has_value_unit_status_and_source(release: Release) -> None:
    (row,) = release.data("internet_use", areas=["Kenya"], since=2010).rows
    kept = ("indicator", "area", "time_period", "value", "unit_name", "status", "source", "title")
    assert [row[name] for name in kept] == [
        "internet_use", "Kenya", 2023, 35.0, "Percentage", "estimated", "world_factbook",
        "Individuals using the Internet",
    ]  # fmt: skip


def test_series_of_countries_are_those_of_the_table(release: Release) -> None:
    required = expected(
        release,
        """select ref_area, time_period, value
        from '{at}/indicator.parquet' join '{at}/area.parquet' using (ref_area)
        where indicator = 'population' and kind = 'country' and time_period >= 2015 order by all""",
    )
    rows = release.data("population", since=2015).rows
    assert sorted((row["ref_area"], row["time_period"], row["value"]) for row in rows) == required
    assert required


def test_a_group_has_its_official_value_or_ours_and_says_which(release: Release) -> None:
    rows = release.data("population", ["LDCs"]).rows
    required = expected(
        release,
        """select time_period, coalesce(official_value, value) from '{at}/aggregate.parquet'
        where indicator = 'population' and "group" = 'M49:199' and coalesce(official_value, value) is not null
        order by 1""",
    )
    assert [(row["time_period"], row["value"]) for row in rows] == required
    assert required
    assert {row["status"] for row in rows} <= {"computed from members", "normal", "estimated", "forecast"}


def test_arrow_and_pandas_have_the_rows_with_types(release: Release) -> None:
    result = release.data(["population", "internet_use"], ["KEN", "UGA"])
    table = result.arrow()
    assert table.num_rows == len(result) > 2
    assert table.schema.names == list(result.columns)
    assert str(table.schema.field("time_period").type) == "int16"
    frame = result.pandas()
    assert str(frame["value"].dtype) == "double[pyarrow]"
    assert frame["footnote"].isna().all()
    assert list(frame["ref_area"]) == [row["ref_area"] for row in result]
    assert release.data("population", ["KEN"], since=2100).arrow().schema == table.schema


def test_rows_are_written_as_csv_and_parquet(release: Release, tmp_path: Path) -> None:
    result = release.data("population", ["Côte d'Ivoire"])
    text = result.write(tmp_path / "a.csv", bom=True).read_bytes()
    assert text.startswith(b"\xef\xbb\xbfindicator,")
    assert "Côte d'Ivoire" in text.decode("utf-8-sig")
    file = pq.ParquetFile(result.write(tmp_path / "a.parquet"))
    assert file.metadata.num_rows == len(result)
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    with pytest.raises(CompactError, match="format is not known"):
        result.write(tmp_path / "a.xls")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Kenya", "KEN"), ("KEN", "KEN"), ("ken", "KEN"), ("KE", "KEN"), ("404", "KEN"),
        ("Côte d'Ivoire", "CIV"),
        ("cote d’ivoire", "CIV"), ("Africa", "M49:002"), ("LDCs", "M49:199"), ("4", "AFG"), ("Iran", "IRN"),
        ("the Gambia", "GMB"), ("Trinidad & Tobago", "TTO"), ("South Korea", "KOR"), ("NA", "NAM"),
        ("North America", "WB:NAC"), ("World", "M49:001"), ("low income", "WB:LIC"), ("WB:SSF", "WB:SSF"),
    ],
)  # fmt: skip
def test_an_area_is_understood_by_name_and_code(release: Release, text: str, code: str) -> None:
    assert release.area(text).code == code


def test_every_area_is_understood_by_each_of_its_codes(release: Release) -> None:
    for code, iso2, m49 in expected(
        release, "select ref_area, iso2, m49 from '{at}/area.parquet' where kind = 'country'"
    ):
        for text in (code, iso2, m49):
            assert text is None or release.area(str(text)).code == code


@pytest.mark.parametrize(
    ("text", "offered"),
    [("Keny", "Kenya (KEN)"), ("Korea", "Republic of Korea (KOR)"), ("Guatemla", "Guatemala")],
)
def test_an_unknown_area_has_the_nearest_offered(release: Release, text: str, offered: str) -> None:
    with pytest.raises(CompactError) as problem:
        release.area(text)
    assert offered in problem.value.allowed


def test_a_rank_is_best_first_and_shared_by_equal_values(release: Release) -> None:
    rows = release.rank("internet_use", within="Africa").rows
    values = [row["value"] for row in rows]
    assert values == sorted(values, reverse=True)
    assert {row["ref_area"] for row in rows} <= set(release.members("Africa"))
    assert all(row["rank"] == 1 + sum(value > row["value"] for value in values) for row in rows)
    low = [row["value"] for row in release.rank("infant_mortality").rows]
    assert low == sorted(low)
    with pytest.raises(CompactError, match="are not listed"):
        release.rank("internet_use", within="Arab World")


def test_progress_projection_and_gaps_answer(release: Release) -> None:
    (row,) = release.progress("internet_use", "Kenya").rows
    assert (row["method"], row["target_value"], row["target_year"]) == ("likelihood-2026", 100.0, 2030)
    assert row["target_origin"]
    assert len({row["method"] for row in release.progress("internet_use", "Kenya", method=None)}) > 5
    ((projected,),) = expected(release, "select count(*) from '{at}/projection.parquet'")
    ((gaps,),) = expected(release, "select count(*) from '{at}/gap.parquet' where latest")
    indicators = [row["indicator"] for row in release.indicators()]
    assert len(release.projection(indicators)) == projected
    assert len(release.gaps(indicators)) == gaps


def test_only_groups_with_listed_members_have_a_number_of_them(release: Release) -> None:
    members = {row["ref_area"]: row["members"] for row in release.areas()}
    assert members["KEN"] is None
    assert members["M49:002"] == len(release.members("Africa"))
    assert 0 not in members.values()


def test_indicators_areas_and_units_are_listed(release: Release) -> None:
    assert len(release.indicators()) == release.metadata["indicators"]
    assert "internet_use" in {row["indicator"] for row in release.indicators("internet")}
    assert {row["ref_area"] for row in release.areas("guinea")} == {"GIN", "GNB", "GNQ", "PNG"}
    assert release.units()["PT"] == ("Percentage", "%")
    assert release.about("internet_use")["title"] == "Individuals using the Internet"


def test_sql_reads_tables_by_name_and_changes_nothing(release: Release) -> None:
    (row,) = release.sql("select count(*) as n from latest where indicator = $id", id="population").rows
    assert row["n"] == len(release.show("population"))
    for text in ("drop table latest", "create table x as select 1 as one", "selec 1"):
        with pytest.raises(CompactError):
            len(release.sql(text))


def test_a_value_is_explained_and_a_release_compared_with_itself(release: Release) -> None:
    assert release.explain("internet_use", "Kenya")["value"]["value"] == 35.0
    findings = release.compare(release)
    assert findings["revised"]["total"] == findings["coverage"]["lost"]["total"] == 0


def test_what_is_wrong_is_said_with_the_nearest(release: Release, tmp_path: Path) -> None:
    with pytest.raises(CompactError) as problem:
        release.data("internet_us")
    assert "internet_use" in problem.value.allowed
    with pytest.raises(CompactError, match="not a valid year"):
        release.data("internet_use", since=20)
    with pytest.raises(CompactError, match="no release yet"):
        Release.latest(tmp_path)
    with pytest.raises(CompactError, match="not a release"):
        Release(tmp_path)


def test_a_release_is_opened_by_id_and_by_date(release: Release, first_run: tuple[Path, Finished]) -> None:
    home = first_run[0]
    assert Release.open(release.id, home=home).folder == release.folder
    assert Release.open(home=home, as_of="2100-01-01").id == release.id
    with pytest.raises(CompactError):
        Release.open(release.id, home=home, as_of="2100-01-01")


def test_a_first_answer_imports_nothing_heavy(release: Release) -> None:
    code = (
        "import sys\nfrom warehouse import Release\n"
        f"print(Release({str(release.folder)!r}).data('internet_use', 'Kenya').rows[0]['value'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == ["35.0", "[]"], done.stderr


@pytest.mark.slow
def test_the_first_answer_takes_less_than_300_ms(release: Release) -> None:
    """Of processor time, the import included, as other work may share the machine: 158 ms on 2026-12-01."""
    code = (
        "import time\n"
        "from warehouse import Release\n"
        f"release = Release.latest({str(release.folder.parent.parent)!r})\n"
        "assert release.data('internet_use', areas=['KEN', 'LDC']).rows\n"
        "print(time.process_time())"
    )
    done = [
        subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    assert min(float(one.stdout) for one in done) < 0.3


def test_a_release_explains_its_units_and_codes(release: Release) -> None:
    used = {row["unit"] for row in release.sql("select distinct unit from indicator_meta")}
    assert used <= set(release.units())
    missing = release.sql("""
        select codelist, code
        from (
            select distinct 'sex' as codelist, sex as code from indicator
            union all select distinct 'age', age from indicator
            union all select distinct 'urbanisation', urbanisation from indicator
            union all select distinct 'quantile', quantile from indicator
            union all select distinct 'obs_status', obs_status from indicator
            union all select distinct 'category', category from progress where method = 'likelihood-2026'
            union all
            select distinct 'compact_adopted', frameworks::json->>'compact_adopted'
            from indicator_meta
            where frameworks::json->>'compact_adopted' is not null
        )
        anti join code using (codelist, code)""")
    assert missing.rows == []


def test_the_views_join_names_units_and_verdicts_and_lose_no_row(release: Release) -> None:
    for view, table in (
        ("v_latest", "latest"),
        ("v_gap", "gap where latest"),
        ("v_member", "area_group where valid_to is null"),
        (
            "v_progress",
            "progress join area using (ref_area) where method = 'likelihood-2026' and kind = 'country'",
        ),
    ):
        (row,) = release.sql(
            f"select (select count(*) from {view}) as view, (select count(*) from {table}) as rows"
        ).rows
        assert row["view"] == row["rows"], view
    (row,) = release.sql("from v_latest where indicator = 'internet_use' and ref_area = 'KEN'").rows
    assert (row["area"], row["value"], row["symbol"], row["status"]) == ("Kenya", 35.0, "%", "estimated")
