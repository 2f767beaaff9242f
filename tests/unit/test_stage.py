"""Staging: every row is kept or refused with a reason, and unreadable data stop the run."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.columns.observation import OBSERVATION
from schemas.tables.arrow import arrow_schema
from schemas.tables.registry import LEDGER, QUARANTINE
from schemas.tables.validation import validate
from sources.staging.stage import RED, StageProblem, check_arrived, fingerprint
from tests.ledger import reconciles
from tests.unit.wired import OTHER, SNAPSHOT, MadeUp, Stage, kept, refused, row, source

SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    return Stage(monkeypatch, tmp_path)


def one(stage: Stage, **changes: Any) -> dict[str, Any]:
    (observation,) = stage.rows([row(**changes)])
    return observation


# --- what a row becomes
def test_a_plain_row_becomes_an_observation(stage: Stage) -> None:
    assert one(stage, source_detail="survey", footnote=" ", nature="C") == {
        "source": "made_up",
        "series": "S1",
        "ref_area": "KEN",
        "time_period": 2020,
        "sex": "_T",
        "age": "_T",
        "urbanisation": "_T",
        "quantile": "_T",
        "education": "_T",
        "other_dims": "_T",
        "obs_value": 1.5,
        "lower_bound": None,
        "upper_bound": None,
        "unit": "PT",
        "unit_mult": 0,
        "obs_status": "A",
        "nature": "C",
        "source_detail": "survey",
        "footnote": None,
        "snapshot": SNAPSHOT,
    }


@pytest.mark.parametrize(
    ("text", "value", "lower", "upper"),
    [("<2.5", 2.5, None, 2.5), (">95", 95.0, 95.0, None), ("<=0.1", 0.1, None, 0.1), ("≥ 7", 7.0, 7.0, None)],
)
def test_a_censored_value_keeps_its_bound(
    stage: Stage, text: str, value: float, lower: float | None, upper: float | None
) -> None:
    observation = one(stage, value=text, status="est")
    assert (observation["obs_value"], observation["lower_bound"], observation["upper_bound"]) == (
        value,
        lower,
        upper,
    )
    assert observation["obs_status"] == "C"


@pytest.mark.parametrize(("text", "status"), [("N", "M"), ("NaN", "O"), ("..", "O")])
def test_a_missing_value_is_null_and_never_zero(stage: Stage, text: str, status: str) -> None:
    observation = one(stage, value=text)
    assert observation["obs_value"] is None
    assert observation["obs_status"] == status


def test_bounds_of_the_agency_are_kept(stage: Stage) -> None:
    observation = one(stage, lower="1", upper="2.5")
    assert (observation["obs_value"], observation["lower_bound"], observation["upper_bound"]) == (
        1.5,
        1.0,
        2.5,
    )
    assert one(stage, snapshot=OTHER, lower="NaN", upper="")["lower_bound"] is None


@pytest.mark.parametrize("text", ["2020", "2020.0", " 2020 "])
def test_a_year_is_read_as_the_agencies_write_it(stage: Stage, text: str) -> None:
    assert one(stage, time_period=text)["time_period"] == 2020


@pytest.mark.parametrize(
    ("scheme", "code", "area"),
    [
        ("iso2", "NA", "NAM"),
        ("iso3", "NAM", "NAM"),
        ("iso3", "XKX", "XKX"),
        ("iso3", "XKS", "XKX"),
        ("m49", "412", "XKX"),
        ("m49", "4", "AFG"),
        ("m49", "004", "AFG"),
        ("m49", "1", "M49:001"),
        ("worldbank", "XK", "XKX"),
        ("gec", "wa", "NAM"),
    ],
)
def test_areas_map_by_code(stage: Stage, scheme: str, code: str, area: str) -> None:
    definition = source(areas={"scheme": scheme})
    (observation,) = stage.rows([row(area=code)], definition=definition)
    assert observation["ref_area"] == area


def test_an_alias_comes_before_the_code_list(stage: Stage) -> None:
    definition = source(areas={"scheme": "iso3", "aliases": {"KSV": "XKX"}})
    (observation,) = stage.rows([row(area="KSV")], definition=definition)
    assert observation["ref_area"] == "XKX"


@pytest.mark.parametrize(
    ("dims", "column", "code"),
    [
        ({"Sex": "FEMALE"}, "sex", "F"),
        ({"Sex": "BOTHSEX"}, "sex", "_T"),
        ({"Gender": "W", "Sex": "BOTHSEX"}, "sex", "F"),
        ({"Place": "U"}, "urbanisation", "U"),
        ({"Activity": "TOTAL"}, "other_dims", "_T"),
        ({"Zone": "X", "Activity": "ISIC4_A"}, "other_dims", "ACTIVITY=ISIC4_A;ZONE=X"),
    ],
)
def test_dimensions_are_mapped(stage: Stage, dims: dict[str, str], column: str, code: str) -> None:
    assert one(stage, dims=dims)[column] == code


@pytest.mark.parametrize(
    ("sent", "unit"), [("KILO", "KG"), ("PERCENT", "PT"), ("T", "T"), (None, "PT"), ("", "PT")]
)
def test_the_unit_is_the_agencys_or_the_series(stage: Stage, sent: str | None, unit: str) -> None:
    assert one(stage, unit=sent)["unit"] == unit


def test_a_unit_is_never_inferred(stage: Stage) -> None:
    assert one(stage, series="S2")["unit"] == "NOT_STATED"


@pytest.mark.parametrize(
    ("status", "nature", "code"),
    [
        ("est", None, "E"),
        ("A", "G", "E"),
        ("B", "G", "B"),
        (None, "C", "A"),
        (None, "new", "A"),
        ("C", None, "A"),
    ],
)
def test_the_flag_counts_before_the_nature(
    stage: Stage, status: str | None, nature: str | None, code: str
) -> None:
    assert one(stage, status=status, nature=nature)["obs_status"] == code


@pytest.mark.slow
@SLOW
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=40))
def test_every_number_survives_as_it_was_sent(stage: Stage, numbers: list[float]) -> None:
    observations = stage.rows(
        [row(series=f"S{n}", value=repr(x)) for n, x in enumerate(numbers)],
        home=stage.folder / str(hash(tuple(numbers))),
    )
    assert {r["series"]: r["obs_value"] for r in observations} == {f"S{n}": x for n, x in enumerate(numbers)}


# --- what stops a run
BAD = {
    "unknown_area": {"area": "KXX", "area_name": "Kenia"},
    "bad_time_period": {"time_period": "2020Q1"},
    "bad_value": {"value": "1,500"},
    "bad_bound": {"upper": "high"},
    "bad_series": {"series": ""},
    "unknown_dimension": {"dims": {"Colour": "RED"}},
    "bad_dimension": {"dims": {"Sex": ""}},
    "unknown_unit": {"unit": "FURLONG"},
    "bad_unit_mult": {"unit_mult": "40"},
    "unknown_status": {"status": "??"},
}


@pytest.mark.parametrize("reason", BAD)
def test_what_cannot_be_read_stops_the_run(stage: Stage, reason: str) -> None:
    with pytest.raises(StageProblem) as error:
        stage([row(), row(series="S2", **BAD[reason]) if reason != "bad_series" else row(series="")])
    assert error.value.reasons == {reason: 1}
    assert SNAPSHOT[:12] in str(error.value)
    assert RED[reason] in str(error.value)
    assert "sources/agencies/made_up/source.yaml" in str(error.value)
    assert list((stage.home / "staged" / "made_up").iterdir()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"value": "1_000"},
        {"value": "inf"},
        {"value": "nan"},
        {"value": "1e999"},
        {"value": "<"},
        {"value": "0x1F"},
        {"value": "<<5"},
        {"value": "<NaN"},
        {"value": "٣"},
    ],
)
def test_nothing_but_a_number_is_a_number(stage: Stage, changes: dict[str, str]) -> None:
    with pytest.raises(StageProblem) as error:
        stage([row(**changes)])
    assert error.value.reasons == {"bad_value": 1}


@pytest.mark.parametrize("text", ["1899", "2101", "20201", "2019-2020", "", "2020.5", None])
def test_nothing_but_a_year_is_a_year(stage: Stage, text: str | None) -> None:
    with pytest.raises(StageProblem) as error:
        stage([row(time_period=text)])
    assert error.value.reasons == {"bad_time_period": 1}


def test_two_dimensions_that_disagree_are_refused(stage: Stage) -> None:
    with pytest.raises(StageProblem, match="sex is both") as error:
        stage([row(dims={"Gender": "M", "Sex": "FEMALE"})])
    assert error.value.reasons == {"bad_dimension": 1}


def test_a_message_shows_the_beginning_of_a_long_text(stage: Stage) -> None:
    with pytest.raises(StageProblem) as error:
        stage([row(area="K" * 9000)])
    assert "K" * 250 in error.value.what
    assert "characters)" in error.value.what
    assert len(str(error.value)) < 1000


def test_an_unknown_area_is_named_with_the_next_step(stage: Stage) -> None:
    with pytest.raises(StageProblem, match=r"area KXX \(Kenia\) is in no list") as error:
        stage([row(), row(area="KXX", area_name="Kenia")])
    assert "add the code to areas.aliases or areas.not_carried" in error.value.next_step


def test_at_most_ten_examples_are_named(stage: Stage) -> None:
    with pytest.raises(StageProblem) as error:
        stage([row(area=f"Q{n:02}") for n in range(40)])
    assert error.value.reasons == {"unknown_area": 40}
    assert str(error.value).count("is in no list") == 10


def test_keys_with_conflicting_values_stop_the_run(stage: Stage) -> None:
    with pytest.raises(StageProblem, match="S1, KEN, 2020") as error:
        stage([row(), row(value="1.6"), row(area="UGA")])
    assert error.value.reasons == {"conflicting_key": 2}


def test_a_missing_value_beside_a_number_is_a_conflict(stage: Stage) -> None:
    with pytest.raises(StageProblem) as error:
        stage([row(), row(value="NaN")])
    assert error.value.reasons == {"conflicting_key": 2}


# --- what is refused and counted
def test_a_row_that_comes_twice_is_kept_once(stage: Stage) -> None:
    staged = stage([row(footnote="first"), row(footnote="second"), row(snapshot=OTHER)])
    assert [r["footnote"] for r in kept(staged)] == ["first"]
    assert staged.reasons == {"repeated_row": 2}
    assert [(r["snapshot"], r["row"]) for r in refused(staged)] == [(SNAPSHOT, 1), (OTHER, 2)]


def test_an_area_that_is_not_carried_is_quarantined_with_the_reason(stage: Stage) -> None:
    staged = stage([row(), row(area="SUN", area_name="Soviet Union", value="7")])
    (quarantined,) = refused(staged)
    assert quarantined == {
        "source": "made_up",
        "snapshot": SNAPSHOT,
        "row": 1,
        "reason": "area_not_carried",
        "detail": "Soviet Union: dissolved in 1991",
        "series": "S1",
        "area": "SUN",
        "time_period": "2020",
        "value": "7",
    }


def test_an_empty_value_that_nobody_declared_missing_is_refused(stage: Stage) -> None:
    staged = stage([row(), row(area="UGA", value=""), row(area="TZA", value=None)])
    assert staged.reasons == {"empty_value": 2}
    assert [r["detail"] for r in refused(staged)] == ["the agency sent no value"] * 2


def test_an_empty_value_that_is_declared_missing_is_kept(stage: Stage) -> None:
    (observation,) = stage.rows([row(value=None)], definition=source(missing={"": "O"}))
    assert (observation["obs_value"], observation["obs_status"]) == (None, "O")


def test_a_reader_may_refuse_a_row_and_count_others(stage: Stage) -> None:
    staged = stage(
        [row(), row(time_period=None)],
        refused=[(SNAPSHOT, 1, "no_year", "it names none")],
        counted=[(SNAPSHOT, "empty_cell", 40), (OTHER, "empty_cell", 2)],
    )
    assert [(r["reason"], r["detail"]) for r in refused(staged)] == [("no_year", "it names none")]
    assert [(c.snapshot, c.rows_in, c.rows_out, c.reasons, reconciles(c)) for c in staged.ledger()] == [
        (SNAPSHOT, 42, 1, {"empty_cell": 40, "no_year": 1}, True),
        (OTHER, 2, 0, {"empty_cell": 2}, True),
    ]


def test_reasons_that_are_only_counted_are_not_listed(stage: Stage) -> None:
    staged = stage(
        [row(), row(area="UGA", value="")], definition=source(counted_only={"empty_value": "a grid"})
    )
    assert staged.reasons == {"empty_value": 1}
    assert refused(staged) == []


@pytest.mark.slow
@SLOW
@given(st.lists(st.sampled_from(["good", "again", "empty", "gone", "refused"]), min_size=1, max_size=30))
def test_the_ledger_adds_up_whatever_comes(stage: Stage, kinds: list[str]) -> None:
    make = {
        "good": {},
        "again": {"series": "SAME"},
        "empty": {"value": ""},
        "gone": {"area": "SUN"},
        "refused": {},
    }
    rows = [
        row(**({"series": f"S{n}", "snapshot": (SNAPSHOT, OTHER)[n % 2]} | make[kind]))
        for n, kind in enumerate(kinds)
    ]
    given_up = [(rows[n]["snapshot"], n, "no_year", "") for n, kind in enumerate(kinds) if kind == "refused"]
    staged = stage(rows, refused=given_up, home=stage.folder / "-".join(kinds))
    again = max(kinds.count("again") - 1, 0)
    expected = {
        "repeated_row": again,
        "empty_value": kinds.count("empty"),
        "area_not_carried": kinds.count("gone"),
        "no_year": kinds.count("refused"),
    }
    assert staged.reasons == {reason: n for reason, n in sorted(expected.items()) if n}
    assert staged.rows_in == len(kinds) == staged.rows_out + sum(staged.reasons.values())
    assert all(reconciles(count) for count in staged.ledger())
    assert (len(kept(staged)), len(refused(staged))) == (staged.rows_out, sum(staged.reasons.values()))


@pytest.mark.parametrize(
    "broken",
    [
        {"refused": [(SNAPSHOT, 0, "no_year", ""), (SNAPSHOT, 0, "no_figure", "")]},
        {"counted": [(OTHER, "undeclared", 3)]},
    ],
)
def test_a_ledger_that_does_not_add_up_stops_the_run(stage: Stage, broken: dict[str, Any]) -> None:
    with pytest.raises(StageProblem, match="does not add up"):
        stage([row()], **broken)
    assert list((stage.home / "staged" / "made_up").iterdir()) == []


# --- what is left behind
def test_the_tables_keep_their_contracts(stage: Stage) -> None:
    staged = stage([row(area="UGA"), row(), row(area="SUN")])
    for path, table in (
        (staged.observation, OBSERVATION),
        (staged.quarantine, QUARANTINE),
        (staged.ledger_file, LEDGER),
    ):
        stored = pq.read_table(path)
        assert stored.schema.equals(arrow_schema(table), check_metadata=True)
        validate(stored, table)
    assert [r["ref_area"] for r in kept(staged)] == ["KEN", "UGA"]
    assert json.loads(pq.read_table(staged.ledger_file).to_pylist()[0]["reasons"]) == {"area_not_carried": 1}
    assert sorted(p.name for p in staged.folder.iterdir()) == [
        "digests.json",
        "ledger.parquet",
        "observation.parquet",
        "quarantine.parquet",
    ]


def test_the_same_snapshots_give_the_same_bytes(stage: Stage, tmp_path: Path) -> None:
    rows = [
        row(series=f"S{n % 7}", area=area, time_period=str(1990 + n // 7), value=str(math.sin(n)))
        for n in range(300)
        for area in ("KEN", "UGA", "SUN")
    ]
    one, two = stage(rows, home=tmp_path / "one"), stage(list(reversed(rows)), home=tmp_path / "two")
    assert one.fingerprint == two.fingerprint
    assert one.observation.read_bytes() == two.observation.read_bytes()
    assert one.ledger_file.read_bytes() == two.ledger_file.read_bytes()


def test_what_is_staged_already_is_used_again(stage: Stage) -> None:
    first = stage([row()])
    again = stage([row()])
    assert (first.reused, again.reused, stage.reader.calls) == (False, True, 0)
    assert (again.folder, again.rows_out) == (first.folder, 1)


def test_the_fingerprint_follows_what_the_rows_depend_on(stage: Stage) -> None:
    files = [stage_files(SNAPSHOT), stage_files(OTHER)]
    plain = fingerprint(source(), files, stage.definitions)
    assert fingerprint(source(), files[::-1], stage.definitions) == plain
    assert fingerprint(source(notes="another", title="Other"), files, stage.definitions) == plain
    assert fingerprint(source(), files[:1], stage.definitions) != plain
    assert fingerprint(source(units={}), files, stage.definitions) != plain
    stage.series("code,title,unit\nS1,First,RATIO\n")
    assert fingerprint(source(), files, stage.definitions) != plain


def stage_files(snapshot: str) -> Any:
    from sources.model import SnapshotFiles

    return SnapshotFiles(snapshot, "resource", ())


def test_a_crash_leaves_nothing_behind(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError("the power failed")

    monkeypatch.setattr(MadeUp, "raw_rows", crash)
    with pytest.raises(RuntimeError, match="power"):
        stage([row()])
    assert list((stage.home / "staged" / "made_up").iterdir()) == []


def test_a_reader_can_reach_nothing_but_the_pages(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not a page")

    def curious(self: MadeUp, con: duckdb.DuckDBPyConnection, *_: Any) -> None:
        con.execute("create temp table raw_row as select content from read_text(?)", [str(secret)])

    monkeypatch.setattr(MadeUp, "raw_rows", curious)
    with pytest.raises(duckdb.PermissionException):
        stage([row()])


def test_a_series_that_did_not_arrive_is_named(stage: Stage) -> None:
    staged = stage([row(), row(series="S1_RENAMED"), row(series="S3", value="")])
    check_arrived(source(), ["S1", "S3"], staged)
    with pytest.raises(
        StageProblem, match="asked for did not arrive: S2; series that came unasked: S1_RENAMED, S3"
    ):
        check_arrived(source(), ["S1", "S2"], staged)
